/* plain.c: header lines of the form that nearly all have, sixteen bytes at a time. It knows fewer forms than
 * llhttp and none that llhttp does not: what it does not know is left to llhttp.
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

/* Both spans return the offset of the first byte from `at` on that does not belong, else the slice's end. */
#ifdef __SSE2__
enum { BLOCK = sizeof(__m128i) };

/* Sixteen bytes, those from `at` on and, near the slice's end, some before it: *skip of them. */
static inline __m128i block(struct pd_slice s, uint32_t at, uint32_t *skip)
{
    uint32_t from = at + BLOCK <= s.len ? at : s.len - BLOCK;

    *skip = at - from;
    return _mm_loadu_si128((const __m128i *)(const void *)(s.p + from));
}

static inline __m128i within(__m128i v, char first, char last)
{
    __m128i from_first = _mm_sub_epi8(v, _mm_set1_epi8(first));

    return _mm_cmpeq_epi8(from_first, _mm_min_epu8(from_first, _mm_set1_epi8((char)(last - first))));
}

static uint32_t name_span(struct pd_slice s, uint32_t at)
{
    uint32_t skip;

    for (; s.len >= BLOCK && at < s.len; at += BLOCK - skip) {
        __m128i v = block(s, at, &skip);
        __m128i usual =
            _mm_or_si128(within(_mm_or_si128(v, _mm_set1_epi8(0x20)), 'a', 'z'),
                         _mm_or_si128(within(v, '0', '9'), _mm_cmpeq_epi8(v, _mm_set1_epi8('-'))));
        unsigned odd = (~(unsigned)_mm_movemask_epi8(usual) & 0xffff) >> skip;
        if (odd)
            return at + (uint32_t)__builtin_ctz(odd);
    }
    while (at < s.len && is_usual(s.p[at]))
        at++;
    return at;
}

static uint32_t value_span(struct pd_slice s, uint32_t at)
{
    uint32_t skip;

    for (; s.len >= BLOCK && at < s.len; at += BLOCK - skip) {
        __m128i v = block(s, at, &skip);
        __m128i end =
            _mm_or_si128(_mm_cmpeq_epi8(v, _mm_set1_epi8('\r')), _mm_cmpeq_epi8(v, _mm_set1_epi8('\n')));
        unsigned found = (unsigned)_mm_movemask_epi8(end) >> skip;
        if (found)
            return at + (uint32_t)__builtin_ctz(found);
    }
    while (at < s.len && s.p[at] != '\r' && s.p[at] != '\n')
        at++;
    return at;
}
#else
static uint32_t name_span(struct pd_slice s, uint32_t at)
{
    while (at < s.len && is_usual(s.p[at]))
        at++;
    return at;
}

static uint32_t value_span(struct pd_slice s, uint32_t at)
{
    while (at < s.len && s.p[at] != '\r' && s.p[at] != '\n')
        at++;
    return at;
}
#endif

bool pd_http_plain_line(struct pd_slice in, struct pd_http_line *line)
{
    uint32_t name = name_span(in, 0), value = name + 1;

    if (!name || name == in.len || in.p[name] != ':')
        return false;
    while (value < in.len && (in.p[value] == ' ' || in.p[value] == '\t'))
        value++;
    uint32_t end = value_span(in, value), next = end + 2;
    if (next >= in.len || in.p[end] != '\r' || in.p[end + 1] != '\n' || in.p[next] == ' ' ||
        in.p[next] == '\t')
        return false;
    *line = (struct pd_http_line){{in.p, name}, {in.p + value, end - value}, next};
    return true;
}
