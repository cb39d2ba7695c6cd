/* worker.c: puts a worker together and drives its clock: packet time, in ticks of 100 ms. */
#include "protocol/conn.h"
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

enum { LATE_TIMEOUTS = 6 }; /* a reported datagram request waits so many timeouts for its response */

/* Of the byte ceiling, in percent: connections, records, their arenas (each of their classes), expectations,
 * lent memory, what protocols ask for with the worker. The rest is
 * for tables and what stands outside the pools. */
enum {
    CONNS_SHARE = 16,
    RECORDS_SHARE = 18,
    CHUNKS_SHARE = 5,
    EXPECTS_SHARE = 3,
    LEND_SHARE = 28,
    STATES_SHARE = 10
};

void pd_limits_from(struct pd_limits *limits, uint64_t bytes, unsigned workers)
{
    uint64_t each = bytes / (workers ? workers : 1);

    limits->memory = each;
    limits->connections = (uint32_t)(each / 100 * CONNS_SHARE / PD_CONN_BYTES);
    limits->records = (uint32_t)(each / 100 * RECORDS_SHARE / PD_REC_BYTES);
    limits->outstanding = 4096;
}

static struct pd_store_limits store_limits(const struct pd_limits *limits)
{
    static const uint32_t size[PD_CHUNK_CLASSES] = {512, 2048, 8192};
    struct pd_store_limits store = {.records = limits->records};

    for (int i = 0; i < PD_CHUNK_CLASSES; i++)
        store.chunks[i] = (uint32_t)(limits->memory / 100 * CHUNKS_SHARE / size[i]);
    return store;
}

static int start_protocols(struct pd_worker *w)
{
    const struct pd_setup *setup = w->setup;
    uint64_t memory = setup->limits.memory / 100 * STATES_SHARE;
    int error = 0;

    for (unsigned i = 0; i < setup->proto_count && !error; i++) {
        const struct pd_proto *proto = setup->protos[i];
        pd_party_init(w, i);
        if (!proto->worker_size)
            continue;
        w->proto_state[i] = calloc(1, proto->worker_size);
        if (!w->proto_state[i])
            return -ENOMEM;
        if (proto->worker_start)
            error = proto->worker_start(w->proto_state[i], setup->options[i], &memory);
    }
    return error;
}

static void end_protocols(struct pd_worker *w)
{
    for (unsigned i = 0; i < PD_PROTOS_MAX; i++) {
        if (w->proto_state[i] && w->setup->protos[i]->worker_end)
            w->setup->protos[i]->worker_end(w->proto_state[i]);
        free(w->proto_state[i]);
    }
}

struct pd_worker *pd_worker_new(const struct pd_setup *setup, void (*emit)(void *arg, struct pd_rec *),
                                void *arg, char *err, size_t errlen)
{
    struct pd_worker *w = calloc(1, sizeof *w);
    struct pd_store_limits store = store_limits(&setup->limits);
    uint32_t expects = (uint32_t)(setup->limits.memory / 100 * EXPECTS_SHARE / sizeof(struct pd_expect));

    if (w) {
        w->setup = setup;
        w->datagram = calloc(1, sizeof *w->datagram);
    }
    if (!w || !w->datagram || pd_pairing_init(&w->pairing, &store, expects, setup->limits.outstanding) ||
        pd_conns_init(w) || pd_lend_init(w, setup->limits.memory / 100 * LEND_SHARE) || start_protocols(w)) {
        snprintf(err, errlen, "cannot reserve %llu bytes of memory; --memory-limit asks for less",
                 (unsigned long long)setup->limits.memory);
        pd_worker_free(w);
        return NULL;
    }
    w->datagram->worker = w;
    w->datagram->udp = w->datagram->oriented = true;
    w->pairing.store.emit = emit;
    w->pairing.store.arg = arg;
    return w;
}

void pd_worker_free(struct pd_worker *w)
{
    if (!w)
        return;
    end_protocols(w);
    pd_conns_deinit(w);
    pd_lend_free(w);
    pd_pairing_free(&w->pairing);
    free(w->datagram);
    free(w);
}

static void tick(struct pd_worker *w)
{
    uint64_t timeout = w->setup->timeout;
    uint64_t now = w->now - w->now % PD_TICK_NS;

    w->tick = (uint32_t)(now / PD_TICK_NS);
    if (w->next_tick) {
        w->ticking = true;
        w->packet = NULL;
        pd_conns_tick(w, now);
        if (now > timeout * LATE_TIMEOUTS)
            pd_pairing_expire(&w->pairing, now - timeout, now - timeout * LATE_TIMEOUTS);
        w->ticking = false;
    }
    w->next_tick = now + PD_TICK_NS;
}

/* Everything outstanding goes out, as from a timer. */
static void flush(struct pd_worker *w)
{
    w->packet = NULL;
    w->ticking = true;
    pd_conns_finish(w);
    pd_pairing_expire(&w->pairing, UINT64_MAX, UINT64_MAX);
    w->ticking = false;
}

/* Packet time reached the next boundary, or it ran back. */
PD_COLD static void move_clock(struct pd_worker *w, uint64_t ts)
{
    if (ts < w->now && w->now - ts > w->setup->timeout) {
        /* Not packets out of order: another capture begins, or the clock was set. Clamped, its times would
         * all be the same. */
        flush(w);
        w->now = w->next_tick = 0;
    }
    if (ts > w->now)
        w->now = ts;
    if (w->now >= w->next_tick)
        tick(w);
}

void pd_worker_time(struct pd_worker *w, uint64_t ts, uint64_t ordinal)
{
    w->ordinal = ordinal;
    if (ts >= w->now && ts < w->next_tick)
        w->now = ts;
    else
        move_clock(w, ts);
}

void pd_worker_packet(struct pd_worker *w, const struct pd_packet *packet)
{
    if (packet->ts < w->now)
        w->tally.flow[PD_F_TIME_BACKWARDS]++;
    w->packet = packet;
    if (packet->transport == PD_TCP)
        pd_flow_packet(w, packet);
    else if (packet->transport == PD_UDP)
        pd_datagram_packet(w, packet);
    w->packet = NULL;
}

void pd_worker_finish(struct pd_worker *w, uint64_t last_ordinal)
{
    w->ordinal = last_ordinal + 1;
    flush(w);
}

struct pd_place pd_worker_place(const struct pd_worker *w, const struct pd_rec *r)
{
    if (w->ticking)
        return (struct pd_place){2 * w->ordinal, r->ordinal};
    return (struct pd_place){2 * w->ordinal + 1, 0};
}

static uint64_t pool_bytes(const struct pd_pool *pool)
{
    return (uint64_t)pool->most * pool->size;
}

const struct pd_tally *pd_worker_tally(const struct pd_worker *worker)
{
    struct pd_worker *w =
        (struct pd_worker *)(uintptr_t)worker; /* the figures below are derived when asked for */

    w->tally.live_connections = w->list[PD_ACTIVE].count + w->list[PD_DORMANT].count;
    w->tally.memory =
        pool_bytes(&w->conns) + pool_bytes(&w->pairing.store.records) + pool_bytes(&w->pairing.expects);
    for (int i = 0; i < PD_CHUNK_CLASSES; i++)
        w->tally.memory += pool_bytes(&w->pairing.store.chunks[i]);
    for (int i = 0; i < PD_LEND_CLASSES; i++)
        w->tally.memory += pool_bytes(&w->lend[i]);
    return &w->tally;
}

static void add_all(uint64_t *a, const uint64_t *b, unsigned n)
{
    for (unsigned i = 0; i < n; i++)
        a[i] += b[i];
}

static void add_reasons(struct pd_reason *a, const struct pd_reason *b)
{
    for (int i = 0; i < PD_REASONS && b[i].why; i++) {
        int k = 0;
        while (k < PD_REASONS && a[k].why && (a[k].why != b[i].why || a[k].proto != b[i].proto))
            k++;
        if (k == PD_REASONS)
            return;
        uint64_t count = a[k].count + b[i].count;
        a[k] = b[i];
        a[k].count = count;
    }
}

static void add_unknown(struct pd_unknown_port *a, const struct pd_unknown_port *b)
{
    for (unsigned i = 0; i < PD_UNKNOWN_PORTS; i++) {
        if (!b[i].packets)
            continue;
        unsigned k = b[i].port % PD_UNKNOWN_PORTS, tried = 0;
        while (a[k].packets && (a[k].port != b[i].port || a[k].transport != b[i].transport) &&
               tried++ < PD_UNKNOWN_PORTS)
            k = (k + 1) % PD_UNKNOWN_PORTS;
        if (tried > PD_UNKNOWN_PORTS)
            continue;
        struct pd_unknown_port sum = b[i].sni[0] || !a[k].packets ? b[i] : a[k];
        sum.packets = a[k].packets + b[i].packets;
        a[k] = sum;
    }
}

void pd_tally_add(struct pd_tally *a, const struct pd_tally *b)
{
    add_all(a->flow, b->flow, PD_F_COUNT);
    for (int i = 0; i < PD_PROTOS_MAX; i++)
        add_all(a->proto[i], b->proto[i], PD_C_COUNT);
    add_unknown(a->unknown, b->unknown);
    add_reasons(a->reason, b->reason);
    a->live_connections += b->live_connections;
    a->starved += b->starved;
    a->memory += b->memory;
}

const char *pd_upgrade(const struct pd_conn *c, const char *token)
{
    const struct pd_setup *setup = c->worker->setup;

    for (unsigned i = 0; i < setup->proto_count; i++)
        if (setup->protos[i]->upgrade && strcmp(setup->protos[i]->upgrade, token) == 0)
            return setup->protos[i]->schema->proto;
    return NULL;
}

uint8_t pd_conn_transport(const struct pd_conn *c)
{
    return c->udp ? PD_UDP : PD_TCP;
}

void pd_count(struct pd_conn *c, enum pd_proto_counter counter, uint32_t n)
{
    pd_conn_counters(c)[counter] += n;
}

uint16_t pd_conn_server_port(const struct pd_conn *c)
{
    return c->server.port;
}

bool pd_conn_from_start(const struct pd_conn *c)
{
    return !c->joined && !c->torn;
}

bool pd_conn_multicast(const struct pd_conn *c)
{
    return c->udp && c->worker->packet && pd_addr_is_multicast(&c->worker->packet->dst.addr);
}

uint64_t pd_conn_now(const struct pd_conn *c)
{
    return c->worker->now;
}

struct pd_half *pd_half_of(struct pd_conn *c, enum pd_dir dir)
{
    return &c->half[dir];
}

const void *pd_options(const struct pd_conn *c)
{
    return c->worker->setup->options[c->index];
}

bool pd_wanted(const struct pd_conn *c)
{
    return pd_setup_wants(c->worker->setup, c->proto);
}

int pd_child(const struct pd_conn *c, struct pd_slice mark)
{
    const struct pd_setup *setup = c->worker->setup;

    for (unsigned left = setup->children[c->index]; left; left &= left - 1) {
        int i = __builtin_ctz(left);
        const struct pd_proto *child = setup->protos[i];
        if (child->claim && child->claim(mark) && pd_setup_wants(setup, child))
            return i;
    }
    return -1;
}
