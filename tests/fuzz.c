/* fuzz.c: plays any bytes as a script against a worker, whole and in small pieces. Where nothing was lost
 * both must say the same; memory must stay below its limit; the sanitizers see the rest, as each slice is
 * malloc'ed apart. */
#include "tests/fuzz.h"
#include "base/check.h"
#include "base/hash.h"
#include "tests/replay.h"
#include "tests/script.h"
#include <stdio.h>
#include <stdlib.h>

#define START_NS (1700000000ull * 1000000000ull)
enum { PLAIN, FULL, TIGHT, SETUPS, UNKNOWN_PORT = 4242, CLIENT_PORT = 50000 };

/* What a run is made with. Written once, before the first input: a fuzzer gives its entry point no argument.
 */
static struct {
    struct pd_setup setup[SETUPS]; /* as by default; every option on; hardly any memory */
    uint16_t port;
    bool ready;
    size_t compared;
} made;

struct player {
    struct replay replay;
    uint32_t seq[SCRIPT_CONNS][2];
    uint64_t ts, ordinal;
    uint64_t pieces; /* 0: whole; else the state that sizes are drawn from */
    uint16_t port;
};

static void all_on(struct pd_setup *setup)
{
    char err[256];

    for (unsigned i = 0; i < setup->proto_count; i++) {
        void *options = (void *)(uintptr_t)setup->options[i];
        const struct pd_option *o = setup->protos[i]->options;
        for (; o && o->name; o++) {
            if (o->type == PD_OPT_BOOL)
                PD_ASSERT(pd_options_set(setup->protos[i]->options, options, o->name, "true", err,
                                         sizeof err) == 0);
            else if (o->type == PD_OPT_NAMES)
                PD_ASSERT(
                    pd_options_set(setup->protos[i]->options, options, o->name, "all", err, sizeof err) == 0);
        }
    }
}

/* Sizes for bodies that a script could not hold anyhow: a worker is made for each play, and AddressSanitizer
 * takes long with megabytes that nobody uses. */
static void small(struct pd_setup *setup)
{
    static const char most[] = "64KiB";
    char err[256];

    for (unsigned i = 0; i < setup->proto_count; i++) {
        unsigned char *options = (unsigned char *)(uintptr_t)setup->options[i];
        const struct pd_option *o = setup->protos[i]->options;
        for (; o && o->name; o++) {
            uint64_t size = 0;
            if (o->type != PD_OPT_SIZE)
                continue;
            memcpy(&size, options + o->off, sizeof size);
            if (size > 64 << 10)
                PD_ASSERT(
                    pd_options_set(setup->protos[i]->options, options, o->name, most, err, sizeof err) == 0);
        }
    }
}

bool fuzz_proto(const char *name)
{
    static const uint64_t memory[SETUPS] = {32 << 20, 32 << 20, 1 << 20};

    PD_ASSERT(!made.ready);
    for (int i = 0; i < SETUPS; i++) {
        PD_ASSERT(pd_setup_init(&made.setup[i], pd_protocols) == 0);
        pd_limits_from(&made.setup[i].limits, memory[i], 1);
        small(&made.setup[i]);
    }
    all_on(&made.setup[FULL]);
    made.setup[TIGHT].limits.connections = 1;
    made.setup[TIGHT].limits.records = 3;
    made.setup[TIGHT].limits.outstanding = 2;
    int index = pd_setup_find(&made.setup[PLAIN], name);
    const uint16_t *ports = index < 0 ? NULL : made.setup[PLAIN].protos[index]->ports;
    made.port = ports ? ports[0] : UNKNOWN_PORT;
    made.ready = true;
    return index >= 0;
}

static void hand(struct player *p, const struct script_act *act, struct pd_packet *packet)
{
    struct pd_end client = {.port = (uint16_t)(CLIENT_PORT + act->conn)}, server = {.port = p->port};

    PD_ASSERT(pd_addr_parse(&client.addr, "10.0.0.1") && pd_addr_parse(&server.addr, "10.0.0.2"));
    packet->src = act->dir ? server : client;
    packet->dst = act->dir ? client : server;
    packet->ts = p->ts;
    packet->ordinal = p->ordinal;
    packet->hash = replay_hash(packet);
    replay_packet_copy(&p->replay, packet);
}

static void segment(struct player *p, const struct script_act *act, uint8_t flags, uint32_t seq,
                    struct pd_slice payload, uint32_t wire_len)
{
    struct pd_packet packet = {
        .transport = PD_TCP,
        .tcp_flags = flags,
        .seq = seq,
        .ack = p->seq[act->conn][!act->dir] - act->lag,
        .payload = payload,
        .wire_len = wire_len,
    };
    hand(p, act, &packet);
}

static uint32_t piece(struct player *p, uint32_t left)
{
    if (!p->pieces)
        return left;
    p->pieces = pd_hash(&p->pieces, sizeof p->pieces, 1) | 1;
    uint32_t n = (p->pieces >> 8 & 3) == 0 ? 1 : (uint32_t)(p->pieces >> 16 & 31) + 1;
    return n < left ? n : left;
}

static void data(struct player *p, const struct script_act *act, uint32_t seq)
{
    for (uint32_t at = 0; at < act->bytes.len;) {
        uint32_t n = piece(p, act->bytes.len - at);
        segment(p, act, PD_ACK, seq + at, (struct pd_slice){act->bytes.p + at, n}, n);
        at += n;
    }
}

static void flags(struct player *p, const struct script_act *act)
{
    static const uint8_t bits[SCRIPT_FLAG_COUNT] = {PD_SYN, PD_FIN | PD_ACK, PD_RST | PD_ACK, PD_ACK};
    uint32_t *seq = p->seq[act->conn];
    struct script_act reply = *act;

    reply.dir = !act->dir;
    if (act->n == SCRIPT_SYN)
        seq[0] += 100000, seq[1] += 200000;
    segment(p, act, bits[act->n], seq[act->dir], (struct pd_slice){0}, 0);
    if (act->n == SCRIPT_SYN || act->n == SCRIPT_FIN)
        seq[act->dir]++;
    if (act->n == SCRIPT_SYN) {
        segment(p, &reply, PD_SYN | PD_ACK, seq[reply.dir], (struct pd_slice){0}, 0);
        seq[reply.dir]++;
    }
}

static void datagram(struct player *p, const struct script_act *act)
{
    struct pd_packet packet = {
        .transport = PD_UDP, .payload = act->bytes, .wire_len = act->bytes.len + act->lag};

    hand(p, act, &packet);
}

static void play_act(struct player *p, const struct script_act *act)
{
    uint32_t *seq = &p->seq[act->conn][act->dir];

    p->ordinal++;
    switch (act->kind) {
    case SCRIPT_GAP:
        *seq += (uint32_t)act->n;
        break;
    case SCRIPT_WAIT:
        p->ts += act->n;
        break;
    case SCRIPT_FLAGS:
        flags(p, act);
        break;
    case SCRIPT_DATAGRAM:
        datagram(p, act);
        break;
    case SCRIPT_AGAIN:
        data(p, act, *seq - act->bytes.len);
        break;
    case SCRIPT_SHORT:
        segment(p, act, PD_ACK, *seq, act->bytes, (uint32_t)act->n);
        *seq += (uint32_t)act->n;
        break;
    default:
        data(p, act, *seq);
        *seq += act->bytes.len;
        break;
    }
}

static void play(struct player *p, const struct pd_setup *setup, struct pd_slice script, uint16_t port,
                 uint64_t pieces)
{
    struct script_act act;

    *p = (struct player){.ts = START_NS, .port = port, .pieces = pieces};
    for (unsigned i = 0; i < SCRIPT_CONNS; i++) {
        p->seq[i][0] = 1000;
        p->seq[i][1] = 0xfffffff0u; /* wraps soon */
    }
    replay_init(&p->replay, setup, false);
    while (script_next(&script, &act))
        play_act(p, &act);
    replay_finish(&p->replay);
}

/* Lines must be JSON, and what the worker took must stay below its limits. */
static void check(const struct player *p, const struct pd_setup *setup)
{
    static const char *const nothing[] = {NULL};
    const struct pd_tally *tally = pd_worker_tally(p->replay.worker);

    PD_ASSERT(tally->memory <= setup->limits.memory);
    for (size_t i = 0; i < p->replay.count; i++)
        replay_strip(p->replay.line[i].text, nothing);
}

/* True when a protocol took every byte. Small first segments may hide a protocol, or hide that it is none. */
static bool is_known(const struct player *p, const struct pd_setup *setup)
{
    const struct pd_tally *tally = pd_worker_tally(p->replay.worker);
    uint64_t bytes = 0;

    for (unsigned k = 0; k < setup->proto_count; k++)
        bytes += tally->proto[k][PD_C_BYTES];
    return bytes == tally->flow[PD_F_PAYLOAD_BYTES];
}

/* True when all bytes came in order and were understood: then where they were cut must not matter. (Behind a
 * response without a request the next message is looked for at the beginnings of segments.) */
static bool is_clean(const struct player *p, const struct pd_setup *setup)
{
    static const uint8_t flow[] = {PD_F_MIDSTREAM,  PD_F_EVICTED,       PD_F_RETRANSMITTED, PD_F_KEEPALIVES,
                                   PD_F_LATE_BYTES, PD_F_EPOCHS,        PD_F_CUT_BYTES,     PD_F_UNKNOWN,
                                   PD_F_TLS,        PD_F_TIME_BACKWARDS};
    static const uint8_t proto[] = {PD_C_GAPS,      PD_C_LOST,    PD_C_BAD,   PD_C_EVICTED,
                                    PD_C_NO_BUFFER, PD_C_RESYNCS, PD_C_ORPHAN};
    const struct pd_tally *tally = pd_worker_tally(p->replay.worker);
    uint64_t unclean = tally->starved;

    for (size_t i = 0; i < sizeof flow; i++)
        unclean += tally->flow[flow[i]];
    for (unsigned k = 0; k < setup->proto_count; k++)
        for (size_t i = 0; i < sizeof proto; i++)
            unclean += tally->proto[k][proto[i]];
    return unclean == 0;
}

/* What a worker counted and said, for whoever looks into a failure. */
static void explain(const char *what, const struct player *p, const struct pd_setup *setup)
{
    const struct pd_tally *tally = pd_worker_tally(p->replay.worker);

    fprintf(stderr, "%s:", what);
    for (int i = 0; i < PD_F_COUNT; i++)
        if (tally->flow[i])
            fprintf(stderr, " %s %llu", pd_flow_counter_names[i].name, (unsigned long long)tally->flow[i]);
    for (unsigned k = 0; k < setup->proto_count; k++)
        for (int i = 0; i < PD_C_COUNT; i++)
            if (tally->proto[k][i])
                fprintf(stderr, " %s.%s %llu", setup->protos[k]->schema->proto,
                        pd_proto_counter_names[i].name, (unsigned long long)tally->proto[k][i]);
    for (int i = 0; i < PD_REASONS && tally->reason[i].why; i++)
        fprintf(stderr, "; %s", tally->reason[i].why);
    fprintf(stderr, "\n");
    for (size_t i = 0; i < p->replay.count; i++)
        fprintf(stderr, "  %s\n", p->replay.line[i].text);
}

static void compare(const struct player *whole, const struct player *cut, const struct pd_setup *setup)
{
    const struct replay *a = &whole->replay, *b = &cut->replay;
    bool same = a->count == b->count;

    made.compared++;
    for (size_t i = 0; i < a->count && i < b->count; i++)
        same = same && strcmp(a->line[i].text, b->line[i].text) == 0;
    if (same)
        return;
    explain("whole", whole, setup);
    explain("pieces", cut, setup);
    PD_ASSERT(same);
}

size_t fuzz_compared(void)
{
    return made.compared;
}

/* The first byte picks the setup and the port, the rest is the script. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct player whole, cut;

    if (!made.ready)
        PD_ASSERT(fuzz_proto(getenv("PACKETD_FUZZ")));
    if (size < 2)
        return 0;
    const struct pd_setup *setup = &made.setup[data[0] % SETUPS];
    uint16_t port = data[0] & 0x80 ? UNKNOWN_PORT : made.port;
    struct pd_slice script = {data + 1, (uint32_t)size - 1};

    play(&whole, setup, script, port, 0);
    check(&whole, setup);
    play(&cut, setup, script, port, pd_hash(data, size, 0) | 1);
    check(&cut, setup);
    if (setup != &made.setup[TIGHT] && is_clean(&whole, setup) && is_known(&whole, setup) &&
        is_known(&cut, setup))
        compare(&whole, &cut, setup);
    replay_free(&whole.replay);
    replay_free(&cut.replay);
    return 0;
}
