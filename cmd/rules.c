/* rules.c: --proto and --port as rules of the engine. HOST may be a name: each of its addresses makes a rule.
 */
#include "cmd/rules.h"
#include "base/buf.h"
#include "cmd/cmd.h"
#include <netdb.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

enum { SPEC_MAX = 512, PORTS_MAX = 128, HOSTS_MAX = 16, NARROW_RULES = 32, NARROW_BYTES = 16384 };

struct spec { /* one --proto or --port, taken apart */
    char text[SPEC_MAX];
    const char *name, *ports, *host; /* parts of text; the last two NULL when absent */
    uint16_t port[PORTS_MAX];
    unsigned port_count;
    struct pd_addr addr[HOSTS_MAX];
    unsigned addr_count;
};

/* Ends the text at `at` and returns what is behind. */
static char *split(char *at)
{
    *at = '\0';
    return at + 1;
}

/* NAME[:PORTS][@HOST] or NAME[;PORTS[;HOST]]. */
static void take_apart(struct spec *s)
{
    char *at = s->text + strcspn(s->text, ":;@=");

    s->name = s->text;
    if (*at == ';') {
        char *ports = split(at);
        char *host = strchr(ports, ';');
        s->ports = ports;
        if (host)
            s->host = split(host);
    } else {
        if (*at == ':' || *at == '=') {
            char *ports = split(at);
            s->ports = ports;
            at = ports + strcspn(ports, "@");
        }
        if (*at == '@')
            s->host = split(at);
    }
    if (s->ports && !*s->ports)
        s->ports = NULL;
    if (s->host && !*s->host)
        s->host = NULL;
}

static bool read_ports(struct spec *s)
{
    char one[8];
    int64_t port;

    for (const char *at = s->ports; at && *at;) {
        size_t len = strcspn(at, ",");
        if (len >= sizeof one || s->port_count == PORTS_MAX)
            return false;
        memcpy(one, at, len);
        one[len] = '\0';
        if (!pd_parse_int(one, 1, UINT16_MAX, &port))
            return false;
        s->port[s->port_count++] = (uint16_t)port;
        at += len + (at[len] == ',');
    }
    return true;
}

static void add_address(struct spec *s, const struct sockaddr *sa)
{
    char text[PD_ADDR_TEXT];

    if (s->addr_count < HOSTS_MAX &&
        getnameinfo(sa, sa->sa_family == AF_INET ? sizeof(struct sockaddr_in) : sizeof(struct sockaddr_in6),
                    text, sizeof text, NULL, 0, NI_NUMERICHOST) == 0 &&
        pd_addr_parse(&s->addr[s->addr_count], text))
        s->addr_count++;
}

static bool read_host(struct spec *s)
{
    struct addrinfo hints = {.ai_socktype = SOCK_STREAM}, *list;
    char host[SPEC_MAX];

    if (!s->host)
        return true;
    snprintf(host, sizeof host, "%s", s->host);
    size_t len = strlen(host);
    if (host[0] == '[' && host[len - 1] == ']') {
        memmove(host, host + 1, len - 2);
        host[len - 2] = '\0';
    }
    if (pd_addr_parse(&s->addr[0], host)) {
        s->addr_count = 1;
        return true;
    }
    if (getaddrinfo(host, NULL, &hints, &list) != 0)
        return false;
    for (const struct addrinfo *at = list; at; at = at->ai_next)
        if (at->ai_family == AF_INET || at->ai_family == AF_INET6)
            add_address(s, at->ai_addr);
    freeaddrinfo(list);
    return s->addr_count > 0;
}

static const char *proto_name(const void *setup, unsigned i)
{
    const struct pd_setup *s = setup;

    return i < s->proto_count ? s->protos[i]->schema->proto : NULL;
}

static void say_no_proto(const struct pd_setup *setup, const char *option, const char *name)
{
    struct pd_buf there;
    const char *meant = pd_suggest(name, proto_name, setup);

    pd_buf_init(&there, NARROW_BYTES);
    for (unsigned i = 0; i < setup->proto_count; i++)
        pd_buf_printf(&there, "%s%s", i ? ", " : "", proto_name(setup, i));
    pd_say("%s: no protocol '%s'; there are: %.*s%s%s%s", option, name, (int)there.len,
           there.p ? there.p : "", meant ? "; did you mean " : "", meant ? meant : "", meant ? "?" : "");
    pd_buf_free(&there);
}

/* Takes text apart into *s and finds the protocol; -1 after a line on standard error. */
static int read_spec(struct spec *s, const struct pd_setup *setup, const char *option, const char *text)
{
    memset(s, 0, sizeof *s);
    if (strlen(text) >= sizeof s->text) {
        pd_say("%s: longer than %d bytes", option, SPEC_MAX - 1);
        return -1;
    }
    strcpy(s->text, text);
    take_apart(s);
    int index = pd_setup_find(setup, s->name);
    if (index < 0) {
        say_no_proto(setup, option, s->name);
        return -1;
    }
    if (!read_ports(s)) {
        pd_say("%s %s: '%s' is no list of ports from 1 to 65535, like 80,8080", option, text, s->ports);
        return -1;
    }
    if (!read_host(s)) {
        pd_say("%s %s: '%s' is neither an address nor a host that is known", option, text, s->host);
        return -1;
    }
    return index;
}

/* A rule for each host, and for each few ports as many as a rule holds. */
static int add_rules(struct pd_setup *setup, const struct spec *s, int index)
{
    enum { EACH = sizeof((struct pd_rule *)0)->port / sizeof(uint16_t) };

    for (unsigned host = 0; host == 0 || host < s->addr_count; host++) {
        for (unsigned from = 0; from == 0 || from < s->port_count; from += EACH) {
            struct pd_rule rule = {.proto = setup->protos[index], .has_host = s->addr_count > 0};
            unsigned left = s->port_count - from;
            rule.ports = (uint8_t)(left < EACH ? left : EACH);
            memcpy(rule.port, s->port + from, rule.ports * sizeof *rule.port);
            if (rule.has_host)
                rule.host = s->addr[host];
            if (pd_setup_rule(setup, &rule) < 0) {
                pd_say("no memory for the rules of --proto");
                return PD_EXIT_FAILED;
            }
        }
    }
    return 0;
}

static int apply_proto(struct pd_setup *setup, const struct pd_args *args, const char *text)
{
    struct spec s;
    int index = read_spec(&s, setup, "--proto", text);

    if (index < 0)
        return PD_EXIT_FAILED;
    /* A shell that saw an unquoted ';' passes on the name alone. */
    if (!s.ports && !s.host && !args->quiet)
        pd_say("--proto %s: any port; quote ';' if you meant ports", text);
    for (unsigned i = 0; i < s.port_count; i++)
        pd_setup_port(setup, index, s.port[i]);
    return add_rules(setup, &s, index);
}

static int apply_port(struct pd_setup *setup, const char *text)
{
    bool bare = !text[strspn(text, "0123456789,")];
    struct spec s;
    int index = bare ? -1 : read_spec(&s, setup, "--port", text);

    if (bare || (index >= 0 && (s.host || s.port_count == 0)))
        pd_say("--port %s: wants PROTO=PORT[,PORT], like http=8000,8080", text);
    if (index < 0 || s.host || s.port_count == 0)
        return PD_EXIT_FAILED;
    for (unsigned i = 0; i < s.port_count; i++)
        pd_setup_port(setup, index, s.port[i]);
    return 0;
}

static const struct pd_option *option_of(const struct pd_proto *proto, const char *name)
{
    for (const struct pd_option *o = proto->options; o && o->name; o++)
        if (strcmp(o->name, name) == 0)
            return o;
    return NULL;
}

/* Sets an option in every protocol that has it. */
static int apply_option(struct pd_setup *setup, const char *name, const char *value)
{
    char err[256];
    unsigned known = 0;

    for (unsigned i = 0; i < setup->proto_count; i++) {
        const struct pd_proto *proto = setup->protos[i];
        if (!option_of(proto, name))
            continue;
        known++;
        /* The structs are the setup's own until a worker is made from it. */
        if (pd_options_set(proto->options, (void *)(uintptr_t)setup->options[i], name, value, err,
                           sizeof err) < 0) {
            pd_say("--%s", err);
            return PD_EXIT_USAGE;
        }
    }
    if (!known)
        pd_say("--%s: no protocol has that", name);
    return known ? 0 : PD_EXIT_USAGE;
}

int pd_rules_apply(struct pd_setup *setup, const struct pd_args *args, unsigned workers)
{
    int status = 0;

    for (unsigned i = 0; i < args->protos.count && !status; i++)
        status = apply_proto(setup, args, args->protos.v[i]);
    for (unsigned i = 0; i < args->ports.count && !status; i++)
        status = apply_port(setup, args->ports.v[i]);
    if (!status && args->headers)
        status = apply_option(setup, "headers", args->headers);
    if (!status && args->body)
        status = apply_option(setup, "body", "true");
    setup->timeout = args->timeout;
    pd_limits_from(&setup->limits, args->memory, workers);
    return status;
}

static void add_narrow(struct pd_buf *b, const struct pd_rule *rule)
{
    static const char *const words[] = {
        [PD_ON_TCP] = "tcp", [PD_ON_UDP] = "udp", [PD_ON_TCP | PD_ON_UDP] = "(tcp or udp)"};
    char host[PD_ADDR_TEXT];

    pd_buf_printf(b, "(%s", words[rule->proto->transports & (PD_ON_TCP | PD_ON_UDP)]);
    for (unsigned i = 0; i < rule->ports; i++)
        pd_buf_printf(b, "%s %u", i ? " or port" : " and (port", rule->port[i]);
    if (rule->ports)
        pd_buf_lit(b, ")");
    if (rule->has_host) {
        pd_addr_print(host, &rule->host);
        pd_buf_printf(b, " and host %s", host);
    }
    pd_buf_lit(b, ")");
}

char *pd_rules_narrow(const struct pd_setup *setup)
{
    struct pd_buf b;

    if (setup->rule_count == 0 || setup->rule_count > NARROW_RULES)
        return NULL;
    pd_buf_init(&b, NARROW_BYTES);
    for (unsigned i = 0; i < setup->rule_count; i++) {
        if (i)
            pd_buf_lit(&b, " or ");
        add_narrow(&b, &setup->rules[i]);
    }
    pd_buf_char(&b, '\0');
    if (!b.full)
        return b.p;
    pd_buf_free(&b);
    return NULL;
}
