/* word.h: eight bytes of text at a time, as they lie in memory, at any place: nothing here depends on their
 * order. */
#ifndef PD_BASE_WORD_H
#define PD_BASE_WORD_H
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

/* The same byte eight times. */
#define PD_EACH_BYTE(b) (UINT64_C(0x0101010101010101) * (b))

/* Letters in lower case. A byte is an upper-case letter when adding carries it past 'A' and not past 'Z'. */
static inline uint64_t pd_lower8(uint64_t v)
{
    uint64_t seven = v & PD_EACH_BYTE(0x7f);
    uint64_t from_a = seven + PD_EACH_BYTE(0x80 - 'A'), past_z = seven + PD_EACH_BYTE(0x80 - 'Z' - 1);

    return v | ((from_a & ~past_z & ~v & PD_EACH_BYTE(0x80)) >> 2);
}

static inline uint64_t pd_word(const void *p)
{
    uint64_t v;

    memcpy(&v, p, sizeof v);
    return v;
}

static inline uint32_t pd_half_word(const void *p)
{
    uint32_t v;

    memcpy(&v, p, sizeof v);
    return v;
}

/* Few bytes, to another place: moves of constant size, of which the last may overlap the one before, are
 * faster than a general copy. */
static inline void pd_copy_short(void *to, const void *from, uint32_t n)
{
    enum { WIDE = 16, WORD = 8, HALF = 4 };
    const char *s = from;
    char *t = to;

    if (n >= WIDE) {
        for (uint32_t i = 0; i + WIDE < n; i += WIDE)
            memcpy(t + i, s + i, WIDE);
        memcpy(t + n - WIDE, s + n - WIDE, WIDE);
    } else if (n >= WORD) {
        memcpy(t, s, WORD);
        memcpy(t + n - WORD, s + n - WORD, WORD);
    } else if (n >= HALF) {
        memcpy(t, s, HALF);
        memcpy(t + n - HALF, s + n - HALF, HALF);
    } else if (n > 0) { /* the first, the one in the middle, the last */
        t[0] = s[0];
        t[n / 2] = s[n / 2];
        t[n - 1] = s[n - 1];
    }
}

enum { PD_COPY_SHORT = 128 };

/* memcpy() without a call, for short texts; n may be 0. */
static inline void pd_copy(void *to, const void *from, uint32_t n)
{
    if (n > PD_COPY_SHORT)
        memcpy(to, from, n);
    else
        pd_copy_short(to, from, n);
}

/* memcmp() without a call, for short texts. What is left over is compared with bytes before it again. */
static inline bool pd_same_bytes(const void *one, const void *other, uint32_t n)
{
    enum { WORD = 8, HALF = 4 };
    const char *a = one, *b = other;

    if (n >= WORD) {
        for (uint32_t i = 0; i + WORD < n; i += WORD)
            if (pd_word(a + i) != pd_word(b + i))
                return false;
        return pd_word(a + n - WORD) == pd_word(b + n - WORD);
    }
    if (n >= HALF)
        return pd_half_word(a) == pd_half_word(b) && pd_half_word(a + n - HALF) == pd_half_word(b + n - HALF);
    for (uint32_t i = 0; i < n; i++)
        if (a[i] != b[i])
            return false;
    return true;
}
#endif
