/* command.c: what the client says: a table of commands, and of each what a roundtrip keeps. Passwords and
 * proofs are never looked at. */
#include "base/check.h"
#include "protocol/mysql/mysql.h"
#include "protocol/sql_memo.h"

enum part { NOTHING, SQL, NAME, ID, IDS_SQL, USER }; /* what stands behind the command's byte */

struct command {
    const char *name;
    uint8_t kind, part;
    uint32_t min, max; /* length of the payload */
};

enum { ANY = INT32_MAX, BULK_EXECUTE = 0xfa, EXECUTE = 0x17, PREPARE = 0x16, CLOSE = 0x19, QUERY = 0x03 };

#define NUMBERED 0x21
static const struct command table[NUMBERED] = {
    [0x00] = {"SLEEP", PD_MYSQL_SIMPLE, NOTHING, 1, 1}, /* this and some others are refused */
    [0x01] = {"QUIT", PD_MYSQL_ONEWAY, NOTHING, 1, 1},
    [0x02] = {"INIT_DB", PD_MYSQL_INIT_DB, NAME, 1, 1024},
    [QUERY] = {"QUERY", PD_MYSQL_RESULT, SQL, 1, ANY},
    [0x04] = {"FIELD_LIST", PD_MYSQL_FIELDS, NOTHING, 2, 2048},
    [0x05] = {"CREATE_DB", PD_MYSQL_SIMPLE, NOTHING, 2, 1024},
    [0x06] = {"DROP_DB", PD_MYSQL_SIMPLE, NOTHING, 2, 1024},
    [0x07] = {"REFRESH", PD_MYSQL_SIMPLE, NOTHING, 2, 2},
    [0x08] = {"SHUTDOWN", PD_MYSQL_SIMPLE, NOTHING, 1, 2},
    [0x09] = {"STATISTICS", PD_MYSQL_TEXT, NOTHING, 1, 1},
    [0x0a] = {"PROCESS_INFO", PD_MYSQL_RESULT, NOTHING, 1, 1},
    [0x0b] = {"CONNECT", PD_MYSQL_SIMPLE, NOTHING, 1, 1},
    [0x0c] = {"PROCESS_KILL", PD_MYSQL_SIMPLE, NOTHING, 5, 5},
    [0x0d] = {"DEBUG", PD_MYSQL_SIMPLE, NOTHING, 1, 1},
    [0x0e] = {"PING", PD_MYSQL_SIMPLE, NOTHING, 1, 1},
    [0x0f] = {"TIME", PD_MYSQL_SIMPLE, NOTHING, 1, 1},
    [0x10] = {"DELAYED_INSERT", PD_MYSQL_SIMPLE, NOTHING, 1, 1},
    [0x11] = {"CHANGE_USER", PD_MYSQL_CHANGE_USER, USER, 3, 65535},
    [0x12] = {"BINLOG_DUMP", PD_MYSQL_STREAM, NOTHING, 11, 1024},
    [0x13] = {"TABLE_DUMP", PD_MYSQL_STREAM, NOTHING, 3, 1024},
    [0x14] = {"CONNECT_OUT", PD_MYSQL_SIMPLE, NOTHING, 1, 1},
    [0x15] = {"REGISTER_SLAVE", PD_MYSQL_SIMPLE, NOTHING, 18, 1024},
    [PREPARE] = {"STMT_PREPARE", PD_MYSQL_PREPARE, SQL, 1, ANY},
    [EXECUTE] = {"STMT_EXECUTE", PD_MYSQL_RESULT, IDS_SQL, 10, ANY},
    [0x18] = {"STMT_SEND_LONG_DATA", PD_MYSQL_ONEWAY, ID, 7, ANY},
    [CLOSE] = {"STMT_CLOSE", PD_MYSQL_ONEWAY, ID, 5, 5},
    [0x1a] = {"STMT_RESET", PD_MYSQL_SIMPLE, ID, 5, 5},
    [0x1b] = {"SET_OPTION", PD_MYSQL_SIMPLE, NOTHING, 3, 3},
    [0x1c] = {"STMT_FETCH", PD_MYSQL_FETCH, ID, 9, 9},
    [0x1d] = {"DAEMON", PD_MYSQL_SIMPLE, NOTHING, 1, 1},
    [0x1e] = {"BINLOG_DUMP_GTID", PD_MYSQL_STREAM, NOTHING, 19, 1 << 24},
    [0x1f] = {"RESET_CONNECTION", PD_MYSQL_RESET, NOTHING, 1, 1},
    [0x20] = {"CLONE", PD_MYSQL_STREAM, NOTHING, 1, 65535},
};
static const struct command bulk = {"STMT_BULK_EXECUTE", PD_MYSQL_RESULT, IDS_SQL, 7, ANY};

static const struct command *command_of(struct pd_slice body, uint32_t len)
{
    const struct command *k = body.len ? &bulk : NULL;

    if (k && body.p[0] != BULK_EXECUTE)
        k = body.p[0] < NUMBERED && table[body.p[0]].name ? &table[body.p[0]] : NULL;
    return k && len >= k->min && len <= k->max ? k : NULL;
}

/* --- statements --- */

/* Bytes that a binary value takes; false: of no known type, or cut. */
static bool skip_value(struct pd_slice *in, uint8_t type)
{
    static const int8_t fixed[17] = {-1, 1, 2, 4, 4, 8, 0, -2, 8, 4, -2, -2, -2, 2, -2, -1, -1};
    int n = type < sizeof fixed ? fixed[type] : -1;
    struct pd_slice text;

    if (n == -1)
        return pd_mysql_string(in, &text) && text.len;
    if (n == -2)
        n = in->len ? in->p[0] + 1 : INT8_MAX;
    if ((uint32_t)n > in->len)
        return false;
    in->p += n;
    in->len -= (uint32_t)n;
    return true;
}

/* COM_QUERY with CLIENT_QUERY_ATTRIBUTES: how many, 1, then of each a bit that says NULL, a byte 1, types
 * with names, values. What cannot be followed hides the statement. */
static bool skip_attributes(struct pd_slice *in)
{
    enum { MAX = 64 };
    uint8_t type[MAX];
    uint64_t count, sets;

    if (!pd_mysql_lenenc(in, &count) || !pd_mysql_lenenc(in, &sets) || sets != 1 || count > MAX)
        return false;
    if (!count)
        return true;
    uint32_t bits = ((uint32_t)count + 7) / 8;
    if (in->len <= bits || in->p[bits] != 1)
        return false;
    const uint8_t *null = in->p;
    *in = (struct pd_slice){in->p + bits + 1, in->len - bits - 1};
    for (uint32_t i = 0; i < count; i++) {
        struct pd_slice name;
        if (in->len < 2)
            return false;
        type[i] = in->p[0];
        *in = (struct pd_slice){in->p + 2, in->len - 2};
        if (!pd_mysql_string(in, &name))
            return false;
    }
    for (uint32_t i = 0; i < count; i++)
        if (!(null[i / 8] & 1 << i % 8) && !skip_value(in, type[i]))
            return false;
    return true;
}

bool pd_mysql_statement(struct pd_slice *body, bool attributes)
{
    *body = (struct pd_slice){body->p + 1, body->len - 1};
    return !attributes || skip_attributes(body);
}

/* No statement has a byte 1 in second place; attributes always have it behind their number. */
static bool has_attributes(const struct pd_mysql_conn *m, struct pd_slice body)
{
    if (m->known)
        return m->capabilities & PD_MYSQL_CAP_ATTRIBUTES;
    return body.len > 2 && (body.p[1] < 251 ? body.p[2] == 1 : body.p[1] == 252);
}

static bool is_word(uint8_t c)
{
    return (c >= '0' && c <= '9') || ((c | 0x20) >= 'a' && (c | 0x20) <= 'z') || c == '_' || c == '$' ||
           c >= 0x80;
}

/* Does this word, in lower case, stand there by itself? */
static bool finds(struct pd_slice in, const char *word)
{
    struct pd_slice lower = {(const uint8_t *)word, (uint32_t)strlen(word)};

    for (uint32_t i = 0; i + lower.len <= in.len; i++)
        if ((in.p[i] | 0x20) == lower.p[0] &&
            pd_slice_eq_lower((struct pd_slice){in.p + i, lower.len}, lower) &&
            (i == 0 || !is_word(in.p[i - 1])) && (i + lower.len == in.len || !is_word(in.p[i + lower.len])))
            return true;
    return false;
}

/* May the current database be another one after this statement? USE, DROP DATABASE, or one of them among
 * several or behind a comment. */
static bool moves(struct pd_slice sql)
{
    static const char blanks[] = " \t\r\n";

    while (sql.len && memchr(blanks, sql.p[0], sizeof blanks - 1))
        sql.p++, sql.len--;
    if (!sql.len)
        return false;
    uint8_t first = sql.p[0] | 0x20;
    bool comment = !is_word(sql.p[0]) && sql.p[0] != '(';
    if (!pd_sql_several(sql) && !comment && first != 'u' && first != 'd')
        return false;
    return finds(sql, "use") || (finds(sql, "drop") && (finds(sql, "database") || finds(sql, "schema")));
}

static void set_facts(struct pd_conn *c, struct pd_rec *r, struct pd_slice sql, bool cut)
{
    struct pd_mysql *f = pd_fields(r);
    const struct pd_sql_facts *facts = pd_sql_memo_facts(pd_worker_state(c), sql, PD_SQL_MYSQL, cut);

    if (facts->summary.len)
        pd_text_set(r, &f->summary, facts->summary, PD_SQL_SUMMARY_MAX);
    f->clean = facts->clean && f->statement.len == sql.len;
}

/* QUERY, STMT_PREPARE: the text, `full` bytes long. */
static void keep_statement(struct pd_conn *c, struct pd_rec *r, struct pd_slice sql, uint32_t full)
{
    struct pd_mysql *f = pd_fields(r);

    pd_text_set(r, &f->statement, sql, PD_MYSQL_STATEMENT);
    f->statement.full = full;
    set_facts(c, r, sql, sql.len < full);
    if (f->command.s == table[PREPARE].name)
        pd_learnt_put(c, &((struct pd_mysql_conn *)pd_state(c))->learnt, PD_MYSQL_KEY_LATEST, sql, full);
}

/* STMT_EXECUTE and the like: number, and the text that was prepared under it. MariaDB: -1 is the latest. */
static void keep_execution(struct pd_conn *c, struct pd_rec *r, uint32_t id)
{
    struct pd_mysql_conn *m = pd_state(c);
    struct pd_mysql *f = pd_fields(r);
    struct pd_slice text;
    uint32_t full;

    if (!pd_learnt_get(&m->learnt, id == UINT32_MAX ? PD_MYSQL_KEY_LATEST : id, &text, &full))
        return;
    pd_text_set(r, &f->statement, text, PD_MYSQL_STATEMENT);
    f->statement.full = full;
    if (id != UINT32_MAX && pd_learnt_get(&m->learnt, PD_MYSQL_KEY_SUMMARIES + id, &text, &full))
        pd_text_set(r, &f->summary, text, PD_SQL_SUMMARY_MAX);
    else if (f->statement.s)
        set_facts(c, r, (struct pd_slice){(const uint8_t *)f->statement.s, f->statement.len},
                  f->statement.len < f->statement.full);
}

static void keep_database(struct pd_conn *c, struct pd_rec *r)
{
    struct pd_mysql_conn *m = pd_state(c);
    struct pd_mysql *f = pd_fields(r);
    struct pd_slice name;
    uint32_t full;

    if (pd_learnt_get(&m->learnt, PD_MYSQL_KEY_DATABASE, &name, &full))
        pd_text_set(r, &f->database, name, PD_MYSQL_NAME);
}

/* --- commands --- */

static void keep_id(struct pd_rec *r, uint32_t id)
{
    pd_int_set(&((struct pd_mysql *)pd_fields(r))->statement_id, id == UINT32_MAX ? -1 : (int64_t)id);
}

static void keep(struct pd_conn *c, struct pd_rec *r, const struct command *k,
                 const struct pd_mysql_packet *p)
{
    struct pd_mysql_conn *m = pd_state(c);
    struct pd_mysql *f = pd_fields(r);

    pd_text_static(&f->command, k->name);
    if (k->part == NAME) {
        pd_text_set(r, &f->database, (struct pd_slice){p->body.p + 1, p->body.len - 1}, PD_MYSQL_NAME);
    } else if (k->part == USER) {
        pd_mysql_change_user(m, r, p->body);
    } else {
        keep_database(c, r);
        if (k->part == ID || k->part == IDS_SQL)
            keep_id(r, pd_le32(p->body.p + 1));
        if (k->part == IDS_SQL)
            keep_execution(c, r, pd_le32(p->body.p + 1));
    }
}

static void oneway(struct pd_conn *c, struct pd_half *h, const struct command *k,
                   const struct pd_mysql_packet *p)
{
    struct pd_mysql_conn *m = pd_state(c);

    keep(c, pd_oneway(c, h), k, p);
    m->side[PD_C2S].passing = PD_MYSQL_TELLS;
    m->side[PD_C2S].ends = k->kind == PD_MYSQL_STREAM;
    if (p->body.p[0] == CLOSE) {
        pd_learnt_drop(c, &m->learnt, pd_le32(p->body.p + 1));
        pd_learnt_drop(c, &m->learnt, PD_MYSQL_KEY_SUMMARIES + pd_le32(p->body.p + 1));
    }
}

/* Before a request: an answer that was not read to its end is over by now. */
static void turn(struct pd_conn *c, const struct pd_half *h)
{
    struct pd_half *other = pd_half_of(c, PD_S2C);
    struct pd_mysql_conn *m = pd_state(c);

    if (other->lost || !h->has_ack || h->token_ack != (uint32_t)other->pos)
        return;
    if (m->side[PD_S2C].skipped) {
        m->side[PD_S2C].skipped = false;
        pd_response_end(c, other);
        pd_feed(other, PD_MYSQL_S_WALK, PD_ENDLESS);
    } else if (m->phase == PD_MYSQL_TAIL && !m->side[PD_S2C].have) {
        pd_mysql_close_tail(c, other);
    }
}

static struct pd_rec *ask(struct pd_conn *c, struct pd_half *h, uint8_t kind)
{
    turn(c, h);
    pd_mysql_side_of(c, PD_C2S)->passing = PD_MYSQL_ASKS;
    return pd_request_owed(c, h, kind | (pd_expected(c) >= 0 ? PD_MYSQL_PIPED : 0), 1);
}

static void ordinary(struct pd_conn *c, struct pd_half *h, const struct command *k,
                     const struct pd_mysql_packet *p)
{
    bool query = k == &table[QUERY], text = k->part == SQL;
    uint8_t kind = k->kind;
    struct pd_slice sql = p->body;

    if (text)
        text = pd_mysql_statement(&sql, query && has_attributes(pd_state(c), p->body));
    uint32_t full = p->len - (uint32_t)(sql.p - p->body.p);
    if (sql.len > PD_MYSQL_STATEMENT)
        sql.len = PD_MYSQL_STATEMENT;
    if (query && (!text || moves(sql)))
        kind = PD_MYSQL_MOVES;
    struct pd_rec *r = ask(c, h, kind);
    keep(c, r, k, p);
    if (text)
        keep_statement(c, r, sql, full);
}

static void command(struct pd_conn *c, struct pd_half *h, const struct pd_mysql_packet *p)
{
    const struct command *k = command_of(p->body, p->len);

    if (!k) {
        pd_bad(c, h, "no command");
    } else if (k->kind >= PD_MYSQL_ONEWAY) {
        oneway(c, h, k, p);
    } else {
        ordinary(c, h, k, p);
    }
}

static void login(struct pd_conn *c, struct pd_half *h, const struct pd_mysql_packet *p)
{
    struct pd_rec *r = ask(c, h, PD_MYSQL_LOGIN);
    struct pd_mysql *f = pd_fields(r);

    pd_text_static(&f->command, "LOGIN");
    pd_mysql_login(pd_state(c), r, p->body);
}

void pd_mysql_from_client(struct pd_conn *c, struct pd_half *h, const struct pd_mysql_packet *p)
{
    struct pd_mysql_conn *m = pd_state(c);
    struct pd_mysql_side *s = &m->side[PD_C2S];
    bool file = m->phase == PD_MYSQL_WAITS && s->data && p->seq == s->seq;
    enum pd_mysql_login kind = PD_MYSQL_NO_LOGIN;

    h->deferred = h->deferred && !file;
    if (p->seq == 0 && !file) {
        s->data = false;
        command(c, h, p);
        return;
    }
    if (m->phase == PD_MYSQL_IDLE && p->seq <= 2)
        kind = pd_mysql_login_kind(p->body, p->len);
    if (kind == PD_MYSQL_SSL_REQUEST) {
        pd_understood(c, PD_MYSQL_HEAD + p->len);
        pd_opaque(c, "TLS");
    } else if (kind == PD_MYSQL_A_LOGIN) {
        login(c, h, p);
    } else { /* a file, or proof of who this is */
        h->deferred = false;
        s->passing = PD_MYSQL_DATA;
        s->data = p->len != 0 && m->phase == PD_MYSQL_WAITS && m->kind <= PD_MYSQL_MOVES;
    }
}

void pd_mysql_client_ends(struct pd_conn *c, struct pd_half *h)
{
    struct pd_mysql_conn *m = pd_state(c);
    uint8_t passing = m->side[PD_C2S].passing;

    m->side[PD_C2S].passing = PD_MYSQL_NOTHING;
    if (passing == PD_MYSQL_ASKS) {
        pd_request_end(c, h);
    } else if (passing == PD_MYSQL_TELLS) {
        pd_oneway_end(c, h);
        if (m->side[PD_C2S].ends)
            pd_opaque(c, "binlog stream");
    } else if (passing == PD_MYSQL_DATA) { /* it belongs to the request */
        struct pd_rec *r = pd_current(c, PD_S2C);
        r->req_bytes += h->pos - m->side[PD_C2S].began;
        r->last_req = pd_conn_now(c);
    }
}

bool pd_mysql_is_command(struct pd_slice body, uint32_t len, bool *sure)
{
    static const char *const verbs[] = {
        "select",   "insert",   "update",   "delete", "replace", "set",   "show",      "begin",   "commit",
        "rollback", "create",   "drop",     "alter",  "use",     "call",  "with",      "start",   "explain",
        "desc",     "truncate", "load",     "lock",   "unlock",  "grant", "prepare",   "execute", "flush",
        "describe", "analyze",  "optimize", "kill",   "do",      "xa",    "savepoint", "release", "values"};
    const struct command *k = command_of(body, len);
    struct pd_mysql_conn none = {0};
    char verb[16];

    *sure = false;
    if (!k)
        return false;
    if (k->part == IDS_SQL && body.p[0] == EXECUTE) { /* id, flags, how often: 1 */
        *sure = body.len >= 10 && body.p[5] < 16 && pd_le32(body.p + 6) == 1;
        return *sure;
    }
    if (k->part != SQL) /* these are small, so all of it is there */
        return body.len == len || len > PD_MYSQL_LOOK;
    if (!pd_mysql_statement(&body, has_attributes(&none, body)))
        return false;
    uint32_t n = pd_sql_verb(body, PD_SQL_MYSQL, verb, sizeof verb);
    for (size_t i = 0; i < sizeof verbs / sizeof *verbs && n; i++)
        if (strlen(verbs[i]) == n && pd_slice_eq_lower((struct pd_slice){(const uint8_t *)verb, n},
                                                       (struct pd_slice){(const uint8_t *)verbs[i], n}))
            *sure = true;
    return *sure || (n && body.len + 8 > len);
}
