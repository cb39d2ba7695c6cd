/* login.c: the greeting, and who logs in: a user's and a database's name, and what both sides are capable of.
 * https://dev.mysql.com/doc/dev/mysql-server/latest/page_protocol_connection_phase.html
 * https://mariadb.com/docs/server/reference/clientserver-protocol/1-connecting/connection */
#include "protocol/mysql/mysql.h"

bool pd_mysql_lenenc(struct pd_slice *in, uint64_t *v)
{
    uint32_t n = !in->len ? 0 : in->p[0] == 0xfc ? 2 : in->p[0] == 0xfd ? 3 : in->p[0] == 0xfe ? 8 : 0;

    if (in->len <= n || in->p[0] == 0xfb || in->p[0] == 0xff)
        return false;
    *v = n ? 0 : in->p[0];
    for (uint32_t i = n; i > 0; i--)
        *v = *v << 8 | in->p[i];
    *in = (struct pd_slice){in->p + n + 1, in->len - n - 1};
    return true;
}

bool pd_mysql_string(struct pd_slice *in, struct pd_slice *out)
{
    uint64_t n;

    if (!pd_mysql_lenenc(in, &n) || n > in->len)
        return false;
    *out = (struct pd_slice){in->p, (uint32_t)n};
    *in = (struct pd_slice){in->p + n, in->len - (uint32_t)n};
    return true;
}

/* Up to a NUL, which goes too; false: there is none. */
static bool until_nul(struct pd_slice *in, struct pd_slice *out)
{
    const uint8_t *nul = in->len ? memchr(in->p, 0, in->len) : NULL;

    if (!nul)
        return false;
    *out = (struct pd_slice){in->p, (uint32_t)(nul - in->p)};
    *in = (struct pd_slice){nul + 1, in->len - out->len - 1};
    return true;
}

static bool skip(struct pd_slice *in, uint32_t n)
{
    if (n > in->len)
        return false;
    *in = (struct pd_slice){in->p + n, in->len - n};
    return true;
}

static bool printable(struct pd_slice s)
{
    for (uint32_t i = 0; i < s.len; i++)
        if (s.p[i] < 0x20 || s.p[i] == 0x7f)
            return false;
    return true;
}

/* 10, version NUL, thread 4, half of the salt 8, 0, capabilities 2, character set 1, status 2, capabilities
 * 2, length of the salt 1, 10 bytes of 0, of which the last four are MariaDB's capabilities, the rest. Old
 * servers end behind the first capabilities. */
bool pd_mysql_greeting(struct pd_mysql_conn *m, struct pd_slice in)
{
    struct pd_slice version;
    uint32_t low, high = 0, extended = 0;

    if (!in.len || in.p[0] != 10 || !skip(&in, 1) || !until_nul(&in, &version) || !version.len ||
        version.len > 128 || !printable(version) || version.p[0] < '0' || version.p[0] > '9' ||
        !skip(&in, 4 + 8) || in.len < 3 || in.p[0] != 0)
        return false;
    low = pd_mysql_le16(in.p + 1);
    if (in.len >= 3 + 1 + 2 + 2 + 1 + 10) {
        high = pd_mysql_le16(in.p + 6);
        if (!(low & PD_MYSQL_CAP_MYSQL))
            extended = pd_le32(in.p + 15);
    }
    if (m) {
        m->offered = high << 16 | low;
        m->offered_extended = extended;
        m->greeted = true;
    }
    return true;
}

enum { LOGIN_MIN = 32, FILLER = 9 };

static bool is_41(struct pd_slice in)
{
    if (in.len < LOGIN_MIN || !(pd_le32(in.p) & PD_MYSQL_CAP_41))
        return false;
    for (uint32_t i = FILLER; i < LOGIN_MIN - 4; i++)
        if (in.p[i])
            return false;
    return true;
}

enum pd_mysql_login pd_mysql_login_kind(struct pd_slice in, uint32_t len)
{
    struct pd_slice user;

    if (is_41(in)) {
        bool ssl = pd_le32(in.p) & PD_MYSQL_CAP_SSL;
        if (len == LOGIN_MIN)
            return ssl ? PD_MYSQL_SSL_REQUEST : PD_MYSQL_NO_LOGIN;
        skip(&in, LOGIN_MIN);
        return until_nul(&in, &user) && printable(user) ? PD_MYSQL_A_LOGIN : PD_MYSQL_NO_LOGIN;
    }
    /* Before 4.1: capabilities 2, largest packet 3, user NUL, password, NUL and database. */
    if (in.len < 6 || (pd_mysql_le16(in.p) & PD_MYSQL_CAP_41))
        return len == 5 && in.len == 5 && (pd_mysql_le16(in.p) & PD_MYSQL_CAP_SSL) ? PD_MYSQL_SSL_REQUEST
                                                                                   : PD_MYSQL_NO_LOGIN;
    skip(&in, 5);
    return until_nul(&in, &user) && user.len && printable(user) ? PD_MYSQL_A_LOGIN : PD_MYSQL_NO_LOGIN;
}

static void keep_name(struct pd_rec *r, struct pd_text *t, struct pd_slice name)
{
    if (name.len)
        pd_text_set(r, t, name, PD_MYSQL_NAME);
}

static void capable(struct pd_mysql_conn *m, uint32_t capabilities, uint32_t extended)
{
    m->capabilities = capabilities & (m->greeted ? m->offered : UINT32_MAX);
    m->extended = extended & (m->greeted ? m->offered_extended : UINT32_MAX);
    m->known = true;
    m->eofs = m->capabilities & PD_MYSQL_CAP_NO_EOF ? PD_MYSQL_NO_EOFS : PD_MYSQL_EOFS;
}

/* The proof of who it is goes by unseen. */
static bool skip_proof(struct pd_slice *in, uint32_t capabilities)
{
    struct pd_slice proof;

    if (capabilities & PD_MYSQL_CAP_LENENC_AUTH)
        return pd_mysql_string(in, &proof);
    if (capabilities & PD_MYSQL_CAP_SECURE)
        return in->len && skip(in, in->p[0] + 1u);
    return until_nul(in, &proof);
}

/* Capabilities 4, largest packet 4, character set 1, zeros 19, MariaDB's capabilities 4, user NUL, proof,
 * database NUL; then a plug-in's name and what the client says of itself. */
void pd_mysql_login(struct pd_mysql_conn *m, struct pd_rec *r, struct pd_slice in)
{
    struct pd_mysql *f = pd_fields(r);
    struct pd_slice name;

    if (!is_41(in)) {
        capable(m, pd_mysql_le16(in.p), 0);
        skip(&in, 5);
        if (until_nul(&in, &name))
            keep_name(r, &f->user, name);
        if ((m->capabilities & PD_MYSQL_CAP_CONNECT_DB) && until_nul(&in, &name)) {
            if (!until_nul(&in, &name))
                name = in;
            keep_name(r, &f->database, name);
        }
        return;
    }
    uint32_t capabilities = pd_le32(in.p);
    capable(m, capabilities, capabilities & PD_MYSQL_CAP_MYSQL ? 0 : pd_le32(in.p + LOGIN_MIN - 4));
    skip(&in, LOGIN_MIN);
    if (!until_nul(&in, &name))
        return;
    keep_name(r, &f->user, name);
    if (skip_proof(&in, m->capabilities) && (m->capabilities & PD_MYSQL_CAP_CONNECT_DB)) {
        if (!until_nul(&in, &name))
            name = in;
        keep_name(r, &f->database, name);
    }
}

/* COM_CHANGE_USER: 17, user NUL, length of the proof 1 and proof (before 4.1: up to a NUL), database NUL. */
void pd_mysql_change_user(struct pd_mysql_conn *m, struct pd_rec *r, struct pd_slice in)
{
    struct pd_mysql *f = pd_fields(r);
    struct pd_slice name;
    uint32_t capabilities = m->known ? m->capabilities : PD_MYSQL_CAP_SECURE;

    if (!skip(&in, 1) || !until_nul(&in, &name))
        return;
    keep_name(r, &f->user, name);
    if (skip_proof(&in, capabilities & PD_MYSQL_CAP_SECURE) && until_nul(&in, &name))
        keep_name(r, &f->database, name);
}
