/* plain.h: copying text while it is plain, which nearly all text is: no control characters, quotes,
 * backslashes, and nothing beyond ASCII. Bytes are moved first and looked at while they are in a register.
 * Inlined, because a usual text is so short that a call would cost as much. */
#ifndef PD_EXPORTER_PLAIN_H
#define PD_EXPORTER_PLAIN_H
#include "base/inline.h"
#include "base/word.h"
#include <stdbool.h>
#include <stdint.h>
#include <string.h>
#ifdef __SSE2__
#include <emmintrin.h>
#endif

enum { PD_PLAIN_WIDE = 16, PD_PLAIN_WORD = 8, PD_PLAIN_HALF = 4 };

static inline bool pd_plain_byte(uint8_t c)
{
    return c >= 0x20 && c < 0x7f && c != '"' && c != '\\';
}

/* True when none of eight bytes is a control character, a quote, a backslash, DEL or beyond ASCII. */
PD_INLINE bool pd_plain8(uint64_t v)
{
    uint64_t quote = v ^ PD_EACH_BYTE('"'), backslash = v ^ PD_EACH_BYTE('\\'), del = v ^ PD_EACH_BYTE(0x7f);
    uint64_t low = v - PD_EACH_BYTE(0x20);

    quote -= PD_EACH_BYTE(1);
    backslash -= PD_EACH_BYTE(1);
    del -= PD_EACH_BYTE(1);
    return ((v | low | quote | backslash | del) & PD_EACH_BYTE(0x80)) == 0;
}

#ifdef __SSE2__

/* A bit for each of sixteen bytes that is not plain. */
PD_INLINE unsigned pd_care_mask(__m128i v)
{
    /* The comparison is signed: bytes beyond ASCII are less than a blank too. */
    __m128i care = _mm_cmplt_epi8(v, _mm_set1_epi8(0x20));

    care = _mm_or_si128(care, _mm_cmpeq_epi8(v, _mm_set1_epi8('"')));
    care = _mm_or_si128(care, _mm_cmpeq_epi8(v, _mm_set1_epi8('\\')));
    care = _mm_or_si128(care, _mm_cmpeq_epi8(v, _mm_set1_epi8(0x7f)));
    return (unsigned)_mm_movemask_epi8(care);
}

PD_INLINE bool pd_plain16(uint64_t a, uint64_t b)
{
    return pd_care_mask(_mm_set_epi64x((long long)b, (long long)a)) == 0;
}

/* Copies sixteen bytes, whatever they are; returns how many of them are plain before one that is not, or
 * fewer. */
PD_INLINE unsigned pd_plain_copy16(char *to, const uint8_t *from)
{
    __m128i v = _mm_loadu_si128((const __m128i *)(const void *)from);
    unsigned care = pd_care_mask(v);

    _mm_storeu_si128((__m128i *)(void *)to, v);
    return care ? (unsigned)__builtin_ctz(care) : PD_PLAIN_WIDE;
}

/* The same of n < 16 bytes, and exactly: as two pieces that overlap. */
PD_INLINE uint32_t pd_plain_copy_rest(char *to, const uint8_t *s, uint32_t n)
{
    uint64_t word[2] = {0, PD_EACH_BYTE(' ')};
    uint32_t piece = n >= PD_PLAIN_WORD ? PD_PLAIN_WORD : PD_PLAIN_HALF, i = 0;

    if (n < PD_PLAIN_HALF) {
        for (; i < n && pd_plain_byte(s[i]); i++)
            to[i] = (char)s[i];
        return i;
    }
    if (piece == PD_PLAIN_WORD) {
        memcpy(&word[0], s, PD_PLAIN_WORD);
        memcpy(&word[1], s + n - PD_PLAIN_WORD, PD_PLAIN_WORD);
        memcpy(to, &word[0], PD_PLAIN_WORD);
        memcpy(to + n - PD_PLAIN_WORD, &word[1], PD_PLAIN_WORD);
    } else {
        word[0] = pd_half_word(s) | (uint64_t)pd_half_word(s + n - PD_PLAIN_HALF) << 32;
        memcpy(to, &word[0], PD_PLAIN_HALF);
        memcpy(to + n - PD_PLAIN_HALF, (char *)&word[0] + PD_PLAIN_HALF, PD_PLAIN_HALF);
    }
    unsigned care = pd_care_mask(_mm_set_epi64x((long long)word[1], (long long)word[0]));
    if (!care)
        return n;
    i = (uint32_t)__builtin_ctz(care);
    return i < piece ? i : n - 2 * piece + i;
}

#else

PD_INLINE uint32_t pd_plain_copy_rest(char *to, const uint8_t *s, uint32_t n)
{
    uint32_t i = 0;

    for (; i < n && pd_plain_byte(s[i]); i++)
        to[i] = (char)s[i];
    return i;
}

PD_INLINE bool pd_plain16(uint64_t a, uint64_t b)
{
    return pd_plain8(a) && pd_plain8(b);
}

PD_INLINE unsigned pd_plain_copy16(char *to, const uint8_t *from)
{
    uint64_t half[2];

    memcpy(half, from, sizeof half);
    memcpy(to, half, sizeof half);
    return !pd_plain8(half[0]) ? 0 : !pd_plain8(half[1]) ? PD_PLAIN_WORD : PD_PLAIN_WIDE;
}

#endif

/* Up to fifteen bytes: two pieces that overlap. */
PD_INLINE uint32_t pd_plain_copy_few(char *to, const uint8_t *s, uint32_t n)
{
    uint64_t word[2];
    uint32_t half[2];

    if (n >= PD_PLAIN_WORD) {
        memcpy(&word[0], s, PD_PLAIN_WORD);
        memcpy(&word[1], s + n - PD_PLAIN_WORD, PD_PLAIN_WORD);
        memcpy(to, &word[0], PD_PLAIN_WORD);
        memcpy(to + n - PD_PLAIN_WORD, &word[1], PD_PLAIN_WORD);
        return pd_plain16(word[0], word[1]) ? n : 0;
    }
    if (n >= PD_PLAIN_HALF) {
        memcpy(&half[0], s, PD_PLAIN_HALF);
        memcpy(&half[1], s + n - PD_PLAIN_HALF, PD_PLAIN_HALF);
        memcpy(to, &half[0], PD_PLAIN_HALF);
        memcpy(to + n - PD_PLAIN_HALF, &half[1], PD_PLAIN_HALF);
        return pd_plain8((uint64_t)half[1] << 32 | half[0]) ? n : 0;
    }
    if (n == 0)
        return 0;
    /* One to three: the first, the one in the middle, the last; blanks, which are plain, fill the word. */
    word[0] = s[0] | (uint64_t)s[n / 2] << 8 | (uint64_t)s[n - 1] << 16 | PD_EACH_BYTE(' ') << 24;
    to[0] = (char)s[0];
    to[n / 2] = (char)s[n / 2];
    to[n - 1] = (char)s[n - 1];
    return pd_plain8(word[0]) ? n : 0;
}

/* Copies from s while it is plain. Returns how many bytes that were; it may stop early. Writes up to n. */
PD_INLINE uint32_t pd_plain_copy(char *to, const uint8_t *s, uint32_t n)
{
    uint32_t i = 0;

    if (n < PD_PLAIN_WIDE)
        return pd_plain_copy_few(to, s, n);
    for (; i + PD_PLAIN_WIDE <= n; i += PD_PLAIN_WIDE) {
        unsigned plain = pd_plain_copy16(to + i, s + i);
        if (plain < PD_PLAIN_WIDE)
            return i + plain;
    }
    if (i < n) { /* the rest, with some bytes before it again, which are known to be plain */
        unsigned plain = pd_plain_copy16(to + n - PD_PLAIN_WIDE, s + n - PD_PLAIN_WIDE);
        if (plain < PD_PLAIN_WIDE)
            return n - PD_PLAIN_WIDE + plain > i ? n - PD_PLAIN_WIDE + plain : i;
    }
    return n;
}

#endif
