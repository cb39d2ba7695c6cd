/* json.c: strings are copied eight bytes at a time as long as nothing in them needs care. */
#include "exporter/json.h"
#include "base/check.h"
#include "exporter/text.h"

enum { BLOCK = 256, ESCAPE_MAX = 6, NS_DIGITS = 9, PUNCTUATION = 8 };
#define NS_IN_S UINT64_C(1000000000)
#define EACH_BYTE(b) (UINT64_C(0x0101010101010101) * (b))

/* What stands behind the backslash for a control character that has a short form. */
static const char short_escape[0x20] = {['\b'] = 'b', ['\t'] = 't', ['\n'] = 'n', ['\f'] = 'f', ['\r'] = 'r'};

/* True when none of eight bytes is a control character, a quote, a backslash, DEL or beyond ASCII. */
static inline bool plain8(uint64_t v)
{
    uint64_t quote = v ^ EACH_BYTE('"'), backslash = v ^ EACH_BYTE('\\'), del = v ^ EACH_BYTE(0x7f);
    uint64_t low = v - EACH_BYTE(0x20);

    quote -= EACH_BYTE(1);
    backslash -= EACH_BYTE(1);
    del -= EACH_BYTE(1);
    return ((v | low | quote | backslash | del) & EACH_BYTE(0x80)) == 0;
}

static inline bool plain_byte(uint8_t c)
{
    return c >= 0x20 && c < 0x7f && c != '"' && c != '\\';
}

/* Copies from s while it is plain. Returns how many bytes that were; it may stop early. */
static inline uint32_t copy_plain(char *to, const uint8_t *s, uint32_t n)
{
    uint32_t i = 0, half[2];
    uint64_t v;

    if (n < sizeof *half) {
        for (; i < n && plain_byte(s[i]); i++)
            to[i] = (char)s[i];
        return i;
    }
    if (n < sizeof v) { /* two halves that overlap */
        memcpy(&half[0], s, sizeof *half);
        memcpy(&half[1], s + n - sizeof *half, sizeof *half);
        if (!plain8((uint64_t)half[1] << 32 | half[0]))
            return 0;
        memcpy(to, &half[0], sizeof *half);
        memcpy(to + n - sizeof *half, &half[1], sizeof *half);
        return n;
    }
    for (; i + sizeof v <= n; i += sizeof v) {
        memcpy(&v, s + i, sizeof v);
        if (!plain8(v))
            return i;
        memcpy(to + i, &v, sizeof v);
    }
    if (i < n) { /* the rest, with some bytes before it again */
        memcpy(&v, s + n - sizeof v, sizeof v);
        if (!plain8(v))
            return i;
        memcpy(to + n - sizeof v, &v, sizeof v);
    }
    return n;
}

static char *escape(char *to, uint32_t point)
{
    static const char digit[] = "0123456789abcdef";

    *to++ = '\\';
    if (point == '"' || point == '\\') {
        *to++ = (char)point;
    } else if (point < sizeof short_escape && short_escape[point]) {
        *to++ = short_escape[point];
    } else {
        memcpy(to, "u00", 3);
        to[3] = digit[point >> 4 & 0xf];
        to[4] = digit[point & 0xf];
        to += 5;
    }
    return to;
}

/* One character, however it has to be written. */
static char *put_char(char *to, const uint8_t **at, const uint8_t *end)
{
    const uint8_t *from = *at;

    if (plain_byte(*from)) {
        *to++ = (char)*from;
        *at = from + 1;
        return to;
    }
    uint32_t point = pd_utf8_next(at, end);
    if (point == PD_UTF8_BAD) {
        memcpy(to, "\xef\xbf\xbd", 3); /* U+FFFD */
        return to + 3;
    }
    if (point < 0xa0)
        return escape(to, point);
    memcpy(to, from, (size_t)(*at - from));
    return to + (*at - from);
}

/* Writes the characters that begin before `stop`; there is room for ESCAPE_MAX bytes for each byte. */
static char *put_careful(char *to, const uint8_t **at, const uint8_t *stop, const uint8_t *end)
{
    while (*at < stop) {
        uint32_t n = copy_plain(to, *at, (uint32_t)(stop - *at));
        *at += n;
        to += n;
        if (*at < stop)
            to = put_char(to, at, end);
    }
    return to;
}

/* A text of at most BLOCK bytes, for which there is room. */
static inline char *put_short(char *to, struct pd_slice s)
{
    uint32_t n = copy_plain(to, s.p, s.len);
    const uint8_t *at = s.p + n, *end = s.p + s.len;

    to += n;
    return at < end ? put_careful(to, &at, end, end) : to;
}

void pd_json_inside(struct pd_buf *b, struct pd_slice s)
{
    const uint8_t *at = s.p, *end = s.p + s.len;

    /* In blocks, so that room for the worst case is not asked for all of a long text. */
    while (at < end) {
        const uint8_t *stop = end - at > BLOCK ? at + BLOCK : end;
        if (!pd_buf_room(b, (size_t)(stop - at) * ESCAPE_MAX))
            return;
        b->len = (size_t)(put_careful(b->p + b->len, &at, stop, end) - b->p);
    }
}

void pd_json_string(struct pd_buf *b, struct pd_slice s)
{
    if (s.len > BLOCK) {
        pd_buf_char(b, '"');
        pd_json_inside(b, s);
        pd_buf_lit(b, "\",");
    } else if (pd_buf_room(b, s.len * ESCAPE_MAX + PUNCTUATION)) {
        char *to = b->p + b->len;
        *to++ = '"';
        to = put_short(to, s);
        *to++ = '"';
        *to++ = ',';
        b->len = (size_t)(to - b->p);
    }
}

void pd_json_header(struct pd_buf *b, struct pd_slice name, struct pd_slice value)
{
    if (name.len > BLOCK || value.len > BLOCK) {
        pd_buf_char(b, '"');
        pd_json_inside(b, name);
        pd_buf_lit(b, "\":[\"");
        pd_json_inside(b, value);
        pd_buf_lit(b, "\",");
    } else if (pd_buf_room(b, (name.len + value.len) * ESCAPE_MAX + PUNCTUATION)) {
        char *to = b->p + b->len;
        *to++ = '"';
        to = put_short(to, name);
        memcpy(to, "\":[\"", 4);
        to = put_short(to + 4, value);
        *to++ = '"';
        *to++ = ',';
        b->len = (size_t)(to - b->p);
    }
}

void pd_json_key(struct pd_buf *b, const char *key)
{
    unsigned n = 0;

    if (!pd_buf_room(b, PD_JSON_KEY_MAX + PUNCTUATION))
        return;
    char *to = b->p + b->len;
    *to++ = '"';
    for (; n < PD_JSON_KEY_MAX && key[n]; n++)
        to[n] = key[n];
    PD_ASSERT(key[n] == '\0');
    to[n] = '"';
    to[n + 1] = ':';
    b->len += n + 3;
}

void pd_json_u64(struct pd_buf *b, uint64_t v)
{
    pd_buf_u64(b, v);
    pd_buf_char(b, ',');
}

void pd_json_i64(struct pd_buf *b, int64_t v)
{
    pd_buf_i64(b, v);
    pd_buf_char(b, ',');
}

void pd_json_seconds(struct pd_buf *b, uint64_t ns)
{
    char digits[1 + NS_DIGITS];
    uint64_t part = ns % NS_IN_S;
    size_t n = sizeof digits;

    pd_buf_u64(b, ns / NS_IN_S);
    if (part) {
        digits[0] = '.';
        pd_digits(digits + 1, part, NS_DIGITS);
        while (digits[n - 1] == '0')
            n--;
        pd_buf_add(b, digits, n);
    }
    pd_buf_char(b, ',');
}

void pd_json_time(struct pd_buf *b, uint64_t ts)
{
    static const char form[] = "\"time\":\"0000-00-00T00:00:00.000000000Z\",";
    struct pd_date d;

    if (!pd_buf_room(b, sizeof form))
        return;
    char *text = b->p + b->len, *year = text + sizeof "\"time\":\"" - 1;
    memcpy(text, form, sizeof form - 1);
    pd_date_from(&d, ts / NS_IN_S);
    pd_digits(year, d.year, 4);
    pd_digits(year + 5, d.month, 2);
    pd_digits(year + 8, d.day, 2);
    pd_digits(year + 11, d.hour, 2);
    pd_digits(year + 14, d.minute, 2);
    pd_digits(year + 17, d.second, 2);
    pd_digits(year + 20, ts % NS_IN_S, NS_DIGITS);
    b->len += sizeof form - 1;
}
