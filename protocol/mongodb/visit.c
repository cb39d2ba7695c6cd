/* visit.c: what an element of a document means for the record, by the document that it stands in. What is
 * not named here is passed unseen: filters, documents, credentials. */
#include "protocol/mongodb/mongodb.h"

static bool is(const struct pd_mongodb_seen *e, const char *name, uint32_t len)
{
    return e->name.len == len && memcmp(e->name.p, name, len) == 0;
}
#define IS(e, literal) is(e, "" literal, sizeof(literal) - 1)

static bool is_string(const struct pd_mongodb_seen *e)
{
    return e->type == PD_BSON_STRING || e->type == PD_BSON_SYMBOL;
}

/* A number that is an integer. */
static bool integer(const struct pd_mongodb_seen *e, int64_t *v)
{
    double d;
    uint64_t bits;

    switch (e->type) {
    case PD_BSON_INT32:
        *v = (int32_t)pd_le32(e->value);
        return true;
    case PD_BSON_INT64:
        *v = (int64_t)pd_le64(e->value);
        return true;
    case PD_BSON_BOOL:
        *v = e->value[0] != 0;
        return true;
    case PD_BSON_DOUBLE:
        bits = pd_le64(e->value);
        memcpy(&d, &bits, sizeof d);
        if (!(d >= -1e15 && d <= 1e15))
            return false;
        *v = (int64_t)d;
        return (double)*v == d;
    default:
        return false;
    }
}

/* The string is kept unless an earlier one of that meaning was. */
static enum pd_mongodb_todo keep(struct pd_mongodb_reader *m, struct pd_rec *r,
                                 const struct pd_mongodb_seen *e, enum pd_mongodb_text text)
{
    uint16_t cap;

    if (!is_string(e) || pd_mongodb_text_of(pd_fields(r), text, &cap)->s)
        return PD_MONGODB_PASS;
    m->text = (uint8_t)text;
    return PD_MONGODB_KEEP;
}

static enum pd_mongodb_todo enter(const struct pd_mongodb_seen *e, enum pd_mongodb_type type,
                                  enum pd_mongodb_place *place, enum pd_mongodb_place to)
{
    *place = to;
    return e->type == type ? PD_MONGODB_ENTER : PD_MONGODB_PASS;
}

/* The first element names the command; its value is what the command is about. OP_QUERY may wrap it:
 * {$query: {command: 1, ...}, $readPreference: ...}. */
static enum pd_mongodb_todo first(struct pd_mongodb_reader *m, struct pd_rec *r,
                                  const struct pd_mongodb_seen *e, enum pd_mongodb_place *place)
{
    struct pd_mongodb *f = pd_fields(r);

    if (m->opcode == PD_MONGODB_QUERY && e->type == PD_BSON_DOCUMENT && m->depth == 1 &&
        (IS(e, "$query") || IS(e, "query"))) {
        m->place[m->depth - 1] = PD_MONGODB_P_IGNORED;
        m->first = true;
        return enter(e, PD_BSON_DOCUMENT, place, PD_MONGODB_P_COMMAND);
    }
    f->known = pd_mongodb_command_of(e->name);
    if (f->command.s)
        ; /* OP_COMMAND named it before */
    else if (f->known)
        f->command = (struct pd_text){.s = f->known->name, .full = f->known->len, .len = f->known->len};
    else
        pd_text_set(r, &f->command, e->name, PD_MONGODB_COMMAND_MAX);
    if (f->known && f->known->collection)
        return keep(m, r, e, PD_MONGODB_T_COLLECTION);
    if (IS(e, "explain")) {
        m->first = e->type == PD_BSON_DOCUMENT;
        return enter(e, PD_BSON_DOCUMENT, place, PD_MONGODB_P_EXPLAINED);
    }
    return PD_MONGODB_PASS;
}

static enum pd_mongodb_todo in_command(struct pd_mongodb_reader *m, struct pd_rec *r,
                                       const struct pd_mongodb_seen *e, enum pd_mongodb_place *place)
{
    const struct pd_mongodb *f = pd_fields(r);

    if (m->first) {
        m->first = false;
        return first(m, r, e, place);
    }
    if (IS(e, "$db"))
        return keep(m, r, e, PD_MONGODB_T_DATABASE);
    if (!f->known)
        return PD_MONGODB_PASS;
    if (!f->known->collection && IS(e, "collection") && strcmp(f->known->name, "getMore") == 0)
        return keep(m, r, e, PD_MONGODB_T_COLLECTION);
    if (f->known->list && e->type == PD_BSON_ARRAY &&
        is(e, f->known->list, (uint32_t)strlen(f->known->list))) {
        m->count = 0;
        return enter(e, PD_BSON_ARRAY, place, PD_MONGODB_P_STATEMENTS);
    }
    return PD_MONGODB_PASS;
}

static enum pd_mongodb_todo in_explained(struct pd_mongodb_reader *m, struct pd_rec *r,
                                         const struct pd_mongodb_seen *e)
{
    const struct pd_mongodb_command *known = m->first ? pd_mongodb_command_of(e->name) : NULL;

    m->first = false;
    return known && known->collection ? keep(m, r, e, PD_MONGODB_T_COLLECTION) : PD_MONGODB_PASS;
}

static void set_ok(struct pd_mongodb *f, const struct pd_mongodb_seen *e)
{
    int64_t v;

    if (integer(e, &v))
        pd_int_set(&f->ok, v);
    f->not_ok |= !f->ok.seen || f->ok.v != 1;
}

static void set_code(struct pd_rec *r, const struct pd_mongodb_seen *e)
{
    const struct pd_mongodb *f = pd_fields(r);
    int64_t v;

    if (!f->error_code.s && integer(e, &v))
        pd_mongodb_set_code(r, v);
}

static enum pd_mongodb_todo in_reply(struct pd_mongodb_reader *m, struct pd_rec *r,
                                     const struct pd_mongodb_seen *e, enum pd_mongodb_place *place)
{
    struct pd_mongodb *f = pd_fields(r);

    if (IS(e, "ok")) {
        if (!f->ok.seen)
            set_ok(f, e);
    } else if (IS(e, "cursor")) {
        return enter(e, PD_BSON_DOCUMENT, place, PD_MONGODB_P_CURSOR);
    } else if (IS(e, "code")) {
        set_code(r, e);
    } else if (IS(e, "codeName")) {
        return keep(m, r, e, PD_MONGODB_T_ERROR_NAME);
    } else if (IS(e, "errmsg") || IS(e, "$err")) {
        return keep(m, r, e, PD_MONGODB_T_ERROR_MESSAGE);
    } else if (IS(e, "writeErrors")) {
        return enter(e, PD_BSON_ARRAY, place, PD_MONGODB_P_ERRORS);
    }
    return PD_MONGODB_PASS;
}

/* Of several write errors the first is kept. */
static enum pd_mongodb_todo in_errors(struct pd_rec *r, const struct pd_mongodb_seen *e,
                                      enum pd_mongodb_place *place)
{
    struct pd_mongodb *f = pd_fields(r);
    bool others = f->write_errors;

    f->write_errors = true;
    return others ? PD_MONGODB_PASS : enter(e, PD_BSON_DOCUMENT, place, PD_MONGODB_P_ERROR);
}

static enum pd_mongodb_todo in_error(struct pd_mongodb_reader *m, struct pd_rec *r,
                                     const struct pd_mongodb_seen *e)
{
    if (IS(e, "code"))
        set_code(r, e);
    else if (IS(e, "errmsg"))
        return keep(m, r, e, PD_MONGODB_T_ERROR_MESSAGE);
    return PD_MONGODB_PASS;
}

enum pd_mongodb_todo pd_mongodb_visit(struct pd_mongodb_reader *m, struct pd_rec *r,
                                      const struct pd_mongodb_seen *e, enum pd_mongodb_place *place)
{
    switch ((enum pd_mongodb_place)m->place[m->depth - 1]) {
    case PD_MONGODB_P_COMMAND:
        return in_command(m, r, e, place);
    case PD_MONGODB_P_EXPLAINED:
        return in_explained(m, r, e);
    case PD_MONGODB_P_REPLY:
        return in_reply(m, r, e, place);
    case PD_MONGODB_P_CURSOR:
        if (IS(e, "firstBatch") || IS(e, "nextBatch")) {
            m->count = 0;
            return enter(e, PD_BSON_ARRAY, place, PD_MONGODB_P_BATCH);
        }
        break;
    case PD_MONGODB_P_BATCH:
    case PD_MONGODB_P_STATEMENTS:
        m->count++;
        break;
    case PD_MONGODB_P_ERRORS:
        return in_errors(r, e, place);
    case PD_MONGODB_P_ERROR:
        return in_error(m, r, e);
    case PD_MONGODB_P_IGNORED:
        break;
    }
    return PD_MONGODB_PASS;
}

void pd_mongodb_leave(struct pd_mongodb_reader *m, struct pd_rec *r, enum pd_mongodb_place place)
{
    struct pd_mongodb *f = pd_fields(r);

    if (place == PD_MONGODB_P_BATCH && !f->documents[PD_RESPONSE].seen)
        pd_int_set(&f->documents[PD_RESPONSE], m->count);
    else if (place == PD_MONGODB_P_STATEMENTS)
        pd_mongodb_add_statements(r, m->count);
}

void pd_mongodb_add_statements(struct pd_rec *r, uint32_t n)
{
    struct pd_int *i = &((struct pd_mongodb *)pd_fields(r))->documents[PD_REQUEST];

    pd_int_set(i, i->v + n);
}

struct pd_text *pd_mongodb_text_of(struct pd_mongodb *f, enum pd_mongodb_text text, uint16_t *cap)
{
    switch (text) {
    case PD_MONGODB_T_NAMESPACE:
        *cap = PD_MONGODB_NAMESPACE_MAX;
        return &f->collection;
    case PD_MONGODB_T_DATABASE:
        *cap = PD_MONGODB_DATABASE_MAX;
        return &f->database;
    case PD_MONGODB_T_COMMAND:
        *cap = PD_MONGODB_COMMAND_MAX;
        return &f->command;
    case PD_MONGODB_T_COLLECTION:
        *cap = PD_MONGODB_COLLECTION_MAX;
        return &f->collection;
    case PD_MONGODB_T_ERROR_NAME:
        *cap = PD_MONGODB_ERROR_NAME_MAX;
        return &f->error_name;
    case PD_MONGODB_T_ERROR_MESSAGE:
        break;
    }
    *cap = PD_MONGODB_ERROR_MAX;
    return &f->error_message;
}
