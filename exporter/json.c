/* json.c: nearly all text is clean, so it is copied sixteen bytes at a time first and looked at while it is
 * in the register; only where something needs care is a character looked at. */
#include "exporter/json.h"
#include "base/check.h"
#include "exporter/text.h"

#define NS_IN_S UINT64_C(1000000000)

/* What stands behind the backslash for a control character that has a short form. */
static const char short_escape[0x20] = {['\b'] = 'b', ['\t'] = 't', ['\n'] = 'n', ['\f'] = 'f', ['\r'] = 'r'};

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
PD_INLINE char *put_char(char *to, const uint8_t **at, const uint8_t *end)
{
    const uint8_t *from = *at;

    if (*from < 0x80) {
        *at = from + 1;
        if (!pd_plain_byte(*from))
            return escape(to, *from);
        *to = (char)*from;
        return to + 1;
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

/* Writes the characters that begin before `stop`. Behind each that needs care the next are taken many at a
 * time again: quotes in JSON within JSON stand a few letters apart. */
static char *put_careful(char *to, const uint8_t **at, const uint8_t *stop, const uint8_t *end)
{
    if (*at < stop && !pd_plain_byte(**at)) /* as it mostly is where somebody else stopped */
        to = put_char(to, at, end);
    while (*at < stop) {
        uint32_t left = (uint32_t)(stop - *at);
        bool wide = left >= PD_PLAIN_WIDE;
        uint32_t n = wide ? pd_plain_copy16(to, *at) : pd_plain_copy_rest(to, *at, left);
        *at += n;
        to += n;
        if (n < (wide ? PD_PLAIN_WIDE : left))
            to = put_char(to, at, end);
    }
    return to;
}

char *pd_json_inside(char *to, struct pd_slice *s)
{
    const uint8_t *at = s->p, *end = s->p + s->len, *stop = s->len > PD_JSON_BLOCK ? at + PD_JSON_BLOCK : end;

    to = put_careful(to, &at, stop, end);
    s->p = at;
    s->len = (uint32_t)(end - at);
    return to;
}

char *pd_json_string_end(char *to, struct pd_slice s, uint32_t n)
{
    const uint8_t *at = s.p + n, *end = s.p + s.len;

    to = put_careful(to, &at, end, end);
    to[0] = '"';
    to[1] = ',';
    return to + 2;
}

void pd_piece_set(struct pd_piece *p, const char *before, const char *text, const char *after)
{
    const char *part[] = {before, text, after};
    size_t at = 0;

    for (int i = 0; i < 3; i++) {
        size_t n = strlen(part[i]);
        PD_ASSERT(n <= sizeof p->s - at);
        memcpy(p->s + at, part[i], n);
        at += n;
    }
    p->len = (uint8_t)at;
}

char *pd_json_i64(char *to, int64_t v)
{
    if (v >= 0)
        return pd_json_u64(to, (uint64_t)v);
    *to = '-';
    return pd_json_u64(to + 1, 0 - (uint64_t)v);
}

char *pd_json_seconds(char *to, uint64_t ns)
{
    if (ns < NS_IN_S)
        *to++ = '0';
    else
        to = pd_print_u64(to, ns / NS_IN_S);
    uint32_t part = (uint32_t)(ns < NS_IN_S ? ns : ns % NS_IN_S); /* seldom is anything to divide */
    if (part) {
        *to = '.';
        to = pd_json_nanos(to + 1, part);
        /* Most captures count microseconds. */
        if (part % 1000 == 0)
            to -= 3;
        while (to[-1] == '0')
            to--;
    }
    *to = ',';
    return to + 1;
}

void pd_json_second(char *to, uint64_t seconds)
{
    struct pd_date d;

    pd_date_from(&d, seconds);
    memcpy(to, "0000-00-00T00:00:00.", PD_JSON_SECOND_LEN);
    pd_digits(to, d.year, 4);
    pd_digits(to + 5, d.month, 2);
    pd_digits(to + 8, d.day, 2);
    pd_digits(to + 11, d.hour, 2);
    pd_digits(to + 14, d.minute, 2);
    pd_digits(to + 17, d.second, 2);
}
