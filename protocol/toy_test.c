/* toy_test.c: the toy protocol and its driver. */
#include "protocol/toy_test.h"
#include "base/check.h"
#include <stdlib.h>

enum {
    S_TYPE,
    S_BYTES,
    S_LINE,
    S_UNTIL,
    S_NUMBER,
    S_LENGTH8,
    S_CAPTURED,
    S_FED,
    S_LENGTH32,
    S_SKIPPED,
    S_LENGTH16,
    S_MESSAGE,
    S_FRAME,
    S_INNER,
    S_REST,
    S_FRAME_END,
    S_ONEWAY,
    S_INTERIM,
    S_KEY,
    S_KEYED
};

enum { CAP = 64 };

struct toy_state {
    char type[2];
    uint8_t key[2];
};

static struct pd_text *text_of(struct pd_conn *c, struct pd_half *h, struct pd_rec **r)
{
    *r = pd_current(c, h->dir);
    struct toy_rec *toy = pd_fields(*r);
    return h->dir == PD_C2S ? &toy->asked : &toy->answered;
}

static void start(struct pd_conn *c, struct pd_half *h)
{
    (void)c;
    pd_bytes(h, S_TYPE, 1);
}

static uint32_t end(struct pd_conn *c, struct pd_half *h)
{
    if (h->dir == PD_C2S)
        pd_request_end(c, h);
    else
        pd_response_end(c, h);
    start(c, h);
    return 0;
}

static void keep(struct pd_conn *c, struct pd_half *h, struct pd_slice in)
{
    struct pd_rec *r;
    struct pd_text *text = text_of(c, h, &r);

    pd_text_add(r, text, in, CAP);
}

/* What the bytes behind the type of a message that asks or answers are. */
static void read_on(struct pd_conn *c, struct pd_half *h, uint8_t type)
{
    struct pd_rec *r;
    struct pd_text *text = text_of(c, h, &r);

    switch (type) {
    case 'U':
        pd_until(h, S_UNTIL, ';', r, text, CAP);
        break;
    case 'V':
        pd_varint(h, S_NUMBER, PD_VARINT_UNSIGNED);
        break;
    case 'Z':
        pd_varint(h, S_NUMBER, PD_VARINT_ZIGZAG);
        break;
    case 'M':
        pd_varint(h, S_NUMBER, PD_VARINT_MYSQL);
        break;
    case 'X':
        pd_opaque(c, "toy is opaque");
        break;
    case 'W':
        pd_switch(c, "toy_key", h->dir == PD_S2C ? r : NULL, 9);
        break;
    default:
        pd_bad(c, h, "no such type");
    }
}

static void begin(struct pd_conn *c, struct pd_half *h, uint8_t type)
{
    static const struct {
        char type;
        uint8_t state, bytes; /* 0: a line */
    } plain[] = {
        {'B', S_BYTES, 3},    {'L', S_LINE, 0},     {'N', S_LINE, 0},
        {'I', S_INTERIM, 0},  {'C', S_LENGTH8, 1},  {'F', S_LENGTH8, 1},
        {'S', S_LENGTH32, 4}, {'R', S_LENGTH32, 4}, {'G', S_LENGTH16, 2},
    };
    struct toy_state *s = pd_state(c);

    s->type[h->dir] = (char)type;
    if (type == 'O') {
        pd_oneway(c, h);
        pd_line(h, S_ONEWAY);
        return;
    }
    if (type == 'K' || type == 'P') {
        pd_bytes(h, S_KEY, 1);
        return;
    }
    if (h->dir == PD_S2C)
        pd_response(c, h);
    else
        pd_request_owed(c, h, type, type == 'N' ? 2 : 1);
    for (unsigned i = 0; i < sizeof plain / sizeof plain[0]; i++) {
        if (plain[i].type != (char)type)
            continue;
        if (plain[i].bytes)
            pd_bytes(h, plain[i].state, plain[i].bytes);
        else
            pd_line(h, plain[i].state);
        return;
    }
    read_on(c, h, type);
}

static void read_number(struct pd_conn *c, struct pd_half *h)
{
    struct toy_rec *toy = pd_fields(pd_current(c, h->dir));

    pd_int_set(&toy->number, (int64_t)pd_number(h));
    end(c, h);
}

static void read_length(struct pd_conn *c, struct pd_half *h, struct pd_slice token)
{
    char type = ((struct toy_state *)pd_state(c))->type[h->dir];
    struct pd_rec *r;
    struct pd_text *text = text_of(c, h, &r);

    if (type == 'C') {
        pd_capture(h, S_CAPTURED, token.p[0], r, text, CAP);
    } else if (type == 'F') {
        pd_feed(h, S_FED, token.p[0]);
    } else if (type == 'G') {
        pd_message(h, S_MESSAGE, pd_be16(token.p));
    } else if (type == 'S') {
        pd_skip(h, S_SKIPPED, pd_be32(token.p));
    } else {
        pd_frame(h, pd_be32(token.p), S_FRAME_END);
        pd_bytes(h, S_INNER, 1);
    }
}

static void read_key(struct pd_conn *c, struct pd_half *h, uint8_t key)
{
    bool child = ((struct toy_state *)pd_state(c))->type[h->dir] == 'P';

    if (h->dir == PD_C2S && child)
        pd_request_child(c, h, key, pd_child(c, PD_SLICE("child")));
    else if (h->dir == PD_C2S)
        pd_request_key(c, h, key);
    else
        pd_response_key(c, h, key);
    pd_line(h, S_LINE);
}

static uint32_t step(struct pd_conn *c, struct pd_half *h, struct pd_slice token)
{
    struct pd_rec *r;
    struct pd_text *text;

    switch (h->state) {
    case S_TYPE:
        begin(c, h, token.p[0]);
        return 0;
    case S_BYTES:
    case S_LINE:
    case S_MESSAGE:
        keep(c, h, token);
        return end(c, h);
    case S_ONEWAY:
        keep(c, h, token);
        pd_oneway_end(c, h);
        start(c, h);
        return 0;
    case S_INTERIM:
        pd_response_cancel(c, h);
        start(c, h);
        return 0;
    case S_NUMBER:
        read_number(c, h);
        return 0;
    case S_LENGTH8:
    case S_LENGTH16:
    case S_LENGTH32:
        read_length(c, h, token);
        return 0;
    case S_FED:
        keep(c, h, token);
        if (!token.len)
            end(c, h);
        return token.len;
    case S_INNER: /* a length and a text; the rest of the frame is nobody's */
        text = text_of(c, h, &r);
        pd_capture(h, S_REST, token.p[0], r, text, CAP);
        return 0;
    case S_REST:
        pd_frame_rest(h);
        return 0;
    case S_KEY:
        read_key(c, h, token.p[0]);
        return 0;
    default: /* CAPTURED, UNTIL, SKIPPED, FRAME_END */
        return end(c, h);
    }
}

/* A message starts with a known type; request texts in the tests begin with 'q', response texts with 'a'. */
static int sync(struct pd_slice in, const struct pd_look *look, uint8_t *confidence)
{
    if (in.len < 2)
        return in.len && strchr("BLUVZMCFSRGOINXWKP", in.p[0]) ? PD_MORE : PD_NO;
    if (!strchr("BLUVZMCFSRGOINXWKP", in.p[0]))
        return PD_NO;
    *confidence = in.p[0] == 'L' && in.p[1] == (look->dir ? 'a' : 'q') ? PD_CERTAIN : PD_MAYBE;
    return look->purpose == PD_DETECT || *confidence == PD_CERTAIN ? 0 : PD_NO;
}

static bool failed(const struct pd_rec *r, struct pd_text *error)
{
    const struct toy_rec *toy = pd_fields_const(r);

    *error = toy->answered;
    return toy->answered.len > 1 && toy->answered.s[1] == '!';
}

static const struct pd_field fields[] = {
    {.name = "asked",
     .help = "what was asked",
     .side = PD_REQUEST,
     .type = PD_TEXT,
     .off = offsetof(struct toy_rec, asked)},
    {.name = "answered",
     .help = "what came",
     .side = PD_RESPONSE,
     .type = PD_TEXT,
     .off = offsetof(struct toy_rec, answered)},
    {.name = NULL},
};

#define SCHEMA(variable, name)                                                                               \
    static const struct pd_schema variable = {.proto = name,                                                 \
                                              .help = "toy",                                                 \
                                              .fields = fields,                                              \
                                              .rec_size = sizeof(struct toy_rec),                            \
                                              .arena_max = 512,                                              \
                                              .failed = failed}
SCHEMA(schema_order, "toy_order");
SCHEMA(schema_key, "toy_key");
SCHEMA(schema_half_duplex, "toy_half_duplex");
SCHEMA(schema_child, "toy_child");

static const uint16_t ports[] = {7, 0};

#define TOY(variable, schema_, match_, flags_)                                                               \
    const struct pd_proto variable = {.schema = &schema_,                                                    \
                                      .ports = ports,                                                        \
                                      .transports = PD_ON_TCP | PD_ON_UDP,                                   \
                                      .match = match_,                                                       \
                                      .flags = flags_,                                                       \
                                      .conn_size = sizeof(struct toy_state),                                 \
                                      .sync = sync,                                                          \
                                      .start = start,                                                        \
                                      .step = step}
TOY(toy_order, schema_order, PD_BY_ORDER, 0);
TOY(toy_key, schema_key, PD_BY_KEY, 0);
TOY(toy_half_duplex, schema_half_duplex, PD_BY_ORDER, PD_HALF_DUPLEX);

static bool claim(struct pd_slice mark)
{
    return pd_slice_eq(mark, PD_SLICE("child"));
}

const struct pd_proto toy_child = {.schema = &schema_child,
                                   .parent = "toy_key",
                                   .transports = PD_ON_TCP,
                                   .match = PD_BY_KEY,
                                   .claim = claim};

/* --- the driver --- */

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

struct toy *toy_new_limited(const struct pd_proto *proto, uint32_t outstanding)
{
    const struct pd_proto *other = proto == &toy_key ? &toy_child : &toy_key;
    const struct pd_proto *registry[] = {proto, other, NULL};
    struct toy *t = calloc(1, sizeof *t);
    char err[128];

    PD_ASSERT(t && !pd_setup_init(&t->setup, registry));
    if (proto != &toy_key) /* the switch's target; not a candidate of its own */
        t->setup.tcp_ports[7] = t->setup.udp_ports[7] = 1;
    t->setup.limits.outstanding = outstanding;
    t->worker = pd_worker_new(&t->setup, emit, t, err, sizeof err);
    PD_ASSERT(t->worker);
    t->now = 1700000000000000000u;
    t->seq[0] = 0xfffffff0u; /* so that numbers wrap early */
    t->seq[1] = 5000;
    t->port = 7;
    return t;
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
