/* drive.c: both ends of up to DRIVE_CONNS connections. Each packet's payload lies in memory of exactly its
 * size. */
#include "tests/drive.h"
#include "base/check.h"
#include "tests/replay.h"
#include <stdlib.h>

#define START_NS (1700000000ull * 1000000000ull)
enum { STEP_NS = 1000000, NO_PORT = 4242, CLIENT_PORT = 50000 };

struct side {
    uint32_t seq; /* of the next byte */
};

struct drive {
    struct pd_setup setup;
    struct replay replay;
    struct side side[DRIVE_CONNS][2];
    char **plain; /* drive_line()'s */
    size_t plain_count;
    uint64_t ts, step, ordinal;
    struct pd_addr group;
    unsigned conn;
    uint32_t cut;
    uint16_t port;
    int index;
    bool running, to_group;
};

struct drive *drive_new(const char *proto)
{
    return drive_new_from(pd_protocols, proto);
}

struct drive *drive_new_from(const struct pd_proto *const *registry, const char *proto)
{
    struct drive *d = calloc(1, sizeof *d);

    PD_ASSERT(d && pd_setup_init(&d->setup, registry) == 0);
    d->ts = START_NS;
    d->step = STEP_NS;
    d->port = NO_PORT;
    if (proto) {
        d->index = pd_setup_find(&d->setup, proto);
        PD_ASSERT(d->index >= 0);
        const uint16_t *ports = d->setup.protos[d->index]->ports;
        d->port = ports ? ports[0] : NO_PORT;
    }
    for (unsigned i = 0; i < DRIVE_CONNS; i++) {
        d->side[i][PD_C2S].seq = 1000;
        d->side[i][PD_S2C].seq = 500000;
    }
    return d;
}

void drive_free(struct drive *d)
{
    for (size_t i = 0; i < d->plain_count; i++)
        free(d->plain[i]);
    free(d->plain);
    if (d->running)
        replay_free(&d->replay);
    pd_setup_free(&d->setup);
    free(d);
}

struct pd_setup *drive_setup(struct drive *d)
{
    PD_ASSERT(!d->running);
    return &d->setup;
}

void drive_option(struct drive *d, const char *name, const char *text)
{
    char err[256] = "";

    PD_ASSERT(!d->running);
    PD_ASSERT(pd_options_set(d->setup.protos[d->index]->options,
                             (void *)(uintptr_t)d->setup.options[d->index], name, text, err,
                             sizeof err) == 0);
}

static void run(struct drive *d)
{
    if (!d->running)
        replay_init(&d->replay, &d->setup, false);
    d->running = true;
    PD_ASSERT(!d->replay.finished);
}

void drive_cut(struct drive *d, uint32_t n)
{
    d->cut = n;
}

void drive_port(struct drive *d, uint16_t server_port)
{
    d->port = server_port;
}

void drive_time(struct drive *d, uint64_t ns)
{
    d->ts = START_NS + ns;
}

void drive_step(struct drive *d, uint64_t ns)
{
    d->step = ns;
}

void drive_tick(struct drive *d, uint64_t ns)
{
    run(d);
    d->ts += ns;
    pd_worker_time(d->replay.worker, d->ts, d->ordinal);
}

void drive_conn(struct drive *d, unsigned n)
{
    PD_ASSERT(n < DRIVE_CONNS);
    d->conn = n;
}

void drive_seq(struct drive *d, enum pd_dir dir, uint32_t seq)
{
    d->side[d->conn][dir].seq = seq;
}

/* Fills in the ends, time and number of the packet and hands it over. */
static void hand(struct drive *d, enum pd_dir dir, struct pd_packet *p)
{
    struct pd_end client = {.port = (uint16_t)(CLIENT_PORT + d->conn)}, server = {.port = d->port};

    PD_ASSERT(pd_addr_parse(&client.addr, "10.0.0.1") && pd_addr_parse(&server.addr, "10.0.0.2"));
    if (d->to_group && dir == PD_C2S)
        server.addr = d->group;
    p->src = dir == PD_C2S ? client : server;
    p->dst = dir == PD_C2S ? server : client;
    p->ts = d->ts;
    p->ordinal = d->ordinal;
    p->hash = replay_hash(p);
    run(d);
    replay_packet_copy(&d->replay, p);
}

static void next_packet(struct drive *d)
{
    d->ordinal++;
}

static void packet_done(struct drive *d)
{
    d->ts += d->step;
}

static void segment(struct drive *d, enum pd_dir dir, uint8_t flags, uint32_t seq, uint32_t ack_less,
                    struct pd_slice payload, uint32_t wire_len)
{
    struct pd_packet p = {
        .transport = PD_TCP,
        .tcp_flags = flags,
        .seq = seq,
        .ack = flags & PD_ACK ? d->side[d->conn][!dir].seq - ack_less : 0,
        .payload = payload,
        .wire_len = wire_len,
    };
    hand(d, dir, &p);
}

static void simple(struct drive *d, enum pd_dir dir, uint8_t flags)
{
    next_packet(d);
    segment(d, dir, flags, d->side[d->conn][dir].seq, 0, (struct pd_slice){0}, 0);
    packet_done(d);
}

void drive_syn(struct drive *d)
{
    d->side[d->conn][PD_C2S].seq--;
    simple(d, PD_C2S, PD_SYN);
    d->side[d->conn][PD_C2S].seq++;
    d->side[d->conn][PD_S2C].seq--;
    simple(d, PD_S2C, PD_SYN | PD_ACK);
    d->side[d->conn][PD_S2C].seq++;
    simple(d, PD_C2S, PD_ACK);
}

static uint32_t piece_of(const struct drive *d, size_t left)
{
    return (uint32_t)(d->cut && d->cut < left ? d->cut : left);
}

static void pieces(struct drive *d, enum pd_dir dir, const uint8_t *bytes, size_t len, uint32_t seq,
                   uint32_t less)
{
    next_packet(d);
    for (size_t at = 0; at < len;) {
        uint32_t n = piece_of(d, len - at);
        segment(d, dir, PD_ACK | PD_PSH, seq + (uint32_t)at, less, (struct pd_slice){bytes + at, n}, n);
        at += n;
    }
    packet_done(d);
}

void drive_send(struct drive *d, enum pd_dir dir, const void *bytes, size_t len)
{
    drive_send_unacked(d, dir, bytes, len, 0);
}

void drive_send_unacked(struct drive *d, enum pd_dir dir, const void *bytes, size_t len, uint32_t less)
{
    struct side *side = &d->side[d->conn][dir];

    pieces(d, dir, bytes, len, side->seq, less);
    side->seq += (uint32_t)len;
}

void drive_send_short(struct drive *d, enum pd_dir dir, const void *bytes, size_t len, uint32_t wire_len)
{
    struct side *side = &d->side[d->conn][dir];

    PD_ASSERT(wire_len >= len);
    next_packet(d);
    segment(d, dir, PD_ACK | PD_PSH, side->seq, 0, (struct pd_slice){bytes, (uint32_t)len}, wire_len);
    side->seq += wire_len;
    packet_done(d);
}

void drive_again(struct drive *d, enum pd_dir dir, const void *bytes, size_t len, uint32_t back)
{
    pieces(d, dir, bytes, len, d->side[d->conn][dir].seq - back, 0);
}

void drive_gap(struct drive *d, enum pd_dir dir, uint32_t n)
{
    d->side[d->conn][dir].seq += n;
}

void drive_ack(struct drive *d, enum pd_dir dir)
{
    simple(d, dir, PD_ACK);
}

void drive_fin(struct drive *d, enum pd_dir dir)
{
    simple(d, dir, PD_FIN | PD_ACK);
    d->side[d->conn][dir].seq++;
}

void drive_rst(struct drive *d, enum pd_dir dir)
{
    simple(d, dir, PD_RST | PD_ACK);
}

void drive_udp(struct drive *d, enum pd_dir dir, const void *bytes, size_t len, uint32_t wire_len)
{
    struct pd_packet p = {
        .transport = PD_UDP,
        .payload = {bytes, (uint32_t)len},
        .wire_len = wire_len ? wire_len : (uint32_t)len,
    };
    next_packet(d);
    hand(d, dir, &p);
    packet_done(d);
}

void drive_to(struct drive *d, const char *address)
{
    d->to_group = address != NULL;
    PD_ASSERT(!address || pd_addr_parse(&d->group, address));
}

void drive_finish(struct drive *d)
{
    run(d);
    replay_finish(&d->replay);
}

size_t drive_count(const struct drive *d)
{
    return d->replay.count;
}

const char *drive_full(const struct drive *d, size_t i)
{
    return i < d->replay.count ? d->replay.line[i].text : NULL;
}

static char *stripped(struct drive *d, size_t i)
{
    static const char *const keys[] = {"time", "client", "server", "packet", "duration", "wait", NULL};
    const char *full = drive_full(d, i);

    if (!full)
        return NULL;
    char *plain = strdup(full);
    char **grown = realloc(d->plain, (d->plain_count + 1) * sizeof *grown);
    PD_ASSERT(plain && grown);
    d->plain = grown;
    d->plain[d->plain_count++] = plain;
    replay_strip(plain, keys);
    return plain;
}

const char *drive_line(struct drive *d, size_t i)
{
    return stripped(d, i);
}

const char *drive_row(struct drive *d, size_t i)
{
    static const char before[] = "\"status\":";
    char *line = stripped(d, i), *row = line ? strstr(line, before) : NULL;

    if (!row)
        return "nothing";
    row += sizeof before - 1;
    row[strlen(row) - 1] = 0;
    for (char *p = row; (p = strchr(p, '"'));)
        *p = '\'';
    return row;
}

const struct pd_tally *drive_tally(const struct drive *d)
{
    PD_ASSERT(d->running);
    return pd_worker_tally(d->replay.worker);
}

uint64_t drive_counter(const struct drive *d, enum pd_proto_counter counter)
{
    return drive_tally(d)->proto[d->index][counter];
}

uint64_t drive_flow(const struct drive *d, enum pd_flow_counter counter)
{
    return drive_tally(d)->flow[counter];
}
