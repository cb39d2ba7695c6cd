/* summary.c: what was seen and what was missed, in words. Counters that say what went wrong print themselves
 * from their tables whenever they are not 0, so that a new one cannot be forgotten here. */
#include "base/buf.h"
#include "cmd/cmd.h"
#include "cmd/run.h"
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { SUMMARY_BYTES = 65536, PORTS_SHOWN = 6, STATUSES = 5 };

/* In the order of the words of a summary line. */
static const uint8_t statuses[STATUSES] = {PD_C_OK, PD_C_ERROR, PD_C_UNANSWERED, PD_C_ONEWAY,
                                           PD_C_INCOMPLETE};

/* These say what was there, not what went wrong; the summary's first lines name those that matter. */
static const uint64_t proto_plain = UINT64_C(1) << PD_C_CONNECTIONS | UINT64_C(1) << PD_C_OK |
                                    UINT64_C(1) << PD_C_ERROR | UINT64_C(1) << PD_C_UNANSWERED |
                                    UINT64_C(1) << PD_C_ONEWAY | UINT64_C(1) << PD_C_INCOMPLETE |
                                    UINT64_C(1) << PD_C_BYTES | UINT64_C(1) << PD_C_PAIRED_BYTES;
static const uint64_t flow_plain = UINT64_C(1) << PD_F_TCP_PACKETS | UINT64_C(1) << PD_F_UDP_PACKETS |
                                   UINT64_C(1) << PD_F_PAYLOAD_BYTES | UINT64_C(1) << PD_F_CONNECTIONS;
static const uint64_t sniff_plain =
    UINT64_C(1) << PD_S_PACKETS | UINT64_C(1) << PD_S_BYTES | UINT64_C(1) << PD_S_DROPPED;

const char *pd_count_print(char text[PD_COUNT_TEXT], uint64_t v)
{
    char digits[24];
    int n = snprintf(digits, sizeof digits, "%" PRIu64, v), out = 0;

    for (int i = 0; i < n; i++) {
        if (i && (n - i) % 3 == 0)
            text[out++] = ',';
        text[out++] = digits[i];
    }
    text[out] = '\0';
    return text;
}

static void add_count(struct pd_buf *b, uint64_t v)
{
    char text[PD_COUNT_TEXT];

    pd_buf_str(b, pd_count_print(text, v));
}

/* "1,204 packets", the way every number of the summary looks. */
static void add(struct pd_buf *b, const char *before, uint64_t v, const char *after)
{
    pd_buf_str(b, before);
    add_count(b, v);
    pd_buf_str(b, after);
}

static uint64_t sum_protos(const struct pd_tally *t, enum pd_proto_counter counter)
{
    uint64_t sum = 0;

    for (int i = 0; i < PD_PROTOS_MAX; i++)
        sum += t->proto[i][counter];
    return sum;
}

static void add_packets(struct pd_buf *b, const struct pd_totals *t)
{
    add(b, "packetd: ", t->sniff.n[PD_S_PACKETS], " packets, ");
    add(b, "", t->sniff.n[PD_S_BYTES], " bytes; ");
    add(b, "", t->sniff.n[PD_S_DROPPED], " dropped by the kernel; ");
    add(b, "", sum_protos(&t->tally, PD_C_GAPS), " gaps (");
    add(b, "", sum_protos(&t->tally, PD_C_GAP_BYTES), " bytes); ");
    add(b, "", t->tally.flow[PD_F_CONNECTIONS], " TCP connections\n");
}

static uint64_t roundtrips(const uint64_t *counter)
{
    uint64_t sum = 0;

    for (int i = 0; i < STATUSES; i++)
        sum += counter[statuses[i]];
    return sum;
}

uint64_t pd_summary_roundtrips(const struct pd_tally *t)
{
    uint64_t sum = 0;

    for (int i = 0; i < PD_PROTOS_MAX; i++)
        sum += roundtrips(t->proto[i]);
    return sum;
}

/* Rounded down, so that 100.0 % means all of it. */
static void add_completeness(struct pd_buf *b, uint64_t part, uint64_t whole)
{
    if (part > whole)
        part = whole;
    uint64_t permille = whole > UINT64_MAX / 1000 ? part / (whole / 1000) : part * 1000 / whole;
    pd_buf_printf(b, "; completeness %" PRIu64 ".%" PRIu64 " %%\n", permille / 10, permille % 10);
}

/* Bytes in records: those of children came on their parent's connections. */
static uint64_t paired_bytes(const struct pd_setup *setup, const struct pd_tally *t, unsigned index)
{
    uint64_t sum = t->proto[index][PD_C_PAIRED_BYTES];

    for (int i = 0; i < setup->proto_count; i++) {
        const char *parent = setup->protos[i]->parent;
        if (parent && strcmp(parent, setup->protos[index]->schema->proto) == 0)
            sum += t->proto[i][PD_C_PAIRED_BYTES];
    }
    return sum;
}

static void add_proto(struct pd_buf *b, const char *name, const uint64_t *counter, uint64_t paired)
{
    if (!counter[PD_C_CONNECTIONS] && !counter[PD_C_BYTES] && !roundtrips(counter))
        return;
    pd_buf_printf(b, "  %-6s ", name);
    add(b, "", roundtrips(counter), " roundtrips");
    for (int i = 0, said = 0; i < STATUSES; i++)
        if (counter[statuses[i]]) {
            add(b, said++ ? ", " : ": ", counter[statuses[i]], " ");
            pd_buf_str(b, pd_proto_counter_names[statuses[i]].name);
        }
    if (counter[PD_C_BYTES])
        add_completeness(b, paired, counter[PD_C_BYTES]);
    else
        pd_buf_lit(b, "\n"); /* a child's bytes are its parent's */
}

static void add_loss(struct pd_buf *b, const char *of, uint64_t v, const char *help, const char *name)
{
    char text[PD_COUNT_TEXT];

    if (v)
        pd_buf_printf(b, "  %-6s %s %s (%s)\n", of, pd_count_print(text, v), help, name);
}

static void add_losses(struct pd_buf *b, const struct pd_setup *setup, const struct pd_totals *t)
{
    for (int i = 0; i < PD_S_COUNT; i++)
        if (!(sniff_plain >> i & 1))
            add_loss(b, "input", t->sniff.n[i], pd_sniff_counter_help[i], pd_sniff_counter_names[i]);
    for (int i = 0; i < PD_F_COUNT; i++)
        if (!(flow_plain >> i & 1))
            add_loss(b, "flow", t->tally.flow[i], pd_flow_counter_names[i].help,
                     pd_flow_counter_names[i].name);
    for (unsigned p = 0; p < setup->proto_count; p++)
        for (int i = 0; i < PD_C_COUNT; i++)
            if (!(proto_plain >> i & 1))
                add_loss(b, setup->protos[p]->schema->proto, t->tally.proto[p][i],
                         pd_proto_counter_names[i].help, pd_proto_counter_names[i].name);
}

static void add_reasons(struct pd_buf *b, const struct pd_setup *setup, const struct pd_tally *t)
{
    for (int i = 0; i < PD_REASONS; i++) {
        const struct pd_reason *reason = &t->reason[i];
        if (reason->count && reason->proto < setup->proto_count) {
            pd_buf_printf(b, "  %-6s ", setup->protos[reason->proto]->schema->proto);
            add(b, "", reason->count, " times: ");
            pd_buf_printf(b, "%s\n", reason->why);
        }
    }
}

static void add_limits(struct pd_buf *b, const struct pd_totals *t)
{
    if (t->tally.starved)
        add(b, "  limit  ", t->tally.starved,
            " requests not kept, or shortened, for want of memory: --memory-limit\n");
    if (t->unwritten)
        add(b, "  limit  ", t->unwritten, " roundtrips not printed: the reader of the output was too slow\n");
}

static int more_packets(const void *a, const void *b)
{
    const struct pd_unknown_port *const *x = a, *const *y = b;

    return ((*x)->packets < (*y)->packets) - ((*x)->packets > (*y)->packets);
}

/* A name from the wire, up to its NUL: a terminal gets letters, digits and signs only. */
static void add_plain(struct pd_buf *b, const char *name, size_t size)
{
    for (size_t i = 0; i < size && name[i]; i++)
        pd_buf_char(b, name[i] > ' ' && name[i] < 0x7f ? name[i] : '?');
}

static void add_unknown_port(struct pd_buf *b, const struct pd_unknown_port *port, uint64_t whole)
{
    pd_buf_printf(b, "%u%s", port->port, port->tls ? " TLS" : port->transport == PD_UDP ? " UDP" : "");
    if (port->tls && port->sni[0]) {
        pd_buf_lit(b, " (SNI ");
        add_plain(b, port->sni, sizeof port->sni);
        pd_buf_lit(b, ")");
    }
    pd_buf_printf(b, " %.0f %%", 100.0 * (double)port->packets / (double)whole);
}

/* Adds the sentence; false when every packet was understood. */
static bool add_unknown(struct pd_buf *b, const struct pd_tally *t)
{
    const struct pd_unknown_port *port[PD_UNKNOWN_PORTS];
    uint64_t whole = 0;
    size_t n = 0;

    for (int i = 0; i < PD_UNKNOWN_PORTS; i++)
        if (t->unknown[i].packets) {
            port[n++] = &t->unknown[i];
            whole += t->unknown[i].packets;
        }
    if (n == 0)
        return false;
    qsort(port, n, sizeof *port, more_packets);
    add(b, "", whole, " packets understood by no protocol: ");
    for (size_t i = 0; i < n && i < PORTS_SHOWN; i++) {
        if (i)
            pd_buf_lit(b, ", ");
        add_unknown_port(b, port[i], whole);
    }
    if (n > PORTS_SHOWN)
        pd_buf_printf(b, ", and %zu ports more", n - PORTS_SHOWN);
    return true;
}

void pd_summary_unknown(const struct pd_tally *t, char *text, size_t size)
{
    struct pd_buf b;

    pd_buf_init(&b, SUMMARY_BYTES);
    add_unknown(&b, t);
    snprintf(text, size, "%.*s", (int)b.len, b.p ? b.p : "");
    pd_buf_free(&b);
}

void pd_summary_print(const struct pd_setup *setup, const struct pd_totals *t)
{
    struct pd_buf b;

    pd_buf_init(&b, SUMMARY_BYTES);
    add_packets(&b, t);
    for (unsigned i = 0; i < setup->proto_count; i++)
        add_proto(&b, setup->protos[i]->schema->proto, t->tally.proto[i], paired_bytes(setup, &t->tally, i));
    add_losses(&b, setup, t);
    add_reasons(&b, setup, &t->tally);
    add_limits(&b, t);
    pd_buf_lit(&b, "  other  ");
    if (add_unknown(&b, &t->tally))
        pd_buf_lit(&b, "\n");
    else
        b.len -= strlen("  other  ");
    fwrite(b.p, 1, b.len, stderr);
    pd_buf_free(&b);
}
