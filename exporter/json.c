/* json.c: nearly all text is clean, so it is copied sixteen bytes at a time first and looked at while it is
 * in the register; only where something needs care is a character looked at. */
#include "exporter/json.h"
#include "base/buf.h"
#include "base/check.h"
#include "exporter/text.h"
#ifdef __SSE2__
#include <emmintrin.h>
#endif

enum { WIDE = 16, WORD = 8, HALF = 4 };
#define NS_IN_S UINT64_C(1000000000)
#define EACH_BYTE(b) (UINT64_C(0x0101010101010101) * (b))

/* What stands behind the backslash for a control character that has a short form. */
static const char short_escape[0x20] = {['\b'] = 'b', ['\t'] = 't', ['\n'] = 'n', ['\f'] = 'f', ['\r'] = 'r'};

static inline bool plain_byte(uint8_t c)
{
    return c >= 0x20 && c < 0x7f && c != '"' && c != '\\';
}

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

#ifdef __SSE2__

/* A bit for each of sixteen bytes that is not plain. */
static inline unsigned care_mask(__m128i v)
{
    /* The comparison is signed: bytes beyond ASCII are less than a blank too. */
    __m128i care = _mm_cmplt_epi8(v, _mm_set1_epi8(0x20));

    care = _mm_or_si128(care, _mm_cmpeq_epi8(v, _mm_set1_epi8('"')));
    care = _mm_or_si128(care, _mm_cmpeq_epi8(v, _mm_set1_epi8('\\')));
    care = _mm_or_si128(care, _mm_cmpeq_epi8(v, _mm_set1_epi8(0x7f)));
    return (unsigned)_mm_movemask_epi8(care);
}

static inline bool plain16(uint64_t a, uint64_t b)
{
    return care_mask(_mm_set_epi64x((long long)b, (long long)a)) == 0;
}

/* Copies sixteen bytes, whatever they are; returns how many of them are plain before one that is not, or
 * fewer. */
static inline unsigned copy16(char *to, const uint8_t *from)
{
    __m128i v = _mm_loadu_si128((const __m128i *)(const void *)from);
    unsigned care = care_mask(v);

    _mm_storeu_si128((__m128i *)(void *)to, v);
    return care ? (unsigned)__builtin_ctz(care) : WIDE;
}

#else

static inline bool plain16(uint64_t a, uint64_t b)
{
    return plain8(a) && plain8(b);
}

static inline unsigned copy16(char *to, const uint8_t *from)
{
    uint64_t half[2];

    memcpy(half, from, sizeof half);
    memcpy(to, half, sizeof half);
    return !plain8(half[0]) ? 0 : !plain8(half[1]) ? WORD : WIDE;
}

#endif

/* Up to fifteen bytes: two pieces that overlap. Most texts are so short that a call would cost as much. */
__attribute__((always_inline)) static inline uint32_t copy_few(char *to, const uint8_t *s, uint32_t n)
{
    uint64_t word[2];
    uint32_t half[2];

    if (n >= WORD) {
        memcpy(&word[0], s, WORD);
        memcpy(&word[1], s + n - WORD, WORD);
        memcpy(to, &word[0], WORD);
        memcpy(to + n - WORD, &word[1], WORD);
        return plain16(word[0], word[1]) ? n : 0;
    }
    if (n >= HALF) {
        memcpy(&half[0], s, HALF);
        memcpy(&half[1], s + n - HALF, HALF);
        memcpy(to, &half[0], HALF);
        memcpy(to + n - HALF, &half[1], HALF);
        return plain8((uint64_t)half[1] << 32 | half[0]) ? n : 0;
    }
    if (n == 0)
        return 0;
    /* One to three: the first, the one in the middle, the last; blanks, which are plain, fill the word. */
    word[0] = s[0] | (uint64_t)s[n / 2] << 8 | (uint64_t)s[n - 1] << 16 | EACH_BYTE(' ') << 24;
    to[0] = (char)s[0];
    to[n / 2] = (char)s[n / 2];
    to[n - 1] = (char)s[n - 1];
    return plain8(word[0]) ? n : 0;
}

/* Copies from s while it is plain. Returns how many bytes that were; it may stop early. Writes up to n. */
static inline uint32_t copy_plain(char *to, const uint8_t *s, uint32_t n)
{
    uint32_t i = 0;

    if (n < WIDE)
        return copy_few(to, s, n);
    for (; i + WIDE <= n; i += WIDE) {
        unsigned plain = copy16(to + i, s + i);
        if (plain < WIDE)
            return i + plain;
    }
    if (i < n) { /* the rest, with some bytes before it again, which are known to be plain */
        unsigned plain = copy16(to + n - WIDE, s + n - WIDE);
        if (plain < WIDE)
            return n - WIDE + plain > i ? n - WIDE + plain : i;
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

/* Writes the characters that begin before `stop`. */
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

char *pd_json_inside(char *to, struct pd_slice *s)
{
    const uint8_t *at = s->p, *end = s->p + s->len, *stop = s->len > PD_JSON_BLOCK ? at + PD_JSON_BLOCK : end;

    to = put_careful(to, &at, stop, end);
    s->p = at;
    s->len = (uint32_t)(end - at);
    return to;
}

/* The rest of a string, from its byte n on. */
__attribute__((noinline)) static char *end_string(char *to, struct pd_slice s, uint32_t n)
{
    const uint8_t *at = s.p + n, *end = s.p + s.len;

    to = put_careful(to, &at, end, end);
    to[0] = '"';
    to[1] = ',';
    return to + 2;
}

char *pd_json_string(char *to, struct pd_slice s)
{
    *to++ = '"';
    uint32_t n = copy_plain(to, s.p, s.len);
    to += n;
    if (n < s.len)
        return end_string(to, s, n);
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

char *pd_json_u64(char *to, uint64_t v)
{
    to = pd_print_u64(to, v);
    *to = ',';
    return to + 1;
}

char *pd_json_i64(char *to, int64_t v)
{
    if (v >= 0)
        return pd_json_u64(to, (uint64_t)v);
    *to = '-';
    return pd_json_u64(to + 1, 0 - (uint64_t)v);
}

/* Three digits of v < 1000. */
static char *three(char *to, uint32_t v)
{
    *to = (char)('0' + v / 100);
    return pd_print_pair(to + 1, v % 100);
}

char *pd_json_nanos(char *to, uint32_t ns)
{
    return three(three(three(to, ns / 1000000), ns / 1000 % 1000), ns % 1000);
}

char *pd_json_seconds(char *to, uint64_t ns)
{
    uint32_t part = (uint32_t)(ns % NS_IN_S);

    to = pd_print_u64(to, ns / NS_IN_S);
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
