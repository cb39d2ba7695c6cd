/* mongodb.c: the connection: messages as wants of the engine, and what answers what. A message that lies in
 * one slice is read in a single step; of a larger one the reader waits in memory that is lent, and what it
 * passes is skipped by the engine. A reply names its request: responseTo is the requestID.
 *
 * Exhaust: one request, many replies, each in response to the one before. The first answers the request; the
 * others have nobody who asked for them: each is a message of its own, `oneway`. */
#include "base/check.h"
#include "protocol/mongodb/unpack.h"

enum state {
    S_NEXT,   /* between messages */
    S_HEADER, /* the header, when it does not come at once */
    S_BODY,   /* a body in pieces */
    S_PASSED, /* a value that nobody looks at has passed */
    S_PACKED, /* a compressed body, whole */
    S_GATHER, /* one in pieces that is too long for that */
    S_END     /* of the message */
};

enum what { W_NOTHING, W_REQUEST, W_RESPONSE, W_FURTHER }; /* a reply of an exhaust cursor */

/* The replies that are still to come, and what they are replies to. */
struct chain {
    uint32_t id; /* of the reply that the next one will name */
    bool older;  /* OP_REPLY: documents of users */
    uint8_t command_len, database_len;
    uint16_t collection_len;
    char command[PD_MONGODB_COMMAND_MAX], database[PD_MONGODB_DATABASE_MAX];
    char collection[PD_MONGODB_COLLECTION_MAX];
};

struct side { /* of one direction */
    union {
        struct pd_mongodb_reader *reader; /* lent, or NULL */
        uint32_t ticket;                  /* of the worker's buffer, when gathering */
    };
    uint32_t id;  /* of the message now passing */
    uint8_t what; /* enum what */
    bool gathering;
    bool more; /* a request: nobody answers; a reply: another follows */
};

struct mongodb {
    struct side side[2];
    struct chain *chain; /* lent, or NULL */
};
_Static_assert(sizeof(struct mongodb) <= 48, "the state fits into the connection");

static struct mongodb *state_of(struct pd_conn *c)
{
    return pd_state(c);
}

static struct side *side_of(struct pd_conn *c, unsigned dir)
{
    return &state_of(c)->side[dir];
}

static void drop(struct pd_conn *c, struct side *s)
{
    if (s->gathering)
        pd_mongodb_gather_end(pd_worker_state(c), s->ticket);
    else if (s->reader)
        pd_give_back(c, s->reader, sizeof *s->reader);
    s->gathering = false;
    s->reader = NULL;
}

static void idle(struct pd_half *h)
{
    pd_feed(h, S_NEXT, PD_ENDLESS);
}

/* --- exhaust --- */

static void drop_chain(struct pd_conn *c)
{
    struct mongodb *m = state_of(c);

    if (m->chain)
        pd_give_back(c, m->chain, sizeof *m->chain);
    m->chain = NULL;
}

static void copy_text(char *to, const struct pd_text *t, uint16_t *len, uint16_t cap)
{
    *len = t->len < cap ? t->len : cap;
    if (*len)
        memcpy(to, t->s, *len);
}

/* Another reply follows that of record r. */
static void go_on(struct pd_conn *c, const struct pd_rec *r, uint32_t id)
{
    struct mongodb *m = state_of(c);
    const struct pd_mongodb *f = pd_fields_const(r);
    uint16_t command, database;

    if (!m->chain)
        m->chain = pd_lend(c, sizeof *m->chain);
    if (!m->chain)
        return; /* the others will be replies to nothing that is known */
    copy_text(m->chain->command, &f->command, &command, sizeof m->chain->command);
    copy_text(m->chain->database, &f->database, &database, sizeof m->chain->database);
    copy_text(m->chain->collection, &f->collection, &m->chain->collection_len, sizeof m->chain->collection);
    m->chain->command_len = (uint8_t)command;
    m->chain->database_len = (uint8_t)database;
    m->chain->older = !f->commands;
    m->chain->id = id;
}

static void set(struct pd_rec *r, struct pd_text *t, const char *s, uint16_t len)
{
    if (len)
        pd_text_set(r, t, (struct pd_slice){(const uint8_t *)s, len}, len);
}

static struct pd_rec *begin_further(struct pd_conn *c, struct pd_half *h, const struct chain *chain)
{
    struct pd_rec *r = pd_oneway(c, h);
    struct pd_mongodb *f = pd_fields(r);

    f->commands = !chain->older;
    f->exhaust = chain->older;
    set(r, &f->command, chain->command, chain->command_len);
    set(r, &f->database, chain->database, chain->database_len);
    set(r, &f->collection, chain->collection, chain->collection_len);
    return r;
}

/* --- beginnings and ends --- */

static void name_opcode(struct pd_rec *r, uint32_t opcode)
{
    pd_text_static(&((struct pd_mongodb *)pd_fields(r))->opcode, pd_mongodb_opcode_name(opcode));
}

/* Writes of the older kinds are never answered. */
static bool is_unanswered(uint32_t opcode)
{
    return opcode == PD_MONGODB_INSERT || opcode == PD_MONGODB_UPDATE || opcode == PD_MONGODB_DELETE ||
           opcode == PD_MONGODB_KILL_CURSORS;
}

static struct pd_rec *begin(struct pd_conn *c, struct pd_half *h, const struct pd_mongodb_header *header)
{
    struct mongodb *m = state_of(c);
    struct side *s = &m->side[h->dir];
    struct pd_rec *r;

    s->id = header->id;
    s->more = false;
    s->what = h->dir == PD_C2S ? W_REQUEST : m->chain && m->chain->id == header->to ? W_FURTHER : W_RESPONSE;
    if (s->what == W_RESPONSE)
        return pd_response_key(c, h, header->to);
    r = s->what == W_REQUEST ? pd_request_key(c, h, header->id) : begin_further(c, h, m->chain);
    pd_int_set(&((struct pd_mongodb *)pd_fields(r))->id, header->id);
    if (header->opcode != PD_MONGODB_COMPRESSED)
        name_opcode(r, header->opcode);
    return r;
}

/* What the reader learnt beside fields. */
static void note(struct side *s, const struct pd_mongodb_reader *m, struct pd_rec *r)
{
    const struct pd_mongodb *f = pd_fields(r);

    if (m->opcode == PD_MONGODB_MSG)
        s->more = m->flags & PD_MONGODB_MORE_TO_COME;
    else if (s->what == W_REQUEST)
        s->more = is_unanswered(m->opcode);
    else
        s->more = f->exhaust && m->cursor;
}

static void end_reply(struct pd_conn *c, struct pd_half *h, struct side *s)
{
    struct pd_rec *r = pd_current(c, PD_S2C);

    pd_mongodb_settle_reply(r);
    if (s->more && !pd_rec_is_void(r))
        go_on(c, r, s->id);
    else if (s->what == W_FURTHER)
        drop_chain(c);
    if (s->what == W_FURTHER)
        pd_oneway_end(c, h);
    else
        pd_response_end(c, h);
}

static void end_message(struct pd_conn *c, struct pd_half *h)
{
    struct side *s = side_of(c, h->dir);

    if (s->reader && !s->gathering) { /* a hole kept it from its end */
        note(s, s->reader, pd_current(c, h->dir));
        pd_mongodb_abandon(s->reader, pd_current(c, h->dir));
    }
    drop(c, s);
    if (s->what != W_REQUEST)
        end_reply(c, h, s);
    else if (s->more)
        pd_oneway_end(c, h);
    else
        pd_request_end(c, h);
    s->what = W_NOTHING;
    idle(h);
}

static void bad_body(struct pd_conn *c, struct pd_half *h)
{
    pd_bad(c, h, "message does not hold what its kind says");
}

/* --- compressed messages --- */

/* OP_COMPRESSED: the opcode of what is inside, its length, the compressor; then the body, compressed. Returns
 * false when it breaks the rules. in is the whole body, or with `whole` unset its beginning. */
static bool read_packed(struct pd_conn *c, struct pd_half *h, struct pd_rec *r, struct pd_slice in,
                        bool whole)
{
    struct side *s = side_of(c, h->dir);
    struct pd_mongodb_reader reader;
    struct pd_mongodb_packed packed;
    struct pd_slice out;
    uint32_t used;

    if (!pd_mongodb_packed(in, h->dir, &packed))
        return false;
    if (s->what != W_RESPONSE)
        name_opcode(r, packed.opcode);
    packed.whole = whole;
    if (!pd_mongodb_unpack(pd_worker_state(c), &packed, &out))
        return false;
    pd_mongodb_reader_init(&reader, packed.opcode, h->dir, packed.size);
    enum pd_mongodb_read end = pd_mongodb_read(&reader, r, out, &used);
    note(s, &reader, r);
    if (end == PD_MONGODB_DONE)
        return true;
    pd_mongodb_abandon(&reader, r);
    /* Beyond the bound. A request has said what it is in its beginning, unless nothing of it could be read:
     * then nobody knows whether it is answered. A reply says `ok` at its end. */
    if ((s->what != W_REQUEST || !out.len) && out.len < packed.size)
        r->flags |= PD_REC_BROKEN;
    return end != PD_MONGODB_BAD && out.len < packed.size;
}

static void packed_came(struct pd_conn *c, struct pd_half *h, struct pd_slice in)
{
    struct pd_rec *r = pd_current(c, h->dir);

    if (h->holed) {
        r->flags |= PD_REC_BROKEN;
    } else if (!read_packed(c, h, r, in, true)) {
        bad_body(c, h);
        return;
    }
    pd_skip(h, S_END, 0);
}

/* Adds to what was gathered. The buffer may have gone to another connection since. */
static uint32_t gather(struct pd_conn *c, struct pd_half *h, struct pd_slice in)
{
    struct side *s = side_of(c, h->dir);
    struct pd_rec *r = pd_current(c, h->dir);
    struct pd_slice all;
    uint64_t rest = h->frame - in.len;

    if (!pd_mongodb_gather(pd_worker_state(c), s->ticket, in, &all)) {
        drop(c, s);
        r->flags |= PD_REC_BROKEN;
    } else if (h->left > in.len) {
        return in.len;
    } else if (!read_packed(c, h, r, all, rest == 0)) {
        bad_body(c, h);
        return in.len;
    }
    pd_skip(h, S_END, rest);
    return in.len;
}

/* A compressed body of n bytes begins, which is not at hand as a whole. Of one beyond the bound the beginning
 * is gathered. */
static void begin_packed(struct pd_conn *c, struct pd_half *h, uint32_t n)
{
    struct side *s = side_of(c, h->dir);

    if (n <= UINT16_MAX) {
        pd_message(h, S_PACKED, n);
        return;
    }
    s->ticket = pd_mongodb_gather_begin(pd_worker_state(c), &n);
    s->gathering = true;
    pd_feed(h, S_GATHER, n);
}

/* --- bodies --- */

/* The body lies in the slice. False when it breaks the rules. */
static bool read_whole(struct pd_conn *c, struct pd_half *h, struct pd_rec *r, uint32_t opcode,
                       struct pd_slice in)
{
    struct side *s = side_of(c, h->dir);
    struct pd_mongodb_reader reader;
    uint32_t used;

    if (pd_rec_is_void(r))
        return true;
    if (opcode == PD_MONGODB_COMPRESSED)
        return read_packed(c, h, r, in, true);
    pd_mongodb_reader_init(&reader, opcode, h->dir, in.len);
    if (pd_mongodb_read(&reader, r, in, &used) != PD_MONGODB_DONE)
        return false;
    note(s, &reader, r);
    return true;
}

/* The header has passed and the body, or its end, is still to come. */
static void begin_pieces(struct pd_conn *c, struct pd_half *h, struct pd_rec *r,
                         const struct pd_mongodb_header *header)
{
    struct side *s = side_of(c, h->dir);
    uint32_t n = header->length - PD_MONGODB_HEADER;

    pd_frame(h, n, S_END);
    if (pd_rec_is_void(r)) {
        pd_skip(h, S_END, n);
        return;
    }
    if (header->opcode == PD_MONGODB_COMPRESSED) {
        begin_packed(c, h, n);
        return;
    }
    s->reader = pd_lend(c, sizeof *s->reader);
    if (!s->reader) {
        r->flags |= PD_REC_BROKEN;
        pd_skip(h, S_END, n);
        return;
    }
    pd_mongodb_reader_init(s->reader, header->opcode, h->dir, n);
    pd_feed(h, S_BODY, n);
}

static uint32_t read_on(struct pd_conn *c, struct pd_half *h, struct pd_slice in)
{
    struct side *s = side_of(c, h->dir);
    struct pd_rec *r = pd_current(c, h->dir);
    uint32_t used = 0, n;

    switch (pd_mongodb_read(s->reader, r, in, &used)) {
    case PD_MONGODB_BAD:
        bad_body(c, h);
        break;
    case PD_MONGODB_MORE:
        break;
    case PD_MONGODB_SKIPPED:
        n = s->reader->skip;
        pd_mongodb_passed(s->reader, n);
        pd_skip(h, S_PASSED, n);
        break;
    case PD_MONGODB_DONE:
        note(s, s->reader, r);
        drop(c, s);
        pd_skip(h, S_END, h->frame - used);
        break;
    }
    return used;
}

/* --- headers --- */

/* False when it is none. */
static bool read_header(struct pd_conn *c, struct pd_half *h, const uint8_t *p,
                        struct pd_mongodb_header *header)
{
    *header = pd_mongodb_read_header(p);
    const char *fault = pd_mongodb_header_fault(header, h->dir);
    if (fault)
        pd_bad(c, h, fault);
    return !fault;
}

static uint32_t between(struct pd_conn *c, struct pd_half *h, struct pd_slice in)
{
    struct pd_mongodb_header header;

    if (in.len < PD_MONGODB_HEADER) {
        pd_bytes(h, S_HEADER, PD_MONGODB_HEADER);
        return 0;
    }
    if (!read_header(c, h, in.p, &header))
        return 0;
    struct pd_rec *r = begin(c, h, &header);
    if (header.length > in.len) {
        begin_pieces(c, h, r, &header);
        return PD_MONGODB_HEADER;
    }
    struct pd_slice body = {in.p + PD_MONGODB_HEADER, header.length - PD_MONGODB_HEADER};
    if (!read_whole(c, h, r, header.opcode, body)) {
        bad_body(c, h);
        return 0;
    }
    pd_feed_used(h, header.length);
    end_message(c, h);
    return header.length;
}

static uint32_t step(struct pd_conn *c, struct pd_half *h, struct pd_slice in)
{
    struct pd_mongodb_header header;

    switch ((enum state)h->state) {
    case S_NEXT:
        return between(c, h, in);
    case S_HEADER:
        if (read_header(c, h, in.p, &header))
            begin_pieces(c, h, begin(c, h, &header), &header);
        break;
    case S_BODY:
        return read_on(c, h, in);
    case S_PASSED:
        pd_feed(h, S_BODY, h->frame);
        break;
    case S_PACKED:
        packed_came(c, h, in);
        break;
    case S_GATHER:
        return gather(c, h, in);
    case S_END:
        end_message(c, h);
        break;
    }
    return 0;
}

static void start(struct pd_conn *c, struct pd_half *h)
{
    struct side *s = side_of(c, h->dir);

    drop(c, s);
    *s = (struct side){0};
    idle(h);
}

static enum pd_verdict lost(struct pd_conn *c, struct pd_half *h, enum pd_lost why, uint64_t n)
{
    (void)n;
    if (why == PD_FEED_GAP)
        return PD_LOST; /* the frame says what follows */
    if (why == PD_FRAME_GAP)
        return PD_INCOMPLETE_MESSAGE;
    drop(c, side_of(c, h->dir));
    if (h->dir == PD_S2C)
        drop_chain(c);
    return PD_LOST;
}

static void close_conn(struct pd_conn *c)
{
    drop(c, side_of(c, PD_C2S));
    drop(c, side_of(c, PD_S2C));
    drop_chain(c);
}

extern const struct pd_proto pd_proto_mongodb;
const struct pd_proto pd_proto_mongodb = {
    .schema = &pd_mongodb_schema,
    .options = pd_mongodb_option_table,
    .options_size = sizeof(struct pd_mongodb_options),
    .ports = (const uint16_t[]){27017, 27018, 27019, 0},
    .transports = PD_ON_TCP,
    .match = PD_BY_KEY,
    .conn_size = sizeof(struct mongodb),
    .worker_size = sizeof(struct pd_mongodb_worker),
    .worker_start = pd_mongodb_worker_start,
    .worker_end = pd_mongodb_worker_end,
    .sync = pd_mongodb_sync,
    .start = start,
    .step = step,
    .lost = lost,
    .close = close_conn,
};
