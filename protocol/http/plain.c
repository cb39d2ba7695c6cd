/* plain.c: start lines and header lines of the form that nearly all have, sixteen bytes at a time. It knows
 * fewer forms than llhttp and none that llhttp does not: what it does not know is left to llhttp.
 */
#include "protocol/http/http.h"
#ifdef __SSE2__
#include <emmintrin.h>
#endif

static bool is_usual(uint8_t c)
{
    uint8_t lower = c | 0x20;

    return (lower >= 'a' && lower <= 'z') || (c >= '0' && c <= '9') || c == '-';
}

#ifdef __SSE2__
enum { BLOCK = sizeof(__m128i) };

static inline __m128i within(__m128i v, char first, char last)
{
    __m128i from_first = _mm_sub_epi8(v, _mm_set1_epi8(first));

    return _mm_cmpeq_epi8(from_first, _mm_min_epu8(from_first, _mm_set1_epi8((char)(last - first))));
}

/* Of sixteen bytes, a bit for each that is not usual in a name; for each that is CR or LF. */
static inline unsigned unusual(const uint8_t *p)
{
    __m128i v = _mm_loadu_si128((const __m128i *)(const void *)p);
    __m128i letter = within(_mm_or_si128(v, _mm_set1_epi8(0x20)), 'a', 'z');
    __m128i other = _mm_or_si128(within(v, '0', '9'), _mm_cmpeq_epi8(v, _mm_set1_epi8('-')));

    return (unsigned)_mm_movemask_epi8(_mm_or_si128(letter, other)) ^ 0xffff;
}

static inline unsigned breaks(const uint8_t *p)
{
    __m128i v = _mm_loadu_si128((const __m128i *)(const void *)p);
    __m128i cr = _mm_cmpeq_epi8(v, _mm_set1_epi8('\r')), lf = _mm_cmpeq_epi8(v, _mm_set1_epi8('\n'));

    return (unsigned)_mm_movemask_epi8(_mm_or_si128(cr, lf));
}

/* For each that ends a target or begins its fragment. */
static inline unsigned target_ends(const uint8_t *p)
{
    __m128i v = _mm_loadu_si128((const __m128i *)(const void *)p);
    __m128i inside = _mm_andnot_si128(_mm_cmpeq_epi8(v, _mm_set1_epi8('#')), within(v, '!', '~'));

    return (unsigned)_mm_movemask_epi8(inside) ^ 0xffff;
}
#endif

/* The first byte that does not belong to the name, or the end. */
static inline const uint8_t *name_end(const uint8_t *p, const uint8_t *end)
{
#ifdef __SSE2__
    for (; end - p >= BLOCK; p += BLOCK) {
        unsigned found = unusual(p);
        if (found)
            return p + __builtin_ctz(found);
    }
#endif
    while (p < end && is_usual(*p))
        p++;
    return p;
}

static inline const uint8_t *value_end(const uint8_t *p, const uint8_t *end)
{
#ifdef __SSE2__
    for (; end - p >= BLOCK; p += BLOCK) {
        unsigned found = breaks(p);
        if (found)
            return p + __builtin_ctz(found);
    }
#endif
    while (p < end && *p != '\r' && *p != '\n')
        p++;
    return p;
}

static inline const uint8_t *target_end(const uint8_t *p, const uint8_t *end)
{
#ifdef __SSE2__
    for (; end - p >= BLOCK; p += BLOCK) {
        unsigned found = target_ends(p);
        if (found)
            return p + __builtin_ctz(found);
    }
#endif
    while (p < end && *p >= '!' && *p <= '~' && *p != '#')
        p++;
    return p;
}

static inline bool is_blank(uint8_t c)
{
    return c == ' ' || c == '\t';
}

uint32_t pd_http_line_size(struct pd_slice in)
{
    const uint8_t *end = in.p + in.len, *stop = value_end(in.p, end);
    bool whole = stop > in.p && end - stop > 2 && stop[0] == '\r' && stop[1] == '\n' && !is_blank(stop[2]);

    return whole ? (uint32_t)(stop - in.p) + 2 : 0;
}

bool pd_http_plain_line(struct pd_slice in, struct pd_http_line *line)
{
    const uint8_t *stop = in.p + in.len - 2, *colon = name_end(in.p, stop), *value = colon;

    if (colon == in.p || colon == stop || *colon != ':')
        return false;
    do
        value++;
    while (value < stop && is_blank(*value));
    line->name = (struct pd_slice){in.p, (uint32_t)(colon - in.p)};
    line->value = (struct pd_slice){value, (uint32_t)(stop - value)};
    line->size = in.len;
    return true;
}

enum { VERSION = sizeof "HTTP/1.1" - 1 };

/* VERSION bytes. */
static inline bool is_version(const uint8_t *p)
{
    return memcmp(p, "HTTP/1.", VERSION - 1) == 0 && (p[VERSION - 1] == '0' || p[VERSION - 1] == '1');
}

static inline bool is_digit(uint8_t c)
{
    return c >= '0' && c <= '9';
}

bool pd_http_plain_request(struct pd_slice in, struct pd_http_start *start)
{
    enum { BEHIND = 1 + VERSION + 2 }; /* blank, version, line break */
    const uint8_t *end = in.p + in.len, *target = in.p + 1;

    if (in.len < 2 || in.p[0] != ' ' || target[0] != '/')
        return false;
    const uint8_t *stop = target_end(target, end), *version = stop + 1;
    if (end - stop < BEHIND || *stop != ' ' || !is_version(version) || version[VERSION] != '\r' ||
        version[VERSION + 1] != '\n')
        return false;
    start->text = (struct pd_slice){target, (uint32_t)(stop - target)};
    start->size = (uint32_t)(stop - in.p) + BEHIND;
    start->minor = version[VERSION - 1] - '0';
    start->status = 0;
    return true;
}

bool pd_http_plain_status(struct pd_slice in, struct pd_http_start *start)
{
    enum { REASON = VERSION + sizeof " 200 " - 1 };
    const uint8_t *end = in.p + in.len, *code = in.p + VERSION + 1;

    if (in.len <= REASON || !is_version(in.p) || code[-1] != ' ' || code[3] != ' ')
        return false;
    if (code[0] < '1' || code[0] > '9' || !is_digit(code[1]) || !is_digit(code[2]))
        return false;
    const uint8_t *reason = in.p + REASON, *stop = value_end(reason, end);
    if (stop == reason || end - stop < 2 || stop[0] != '\r' || stop[1] != '\n')
        return false;
    start->text = (struct pd_slice){reason, (uint32_t)(stop - reason)};
    start->size = (uint32_t)(stop - in.p) + 2;
    start->minor = in.p[VERSION - 1] - '0';
    start->status = (uint16_t)((code[0] - '0') * 100 + (code[1] - '0') * 10 + code[2] - '0');
    return true;
}
