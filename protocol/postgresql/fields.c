/* fields.c: the record's fields as a table, and what fills them: statements, command tags, errors. */
#include "protocol/postgresql/postgresql.h"
#include "protocol/sql_memo.h"

#define OFF(member) offsetof(struct pd_pg, member)

static const struct pd_field field_table[] = {
    {"command", "db.operation.name",
     "the verb of the command tag, else of the statement; `STARTUP`, `CANCEL`, `PREPARE`, `FUNCTION_CALL`",
     PD_REQUEST, PD_TEXT, PD_LABEL | PD_ATTRIBUTE | PD_LOG | PD_ASKED, OFF(command), NULL},
    {"statement", "db.query.text", "the query's text; of an Execute, what was prepared", PD_REQUEST, PD_TEXT,
     PD_ATTRIBUTE | PD_LOG | PD_ASKED | PD_MASKED, OFF(statement), NULL},
    {"summary", "db.query.summary", "operations and targets of the statement", PD_REQUEST, PD_TEXT,
     PD_LABEL | PD_ATTRIBUTE | PD_LOG, OFF(summary), NULL},
    {"mode", NULL, "`simple` or `extended`", PD_REQUEST, PD_TEXT, PD_LABEL | PD_LOG, OFF(mode), NULL},
    {"database", "db.namespace", "the database, from start-up", PD_REQUEST, PD_TEXT,
     PD_LABEL | PD_ATTRIBUTE | PD_LOG, OFF(database), NULL},
    {"user", NULL, "the user, from start-up", PD_REQUEST, PD_TEXT, PD_LABEL | PD_LOG, OFF(user), NULL},
    {"tag", NULL, "the last command tag, as sent", PD_RESPONSE, PD_TEXT, PD_LOG | PD_CAME, OFF(tag), NULL},
    {"rows", "db.response.returned_rows", "rows returned", PD_RESPONSE, PD_INT,
     PD_ATTRIBUTE | PD_LOG | PD_METRIC, OFF(rows), NULL},
    {"affected_rows", NULL, "rows changed", PD_RESPONSE, PD_INT, PD_LOG | PD_METRIC, OFF(affected_rows),
     NULL},
    {"severity", NULL, "`ERROR`, `FATAL` or `PANIC`", PD_RESPONSE, PD_TEXT, PD_LOG | PD_LABEL, OFF(severity),
     NULL},
    {"error_code", "db.response.status_code", "SQLSTATE", PD_RESPONSE, PD_TEXT,
     PD_LABEL | PD_ATTRIBUTE | PD_LOG | PD_CAME, OFF(error_code), NULL},
    {"error_message", NULL, "the error's message", PD_RESPONSE, PD_TEXT, PD_LOG | PD_CAME, OFF(error_message),
     NULL},
    {0},
};

static bool failed(const struct pd_rec *r, struct pd_text *error)
{
    const struct pd_pg *f = pd_fields_const(r);

    *error = f->error;
    return f->error.s;
}

static uint32_t mask(const struct pd_rec *r, const struct pd_field *field, unsigned what, char *out,
                     uint32_t cap)
{
    const struct pd_pg *f = pd_fields_const(r);

    (void)field;
    if (f->clean && what == PD_MASK_SECRETS)
        return PD_AS_IS;
    return pd_sql_mask(pd_text_bytes(&f->statement), PD_SQL_POSTGRESQL, what, out, cap);
}

const struct pd_schema pd_pg_schema = {
    .proto = "postgresql",
    .help = "PostgreSQL",
    .fields = field_table,
    .rec_size = sizeof(struct pd_pg),
    .arena_max = 16384,
    .failed = failed,
    .mask = mask,
};

/* The session's names outlive its records. */
static struct pd_text lasting(const char *s, uint8_t len)
{
    return (struct pd_text){.s = len ? s : NULL, .full = len, .len = len};
}

void pd_pg_set_session(struct pd_conn *c, struct pd_rec *r)
{
    struct pd_pg *f = pd_fields(r);
    const struct pd_pg_session *session = pd_pg_state(c)->session;

    if (!session || pd_rec_is_void(r))
        return;
    f->database = lasting(session->database, session->database_len);
    f->user = lasting(session->user, session->user_len);
}

/* --- statements --- */

bool pd_pg_renames(struct pd_slice verb)
{
    return pd_slice_eq(verb, PD_SLICE("DEALLOCATE")) || pd_slice_eq(verb, PD_SLICE("DISCARD")) ||
           pd_slice_eq(verb, PD_SLICE("PREPARE"));
}

bool pd_pg_text_renames(struct pd_slice text, bool whole)
{
    char verb[PD_SQL_VERB_MAX];
    uint32_t n = pd_sql_verb(text, PD_SQL_POSTGRESQL, verb, sizeof verb);

    return !whole || pd_sql_several(text) || pd_pg_renames((struct pd_slice){(const uint8_t *)verb, n});
}

void pd_pg_set_statement(struct pd_conn *c, struct pd_rec *r, struct pd_slice text, uint32_t full,
                         uint64_t *note)
{
    struct pd_pg *f = pd_fields(r);

    if (pd_rec_is_void(r))
        return;
    if (!text.len)
        text = PD_SLICE(""); /* it may be nowhere */
    pd_text_set(r, &f->statement, text, PD_PG_STATEMENT_MAX);
    f->statement.full = full;
    bool whole = f->statement.len == text.len, cut = f->statement.len < full;
    struct pd_sql_memo *memo = pd_worker_state(c);
    text.len = f->statement.len;
    const struct pd_sql_facts *facts = note && whole
                                           ? pd_sql_memo_noted(memo, text, PD_SQL_POSTGRESQL, cut, note)
                                           : pd_sql_memo_facts(memo, text, PD_SQL_POSTGRESQL, cut);
    if (facts->summary.len)
        pd_text_set(r, &f->summary, facts->summary, PD_SQL_SUMMARY_MAX);
    if (!f->command.s && facts->verb.len)
        pd_text_set(r, &f->command, facts->verb, PD_SQL_VERB_MAX);
    f->renames = cut || facts->several || pd_pg_renames(facts->verb);
    f->clean = facts->clean;
}

void pd_pg_clear_statement(struct pd_rec *r)
{
    struct pd_pg *f = pd_fields(r);

    if (f->statement.s)
        f->statement = f->summary = f->command = (struct pd_text){0};
}

/* --- results --- */

static void add(struct pd_int *i, uint64_t n)
{
    uint64_t sum;

    if (__builtin_add_overflow((uint64_t)i->v, n, &sum) || sum > INT64_MAX)
        sum = INT64_MAX;
    pd_int_set(i, (int64_t)sum);
}

/* The number that ends a tag: "INSERT 0 5". False when there is none. */
static bool tag_number(struct pd_slice tag, uint64_t *n)
{
    enum { DIGITS = 18 };
    uint32_t at = tag.len;

    while (at && tag.len - at < DIGITS && tag.p[at - 1] >= '0' && tag.p[at - 1] <= '9')
        at--;
    if (at == tag.len || !at || tag.p[at - 1] != ' ')
        return false;
    *n = 0;
    for (; at < tag.len; at++)
        *n = *n * 10 + (uint64_t)(tag.p[at] - '0');
    return true;
}

enum verb_kind { OTHER, SELECT, RETURNING, CHANGING, COPY };

/* What a tag with this verb counts. */
static enum verb_kind kind_of(struct pd_slice verb)
{
#define IS(word) pd_slice_eq(verb, PD_SLICE(word))
    if (IS("SELECT"))
        return SELECT;
    if (IS("INSERT") || IS("UPDATE") || IS("DELETE") || IS("MERGE"))
        return CHANGING;
    if (IS("FETCH") || IS("SHOW") || IS("EXPLAIN"))
        return RETURNING;
    if (IS("COPY"))
        return COPY;
#undef IS
    return OTHER;
}

/* Of several tags the last is kept, in one place. */
static void set_tag_text(struct pd_rec *r, struct pd_slice tag)
{
    struct pd_pg *f = pd_fields(r);

    if (!f->tag.s || f->tag.full > PD_PG_TAG_MAX || tag.len > f->tag.len) {
        pd_text_set(r, &f->tag, tag, PD_PG_TAG_MAX);
        return;
    }
    if (tag.len)
        memcpy((char *)(uintptr_t)f->tag.s, tag.p, tag.len);
    f->tag.full = f->tag.len = (uint16_t)tag.len;
}

struct pd_slice pd_pg_set_tag(struct pd_rec *r, struct pd_slice tag)
{
    struct pd_pg *f = pd_fields(r);
    const uint8_t *blank = tag.len ? memchr(tag.p, ' ', tag.len) : NULL;
    struct pd_slice verb = {tag.p, blank ? (uint32_t)(blank - tag.p) : tag.len};
    enum verb_kind kind = kind_of(verb);
    uint64_t n = 0;
    bool numbered = tag_number(tag, &n);

    if (pd_rec_is_void(r))
        return verb;
    set_tag_text(r, tag);
    if (!f->tagged && verb.len && !pd_slice_eq(pd_text_bytes(&f->command), verb))
        pd_text_set(r, &f->command, verb, PD_SQL_VERB_MAX);
    f->tagged = true;
    /* SELECT INTO and CREATE TABLE AS have SELECT's tag, but return nothing. */
    bool into = kind == SELECT && n && !f->counted;
    if (numbered && (kind == CHANGING || into || (kind == COPY && !f->copied)))
        add(&f->affected_rows, n);
    else if (numbered && kind == COPY)
        add(&f->rows, n);
    if (f->counted || f->described || kind == RETURNING || (kind == SELECT && !into))
        add(&f->rows, f->counted);
    f->counted = 0;
    f->described = f->copied = false;
    return verb;
}

void pd_pg_set_rows(struct pd_rec *r)
{
    struct pd_pg *f = pd_fields(r);

    if (f->counted)
        add(&f->rows, f->counted);
    f->counted = 0;
}

/* --- errors --- */

/* The code, a blank, the message: one text, of which the two fields are parts. */
static void set_error_texts(struct pd_rec *r, struct pd_slice code, struct pd_slice message)
{
    struct pd_pg *f = pd_fields(r);

    f->error = (struct pd_text){0};
    pd_text_add(r, &f->error, code, PD_PG_TAG_MAX);
    pd_text_add(r, &f->error, PD_SLICE(" "), PD_PG_TAG_MAX + 1);
    pd_text_add(r, &f->error, message, PD_PG_TAG_MAX + 1 + PD_PG_MESSAGE_MAX);
    uint32_t at = code.len + 1;
    if (f->error.len < at) {
        f->error_code = f->error;
        return;
    }
    f->error_code = (struct pd_text){.s = f->error.s, .full = code.len, .len = (uint16_t)code.len};
    f->error_message =
        (struct pd_text){.s = f->error.s + at, .full = message.len, .len = (uint16_t)(f->error.len - at)};
}

/* Byte1 field, String value, again; a zero byte. S is the severity in the server's language, V the same in
 * English, C the SQLSTATE, M the message. */
bool pd_pg_set_error(struct pd_rec *r, struct pd_slice in)
{
    struct pd_pg *f = pd_fields(r);
    struct pd_slice severity = {0}, code = {0}, message = {0}, value;

    while (in.len && *in.p) {
        uint8_t field = *in.p;
        in.p++, in.len--;
        pd_pg_string(&in, &value);
        if (field == 'V' || (field == 'S' && !severity.len))
            severity = value;
        else if (field == 'C')
            code = value;
        else if (field == 'M')
            message = value;
    }
    bool fatal = pd_slice_eq(severity, PD_SLICE("FATAL")) || pd_slice_eq(severity, PD_SLICE("PANIC"));
    if (pd_rec_is_void(r) || f->error.s)
        return fatal;
    r->flags &= (uint16_t)~PD_REC_SILENT; /* no error goes unseen */
    if (code.len > PD_PG_TAG_MAX)
        code.len = PD_PG_TAG_MAX;
    if (severity.len)
        pd_text_set(r, &f->severity, severity, PD_PG_TAG_MAX);
    set_error_texts(r, code, message);
    return fatal;
}

void pd_pg_set_skipped(struct pd_rec *r)
{
    struct pd_pg *f = pd_fields(r);

    if (!f->error.s)
        pd_text_static(&f->error, "skipped");
}
