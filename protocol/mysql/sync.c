/* sync.c: is this where a packet begins? The server speaks first, so a connection seen from its beginning
 * shows itself by the greeting; elsewhere by commands, which have number 0, and by answers, whose packets
 * count on from 1. */
#include "protocol/mysql/mysql.h"

enum {
    GREETING_MIN = 20,
    GREETING_MAX = 1024,
    OK_MIN = 7,
    EOF_BYTES = 5,
    PREPARED_BYTES = 12,
    ERROR_MIN = 9
};
enum { ERRORS_FROM = 1000, ERRORS_TO = 4999 }; /* codes before a greeting */

/* The payload at hand of the packet at in. */
static struct pd_slice body_of(struct pd_slice in, uint32_t len)
{
    struct pd_slice body = {in.p + PD_MYSQL_HEAD, in.len - PD_MYSQL_HEAD};

    if (body.len > len)
        body.len = len;
    return body;
}

static int greets(struct pd_slice in, uint32_t len, uint8_t *confidence)
{
    struct pd_slice body = body_of(in, len);

    if (body.p[0] == 0xff) {
        uint16_t code = body.len < 3 ? 0 : pd_mysql_le16(body.p + 1);
        *confidence = PD_MAYBE;
        return in.len == PD_MYSQL_HEAD + len && code >= ERRORS_FROM && code <= ERRORS_TO ? 0 : PD_NO;
    }
    if (body.p[0] != 10 || len < GREETING_MIN || len > GREETING_MAX || in.len > PD_MYSQL_HEAD + len)
        return PD_NO;
    *confidence = PD_CERTAIN;
    if (pd_mysql_greeting(NULL, body))
        return 0;
    return body.len < len ? PD_MORE : PD_NO;
}

/* 0, rows changed, number given, status 2, warnings 2. */
static bool is_ok(struct pd_slice body, uint32_t len)
{
    uint64_t changed, id;

    if (len < OK_MIN || body.p[0] != 0)
        return false;
    body.p++, body.len--;
    return pd_mysql_lenenc(&body, &changed) && pd_mysql_lenenc(&body, &id) && body.len >= 4 &&
           body.p[1] < 0x80;
}

/* What may be an answer's only packet, and is not told by its length and number alone. */
static bool is_alone(struct pd_slice body, uint32_t len)
{
    static const char uptime[] = "Uptime: ";
    bool text = len > sizeof uptime && memcmp(body.p, uptime, sizeof uptime - 1) == 0;

    return text || body.p[0] == 0xfb || (body.p[0] == 0xfe && len == EOF_BYTES) ||
           (body.p[0] == 0 && len == PREPARED_BYTES) || is_ok(body, len);
}

/* Packets that count on from 1, up to the slice's end or beyond. */
static int answers(struct pd_slice in, uint8_t *confidence)
{
    uint32_t n = 0, len = pd_mysql_le24(in.p);
    struct pd_slice body = body_of(in, len);
    bool defines = false, whole = true;

    for (; in.len > PD_MYSQL_HEAD && whole; n++) {
        uint32_t next = pd_mysql_le24(in.p);
        if (in.p[3] != (uint8_t)(n + 1) || next == 0)
            return PD_NO;
        whole = next <= in.len - PD_MYSQL_HEAD;
        struct pd_slice part = body_of(in, next);
        defines |= n == 1 && part.len >= 4 && memcmp(part.p, "\3def", 4) == 0;
        uint32_t used = PD_MYSQL_HEAD + part.len;
        in = (struct pd_slice){in.p + used, in.len - used};
    }
    if (n == 1 && !whole)
        return PD_NO;
    bool error = n == 1 && len >= ERROR_MIN && body.p[0] == 0xff && body.p[3] == '#';
    *confidence = defines || error ? PD_CERTAIN : PD_MAYBE;
    return n > 1 || error || is_alone(body, len) ? 0 : PD_NO;
}

static int asks(struct pd_slice in, uint32_t len, const struct pd_look *look, uint8_t *confidence)
{
    struct pd_slice body = body_of(in, len);
    bool sure;

    if (!pd_mysql_is_command(body, len, &sure))
        return PD_NO;
    *confidence = sure ? PD_CERTAIN : PD_MAYBE;
    if (in.len <= PD_MYSQL_HEAD + len)
        return body.len == len || sure ? 0 : PD_NO;
    /* Another command behind it. */
    in = (struct pd_slice){in.p + PD_MYSQL_HEAD + len, in.len - PD_MYSQL_HEAD - len};
    if (in.len <= PD_MYSQL_HEAD)
        return sure || look->known ? 0 : PD_NO;
    len = pd_mysql_le24(in.p);
    return in.p[3] == 0 && len && pd_mysql_is_command(body_of(in, len), len, &sure) ? 0 : PD_NO;
}

int pd_mysql_sync(struct pd_slice in, const struct pd_look *look, uint8_t *confidence)
{
    if (in.len < PD_MYSQL_HEAD + 1)
        return in.len >= 3 && pd_mysql_le24(in.p) == 0 ? PD_NO : PD_MORE;
    uint32_t len = pd_mysql_le24(in.p);
    uint8_t seq = in.p[3];
    if (!len || seq > 2)
        return PD_NO;
    if (look->dir == PD_S2C) {
        if (seq == 0 && look->purpose != PD_RECOVER)
            return greets(in, len, confidence);
        return seq == 1 && look->purpose != PD_DETECT ? answers(in, confidence) : PD_NO;
    }
    if (seq == 0)
        return look->purpose == PD_DETECT && !look->known ? PD_NO : asks(in, len, look, confidence);
    *confidence = PD_CERTAIN;
    if (in.len > PD_MYSQL_HEAD + len || pd_mysql_login_kind(body_of(in, len), len) == PD_MYSQL_NO_LOGIN)
        return PD_NO;
    if (in.len < PD_MYSQL_HEAD + len && !look->known)
        return PD_NO; /* the beginning of a login looks like SOCKS */
    /* What came before 4.1 has so little form that in mid-stream the request to switch passes for it. */
    bool old = !(pd_mysql_le16(in.p + PD_MYSQL_HEAD) & PD_MYSQL_CAP_41);
    return look->purpose == PD_RECOVER || (old && look->purpose == PD_JOIN) ? PD_NO : 0;
}
