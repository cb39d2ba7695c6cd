/* result.c: what an answer consists of: OK, ERR, EOF, results of rows, and what describes a prepared
 * statement. Whether an EOF stands behind definitions (CLIENT_DEPRECATE_EOF) is taken from the login, else
 * from the packet that follows them: an EOF has five bytes, an OK in its place seven or more.
 * https://dev.mysql.com/doc/dev/mysql-server/latest/page_protocol_command_phase.html */
#include "protocol/mysql/mysql.h"
#include "protocol/sql.h"

enum { COLUMNS_MAX = 65535, TRACK_SCHEMA = 1, EOF_BYTES = 5, PROGRESS = 0xffff, STATE_BYTES = 5 };

bool pd_mysql_is_eof(const struct pd_mysql_packet *p)
{
    return p->body.len && p->body.p[0] == 0xfe && p->len <= EOF_BYTES;
}

static struct pd_mysql_conn *conn(struct pd_conn *c)
{
    return pd_state(c);
}

/* More results, or the end. */
static void ends(struct pd_mysql_conn *m, uint16_t status)
{
    if (status & PD_MYSQL_MORE_RESULTS)
        m->phase = PD_MYSQL_NEXT;
    else
        m->side[PD_S2C].ends = true;
}

/* --- OK, EOF, ERR --- */

/* The session's changes, SESSION_TRACK: each has a type and, in a string, its value. */
static bool track(struct pd_conn *c, struct pd_slice in)
{
    struct pd_slice info, changes, change, name;

    if (!pd_mysql_string(&in, &info) || !pd_mysql_string(&in, &changes))
        return false;
    while (changes.len) {
        uint8_t type = changes.p[0];
        changes.p++, changes.len--;
        if (!pd_mysql_string(&changes, &change))
            return false;
        if (type != TRACK_SCHEMA)
            continue;
        if (!pd_mysql_string(&change, &name))
            return false;
        pd_mysql_move(c, name);
        conn(c)->tracked = true;
    }
    return true;
}

static void add(struct pd_int *i, uint64_t n)
{
    if (n <= INT64_MAX && !__builtin_add_overflow(i->v, (int64_t)n, &i->v))
        i->seen = true;
}

/* 0 or 0xfe, rows changed, number given to the inserted row, status 2, warnings 2, text. Before 4.1 there are
 * no warnings and perhaps no status. In place of an EOF the first two say nothing. */
static bool read_ok(struct pd_conn *c, struct pd_mysql *f, struct pd_slice in, uint16_t *status)
{
    const struct pd_mysql_conn *m = conn(c);
    bool old = m->known && !(m->capabilities & PD_MYSQL_CAP_41), stands_in = in.p[0] == 0xfe;
    uint64_t changed, id;

    in.p++, in.len--;
    *status = 0;
    if (!pd_mysql_lenenc(&in, &changed) || !pd_mysql_lenenc(&in, &id))
        return false;
    if (!stands_in) {
        add(&f->affected_rows, changed);
        if (id && id <= INT64_MAX)
            pd_int_set(&f->last_insert_id, (int64_t)id);
    }
    if (old) {
        if ((m->capabilities & PD_MYSQL_CAP_TRANSACTIONS) && in.len >= 2)
            *status = pd_mysql_le16(in.p);
        return true;
    }
    if (in.len < 4)
        return false;
    *status = pd_mysql_le16(in.p);
    pd_int_set(&f->warnings, pd_mysql_le16(in.p + 2));
    if ((*status & PD_MYSQL_TRACKED) && !track(c, (struct pd_slice){in.p + 4, in.len - 4}))
        pd_mysql_move(c, (struct pd_slice){0});
    return true;
}

/* 0xfe, warnings 2, status 2; before 4.1 the first byte alone. */
static uint16_t read_eof(struct pd_mysql *f, struct pd_slice in)
{
    if (in.len < EOF_BYTES)
        return 0;
    pd_int_set(&f->warnings, pd_mysql_le16(in.p + 1));
    return pd_mysql_le16(in.p + 3);
}

void pd_mysql_ok(struct pd_conn *c, struct pd_half *h, struct pd_rec *r, const struct pd_mysql_packet *p)
{
    struct pd_mysql *f = pd_fields(r);
    uint16_t status;

    if (pd_mysql_is_eof(p)) {
        status = read_eof(f, p->body);
    } else if (!read_ok(c, f, p->body, &status)) {
        pd_bad(c, h, "no OK");
        return;
    }
    if (!f->result.s)
        pd_text_static(&f->result, "ok");
    ends(conn(c), status);
}

/* 0xff, code 2, since 4.1 a # and SQLSTATE 5, text. */
bool pd_mysql_error(struct pd_mysql_conn *m, struct pd_rec *r, const struct pd_mysql_packet *p)
{
    struct pd_mysql *f = pd_fields(r);
    struct pd_slice text = {p->body.p + 3, p->body.len < 3 ? 0 : p->body.len - 3};
    char digits[5];
    uint32_t at = sizeof digits, code = p->body.len < 3 ? 0 : pd_mysql_le16(p->body.p + 1);

    if (code == PROGRESS)
        return false;
    do
        digits[--at] = (char)('0' + code % 10);
    while (code /= 10);
    struct pd_slice number = {(const uint8_t *)digits + at, (uint32_t)sizeof digits - at};
    pd_text_set(r, &f->error_code, number, sizeof digits);
    if (text.len > STATE_BYTES && text.p[0] == '#') {
        pd_text_set(r, &f->sql_state, (struct pd_slice){text.p + 1, STATE_BYTES}, STATE_BYTES);
        text = (struct pd_slice){text.p + 1 + STATE_BYTES, text.len - 1 - STATE_BYTES};
    }
    pd_text_set(r, &f->error_message, text, PD_MYSQL_MESSAGE);
    pd_text_set(r, &f->failure, number, PD_MYSQL_NAME);
    pd_text_add(r, &f->failure, PD_SLICE(" "), PD_MYSQL_NAME);
    pd_text_add(r, &f->failure, text, PD_MYSQL_NAME);
    pd_text_static(&f->result, "error");
    m->side[PD_S2C].ends = true;
    return true;
}

/* --- rows --- */

/* How many columns. Where definitions may be left out a byte says whether they are: MySQL puts it before the
 * number (CLIENT_OPTIONAL_RESULTSET_METADATA), MariaDB behind it (MARIADB_CLIENT_CACHE_METADATA). A
 * number of 0 is none, so the two forms tell themselves apart. */
static bool read_columns(struct pd_slice in, uint64_t *columns, bool *defined)
{
    struct pd_slice before = in;

    *defined = true;
    if (!pd_mysql_lenenc(&in, columns))
        return false;
    if (!in.len)
        return *columns > 0;
    if (in.len == 1 && in.p[0] <= 1 && *columns > 0 &&
        (before.len != 2 || before.p[0] != 1 || in.p[0] != 1)) {
        *defined = in.p[0];
        return true;
    }
    *defined = before.p[0];
    in = (struct pd_slice){before.p + 1, before.len - 1};
    return before.p[0] <= 1 && pd_mysql_lenenc(&in, columns) && !in.len && *columns > 0;
}

void pd_mysql_result(struct pd_conn *c, struct pd_half *h, struct pd_rec *r, const struct pd_mysql_packet *p)
{
    struct pd_mysql_conn *m = conn(c);
    struct pd_mysql *f = pd_fields(r);
    uint64_t columns;
    bool defined;

    m->phase = PD_MYSQL_NEXT;
    if (p->body.p[0] == 0xff) {
        pd_mysql_error(m, r, p);
    } else if (p->body.p[0] == 0xfb) {
        m->phase = PD_MYSQL_WAITS; /* for the file whose name this is */
    } else if ((p->body.p[0] == 0 && p->len > 2) || pd_mysql_is_eof(p)) {
        pd_mysql_ok(c, h, r, p);
    } else if (p->body.len != p->len || !read_columns(p->body, &columns, &defined) || columns > COLUMNS_MAX) {
        pd_bad(c, h, "no result");
    } else {
        pd_text_static(&f->result, "rows");
        if (!f->columns.seen)
            pd_int_set(&f->columns, (int64_t)columns);
        m->left = defined ? (uint32_t)columns : 0;
        m->phase = defined ? PD_MYSQL_COLUMNS : PD_MYSQL_ROWS;
        m->behind = true;
    }
}

void pd_mysql_definition(struct pd_conn *c, struct pd_half *h, struct pd_rec *r,
                         const struct pd_mysql_packet *p)
{
    struct pd_mysql_conn *m = conn(c);
    bool list = m->phase == PD_MYSQL_LIST;

    if (p->body.p[0] == 0xff) {
        pd_mysql_error(m, r, p);
    } else if (p->body.p[0] != 0xfe) {
        if (list)
            m->rows++;
        else if (--m->left == 0)
            m->phase = PD_MYSQL_ROWS;
    } else if (list) {
        pd_mysql_ok(c, h, r, p);
    } else {
        pd_bad(c, h, "a definition is missing");
    }
}

void pd_mysql_row(struct pd_conn *c, struct pd_half *h, struct pd_rec *r, const struct pd_mysql_packet *p)
{
    struct pd_mysql_conn *m = conn(c);
    bool behind = m->behind;
    uint8_t first = p->body.p[0];

    m->behind = false;
    if (first < 0xfe || (first == 0xfe && p->len == PD_MYSQL_FULL)) {
        m->rows++;
        m->eofs = behind ? PD_MYSQL_NO_EOFS : m->eofs;
    } else if (first == 0xff) {
        m->behind = !pd_mysql_error(m, r, p) && behind;
    } else if (!behind) {
        pd_mysql_ok(c, h, r, p);
    } else if (pd_mysql_is_eof(p)) { /* behind the definitions; with a cursor no rows follow */
        uint16_t status = read_eof(pd_fields(r), p->body);
        m->eofs = PD_MYSQL_EOFS;
        if (status & PD_MYSQL_CURSOR)
            ends(m, status);
    } else {
        m->eofs = PD_MYSQL_NO_EOFS;
        pd_mysql_ok(c, h, r, p);
    }
}

/* --- prepared statements --- */

static void learn(struct pd_conn *c, struct pd_mysql *f, uint32_t id)
{
    struct pd_learnt *learnt = &conn(c)->learnt;
    struct pd_slice text = {(const uint8_t *)f->statement.s, f->statement.len},
                    summary = {(const uint8_t *)f->summary.s, f->summary.len};

    if (text.p)
        pd_learnt_put(c, learnt, id, text, f->statement.full);
    else
        pd_learnt_drop(c, learnt, id);
    if (summary.p)
        pd_learnt_put(c, learnt, PD_MYSQL_KEY_SUMMARIES + id, summary, summary.len);
    else
        pd_learnt_drop(c, learnt, PD_MYSQL_KEY_SUMMARIES + id);
}

/* Definitions have passed, and the EOF behind them or what shows that there is none. */
static void next_group(struct pd_mysql_conn *m)
{
    if (m->phase == PD_MYSQL_PARAMS && m->output) {
        m->phase = PD_MYSQL_OUTPUT;
        m->left = m->output;
    } else {
        m->side[PD_S2C].ends = true;
    }
}

/* The last definition of a group has passed. */
static void group_ends(struct pd_mysql_conn *m)
{
    if (m->phase == PD_MYSQL_PARAMS && m->output)
        return; /* what comes next tells */
    if (m->eofs == PD_MYSQL_NO_EOFS)
        m->side[PD_S2C].ends = true;
    else if (m->eofs == PD_MYSQL_EOFS_UNKNOWN)
        m->phase = PD_MYSQL_TAIL;
}

/* 0, number of the statement 4, columns 2, parameters 2, 0, warnings 2, whether they are defined 1. */
void pd_mysql_prepared(struct pd_conn *c, struct pd_half *h, struct pd_rec *r,
                       const struct pd_mysql_packet *p)
{
    enum { LEAST = 12 };
    struct pd_mysql_conn *m = conn(c);
    struct pd_mysql *f = pd_fields(r);

    if (p->body.p[0] != 0 || p->body.len < LEAST) {
        pd_bad(c, h, "no prepared statement");
        return;
    }
    uint32_t id = pd_le32(p->body.p + 1);
    pd_text_static(&f->result, "prepared");
    pd_int_set(&f->statement_id, id);
    pd_int_set(&f->columns, pd_mysql_le16(p->body.p + 5));
    pd_int_set(&f->warnings, pd_mysql_le16(p->body.p + 10));
    learn(c, f, id);
    m->output = pd_mysql_le16(p->body.p + 5);
    m->left = pd_mysql_le16(p->body.p + 7);
    m->phase = PD_MYSQL_PARAMS;
    if (p->body.len > LEAST && p->body.p[LEAST] == 0)
        m->side[PD_S2C].ends = true;
    else if (!m->left)
        next_group(m);
}

void pd_mysql_described(struct pd_conn *c, struct pd_half *h, const struct pd_mysql_packet *p)
{
    struct pd_mysql_conn *m = conn(c);
    bool eof = pd_mysql_is_eof(p);

    if (!m->left) { /* behind a group */
        m->eofs = eof ? PD_MYSQL_EOFS : PD_MYSQL_NO_EOFS;
        next_group(m);
        if (eof)
            return;
    }
    if (eof || p->body.p[0] == 0xff || !m->left)
        pd_bad(c, h, "a definition is missing");
    else if (--m->left == 0)
        group_ends(m);
}
