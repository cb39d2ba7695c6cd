/* rdata.c: record data as text. Each type's data is a row of parts (tables.c), each letter a part; data that
 * its layout does not fit exactly is printed as the hex that it is (RFC 3597), so nothing is made up.
 *
 *   1 2 4  numbers                 n  name                          s  character string, quoted
 *   a 6    addresses               T  record type                   S  one character string or more
 *   t      time, RRSIG's           W  set of types                  q  all that is left, quoted
 *   x b    all left, hex, base64   h  length and hex, - for none    g  length and text without quotes
 *   -      all left, hex pairs     H  length and base32hex          p  service parameters */
#include "base/addr.h"
#include "protocol/dns/dns.h"

enum { DAY = 86400 };

struct data {               /* what is left of one record's data */
    struct pd_dns_cursor c; /* of the message, ending with the data */
    struct pd_dns_text *t;
};

static uint32_t left(const struct data *d)
{
    return d->c.len - d->c.at;
}

/* The next n bytes, or NULL. */
static const uint8_t *take(struct data *d, uint32_t n)
{
    const uint8_t *p = d->c.p + d->c.at;

    if (n > left(d))
        return NULL;
    d->c.at += n;
    return p;
}

/* A length byte and as many bytes. */
static bool take_counted(struct data *d, struct pd_slice *out)
{
    const uint8_t *n = take(d, 1);

    out->len = n ? *n : 0;
    out->p = n ? take(d, out->len) : NULL;
    return out->p;
}

static bool number(struct data *d, uint32_t bytes)
{
    const uint8_t *p = take(d, bytes);
    uint32_t v = 0;

    if (!p)
        return false;
    for (uint32_t i = 0; i < bytes; i++)
        v = v << 8 | p[i];
    pd_dns_put_number(d->t, v);
    return true;
}

static bool number1(struct data *d)
{
    return number(d, 1);
}

static bool number2(struct data *d)
{
    return number(d, 2);
}

static bool number4(struct data *d)
{
    return number(d, 4);
}

static bool ipv4(struct data *d)
{
    const uint8_t *p = take(d, PD_ADDR_V4);
    char out[PD_ADDR_TEXT];

    if (p)
        pd_dns_put(d->t, out, (uint32_t)pd_addr_print_v4(out, p));
    return p;
}

static bool ipv6(struct data *d)
{
    const uint8_t *p = take(d, sizeof((struct pd_addr *)0)->b);
    char out[PD_ADDR_TEXT];
    struct pd_addr addr;

    if (!p)
        return false;
    memcpy(addr.b, p, sizeof addr.b);
    if (pd_addr_is_v4(&addr)) /* which prints as IPv4, and this is none */
        pd_dns_put(d->t, "::ffff:", 7);
    pd_dns_put(d->t, out, (uint32_t)pd_addr_print(out, &addr));
    return true;
}

static bool name(struct data *d)
{
    struct pd_dns_name n;

    if (!pd_dns_read_name(&d->c, &n))
        return false;
    pd_dns_print_name(d->t, &n);
    return true;
}

static void put_quoted(struct pd_dns_text *t, struct pd_slice s)
{
    pd_dns_put_char(t, '"');
    pd_dns_put_string(t, s);
    pd_dns_put_char(t, '"');
}

static bool string(struct data *d)
{
    struct pd_slice s;

    if (!take_counted(d, &s))
        return false;
    put_quoted(d->t, s);
    return true;
}

static bool strings(struct data *d)
{
    if (!string(d))
        return false;
    while (left(d)) {
        pd_dns_put_char(d->t, ' ');
        if (!string(d))
            return false;
    }
    return true;
}

static bool rest_quoted(struct data *d)
{
    uint32_t n = left(d);

    put_quoted(d->t, (struct pd_slice){take(d, n), n});
    return true;
}

static bool tag(struct data *d)
{
    struct pd_slice s;

    if (!take_counted(d, &s) || !s.len)
        return false;
    pd_dns_put_string(d->t, s);
    return true;
}

static bool type(struct data *d)
{
    const uint8_t *p = take(d, 2);

    if (p)
        pd_dns_put_type(d->t, pd_be16(p));
    return p;
}

static void put_digits(struct pd_dns_text *t, uint32_t v, unsigned digits)
{
    char out[4];

    for (unsigned i = digits; i-- > 0; v /= 10)
        out[i] = (char)('0' + v % 10);
    pd_dns_put(t, out, digits);
}

/* YYYYMMDDHHmmSS (RFC 4034, section 3.2), by the civil calendar: eras of 400 years that begin in March. */
static bool timestamp(struct data *d)
{
    const uint8_t *p = take(d, 4);

    if (!p)
        return false;
    uint32_t seconds = pd_be32(p), days = seconds / DAY + 719468; /* since 1 March of the year 0 */
    uint32_t of_era = days % 146097;
    uint32_t year = (of_era - of_era / 1460 + of_era / 36524 - of_era / 146096) / 365;
    uint32_t of_year = of_era - (365 * year + year / 4 - year / 100);
    uint32_t month = (5 * of_year + 2) / 153; /* 0 is March */
    year += days / 146097 * 400 + (month >= 10);
    put_digits(d->t, year, 4);
    put_digits(d->t, month < 10 ? month + 3 : month - 9, 2);
    put_digits(d->t, of_year - (153 * month + 2) / 5 + 1, 2);
    put_digits(d->t, seconds % DAY / 3600, 2);
    put_digits(d->t, seconds % 3600 / 60, 2);
    put_digits(d->t, seconds % 60, 2);
    return true;
}

static void put_hex(struct pd_dns_text *t, struct pd_slice s)
{
    for (uint32_t i = 0; i < s.len; i++) {
        const char pair[2] = {"0123456789abcdef"[s.p[i] >> 4], "0123456789abcdef"[s.p[i] & 0xf]};
        pd_dns_put(t, pair, sizeof pair);
    }
}

static bool rest_hex(struct data *d)
{
    uint32_t n = left(d);

    put_hex(d->t, (struct pd_slice){take(d, n), n});
    return n;
}

static bool pairs(struct data *d)
{
    uint32_t n = left(d);
    const uint8_t *p = take(d, n);

    for (uint32_t i = 0; i < n; i++) {
        if (i)
            pd_dns_put_char(d->t, '-');
        put_hex(d->t, (struct pd_slice){p + i, 1});
    }
    return n;
}

static bool salt(struct data *d)
{
    struct pd_slice s;

    if (!take_counted(d, &s))
        return false;
    if (s.len)
        put_hex(d->t, s);
    else
        pd_dns_put_char(d->t, '-');
    return true;
}

/* bits: 6 for base64, 5 for base32hex; RFC 4648. */
static void put_base(struct pd_dns_text *t, struct pd_slice s, const char *alphabet, unsigned bits)
{
    uint32_t kept = 0;
    unsigned have = 0;

    for (uint32_t i = 0; i < s.len; i++) {
        kept = kept << 8 | s.p[i];
        for (have += 8; have >= bits; have -= bits)
            pd_dns_put_char(t, alphabet[kept >> (have - bits) & ((1u << bits) - 1)]);
    }
    if (have)
        pd_dns_put_char(t, alphabet[kept << (bits - have) & ((1u << bits) - 1)]);
}

static void put_base64(struct pd_dns_text *t, struct pd_slice s)
{
    put_base(t, s, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/", 6);
    if (s.len % 3)
        pd_dns_put(t, "==", 3 - s.len % 3);
}

static bool rest_base64(struct data *d)
{
    uint32_t n = left(d);

    put_base64(d->t, (struct pd_slice){take(d, n), n});
    return n;
}

static bool base32(struct data *d)
{
    struct pd_slice s;

    if (!take_counted(d, &s) || !s.len)
        return false;
    put_base(d->t, s, "0123456789ABCDEFGHIJKLMNOPQRSTUV", 5);
    return true;
}

static void put_bits(struct pd_dns_text *t, unsigned window, struct pd_slice bits, bool *blank)
{
    for (unsigned i = 0; i < bits.len * 8; i++) {
        if (!(bits.p[i / 8] & 0x80 >> i % 8))
            continue;
        if (*blank)
            pd_dns_put_char(t, ' ');
        *blank = true;
        pd_dns_put_type(t, (uint16_t)(window << 8 | i));
    }
}

/* RFC 4034, section 4.1.2: windows in rising order, each up to 32 bytes of bits. */
static bool type_set(struct data *d)
{
    int before = -1;
    bool blank = false;

    while (left(d)) {
        const uint8_t *window = take(d, 1);
        struct pd_slice bits;
        if (*window <= before || !take_counted(d, &bits) || !bits.len || bits.len > 32)
            return false;
        before = *window;
        put_bits(d->t, *window, bits, &blank);
    }
    return true;
}

static bool param_keys(struct data *d)
{
    for (bool first = true; left(d); first = false) {
        const uint8_t *p = take(d, 2);
        if (!p)
            return false;
        const char *known = pd_dns_param_name(pd_be16(p));
        if (!first)
            pd_dns_put_char(d->t, ',');
        pd_dns_put(d->t, known ? known : "key", (uint32_t)strlen(known ? known : "key"));
        if (!known)
            pd_dns_put_number(d->t, pd_be16(p));
    }
    return true;
}

/* A list within a character string: its commas and backslashes are escaped twice (RFC 9460, appendix A.1). */
static bool param_alpn(struct data *d)
{
    struct pd_slice s;

    pd_dns_put_char(d->t, '"');
    for (bool first = true; left(d); first = false) {
        if (!take_counted(d, &s) || !s.len)
            return false;
        if (!first)
            pd_dns_put_char(d->t, ',');
        for (uint32_t i = 0; i < s.len; i++) {
            if (s.p[i] == ',' || s.p[i] == '\\')
                pd_dns_put(d->t, "\\\\", 2);
            pd_dns_put_escaped(d->t, s.p[i]);
        }
    }
    pd_dns_put_char(d->t, '"');
    return true;
}

static bool param_each(struct data *d, bool (*one)(struct data *))
{
    for (bool first = true; left(d); first = false) {
        if (!first)
            pd_dns_put_char(d->t, ',');
        if (!one(d))
            return false;
    }
    return true;
}

static bool param_ipv4(struct data *d)
{
    return param_each(d, ipv4);
}

static bool param_ipv6(struct data *d)
{
    return param_each(d, ipv6);
}

/* key=value; what is empty has no =. RFC 9460, section 2.1. */
static bool param(struct data *d, uint16_t key, struct pd_slice value)
{
    static bool (*const form[])(struct data *) = {param_keys, param_alpn,  NULL,       number2,
                                                  param_ipv4, rest_base64, param_ipv6, rest_quoted};
    struct data inner = {{.p = value.p, .len = value.len}, d->t};
    const char *known = pd_dns_param_name(key);

    pd_dns_put(d->t, known ? known : "key", (uint32_t)strlen(known ? known : "key"));
    if (!known)
        pd_dns_put_number(d->t, key);
    if (!value.len)
        return true;
    pd_dns_put_char(d->t, '=');
    bool (*print)(struct data *) = key < sizeof form / sizeof *form ? form[key] : rest_quoted;
    return print && print(&inner) && !left(&inner);
}

static bool params(struct data *d)
{
    for (int before = -1; left(d);) {
        const uint8_t *p = take(d, 4);
        const uint8_t *value = p ? take(d, pd_be16(p + 2)) : NULL;
        if (!value || pd_be16(p) <= before)
            return false;
        if (before >= 0)
            pd_dns_put_char(d->t, ' ');
        before = pd_be16(p);
        if (!param(d, pd_be16(p), (struct pd_slice){value, pd_be16(p + 2)}))
            return false;
    }
    return true;
}

static bool (*const part[128])(struct data *) = {
    ['1'] = number1,     ['2'] = number2, ['4'] = number4,   ['6'] = ipv6,     ['-'] = pairs,
    ['H'] = base32,      ['S'] = strings, ['T'] = type,      ['W'] = type_set, ['a'] = ipv4,
    ['b'] = rest_base64, ['g'] = tag,     ['h'] = salt,      ['n'] = name,     ['p'] = params,
    ['q'] = rest_quoted, ['s'] = string,  ['t'] = timestamp, ['x'] = rest_hex,
};

/* A blank before each part, but none for one that prints nothing. */
static bool print_layout(struct data *d, const char *layout)
{
    for (const char *l = layout; *l; l++) {
        bool empty = !left(d) && (*l == 'W' || *l == 'p');
        if (l != layout && !empty)
            pd_dns_put_char(d->t, ' ');
        if (!part[(unsigned char)*l](d))
            return false;
    }
    return !left(d);
}

void pd_dns_print_data(struct pd_dns_text *t, const struct pd_dns_cursor *message,
                       const struct pd_dns_record *r)
{
    struct data d = {{.p = message->p, .len = r->data_at + r->data_len, .at = r->data_at}, t};
    const char *layout = pd_dns_type_layout(r->type);
    struct pd_dns_text before = *t;

    if (r->type == PD_DNS_A && r->class == PD_DNS_CH)
        layout = NULL; /* another kind of address */
    if (layout && r->data_len && print_layout(&d, layout))
        return;
    *t = before;
    pd_dns_put(t, "\\# ", 3);
    pd_dns_put_number(t, r->data_len);
    if (r->data_len) {
        pd_dns_put_char(t, ' ');
        put_hex(t, (struct pd_slice){message->p + r->data_at, r->data_len});
    }
}
