/* postgresql.c: PostgreSQL as wants of the engine. Messages have a byte for their type and a length, so all
 * that lie whole in a slice are walked in one step. One that does not is a frame: its first bytes are
 * gathered when they are read at all, the rest is skipped. Its type is part of the state. */
#include "protocol/postgresql/postgresql.h"
#include "protocol/sql_memo.h"

enum state {
    S_NEXT,         /* FEED: whole messages */
    S_HEAD,         /* type and length, in pieces */
    S_BODY,         /* what is read of the body */
    S_END,          /* the message has passed */
    S_STARTUP,      /* a start-up packet's length and code, in pieces */
    S_STARTUP_BODY, /* its parameters */
    S_STARTUP_END,
    S_COUNT
};

enum { LEN_MAX = 1 << 30, TYPE_SHIFT = 8 };

enum traits {
    OK = 1,    /* such a message exists */
    READ = 2,  /* there is something to read in it */
    EMPTY = 4, /* it has no body */
    MANY = 8,  /* they come in large numbers and are only counted */
    PART = 32, /* of a group, or the answer to one: see pd_pg_client_parts(), pd_pg_server_parts() */
    FREE = 16  /* belongs to no request and no response where none is passing, but is understood */
};

static const uint8_t types[2][256] = {
    [PD_C2S] =
        {
            ['Q'] = OK | READ,
            ['P'] = OK | READ | PART,
            ['B'] = OK | READ | PART,
            ['D'] = OK | READ | PART,
            ['E'] = OK | READ | PART,
            ['C'] = OK | READ | PART,
            ['F'] = OK,
            ['S'] = OK | EMPTY,
            ['H'] = OK | EMPTY | FREE,
            ['X'] = OK | EMPTY | FREE,
            ['d'] = OK | MANY | FREE,
            ['c'] = OK | EMPTY | FREE,
            ['f'] = OK,
            ['p'] = OK,
        },
    [PD_S2C] =
        {
            ['R'] = OK | READ,
            ['K'] = OK,
            ['S'] = OK | FREE,
            ['Z'] = OK | READ,
            ['T'] = OK | PART,
            ['D'] = OK | MANY | PART,
            ['C'] = OK | READ | PART,
            ['I'] = OK | EMPTY,
            ['E'] = OK | READ | FREE,
            ['N'] = OK | FREE,
            ['t'] = OK,
            ['n'] = OK | EMPTY,
            ['1'] = OK | EMPTY | PART,
            ['2'] = OK | EMPTY | PART,
            ['3'] = OK | EMPTY | PART,
            ['s'] = OK | EMPTY,
            ['A'] = OK | FREE,
            ['G'] = OK,
            ['H'] = OK,
            ['W'] = OK,
            ['d'] = OK | MANY | FREE,
            ['c'] = OK | EMPTY,
            ['v'] = OK,
            ['V'] = OK,
        },
};

/* What is done for each of many small messages is inlined, once for each direction. */
#define EACH __attribute__((always_inline)) static inline

static uint16_t state_of(enum state state, uint8_t type)
{
    return (uint16_t)((unsigned)state | (unsigned)type << TYPE_SHIFT);
}

EACH void begin(struct pd_conn *c, struct pd_half *h, enum pd_dir dir, uint8_t type)
{
    const struct pd_pg_conn *s = pd_pg_state(c);

    if (dir == PD_C2S)
        pd_pg_client_begin(c, h, type);
    else if (!s->serving || s->copying) /* else the response has begun already */
        pd_pg_server_begin(c, h, type);
}

EACH void body(struct pd_conn *c, struct pd_half *h, enum pd_dir dir, uint8_t type, struct pd_slice in,
               uint32_t full)
{
    if (!(types[dir][type] & READ))
        return;
    if (dir == PD_C2S)
        pd_pg_client_body(c, h, type, in, full);
    else
        pd_pg_server_body(c, h, type, in);
}

EACH void end(struct pd_conn *c, struct pd_half *h, enum pd_dir dir, uint8_t type, uint64_t n)
{
    if (dir == PD_C2S)
        pd_pg_client_end(c, h, type);
    else if (pd_pg_state(c)->serving)
        pd_pg_server_end(c, h, type, n);
}

/* n bytes that are no request's and no response's count as understood. While the server streams none of its
 * are: the record went out when that began. */
EACH void note_free(struct pd_conn *c, enum pd_dir dir, uint8_t type, uint32_t n)
{
    const struct pd_pg_conn *s = pd_pg_state(c);
    bool free = types[dir][type] & FREE;

    if (dir == PD_C2S ? free && s->open == PD_PG_O_NOTHING : s->streaming || (free && !s->serving))
        pd_understood(c, n);
}

/* Type and length are sound, or the direction is lost. */
EACH bool sound(struct pd_conn *c, struct pd_half *h, enum pd_dir dir, const uint8_t *p)
{
    uint8_t traits = types[dir][p[0]];
    uint32_t len = pd_be32(p + 1);

    if (dir == PD_C2S)
        pd_pg_state(c)->typed = true;
    if (traits && (traits & EMPTY ? len == 4 : len >= 4 && len <= LEN_MAX))
        return true;
    pd_bad(c, h, traits ? "no such length" : "no such message type");
    return false;
}

/* The message's head has passed, its body comes in pieces. */
static void read_on(struct pd_conn *c, struct pd_half *h, uint8_t type, uint32_t len)
{
    enum pd_dir dir = h->dir;

    if (!h->unproven) /* else the length is a guess too */
        note_free(c, dir, type, PD_PG_HEAD + len);
    if (!len) {
        body(c, h, dir, type, PD_SLICE(""), 0);
        end(c, h, dir, type, 1);
        if (!h->opaque && !h->lost)
            pd_feed(h, S_NEXT, PD_ENDLESS);
        return;
    }
    pd_frame(h, len, state_of(S_END, type));
    if (types[dir][type] & READ)
        pd_message(h, state_of(S_BODY, type), len < PD_PG_PREFIX ? len : PD_PG_PREFIX);
    else
        pd_frame_rest(h);
}

/* A message that lies whole in the slice and has begun, with more of its kind when there are. Returns their
 * bytes. */
static uint32_t run(struct pd_conn *c, struct pd_half *h, enum pd_dir dir, struct pd_slice in)
{
    uint8_t type = in.p[0];
    uint32_t first = pd_be32(in.p + 1) + 1, all = first;
    uint64_t n = 1;

    if (types[dir][type] & MANY)
        all += pd_pg_more((struct pd_slice){in.p + first, in.len - first}, type, &n);
    pd_feed_used(h, all);
    note_free(c, dir, type, all);
    body(c, h, dir, type, (struct pd_slice){in.p + PD_PG_HEAD, first - PD_PG_HEAD}, first - PD_PG_HEAD);
    end(c, h, dir, type, n);
    return all;
}

/* The same, seldom of more than one message. */
EACH uint32_t whole(struct pd_conn *c, struct pd_half *h, enum pd_dir dir, struct pd_slice in)
{
    uint8_t type = in.p[0], traits = types[dir][type];
    uint32_t total = pd_be32(in.p + 1) + 1;

    if (dir == PD_C2S && traits & PART)
        return pd_pg_client_parts(c, h, in);
    begin(c, h, dir, type);
    if (dir == PD_S2C && traits & PART && pd_pg_state(c)->serving == PD_PG_GROUP) {
        uint32_t used = pd_pg_server_parts(c, h, in);
        if (used)
            return used;
    }
    if (traits & (MANY | FREE) || (dir == PD_S2C && pd_pg_state(c)->streaming))
        return run(c, h, dir, in);
    pd_feed_used(h, total);
    body(c, h, dir, type, (struct pd_slice){in.p + PD_PG_HEAD, total - PD_PG_HEAD}, total - PD_PG_HEAD);
    end(c, h, dir, type, 1);
    return total;
}

/* --- before messages have types --- */

static uint32_t read_startup(struct pd_conn *c, struct pd_half *h, struct pd_slice head, struct pd_slice in)
{
    enum pd_pg_startup kind = pd_pg_startup_kind(head.p);
    uint32_t len = pd_be32(head.p) - PD_PG_STARTUP_HEAD;

    if (kind == PD_PG_S_NO) {
        pd_bad(c, h, "no start-up packet");
        return 0;
    }
    pd_pg_startup_begin(c, h, kind);
    if (in.len) /* in a FEED the head is not used up yet */
        pd_feed_used(h, PD_PG_STARTUP_HEAD);
    if (!len) {
        pd_pg_startup_end(c, h, kind, (struct pd_slice){0});
        pd_feed(h, S_NEXT, PD_ENDLESS);
    } else if (kind == PD_PG_S_CANCEL) {
        pd_skip(h, S_STARTUP_END, len);
    } else {
        pd_message(h, S_STARTUP_BODY, len);
    }
    return PD_PG_STARTUP_HEAD;
}

/* In a FEED. Returns the bytes that were used. */
static uint32_t startup(struct pd_conn *c, struct pd_half *h, struct pd_slice in)
{
    if (in.len >= PD_PG_STARTUP_HEAD)
        return read_startup(c, h, (struct pd_slice){in.p, PD_PG_STARTUP_HEAD}, in);
    pd_bytes(h, S_STARTUP, PD_PG_STARTUP_HEAD);
    return 0;
}

/* One byte, where a wish for encryption is to be answered; ErrorResponse is a message. */
static bool is_answer(struct pd_conn *c, uint8_t first)
{
    return !pd_pg_state(c)->serving && pd_expected(c) == PD_PG_NEGOTIATE && first != 'E';
}

static void negotiated(struct pd_conn *c, struct pd_half *h, uint8_t answer)
{
    if (answer != 'S' && answer != 'N' && answer != 'G') {
        pd_bad(c, h, "no answer to a wish for encryption");
        return;
    }
    pd_response(c, h);
    pd_feed_used(h, 1);
    pd_pg_negotiated(c, h, answer);
}

/* --- steps --- */

EACH uint32_t walk(struct pd_conn *c, struct pd_half *h, enum pd_dir dir, struct pd_slice in)
{
    uint32_t used = 0;

    while (used < in.len) {
        const uint8_t *p = in.p + used;
        uint32_t left = in.len - used;
        if (dir == PD_C2S && !p[0] && !pd_pg_state(c)->typed)
            return used + startup(c, h, (struct pd_slice){p, left});
        if (dir == PD_S2C && is_answer(c, p[0])) {
            negotiated(c, h, p[0]);
            if (h->opaque || h->lost)
                return used;
            used++;
            continue;
        }
        if (left < PD_PG_HEAD) {
            pd_bytes(h, S_HEAD, PD_PG_HEAD);
            return used;
        }
        if (!sound(c, h, dir, p))
            return used;
        uint32_t len = pd_be32(p + 1);
        if (len >= left) {
            begin(c, h, dir, p[0]);
            pd_feed_used(h, PD_PG_HEAD);
            read_on(c, h, p[0], len - 4);
            return used + PD_PG_HEAD;
        }
        used += whole(c, h, dir, (struct pd_slice){p, left});
        if (h->lost || h->opaque)
            return used;
    }
    return used;
}

static void startup_body(struct pd_conn *c, struct pd_half *h, struct pd_slice in)
{
    if (h->holed)
        pd_incomplete(c, h);
    pd_pg_startup_end(c, h, PD_PG_S_SESSION, in);
    pd_feed(h, S_NEXT, PD_ENDLESS);
}

static void head(struct pd_conn *c, struct pd_half *h, struct pd_slice in)
{
    if (!sound(c, h, h->dir, in.p))
        return;
    begin(c, h, h->dir, in.p[0]);
    read_on(c, h, in.p[0], pd_be32(in.p + 1) - 4);
}

static uint32_t step(struct pd_conn *c, struct pd_half *h, struct pd_slice in)
{
    uint8_t type = (uint8_t)(h->state >> TYPE_SHIFT);

    switch ((enum state)(h->state & ((1 << TYPE_SHIFT) - 1))) {
    case S_NEXT:
        return h->dir == PD_C2S ? walk(c, h, PD_C2S, in) : walk(c, h, PD_S2C, in);
    case S_HEAD:
        head(c, h, in);
        break;
    case S_BODY:
        body(c, h, h->dir, type, in, (uint32_t)(h->size + h->frame));
        pd_frame_rest(h);
        break;
    case S_END:
        end(c, h, h->dir, type, 1);
        pd_feed(h, S_NEXT, PD_ENDLESS);
        break;
    case S_STARTUP:
        read_startup(c, h, in, (struct pd_slice){0});
        break;
    case S_STARTUP_BODY:
        startup_body(c, h, in);
        break;
    case S_STARTUP_END:
        pd_pg_startup_end(c, h, PD_PG_S_CANCEL, (struct pd_slice){0});
        pd_feed(h, S_NEXT, PD_ENDLESS);
        break;
    case S_COUNT:
        break;
    }
    return 0;
}

static void start(struct pd_conn *c, struct pd_half *h)
{
    struct pd_pg_conn *s = pd_pg_state(c);

    if (h->dir == PD_S2C)
        s->serving = PD_PG_NONE;
    else
        s->open = PD_PG_O_NOTHING;
    pd_feed(h, S_NEXT, PD_ENDLESS);
}

/* A hole within a message's frame: what it says, and to which name, is not known. */
static enum pd_verdict lost_message(const struct pd_half *h)
{
    uint8_t type = (uint8_t)(h->frame_end >> TYPE_SHIFT);
    bool names = h->dir == PD_C2S ? type != 'Q' && (types[PD_C2S][type] & READ) : type == 'C' || type == 'Z';

    return names ? PD_LOST : PD_INCOMPLETE_MESSAGE;
}

static enum pd_verdict lost(struct pd_conn *c, struct pd_half *h, enum pd_lost why, uint64_t n)
{
    struct pd_pg_conn *s = pd_pg_state(c);

    (void)n;
    if (why == PD_FRAME_GAP)
        return lost_message(h);
    if (why == PD_FEED_GAP)
        return PD_LOST;
    pd_pg_unpaired(c);
    if (h->dir == PD_C2S) {
        pd_pg_forget(c);
        s->typed = true;
        s->no_room = s->muddled = false;
        s->open = PD_PG_O_NOTHING;
    } else {
        s->tail = true;
        s->serving = PD_PG_NONE;
        if (s->open)
            s->open = PD_PG_O_UNKEPT;
    }
    return PD_LOST;
}

static void close_conn(struct pd_conn *c)
{
    struct pd_pg_conn *s = pd_pg_state(c);

    pd_pg_forget(c);
    if (s->session)
        pd_give_back(c, s->session, sizeof *s->session);
    s->session = NULL;
}

extern const struct pd_proto pd_proto_postgresql;
const struct pd_proto pd_proto_postgresql = {
    .schema = &pd_pg_schema,
    .ports = (const uint16_t[]){5432, 0},
    .transports = PD_ON_TCP,
    .match = PD_BY_ORDER,
    .conn_size = sizeof(struct pd_pg_conn),
    .worker_size = sizeof(struct pd_sql_memo),
    .sync = pd_pg_sync,
    .start = start,
    .step = step,
    .lost = lost,
    .close = close_conn,
};
