/* startup.c: how a session begins: a length, a code, and with the code of a version pairs of names and
 * values. Also what is sent in place of that: the wish for encryption, which is answered by one byte, and the
 * wish that another session's query be cancelled, which is not answered at all. */
#include "protocol/postgresql/postgresql.h"

enum {
    CANCEL = 80877102,
    SSL = 80877103,
    GSS = 80877104,
    SECRET_MAX = 256 /* bytes of a cancel key; four in version 3.0 */
};

/* Int32 length, with itself; Int32 code. */
enum pd_pg_startup pd_pg_startup_kind(const uint8_t head[PD_PG_STARTUP_HEAD])
{
    uint32_t len = pd_be32(head), code = pd_be32(head + 4);

    if (code == SSL || code == GSS)
        return len != PD_PG_STARTUP_HEAD ? PD_PG_S_NO : code == SSL ? PD_PG_S_SSL : PD_PG_S_GSS;
    if (code == CANCEL) /* Int32 process, then its key */
        return len > PD_PG_STARTUP_HEAD + 4 && len <= PD_PG_STARTUP_HEAD + 4 + SECRET_MAX ? PD_PG_S_CANCEL
                                                                                          : PD_PG_S_NO;
    return code >> 16 == 3 && len > PD_PG_STARTUP_HEAD && len <= PD_PG_STARTUP_MAX ? PD_PG_S_SESSION
                                                                                   : PD_PG_S_NO;
}

void pd_pg_startup_begin(struct pd_conn *c, struct pd_half *h, enum pd_pg_startup kind)
{
    struct pd_rec *r;

    switch (kind) {
    case PD_PG_S_CANCEL:
        r = pd_oneway(c, h);
        pd_text_static(&((struct pd_pg *)pd_fields(r))->command, "CANCEL");
        break;
    case PD_PG_S_SESSION:
        pd_pg_state(c)->typed = true;
        r = pd_request_owed(c, h, PD_PG_STARTUP, 1);
        pd_pg_state(c)->tail &= pd_rec_is_void(r);
        pd_text_static(&((struct pd_pg *)pd_fields(r))->command, "STARTUP");
        break;
    default:
        r = pd_request_owed(c, h, PD_PG_NEGOTIATE, 1);
        pd_text_static(&((struct pd_pg *)pd_fields(r))->command, "STARTUP"); /* shown when it fails */
        r->flags |= PD_REC_SILENT;
        break;
    }
}

static uint8_t keep(char to[PD_PG_NAME_MAX], struct pd_slice name)
{
    uint32_t n = name.len < PD_PG_NAME_MAX ? name.len : PD_PG_NAME_MAX;

    if (n)
        memcpy(to, name.p, n);
    return (uint8_t)n;
}

/* Pairs of String, String; then a zero byte. The database is the user's name when it is not said. */
static void read_parameters(struct pd_conn *c, struct pd_slice in)
{
    struct pd_pg_conn *s = pd_pg_state(c);
    struct pd_slice name, value, user = {0}, database = {0};
    bool replication = false, whole = false;

    while (in.len) {
        whole = pd_pg_string(&in, &name) && !name.len;
        if (whole || !pd_pg_string(&in, &value))
            break;
        if (pd_slice_eq(name, PD_SLICE("user")))
            user = value;
        else if (pd_slice_eq(name, PD_SLICE("database")))
            database = value;
        else
            replication |= pd_slice_eq(name, PD_SLICE("replication"));
    }
    if (!database.len && whole && !replication)
        database = user;
    if (!s->session && (user.len || database.len))
        s->session = pd_lend(c, sizeof *s->session);
    if (!s->session)
        return;
    s->session->user_len = keep(s->session->user, user);
    s->session->database_len = keep(s->session->database, database);
}

void pd_pg_startup_end(struct pd_conn *c, struct pd_half *h, enum pd_pg_startup kind,
                       struct pd_slice parameters)
{
    if (kind == PD_PG_S_CANCEL) {
        pd_oneway_end(c, h);
        return;
    }
    if (kind == PD_PG_S_SESSION) {
        read_parameters(c, parameters);
        pd_pg_set_session(c, pd_current(c, PD_C2S));
    }
    pd_request_end(c, h);
}

void pd_pg_negotiated(struct pd_conn *c, struct pd_half *h, uint8_t answer)
{
    pd_response_end(c, h);
    if (answer == 'S')
        pd_opaque(c, "encrypted with TLS");
    else if (answer == 'G')
        pd_opaque(c, "encrypted with GSSAPI");
}
