/* toy_drive_test.c: sends the toy protocol segments and keeps what comes of them. */
#include "base/check.h"
#include "protocol/toy_test.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
// clang-format off
#include <cmocka.h>
// clang-format on

static void copy(char out[TOY_TEXT], const struct pd_text *text)
{
    if (text->s)
        memcpy(out, text->s, text->len);
}

static void emit(void *arg, struct pd_rec *r)
{
    struct toy *t = arg;
    const struct toy_rec *toy = pd_fields(r);

    PD_ASSERT(t->count < TOY_RECORDS);
    struct toy_seen *seen = &t->seen[t->count++];
    *seen = (struct toy_seen){.proto = r->schema->proto,
                              .status = r->status,
                              .late = r->flags & PD_REC_LATE,
                              .holed = toy->asked.holed || toy->answered.holed,
                              .number = toy->number.seen ? toy->number.v : -1,
                              .first_req = r->first_req,
                              .last_req = r->last_req,
                              .first_rsp = r->first_rsp,
                              .last_rsp = r->last_rsp,
                              .req_bytes = r->req_bytes,
                              .rsp_bytes = r->rsp_bytes,
                              .ordinal = r->ordinal};
    copy(seen->asked, &toy->asked);
    copy(seen->answered, &toy->answered);
}

/* Without a worker. */
static struct toy *prepare(const struct pd_proto *const *registry)
{
    struct toy *t = calloc(1, sizeof *t);

    PD_ASSERT(t && !pd_setup_init(&t->setup, registry));
    return t;
}

static struct toy *begin(struct toy *t)
{
    char err[128];

    t->worker = pd_worker_new(&t->setup, emit, t, err, sizeof err);
    PD_ASSERT(t->worker);
    t->now = 1700000000000000000u;
    t->seq[0] = 0xfffffff0u; /* so that numbers wrap early */
    t->seq[1] = 5000;
    t->port = 7;
    return t;
}

struct toy *toy_new_limited(const struct pd_proto *proto, uint32_t outstanding)
{
    const struct pd_proto *other = proto == &toy_key ? &toy_child : &toy_key;
    struct toy *t = prepare((const struct pd_proto *[]){proto, other, NULL});

    if (proto != &toy_key) /* the switch's target; not a candidate of its own */
        t->setup.tcp_ports[7] = t->setup.udp_ports[7] = 1;
    t->setup.limits.outstanding = outstanding;
    return begin(t);
}

struct toy *toy_new_among(const struct pd_proto *const *registry)
{
    return begin(prepare(registry));
}

struct toy *toy_new(const struct pd_proto *proto)
{
    return toy_new_limited(proto, 4096);
}

void toy_free(struct toy *t)
{
    pd_worker_free(t->worker);
    pd_setup_free(&t->setup);
    free(t);
}

void toy_wait(struct toy *t, uint64_t ns)
{
    t->now += ns;
}

static void pass(struct toy *t, struct pd_packet *packet, enum pd_dir dir, const void *payload, uint32_t len)
{
    struct pd_end client = {.port = 40000}, server = {.port = t->port};
    uint8_t *copy_of = malloc(len ? len : 1); /* apart, so that a sanitizer sees an overrun */

    pd_addr_parse(&client.addr, "10.0.0.1");
    pd_addr_parse(&server.addr, "10.0.0.2");
    packet->src = dir == PD_C2S ? client : server;
    packet->dst = dir == PD_C2S ? server : client;
    packet->ts = t->now;
    packet->ordinal = ++t->ordinal;
    packet->hash = 1;
    if (len)
        memcpy(copy_of, payload, len);
    packet->payload = (struct pd_slice){copy_of, len};
    pd_worker_time(t->worker, packet->ts, packet->ordinal);
    pd_worker_packet(t->worker, packet);
    packet->link.iface = t->again_on_iface;
    if (t->again_on_iface)
        pd_worker_packet(t->worker, packet);
    free(copy_of);
}

void toy_packet(struct toy *t, enum pd_dir dir, uint8_t flags, uint32_t seq, uint32_t ack,
                const void *payload, uint32_t len, uint32_t wire)
{
    struct pd_packet packet = {
        .transport = PD_TCP, .tcp_flags = flags, .seq = seq, .ack = ack, .wire_len = wire};

    pass(t, &packet, dir, payload, len);
}

void toy_datagram(struct toy *t, enum pd_dir dir, const void *bytes, uint32_t len, uint32_t wire)
{
    struct pd_packet packet = {.transport = PD_UDP, .wire_len = wire};

    t->now += 1000000;
    pass(t, &packet, dir, bytes, len);
}

void toy_syn(struct toy *t)
{
    toy_packet(t, PD_C2S, PD_SYN, t->seq[0] - 1, 0, NULL, 0, 0);
    toy_packet(t, PD_S2C, PD_SYN | PD_ACK, t->seq[1] - 1, t->seq[0], NULL, 0, 0);
    toy_packet(t, PD_C2S, PD_ACK, t->seq[0], t->seq[1], NULL, 0, 0);
}

void toy_send(struct toy *t, enum pd_dir dir, const void *bytes, uint32_t len)
{
    const uint8_t *p = bytes;
    uint32_t piece = t->piece ? t->piece : len;

    t->now += 1000000;
    for (uint32_t at = 0; at < len; at += piece) {
        uint32_t n = len - at < piece ? len - at : piece;
        toy_packet(t, dir, PD_ACK, t->seq[dir], t->seq[!dir], p + at, n, n);
        t->seq[dir] += n;
    }
}

void toy_lose(struct toy *t, enum pd_dir dir, uint32_t len)
{
    t->now += 1000000;
    t->ordinal++;
    t->seq[dir] += len;
}

void toy_fin(struct toy *t, enum pd_dir dir)
{
    toy_packet(t, dir, PD_FIN | PD_ACK, t->seq[dir], t->seq[!dir], NULL, 0, 0);
    t->seq[dir]++;
}

void toy_finish(struct toy *t)
{
    pd_worker_finish(t->worker, t->ordinal);
}

void toy_check(const struct toy *t, unsigned i, uint8_t status, const char *asked, const char *answered)
{
    assert_true(i < t->count);
    assert_int_equal(t->seen[i].status, status);
    assert_string_equal(t->seen[i].asked, asked);
    assert_string_equal(t->seen[i].answered, answered);
}

uint64_t toy_counter(const struct toy *t, enum pd_proto_counter counter)
{
    return pd_worker_tally(t->worker)->proto[0][counter];
}

uint64_t toy_flow(const struct toy *t, enum pd_flow_counter counter)
{
    return pd_worker_tally(t->worker)->flow[counter];
}

struct toy *toy_open(const struct pd_proto *proto)
{
    struct toy *t = toy_new(proto);

    toy_syn(t);
    return t;
}
