/* toy_test.c: the toy protocol. */
#include "protocol/toy_test.h"
#include "protocol/conn.h"

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
    S_PART,
    S_NUMBERED,
    S_DEFERRED,
    S_KEYS,
    S_ALL,
    S_NOBODYS
};

enum { CAP = 64 };

struct toy_worker {
    uint32_t started, lines, closed;
};

struct toy_state {
    char type[2];
    struct pd_keys keys;
    uint8_t large[64]; /* does not fit into the connection */
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

static void close_conn(struct pd_conn *c)
{
    ((struct toy_worker *)pd_worker_state(c))->closed++;
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

/* What only pairing by order has. False: it is none of these. */
static bool begin_ordered(struct pd_conn *c, struct pd_half *h, uint8_t type)
{
    if (h->dir == PD_C2S && type == 's')
        pd_request(c, h)->flags |= PD_REC_SILENT;
    else if (h->dir == PD_C2S && type == 't')
        pd_request_resume(c, h, 0);
    else if (h->dir == PD_C2S && type == 'k')
        pd_request_owed(c, h, type, PD_KEPT_OR_NOTHING);
    else if (h->dir == PD_S2C && type == 't')
        pd_response(c, h);
    else if (h->dir == PD_S2C && type == 'o')
        pd_expected_over(c);
    else if (h->dir == PD_S2C && type == 'm')
        pd_mismatch(c);
    else
        return false;
    if (type == 'o' || type == 'm')
        start(c, h);
    else
        pd_line(h, h->dir == PD_S2C ? S_NOBODYS : S_LINE);
    return true;
}

static void begin(struct pd_conn *c, struct pd_half *h, uint8_t type)
{
    static const struct {
        char type;
        uint8_t state, bytes; /* 0: a line */
    } plain[] = {
        {'B', S_BYTES, 3},    {'L', S_LINE, 0},     {'N', S_LINE, 0},     {'I', S_INTERIM, 0},
        {'C', S_LENGTH8, 1},  {'F', S_LENGTH8, 1},  {'Y', S_NUMBERED, 0}, {'S', S_LENGTH32, 4},
        {'R', S_LENGTH32, 4}, {'G', S_LENGTH16, 2},
    };
    struct toy_state *s = pd_state(c);

    s->type[h->dir] = (char)type;
    if (begin_ordered(c, h, type))
        return;
    if (type == 'O') {
        pd_oneway(c, h);
        pd_line(h, S_ONEWAY);
        return;
    }
    if (type == 'D') {
        pd_defer(c, h);
        pd_bytes(h, S_DEFERRED, 1);
        return;
    }
    if (strchr("KPHJT", type)) {
        pd_bytes(h, S_KEY, 1);
        return;
    }
    if (strchr("AE", type)) {
        pd_bytes(h, S_KEYS, 2);
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
    char type = ((struct toy_state *)pd_state(c))->type[h->dir];

    if (h->dir == PD_S2C)
        pd_response_key(c, h, key);
    else if (type == 'P')
        pd_become_child(c, pd_request_key(c, h, key), pd_child(c, PD_SLICE("child")));
    else if (type == 'J' || type == 'T')
        pd_request_resume(c, h, key);
    else
        pd_request_key(c, h, key);
    pd_line(h, type == 'H' || type == 'J' ? S_PART : S_LINE);
}

static void read_keys(struct pd_conn *c, struct pd_half *h, struct pd_slice token)
{
    struct toy_state *s = pd_state(c);

    s->keys = (struct pd_keys){token.p[0], token.p[1]};
    if (s->type[h->dir] == 'A') {
        pd_line(h, S_ALL);
        return;
    }
    pd_give_up(c, PD_C2S, s->keys, h->dir == PD_S2C);
    start(c, h);
}

static bool answer(struct pd_rec *r, const void *arg)
{
    const struct pd_slice *line = arg;
    struct toy_rec *toy = pd_fields(r);

    pd_text_add(r, &toy->answered, *line, CAP);
    return line->p[1] != '?';
}

static void answer_all(struct pd_conn *c, struct pd_half *h, struct pd_slice line)
{
    struct toy_state *s = pd_state(c);

    if (!pd_response_all(c, h, line.len, s->keys, (struct pd_answer){answer, &line}))
        pd_response_key(c, h, s->keys.last);
    start(c, h);
}

static uint32_t end_part(struct pd_conn *c, struct pd_half *h)
{
    if (h->dir == PD_C2S)
        pd_request_pause(c, h);
    else
        pd_response_pause(c, h);
    start(c, h);
    return 0;
}

static void count_line(struct pd_conn *c, struct pd_half *h)
{
    struct toy_worker *w = pd_worker_state(c);
    struct toy_rec *toy = pd_fields(pd_current(c, h->dir));

    pd_int_set(&toy->number, 100 * w->started + ++w->lines);
}

static int worker_start(void *state, const void *options, uint64_t *memory)
{
    (void)options;
    (void)memory;
    ((struct toy_worker *)state)->started++;
    return 0;
}

static void read_deferred(struct pd_conn *c, struct pd_half *h, uint8_t owed)
{
    begin(c, h, 'L');
    if (h->dir == PD_S2C)
        pd_owe(c, owed);
}

static void keyed(struct pd_conn *c, struct pd_half *h, struct pd_slice token)
{
    if (h->state == S_KEY)
        read_key(c, h, token.p[0]);
    else if (h->state == S_KEYS)
        read_keys(c, h, token);
    else if (h->state == S_DEFERRED)
        read_deferred(c, h, token.p[0]);
    else
        answer_all(c, h, token);
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
    case S_NUMBERED:
        if (h->state == S_NUMBERED)
            count_line(c, h);
        keep(c, h, token);
        return end(c, h);
    case S_PART:
        keep(c, h, token);
        return end_part(c, h);
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
        return token.len ? token.len : end(c, h);
    case S_INNER: /* a length and a text; the rest of the frame is nobody's */
        text = text_of(c, h, &r);
        pd_capture(h, S_REST, token.p[0], r, text, CAP);
        return 0;
    case S_REST:
        pd_frame_rest(h);
        return 0;
    case S_DEFERRED:
    case S_KEY:
    case S_KEYS:
    case S_ALL:
        keyed(c, h, token);
        return 0;
    case S_NOBODYS:
        pd_response_oneway(c, h);
        return end(c, h);
    default: /* CAPTURED, UNTIL, SKIPPED, FRAME_END */
        return end(c, h);
    }
}

#define TYPES "BLUVZMCFSRGOINXWKPHJTYDAEstkom"

/* A message starts with a known type; request texts in the tests begin with 'q', response texts with 'a'. */
static int sync(struct pd_slice in, const struct pd_look *look, uint8_t *confidence)
{
    if (in.len < 2)
        return in.len && strchr(TYPES, in.p[0]) ? PD_MORE : PD_NO;
    if (!strchr(TYPES, in.p[0]))
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
                                      .worker_size = sizeof(struct toy_worker),                              \
                                      .worker_start = worker_start,                                          \
                                      .sync = sync,                                                          \
                                      .start = start,                                                        \
                                      .step = step,                                                          \
                                      .close = close_conn}
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

uint32_t toy_closed(const struct toy *t)
{
    return ((const struct toy_worker *)t->worker->proto_state[0])->closed;
}
