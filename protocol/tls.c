/* tls.c: reads a ClientHello as far as one segment shows it: record, handshake header, cipher suites skipped,
 * extensions walked for server_name, ALPN and supported_versions. */
#include "protocol/tls.h"

enum { HANDSHAKE = 22, APPLICATION_DATA = 23, CHANGE_CIPHER_SPEC = 20, CLIENT_HELLO = 1 };
enum { RECORD_MAX = 16384 + 2048, RECORD_HEADER = 5 };
enum { EXT_SERVER_NAME = 0, EXT_ALPN = 16, EXT_SUPPORTED_VERSIONS = 43 };

static bool is_header(const uint8_t *p)
{
    return p[0] >= CHANGE_CIPHER_SPEC && p[0] <= APPLICATION_DATA && p[1] == 3 && p[2] <= 4 &&
           pd_be16(p + 3) <= RECORD_MAX && pd_be16(p + 3) > 0;
}

bool pd_tls_is_record(struct pd_slice s)
{
    if (s.len < RECORD_HEADER + 1 || !is_header(s.p))
        return false;
    if (s.p[0] == HANDSHAKE && s.p[5] > 24)
        return false; /* RFC 8446, 4: handshake types of an unencrypted first record */
    uint32_t next = RECORD_HEADER + pd_be16(s.p + 3);
    return s.len < next + RECORD_HEADER || is_header(s.p + next);
}

static struct pd_slice sub(struct pd_slice *s, uint32_t n, bool *cut)
{
    struct pd_slice part = {s->p, n < s->len ? n : s->len};

    if (n > s->len)
        *cut = true;
    s->p += part.len;
    s->len -= part.len;
    return part;
}

/* Only printable ASCII leaves here: it goes to a terminal. */
static void copy_name(char *out, size_t cap, struct pd_slice name)
{
    size_t n = 0;

    while (n < name.len && n < cap - 1 && name.p[n] > ' ' && name.p[n] < 0x7f) {
        out[n] = (char)name.p[n];
        n++;
    }
    out[n] = '\0';
}

static void read_extension(struct pd_tls_hello *hello, uint16_t type, struct pd_slice body)
{
    bool cut = false;

    switch (type) {
    case EXT_SERVER_NAME: /* list length 2, type 1, name length 2, name */
        pd_take(&body, 3, &cut);
        body = sub(&body, pd_take_be16(&body, &cut), &cut);
        if (!cut)
            copy_name(hello->sni, sizeof hello->sni, body);
        break;
    case EXT_ALPN: /* list length 2, then a length byte a name */
        pd_take(&body, 2, &cut);
        body = sub(&body, pd_take_u8(&body, &cut), &cut);
        if (!cut)
            copy_name(hello->alpn, sizeof hello->alpn, body);
        break;
    case EXT_SUPPORTED_VERSIONS: /* length 1, then two bytes a version; 0x?a?a is GREASE */
        pd_take(&body, 1, &cut);
        while (body.len >= 2) {
            uint16_t version = pd_take_be16(&body, &cut);
            if (version >> 8 == 3 && version > hello->version)
                hello->version = version;
        }
        break;
    default:
        break;
    }
}

bool pd_tls_read_hello(struct pd_slice s, struct pd_tls_hello *hello)
{
    bool cut = false;

    memset(hello, 0, sizeof *hello);
    if (!pd_tls_is_record(s) || s.p[0] != HANDSHAKE || s.p[5] != CLIENT_HELLO)
        return false;
    pd_take(&s, RECORD_HEADER + 1, &cut);
    pd_take(&s, 3, &cut); /* handshake length */
    hello->version = pd_take_be16(&s, &cut);
    sub(&s, 32, &cut);                     /* random */
    sub(&s, pd_take_u8(&s, &cut), &cut);   /* session id */
    sub(&s, pd_take_be16(&s, &cut), &cut); /* cipher suites */
    sub(&s, pd_take_u8(&s, &cut), &cut);   /* compression methods */
    pd_take(&s, 2, &cut);                  /* extensions length */
    while (!cut && s.len >= 4) {
        uint16_t type = pd_take_be16(&s, &cut);
        uint16_t length = pd_take_be16(&s, &cut);
        read_extension(hello, type, sub(&s, length, &cut));
    }
    return true;
}
