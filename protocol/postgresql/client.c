/* client.c: what the client sends. Queries and calls are records; Parse, Bind, Describe and Close are parts
 * of the record of the Execute behind them, or of a group that a Sync or a Flush ends without one. */
#include "base/inline.h"
#include "protocol/postgresql/postgresql.h"

static struct pd_pg *fields_of(struct pd_rec *r)
{
    return pd_fields(r);
}

/* --- beginnings --- */

void pd_pg_unpaired(struct pd_conn *c)
{
    struct pd_pg_conn *s = pd_pg_state(c);

    if (s->teaching)
        pd_pg_forget(c);
    s->teaching = 0;
    s->skipping = s->copying = false;
}

/* A record for the first of several parts. It is silent until it turns out to be of interest. */
static struct pd_rec *open_group(struct pd_conn *c, struct pd_half *h)
{
    struct pd_pg_conn *s = pd_pg_state(c);
    bool idle = pd_expected(c) < 0;
    struct pd_rec *r = pd_request_owed(c, h, PD_PG_GROUP, PD_KEPT_OR_NOTHING);

    if (!pd_rec_is_void(r)) {
        r->flags |= PD_REC_SILENT;
        s->open = PD_PG_O_GROUP;
        s->tail = false;
        if (idle)
            s->muddled = false;
        pd_text_static(&fields_of(r)->mode, "extended");
        pd_pg_set_session(c, r);
    } else if (pd_trusted(c)) {
        s->no_room = s->muddled = true;
        pd_pg_forget(c);
    } else {
        s->open = PD_PG_O_UNKEPT;
    }
    return r;
}

static void begin_part(struct pd_conn *c, struct pd_half *h)
{
    struct pd_pg_conn *s = pd_pg_state(c);

    if (s->open == PD_PG_O_GROUP || s->open == PD_PG_O_UNKEPT || s->no_room)
        return;
    s->open = PD_PG_O_NOTHING;
    open_group(c, h);
}

/* A Sync or Flush right behind an Execute belongs to it. */
static bool resume(struct pd_conn *c, struct pd_half *h)
{
    return pd_pg_state(c)->open == PD_PG_O_DONE && !pd_rec_is_void(pd_request_resume(c, h, 0));
}

static void begin_sync(struct pd_conn *c, struct pd_half *h)
{
    struct pd_pg_conn *s = pd_pg_state(c);

    if (s->copying || s->no_room || s->open == PD_PG_O_GROUP || s->open == PD_PG_O_UNKEPT)
        return;
    if (!resume(c, h)) {
        s->open = PD_PG_O_NOTHING;
        open_group(c, h);
    }
}

static void begin_flush(struct pd_conn *c, struct pd_half *h)
{
    struct pd_pg_conn *s = pd_pg_state(c);

    if (s->open == PD_PG_O_DONE && !resume(c, h))
        s->open = PD_PG_O_NOTHING;
}

static void begin_data(struct pd_conn *c, struct pd_half *h)
{
    struct pd_pg_conn *s = pd_pg_state(c);

    if (s->open == PD_PG_O_DATA)
        return;
    s->open = pd_rec_is_void(pd_request_resume(c, h, 0)) ? PD_PG_O_NOTHING : PD_PG_O_DATA;
}

static void begin_whole(struct pd_conn *c, struct pd_half *h, enum pd_pg_kind kind)
{
    struct pd_pg_conn *s = pd_pg_state(c);
    bool idle = pd_expected(c) < 0;
    struct pd_rec *r = pd_request_owed(c, h, (uint8_t)kind, 1);

    s->open = PD_PG_O_NOTHING;
    s->no_room = false;
    if (pd_rec_is_void(r))
        return;
    s->tail = false;
    if (idle)
        s->muddled = false;
    if (kind == PD_PG_CALL)
        pd_text_static(&fields_of(r)->command, "FUNCTION_CALL");
    else
        pd_text_static(&fields_of(r)->mode, "simple");
    pd_pg_set_session(c, r);
}

void pd_pg_client_begin(struct pd_conn *c, struct pd_half *h, uint8_t type)
{
    switch (type) {
    case 'Q':
        begin_whole(c, h, PD_PG_QUERY);
        break;
    case 'F':
        begin_whole(c, h, PD_PG_CALL);
        break;
    case 'P':
    case 'B':
    case 'C':
    case 'D':
    case 'E':
        begin_part(c, h);
        break;
    case 'S':
        begin_sync(c, h);
        break;
    case 'H':
        begin_flush(c, h);
        break;
    case 'd':
    case 'c':
    case 'f':
    case 'p':
        begin_data(c, h);
        break;
    default: /* X */
        break;
    }
}

/* --- bodies --- */

/* The record that a part goes to, or NULL: then what it would teach is not known. */
static struct pd_rec *record_for_part(struct pd_conn *c)
{
    struct pd_pg_conn *s = pd_pg_state(c);
    struct pd_rec *r = s->open == PD_PG_O_GROUP ? pd_current(c, PD_C2S) : NULL;

    return r && !pd_rec_is_void(r) && !fields_of(r)->over ? r : NULL;
}

/* The part does not fit: nothing that follows can be told apart any more. */
static void no_memory(struct pd_conn *c)
{
    pd_mismatch(c);
    pd_pg_unpaired(c);
    pd_pg_forget(c);
    pd_pg_state(c)->open = PD_PG_O_UNKEPT;
}

static const uint8_t part_size[] = {
    [PD_PG_PARSE] = sizeof(struct pd_pg_part),
    [PD_PG_BIND] = offsetof(struct pd_pg_part, statement) + sizeof(uint64_t),
    [PD_PG_CLOSE] = offsetof(struct pd_pg_part, statement),
    [PD_PG_DESCRIBE] = offsetof(struct pd_pg_part, key),
    [PD_PG_EXECUTE] = offsetof(struct pd_pg_part, statement),
    [PD_PG_SYNC] = offsetof(struct pd_pg_part, key),
};

/* Adds a part to the record, or NULL: there is no room, and the record went out. Inlined for each kind. */
PD_INLINE struct pd_pg_part *add_part(struct pd_conn *c, struct pd_rec *r, enum pd_pg_part_kind kind)
{
    struct pd_pg *f = fields_of(r);
    struct pd_pg_part *part = pd_rec_alloc(r, part_size[kind]);

    if (!part) {
        no_memory(c);
        return NULL;
    }
    part->next = NULL;
    part->kind = (uint8_t)kind;
    if (f->last)
        f->last->next = part;
    else
        f->first = part;
    f->last = part;
    if (!f->next)
        f->next = part;
    f->parts++;
    if (pd_pg_teaches(part->kind))
        pd_pg_state(c)->teaching++;
    return part;
}

/* String statement; String text; Int16 n; Int32[n] types. */
static void read_parse(struct pd_conn *c, struct pd_rec *r, struct pd_slice in, uint32_t all)
{
    struct pd_slice name, text = {0};
    bool named = pd_pg_string(&in, &name), whole = named && pd_pg_string(&in, &text);
    uint64_t key = pd_pg_key(name);

    if (!r) {
        pd_learnt_drop(c, &pd_pg_state(c)->statements, key);
        return;
    }
    struct pd_pg *f = fields_of(r);
    struct pd_pg_part *part = add_part(c, r, PD_PG_PARSE);
    if (!part)
        return;
    uint32_t full = whole || !named ? text.len : all - name.len - 1;
    part->key = key;
    f->parses = true;
    r->flags &= (uint16_t)~PD_REC_SILENT;
    if (f->statement.s) {
        pd_text_set(r, &part->text, text, PD_PG_STATEMENT_MAX);
        part->text.full = full;
        f->spoken &= f->said != key;
        return;
    }
    pd_pg_set_statement(c, r, text, full, NULL);
    part->text = f->statement;
    f->said = key;
    f->spoken = true;
}

/* String portal; String statement; formats and values. */
static void read_bind(struct pd_conn *c, struct pd_rec *r, struct pd_slice in)
{
    struct pd_slice portal, statement;

    pd_pg_string(&in, &portal);
    pd_pg_string(&in, &statement);
    if (!r) {
        pd_learnt_drop(c, &pd_pg_state(c)->portals, pd_pg_key(portal));
        return;
    }
    struct pd_pg_part *part = add_part(c, r, PD_PG_BIND);
    if (!part)
        return;
    part->key = pd_pg_key(portal);
    part->statement = pd_pg_key(statement);
    pd_pg_asked(c, r, part);
}

/* Byte1 'S' or 'P'; String name. */
static void read_close(struct pd_conn *c, struct pd_rec *r, struct pd_slice in)
{
    struct pd_pg_conn *s = pd_pg_state(c);
    struct pd_slice name = {in.p + 1, in.len - 1}, rest = name;
    bool portal = in.p[0] == 'P';

    pd_pg_string(&rest, &name);
    if (!r) {
        pd_learnt_drop(c, portal ? &s->portals : &s->statements, pd_pg_key(name));
        return;
    }
    struct pd_pg_part *part = add_part(c, r, PD_PG_CLOSE);
    if (!part)
        return;
    part->key = pd_pg_key(name);
    part->portal = portal;
}

/* String portal; Int32 rows at most. */
static void read_execute(struct pd_conn *c, struct pd_rec *r, struct pd_slice in)
{
    struct pd_slice portal;
    struct pd_pg_part *part = r ? add_part(c, r, PD_PG_EXECUTE) : NULL;

    if (!part)
        return;
    pd_pg_string(&in, &portal);
    part->key = pd_pg_key(portal);
    fields_of(r)->executes = true;
    r->flags &= (uint16_t)~PD_REC_SILENT;
    pd_pg_asked(c, r, part);
}

static void read_query(struct pd_conn *c, struct pd_slice in, uint32_t all)
{
    struct pd_slice text;
    bool whole = pd_pg_string(&in, &text);

    struct pd_rec *r = pd_current(c, PD_C2S);
    pd_pg_set_statement(c, r, text, whole ? text.len : all - 1, NULL);
    if (pd_rec_is_void(r) && pd_pg_text_renames(text, whole))
        pd_pg_forget(c); /* whether its answer is seen is not certain */
}

/* r: see record_for_part(). */
static void read_part(struct pd_conn *c, struct pd_rec *r, uint8_t type, struct pd_slice in, uint32_t full)
{
    if (type == 'P')
        read_parse(c, r, in, full);
    else if (type == 'B')
        read_bind(c, r, in);
    else if (type == 'E')
        read_execute(c, r, in);
    else if (type == 'C' && in.len)
        read_close(c, r, in);
    else if (type == 'D' && r)
        add_part(c, r, PD_PG_DESCRIBE);
}

void pd_pg_client_body(struct pd_conn *c, struct pd_half *h, uint8_t type, struct pd_slice in, uint32_t full)
{
    if (type == 'Q')
        read_query(c, in, full);
    else if (h->holed) /* which name it is about is not known */
        no_memory(c);
    else
        read_part(c, record_for_part(c), type, in, full);
}

/* --- ends --- */

/* Parts that no Execute follows: of interest when something was prepared. */
static void close_group(struct pd_conn *c, struct pd_half *h, struct pd_rec *r)
{
    struct pd_pg *f = fields_of(r);

    f->closed = true;
    if (f->parses && !f->executes)
        pd_text_static(&f->command, "PREPARE");
    pd_pg_state(c)->open = PD_PG_O_NOTHING;
    pd_request_end(c, h);
}

static void end_part(struct pd_conn *c, struct pd_half *h, uint8_t type)
{
    struct pd_pg_conn *s = pd_pg_state(c);
    struct pd_rec *r = pd_current(c, PD_C2S);
    struct pd_pg *f = fields_of(r);

    if (s->open != PD_PG_O_GROUP || pd_rec_is_void(r))
        return;
    if (f->executes || (f->over && type == 'E')) {
        f->closed = true;
        if (!f->over)
            pd_pg_note_renaming(c, r);
        s->open = PD_PG_O_DONE;
        pd_request_end(c, h);
    } else if (f->parts >= PD_PG_PARTS_MAX && f->next) { /* the rest of the group goes to another record */
        r->flags |= PD_REC_SILENT;
        close_group(c, h, r);
    }
}

static void end_sync(struct pd_conn *c, struct pd_half *h)
{
    struct pd_pg_conn *s = pd_pg_state(c);
    struct pd_rec *r = pd_current(c, PD_C2S);
    struct pd_pg *f = fields_of(r);
    bool unkept = s->no_room;

    if (s->copying)
        return;
    s->open = PD_PG_O_NOTHING;
    s->no_room = false;
    if (!pd_rec_is_void(r) && !f->over) {
        if (!add_part(c, r, PD_PG_SYNC)) { /* the record went out, and the group is over with this */
            s->open = PD_PG_O_NOTHING;
            return;
        }
        f->synced = true;
    }
    unkept |= !pd_rec_is_void(r) && f->over; /* it is answered already */
    if (!pd_rec_is_void(r))
        close_group(c, h, r);
    if (unkept)
        pd_expect(c, h, PD_PG_REST, 1);
}

/* A Flush ends a group that waits for its answers; what follows is another. */
static void end_flush(struct pd_conn *c, struct pd_half *h)
{
    struct pd_pg_conn *s = pd_pg_state(c);
    struct pd_rec *r = pd_current(c, PD_C2S);

    if (pd_rec_is_void(r))
        return;
    if (s->open == PD_PG_O_DONE || fields_of(r)->next)
        close_group(c, h, r);
}

static void end_data(struct pd_conn *c, struct pd_half *h, uint8_t type)
{
    struct pd_pg_conn *s = pd_pg_state(c);
    bool extended = fields_of(pd_current(c, PD_C2S))->executes;

    if (s->open != PD_PG_O_DATA || type == 'd')
        return;
    if (type != 'p')
        s->copying = false;
    s->open = extended ? PD_PG_O_DONE : PD_PG_O_NOTHING;
    pd_request_end(c, h);
}

void pd_pg_client_end(struct pd_conn *c, struct pd_half *h, uint8_t type)
{
    switch (type) {
    case 'Q':
        pd_pg_note_renaming(c, pd_current(c, PD_C2S));
        pd_request_end(c, h);
        break;
    case 'F':
        pd_request_end(c, h);
        break;
    case 'P':
    case 'B':
    case 'C':
    case 'D':
    case 'E':
        end_part(c, h, type);
        break;
    case 'S':
        end_sync(c, h);
        break;
    case 'H':
        end_flush(c, h);
        break;
    case 'd':
    case 'c':
    case 'f':
    case 'p':
        end_data(c, h, type);
        break;
    default: /* X */
        break;
    }
}

/* Does a Sync follow at once, on whose beginning nothing depends? Then it need not be told apart. */
static bool sync_follows(struct pd_conn *c, const struct pd_half *h, struct pd_slice behind)
{
    return behind.len >= PD_PG_HEAD && behind.p[0] == 'S' && pd_be32(behind.p + 1) == 4 &&
           !pd_pg_state(c)->copying && !h->unproven && !pd_half_of(c, PD_S2C)->unseen;
}

/* Does another part follow whole? */
static inline bool part_follows(struct pd_slice behind)
{
    uint8_t type = behind.len >= PD_PG_HEAD ? behind.p[0] : 0;

    if (type != 'P' && type != 'B' && type != 'D' && type != 'E' && type != 'C')
        return false;
    uint32_t len = pd_be32(behind.p + 1);
    return len >= 4 && len < behind.len;
}

uint32_t pd_pg_client_parts(struct pd_conn *c, struct pd_half *h, struct pd_slice in)
{
    begin_part(c, h);
    struct pd_rec *r = record_for_part(c);
    struct pd_slice behind = in;
    uint8_t type;
    do {
        uint32_t n = pd_be32(behind.p + 1) + 1;
        type = behind.p[0];
        pd_feed_used(h, n);
        read_part(c, r, type, (struct pd_slice){behind.p + PD_PG_HEAD, n - PD_PG_HEAD}, n - PD_PG_HEAD);
        behind.p += n;
        behind.len -= n;
        if (pd_pg_state(c)->open != PD_PG_O_GROUP)
            r = NULL; /* there was no room, and it went out */
    } while (r && type != 'E' && fields_of(r)->parts < PD_PG_PARTS_MAX && part_follows(behind));
    if (r && type == 'E' && sync_follows(c, h, behind)) {
        pd_pg_note_renaming(c, r);
        pd_feed_used(h, PD_PG_HEAD);
        end_sync(c, h);
        return in.len - behind.len + PD_PG_HEAD;
    }
    end_part(c, h, type);
    return in.len - behind.len;
}
