/* server.c: what the server sends. Each answer is held against the next part of the oldest record: one that
 * does not fit shows that pairs cannot be trusted. ReadyForQuery ends what a Sync, a Query or a call began,
 * with whatever an error made the server pass over. */
#include "protocol/postgresql/postgresql.h"

static struct pd_pg *fields_of(struct pd_rec *r)
{
    return pd_fields(r);
}

/* --- responses --- */

/* Records that the server passed over after an error, up to the one whose Sync it answers. */
static void pass_over(struct pd_conn *c)
{
    for (int kind = pd_expected(c); kind == PD_PG_GROUP || kind == PD_PG_QUERY || kind == PD_PG_CALL;
         kind = pd_expected(c)) {
        struct pd_rec *r = pd_expected_rec(c);
        if (kind == PD_PG_GROUP && (pd_rec_is_void(r) || fields_of(r)->synced))
            return;
        if (kind == PD_PG_GROUP)
            pd_pg_abandon(c, r);
        if (fields_of(r)->taught && pd_pg_state(c)->teaching)
            pd_pg_state(c)->teaching--;
        pd_pg_set_skipped(r);
        pd_expected_over(c);
    }
}

static void begin(struct pd_conn *c, struct pd_half *h)
{
    struct pd_pg_conn *s = pd_pg_state(c);
    bool trusted = pd_trusted(c);
    int kind = pd_expected(c);
    bool kept = kind >= 0 && !pd_rec_is_void(pd_expected_rec(c));
    struct pd_rec *r = pd_response(c, h);

    s->serving = kind < 0 || kept == pd_rec_is_void(r) ? PD_PG_UNKNOWN : (uint8_t)kind;
    if (trusted && !pd_trusted(c)) { /* it did not fit, and shows that earlier pairs were wrong */
        pd_pg_unpaired(c);
        pd_pg_forget(c);
    }
    if (s->serving == PD_PG_QUERY && s->statements.count + s->portals.count)
        pd_pg_forget_unnamed(c);
}

void pd_pg_server_begin(struct pd_conn *c, struct pd_half *h, uint8_t type)
{
    struct pd_pg_conn *s = pd_pg_state(c);

    if (s->copying && (type == 'C' || type == 'E'))
        pd_settle(c, h); /* the data may have been lost */
    if (s->serving || s->tail || type == 'N' || type == 'A' || type == 'S')
        return;
    if (type == 'Z' && s->skipping)
        pass_over(c);
    if (type == 'E' && pd_expected(c) < 0)
        return; /* a farewell that nobody asked for */
    begin(c, h);
}

static void finish(struct pd_conn *c, struct pd_half *h, struct pd_rec *r)
{
    struct pd_pg_conn *s = pd_pg_state(c);

    if (s->serving == PD_PG_GROUP && !pd_rec_is_void(r)) {
        pd_pg_abandon(c, r);
        pd_pg_keep_portal(c, r);
    }
    if (!pd_rec_is_void(r))
        pd_pg_set_rows(r);
    if (fields_of(r)->taught && s->teaching)
        s->teaching--;
    if (s->open == PD_PG_O_DATA) {
        s->open = PD_PG_O_NOTHING;
        pd_request_end(c, pd_half_of(c, PD_C2S));
    }
    s->serving = PD_PG_NONE;
    pd_response_end(c, h);
}

static void mismatch(struct pd_conn *c)
{
    struct pd_pg_conn *s = pd_pg_state(c);

    pd_mismatch(c);
    pd_pg_unpaired(c);
    pd_pg_forget(c);
    s->serving = PD_PG_UNKNOWN;
    s->open = PD_PG_O_UNKEPT;
}

/* --- parts --- */

/* The record's next part, which must be of that kind; NULL, and no pair is trusted any more, when it is not.
 */
static struct pd_pg_part *expects(struct pd_conn *c, struct pd_rec *r, enum pd_pg_part_kind kind)
{
    struct pd_pg_part *part = fields_of(r)->next;

    if (part && part->kind == kind)
        return part;
    mismatch(c);
    return NULL;
}

static void answer(struct pd_conn *c, struct pd_half *h, struct pd_rec *r, enum pd_pg_part_kind kind)
{
    struct pd_pg *f = fields_of(r);
    struct pd_pg_part *part = expects(c, r, kind);

    if (!part)
        return;
    pd_pg_confirmed(c, r, part);
    f->next = part->next;
    if (!f->next && f->closed)
        finish(c, h, r);
}

/* In a group, messages that answer parts. */
static void answer_group(struct pd_conn *c, struct pd_half *h, struct pd_rec *r, uint8_t type)
{
    switch (type) {
    case '1':
        answer(c, h, r, PD_PG_PARSE);
        break;
    case '2':
        answer(c, h, r, PD_PG_BIND);
        break;
    case '3':
        answer(c, h, r, PD_PG_CLOSE);
        break;
    case 't':
        expects(c, r, PD_PG_DESCRIBE);
        break;
    case 'T':
        fields_of(r)->described = true;
        answer(c, h, r, PD_PG_DESCRIBE);
        break;
    case 'n':
        answer(c, h, r, PD_PG_DESCRIBE);
        break;
    case 's':
        fields_of(r)->suspended = true;
        answer(c, h, r, PD_PG_EXECUTE);
        break;
    case 'C':
    case 'I':
        answer(c, h, r, PD_PG_EXECUTE);
        break;
    default: /* rows, CopyData and what begins and ends it */
        expects(c, r, PD_PG_EXECUTE);
        break;
    }
}

/* --- bodies --- */

static void read_tag(struct pd_conn *c, struct pd_half *h, struct pd_slice in)
{
    struct pd_slice tag;

    if (h->holed || !pd_pg_string(&in, &tag)) {
        pd_incomplete(c, h);
        pd_pg_forget(c);
        return;
    }
    if (pd_pg_renames(pd_pg_set_tag(pd_current(c, h->dir), tag)))
        pd_pg_forget(c);
}

/* Nothing more of the record is answered, but for its Sync. */
static void fail_group(struct pd_conn *c, struct pd_half *h, struct pd_rec *r)
{
    struct pd_pg_conn *s = pd_pg_state(c);
    struct pd_pg *f = fields_of(r);

    if (pd_provisional(c)) { /* an error may be an older request's, and hides that answers are too many */
        mismatch(c);
        return;
    }
    if (f->next && f->next->kind == PD_PG_SYNC)
        return; /* the commit failed: nothing is passed over */
    if (f->next)
        pd_pg_failed(c, f->next);
    s->skipping = true;
    if (f->synced)
        return;
    f->over = !f->closed;
    finish(c, h, r);
}

static void read_error(struct pd_conn *c, struct pd_half *h, struct pd_slice in)
{
    struct pd_pg_conn *s = pd_pg_state(c);
    struct pd_rec *r = pd_current(c, h->dir);

    if (h->holed)
        pd_incomplete(c, h);
    s->copying = false;
    bool fatal = pd_pg_set_error(r, in);
    if (fatal || s->serving == PD_PG_STARTUP || s->serving == PD_PG_NEGOTIATE)
        finish(c, h, r);
    else if (s->serving == PD_PG_GROUP)
        fail_group(c, h, r);
}

/* ReadyForQuery. status: `I` outside a transaction, whose end was the end of its portals. */
static void read_ready(struct pd_conn *c, struct pd_half *h, uint8_t status)
{
    struct pd_pg_conn *s = pd_pg_state(c);
    struct pd_rec *r = pd_current(c, h->dir);
    struct pd_pg *f = fields_of(r);

    if (s->tail) {
        s->tail = false;
        return;
    }
    if (s->serving == PD_PG_GROUP && s->skipping) {
        if (f->executes || f->parses)
            pd_pg_set_skipped(r);
    } else if (s->serving == PD_PG_GROUP && !expects(c, r, PD_PG_SYNC)) {
        r = pd_current(c, h->dir);
    }
    s->skipping = s->copying = s->streaming = false;
    if (status != 'T' && status != 'E')
        pd_pg_forget_portals(c);
    finish(c, h, r);
}

/* Int32 code, 0 for AuthenticationOk. What asks the client for something is not the answer yet. */
static void read_authentication(struct pd_conn *c, struct pd_half *h, struct pd_slice in)
{
    struct pd_pg_conn *s = pd_pg_state(c);

    if (s->serving != PD_PG_STARTUP || h->holed || in.len < 4 || pd_be32(in.p) == 0)
        return;
    s->serving = PD_PG_NONE;
    pd_response_cancel(c, h);
}

void pd_pg_server_body(struct pd_conn *c, struct pd_half *h, uint8_t type, struct pd_slice in)
{
    const struct pd_pg_conn *s = pd_pg_state(c);

    if (type == 'R')
        read_authentication(c, h, in);
    if (type == 'C')
        read_tag(c, h, in);
    else if (type == 'E' && s->serving)
        read_error(c, h, in);
    else if (type == 'Z' && (s->serving || s->tail))
        read_ready(c, h, h->holed || !in.len ? 0 : in.p[0]);
}

/* --- ends --- */

/* The server takes data now. Of the Syncs that came before it does, it knows nothing. */
static void begin_copying(struct pd_conn *c, struct pd_rec *r)
{
    struct pd_pg_conn *s = pd_pg_state(c);
    struct pd_pg *f = fields_of(r);

    s->copying = true;
    if (s->serving == PD_PG_GROUP && f->next && f->next->kind == PD_PG_EXECUTE) {
        f->next->next = NULL;
        f->last = f->next;
        f->synced = false;
    }
}

/* Both sides send data for as long as they like. */
static void begin_streaming(struct pd_conn *c, struct pd_half *h)
{
    pd_pg_state(c)->streaming = true;
    pd_response_oneway(c, h);
}

void pd_pg_server_end(struct pd_conn *c, struct pd_half *h, uint8_t type, uint64_t n)
{
    struct pd_pg_conn *s = pd_pg_state(c);

    if (!s->serving || type == 'N' || type == 'A' || type == 'S' || type == 'E' || type == 'Z')
        return;
    struct pd_rec *r = pd_current(c, h->dir);
    struct pd_pg *f = fields_of(r);
    if (type == 'G')
        begin_copying(c, r);
    else if (type == 'H')
        f->copied = true;
    else if (type == 'D')
        f->counted += n;
    else if (type == 'W' && s->serving == PD_PG_QUERY)
        begin_streaming(c, h);
    if (s->serving == PD_PG_GROUP)
        answer_group(c, h, r, type);
    else if (type == 'T')
        f->described = true;
}

/* The usual answers to parts. A row is none, more of them and then another message come. */
static const struct {
    uint8_t type;
    bool empty;
} answers[] = {
    [PD_PG_PARSE] = {'1', true},     [PD_PG_BIND] = {'2', true},     [PD_PG_CLOSE] = {'3', true},
    [PD_PG_DESCRIBE] = {'T', false}, [PD_PG_EXECUTE] = {'C', false}, [PD_PG_SYNC] = {0, true},
};

/* Does that answer lie at the front whole? len: its length as it stands there. */
static inline bool comes(struct pd_slice in, uint8_t kind, uint32_t *len)
{
    if (in.len < PD_PG_HEAD || in.p[0] != answers[kind].type)
        return false;
    *len = pd_be32(in.p + 1);
    return *len < in.len && (answers[kind].empty ? *len == 4 : *len >= 4);
}

uint32_t pd_pg_server_parts(struct pd_conn *c, struct pd_half *h, struct pd_slice in)
{
    struct pd_rec *r = pd_current(c, h->dir);
    struct pd_pg *f = fields_of(r);
    uint32_t used = 0, len;

    if (pd_pg_state(c)->copying)
        return 0;
    for (; f->next && f->next->next; f->next = f->next->next) {
        struct pd_pg_part *part = f->next;
        if (part->kind == PD_PG_EXECUTE)
            used += pd_pg_more((struct pd_slice){in.p + used, in.len - used}, 'D', &f->counted);
        const uint8_t *p = in.p + used;
        if (!comes((struct pd_slice){p, in.len - used}, part->kind, &len))
            break;
        used += len + 1;
        if (part->kind == PD_PG_EXECUTE)
            read_tag(c, h, (struct pd_slice){p + PD_PG_HEAD, len - 4});
        else if (part->kind == PD_PG_DESCRIBE)
            f->described = true;
        pd_pg_confirmed(c, r, part);
    }
    pd_feed_used(h, used);
    return used;
}
