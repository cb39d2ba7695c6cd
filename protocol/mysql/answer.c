/* answer.c: what the server says: the greeting, and answers, which continue their request's count of packets.
 * How to read one is told by its request. An answer whose request is not known is not read: the server's side
 * goes on when the client asks again and has acknowledged all of it. */
#include "base/check.h"
#include "protocol/mysql/mysql.h"
#include "protocol/sql.h"

static void skip_answer(struct pd_conn *c, struct pd_half *h)
{
    pd_mysql_side_of(c, PD_S2C)->skipped = true;
    pd_mysql_forget(c); /* who knows what it was about */
    pd_skip(h, PD_MYSQL_S_NEVER, PD_ENDLESS);
}

/* Number 0: the greeting; or an error that nobody asked for, as when there are too many connections. */
static void unasked(struct pd_conn *c, struct pd_half *h, const struct pd_mysql_packet *p)
{
    struct pd_mysql_conn *m = pd_state(c);

    h->deferred = h->deferred && p->body.p[0] == 0xff;
    if (p->body.p[0] == 0xff) {
        m->side[PD_S2C].passing = PD_MYSQL_TELLS;
        pd_mysql_error(m, pd_oneway(c, h), p);
        m->side[PD_S2C].ends = false;
    } else if (pd_mysql_greeting(m, p->body)) {
        m->side[PD_S2C].passing = PD_MYSQL_GREETS;
    } else {
        pd_bad(c, h, "no greeting");
    }
}

/* A server that says nothing on its own begins an answer where the client had read to when it asked; the
 * answer's number is the one behind its request's. */
static bool follows(struct pd_conn *c, const struct pd_mysql_packet *p, int kind)
{
    const struct pd_mysql_conn *m = pd_state(c);
    const struct pd_mysql_side *client = &m->side[PD_C2S];
    const struct pd_rec *r = pd_expected_rec(c);

    if (p->seq != 1 && p->seq != client->seq && client->passing != PD_MYSQL_ASKS)
        return false;
    return (kind & PD_MYSQL_PIPED) || pd_rec_is_void(r) || !r->has_req_ack ||
           (uint32_t)m->side[PD_S2C].began == r->req_ack;
}

/* The answer to a login: OK, ERR, or something to be answered: another method (0xfe), more of it (1), a
 * further factor (2). */
static void prove(struct pd_conn *c, struct pd_half *h, struct pd_rec *r, const struct pd_mysql_packet *p)
{
    struct pd_mysql_conn *m = pd_state(c);

    if (p->body.p[0] == 0xff)
        pd_mysql_error(m, r, p);
    else if (p->body.p[0] == 0)
        pd_mysql_ok(c, h, r, p);
    else if (p->body.p[0] == 0xfe || p->body.p[0] <= 2)
        m->phase = PD_MYSQL_WAITS;
    else
        pd_bad(c, h, "no answer to a login");
}

static void simple(struct pd_conn *c, struct pd_half *h, struct pd_rec *r, const struct pd_mysql_packet *p)
{
    struct pd_mysql_conn *m = pd_state(c);
    struct pd_mysql *f = pd_fields(r);

    m->phase = PD_MYSQL_NEXT;
    if (p->body.p[0] == 0xff) {
        pd_mysql_error(m, r, p);
    } else if (m->kind == PD_MYSQL_TEXT) {
        pd_text_static(&f->result, "ok");
        m->side[PD_S2C].ends = true;
    } else if (p->body.p[0] == 0 || p->body.p[0] == 0xfe) {
        pd_mysql_ok(c, h, r, p);
    } else {
        pd_bad(c, h, "no OK");
    }
}

/* The first packet of an answer, or of a further result in it. */
static void begin(struct pd_conn *c, struct pd_half *h, struct pd_rec *r, const struct pd_mysql_packet *p)
{
    struct pd_mysql_conn *m = pd_state(c);

    switch ((enum pd_mysql_kind)m->kind) {
    case PD_MYSQL_RESULT:
    case PD_MYSQL_MOVES:
        pd_mysql_result(c, h, r, p);
        break;
    case PD_MYSQL_LOGIN:
    case PD_MYSQL_CHANGE_USER:
        prove(c, h, r, p);
        break;
    case PD_MYSQL_PREPARE:
        if (p->body.p[0] == 0xff)
            pd_mysql_error(m, r, p);
        else
            pd_mysql_prepared(c, h, r, p);
        break;
    case PD_MYSQL_FIELDS:
        m->phase = PD_MYSQL_LIST;
        pd_text_static(&((struct pd_mysql *)pd_fields(r))->result, "rows");
        pd_mysql_definition(c, h, r, p);
        break;
    case PD_MYSQL_FETCH:
        m->phase = PD_MYSQL_ROWS;
        m->behind = false;
        pd_text_static(&((struct pd_mysql *)pd_fields(r))->result, "rows");
        pd_mysql_row(c, h, r, p);
        break;
    default:
        simple(c, h, r, p);
        break;
    }
}

static void first(struct pd_conn *c, struct pd_half *h, const struct pd_mysql_packet *p)
{
    struct pd_mysql_conn *m = pd_state(c);
    int kind = pd_expected(c);
    bool kept = kind >= 0 && !pd_rec_is_void(pd_expected_rec(c));

    if (p->seq == 0) {
        unasked(c, h, p);
        return;
    }
    if (kind >= 0 && !follows(c, p, kind)) {
        pd_bad(c, h, "no answer to what was asked");
        return;
    }
    struct pd_rec *r = pd_response(c, h);
    /* Where a record is expected and none was given, this does not answer that request. */
    if (kind < 0 || (kept && pd_rec_is_void(r))) {
        skip_answer(c, h);
        return;
    }
    m->kind = kind & (PD_MYSQL_PIPED - 1);
    m->rows = 0;
    m->tracked = m->broken = false;
    begin(c, h, r, p);
}

void pd_mysql_close_tail(struct pd_conn *c, struct pd_half *server)
{
    struct pd_mysql_conn *m = pd_state(c);

    server->holed = true; /* where it ended is not known: the record is incomplete */
    pd_response_end(c, server);
    server->holed = false;
    m->eofs = PD_MYSQL_NO_EOFS;
    m->phase = PD_MYSQL_IDLE;
}

/* What the client was waited for belongs to its request. Was it seen, as far as this packet acknowledges it?
 */
static bool missed(struct pd_conn *c, const struct pd_half *h)
{
    const struct pd_half *client = pd_half_of(c, PD_C2S);

    return client->lost || (h->has_ack && (int32_t)(h->token_ack - (uint32_t)client->pos) > 0);
}

static void further(struct pd_conn *c, struct pd_half *h, const struct pd_mysql_packet *p)
{
    struct pd_mysql_conn *m = pd_state(c);
    struct pd_rec *r = pd_current(c, PD_S2C);

    if (m->phase != PD_MYSQL_WAITS && p->seq != m->side[PD_S2C].seq) {
        pd_bad(c, h, "packets out of order");
        return;
    }
    if (m->phase == PD_MYSQL_WAITS)
        m->broken |= missed(c, h);
    switch ((enum pd_mysql_phase)m->phase) {
    case PD_MYSQL_COLUMNS:
    case PD_MYSQL_LIST:
        pd_mysql_definition(c, h, r, p);
        break;
    case PD_MYSQL_ROWS:
        pd_mysql_row(c, h, r, p);
        break;
    case PD_MYSQL_PARAMS:
    case PD_MYSQL_OUTPUT:
        pd_mysql_described(c, h, p);
        break;
    default:
        begin(c, h, r, p);
        break;
    }
}

void pd_mysql_from_server(struct pd_conn *c, struct pd_half *h, const struct pd_mysql_packet *p)
{
    struct pd_mysql_conn *m = pd_state(c);

    if (!p->body.len) {
        pd_bad(c, h, "an empty packet");
        return;
    }
    if (m->phase == PD_MYSQL_TAIL) {
        if (pd_mysql_is_eof(p) && p->seq == m->side[PD_S2C].seq) {
            h->deferred = false;
            m->eofs = PD_MYSQL_EOFS;
            m->side[PD_S2C].ends = true;
            return;
        }
        pd_mysql_close_tail(c, h);
    }
    if (m->phase == PD_MYSQL_IDLE)
        first(c, h, p);
    else
        further(c, h, p);
}

/* --- ends --- */

static struct pd_slice slice_of(const struct pd_text *t)
{
    return t->len == t->full ? pd_text_bytes(t) : (struct pd_slice){0};
}

/* A statement after which the current database may be another one, when the server did not say which. */
static void moved(struct pd_conn *c, const struct pd_mysql *f)
{
    struct pd_slice statement = slice_of(&f->statement);
    char name[PD_MYSQL_NAME];
    uint32_t len = 0;

    if (!statement.len || !pd_sql_use(statement, PD_SQL_MYSQL, name, sizeof name, &len))
        pd_mysql_move(c, (struct pd_slice){0});
    else if (!f->error_code.s)
        pd_mysql_move(c, (struct pd_slice){(const uint8_t *)name, len});
}

/* What the server confirmed holds from now on. */
static void confirm(struct pd_conn *c, const struct pd_mysql *f)
{
    struct pd_mysql_conn *m = pd_state(c);
    bool failed = f->error_code.s;
    uint8_t name[PD_MYSQL_NAME];
    struct pd_slice was;
    uint32_t full;

    switch ((enum pd_mysql_kind)m->kind) {
    case PD_MYSQL_MOVES:
        if (!m->tracked)
            moved(c, f);
        break;
    case PD_MYSQL_LOGIN:
    case PD_MYSQL_INIT_DB:
        if (!failed)
            pd_mysql_move(c, slice_of(&f->database));
        break;
    case PD_MYSQL_CHANGE_USER:
        pd_mysql_forget(c);
        if (!failed)
            pd_mysql_move(c, slice_of(&f->database));
        break;
    case PD_MYSQL_RESET: /* statements go, the current database stays */
        if (failed || !pd_learnt_get(&m->learnt, PD_MYSQL_KEY_DATABASE, &was, &full))
            was.len = 0;
        if (was.len > sizeof name)
            was.len = 0;
        if (was.len)
            memcpy(name, was.p, was.len);
        pd_mysql_forget(c);
        pd_mysql_move(c, (struct pd_slice){name, was.len});
        break;
    default:
        break;
    }
}

static void answer_ends(struct pd_conn *c, struct pd_half *h)
{
    struct pd_mysql_conn *m = pd_state(c);
    struct pd_mysql *f = pd_fields(pd_current(c, PD_S2C));
    bool login = m->kind == PD_MYSQL_LOGIN && !f->error_code.s;

    if (m->kind == PD_MYSQL_FIELDS)
        pd_int_set(&f->columns, (int64_t)m->rows);
    else if (f->columns.seen || m->kind == PD_MYSQL_FETCH)
        pd_int_set(&f->rows, (int64_t)m->rows);
    if (m->kind == PD_MYSQL_PREPARE)
        f->rows.seen = false;
    confirm(c, f);
    m->phase = PD_MYSQL_IDLE;
    h->holed |= m->broken;
    pd_response_end(c, h);
    h->holed = false;
    if (login && (m->capabilities & PD_MYSQL_CAP_COMPRESS))
        pd_opaque(c, "compressed with zlib");
    else if (login && (m->capabilities & PD_MYSQL_CAP_ZSTD))
        pd_opaque(c, "compressed with zstd");
}

void pd_mysql_server_ends(struct pd_conn *c, struct pd_half *h)
{
    struct pd_mysql_side *s = pd_mysql_side_of(c, PD_S2C);
    uint8_t passing = s->passing;
    bool ends = s->ends;

    s->ends = false;
    s->passing = PD_MYSQL_NOTHING;
    if (passing == PD_MYSQL_TELLS) {
        pd_oneway_end(c, h);
    } else if (passing == PD_MYSQL_GREETS) {
        pd_understood(c, h->pos - s->began);
    } else if (ends) {
        answer_ends(c, h);
    }
}
