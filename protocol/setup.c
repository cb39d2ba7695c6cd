/* setup.c: what all workers are made from: the protocols that are wanted, their options, their ports, the
 * rules. */
#include "base/check.h"
#include "protocol/worker.h"
#include <errno.h>
#include <stdlib.h>

enum { PORTS = 65536 };
enum { DEFAULT_MEMORY = 256 << 20 };
static const uint64_t default_timeout_ns = 10000000000u, default_idle_ns = 3600000000000u;

static int add_proto(struct pd_setup *s, const struct pd_proto *proto)
{
    void *options = calloc(1, proto->options_size ? proto->options_size : 1);

    if (!options)
        return -ENOMEM;
    PD_ASSERT(s->proto_count < PD_PROTOS_MAX);
    if (proto->options)
        pd_options_default(proto->options, options);
    s->protos[s->proto_count] = proto;
    s->options[s->proto_count] = options;
    if (!proto->parent) {
        s->on_tcp |= (uint16_t)(proto->transports & PD_ON_TCP ? 1u << s->proto_count : 0);
        s->on_udp |= (uint16_t)(proto->transports & PD_ON_UDP ? 1u << s->proto_count : 0);
    }
    s->proto_count++;
    return 0;
}

/* Parents and ports, once all are there. */
static void relate(struct pd_setup *s)
{
    for (int i = 0; i < s->proto_count; i++) {
        s->parent[i] = s->protos[i]->parent ? pd_setup_find(s, s->protos[i]->parent) : -1;
        if (s->parent[i] >= 0)
            s->children[s->parent[i]] |= (uint16_t)(1u << i);
    }
    for (int i = 0; i < s->proto_count; i++)
        for (const uint16_t *port = s->protos[i]->ports; port && *port; port++)
            pd_setup_port(s, i, *port);
}

int pd_setup_init(struct pd_setup *s, const struct pd_proto *const *registry)
{
    memset(s, 0, sizeof *s);
    s->tcp_ports = calloc(PORTS, sizeof *s->tcp_ports);
    s->udp_ports = calloc(PORTS, sizeof *s->udp_ports);
    s->timeout = default_timeout_ns;
    s->idle = default_idle_ns;
    pd_limits_from(&s->limits, DEFAULT_MEMORY, 1);
    int error = s->tcp_ports && s->udp_ports ? 0 : -ENOMEM;
    for (; *registry && !error; registry++)
        error = add_proto(s, *registry);
    if (error)
        pd_setup_free(s);
    else
        relate(s);
    return error;
}

void pd_setup_free(struct pd_setup *s)
{
    for (unsigned i = 0; i < s->proto_count; i++)
        free((void *)(uintptr_t)s->options[i]);
    free(s->rules);
    free(s->tcp_ports);
    free(s->udp_ports);
    memset(s, 0, sizeof *s);
}

int pd_setup_find(const struct pd_setup *s, const char *proto)
{
    for (int i = 0; i < s->proto_count; i++)
        if (strcmp(s->protos[i]->schema->proto, proto) == 0)
            return i;
    return -1;
}

unsigned pd_setup_index(const struct pd_setup *s, const struct pd_proto *proto)
{
    unsigned i = 0;

    while (s->protos[i] != proto) {
        i++;
        PD_ASSERT(i < s->proto_count);
    }
    return i;
}

bool pd_setup_wants(const struct pd_setup *s, const struct pd_proto *proto)
{
    for (unsigned i = 0; i < s->rule_count; i++)
        if (s->rules[i].proto == proto)
            return true;
    return s->rule_count == 0;
}

void pd_setup_port(struct pd_setup *s, int index, uint16_t port)
{
    if (s->parent[index] >= 0)
        index = s->parent[index];
    uint16_t bit = (uint16_t)(1u << index);

    s->port_hints[port % 256 / 64] |= UINT64_C(1) << port % 64;
    if (s->protos[index]->transports & PD_ON_TCP)
        s->tcp_ports[port] |= bit;
    if (s->protos[index]->transports & PD_ON_UDP)
        s->udp_ports[port] |= bit;
}

int pd_setup_rule(struct pd_setup *s, const struct pd_rule *rule)
{
    struct pd_rule *rules = realloc(s->rules, (s->rule_count + 1u) * sizeof *rules);

    if (!rules)
        return -ENOMEM;
    s->rules = rules;
    s->rules[s->rule_count++] = *rule;
    for (unsigned i = 0; i < rule->ports; i++)
        pd_setup_port(s, pd_setup_find(s, rule->proto->schema->proto), rule->port[i]);
    return 0;
}
