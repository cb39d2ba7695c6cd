/* slice.h: borrowed bytes. A slice never owns memory and never outlives the call it was passed to: the bytes
 * sit in a capture buffer that is used again. Keeping something means copying it into a record. */
#ifndef PD_BASE_SLICE_H
#define PD_BASE_SLICE_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

struct pd_slice {
    const uint8_t *p;
    uint32_t len;
};

/* A string literal as a slice. */
#define PD_SLICE(literal) ((struct pd_slice){(const uint8_t *)("" literal), sizeof(literal) - 1})

/* Cuts n bytes (n <= 8 for the readers below) off the front of s and returns them. Past the end it returns
 * eight zero bytes, empties s and sets *cut: check once a token, not once a field. */
static inline const uint8_t *pd_take(struct pd_slice *s, uint32_t n, bool *cut)
{
    static const uint8_t zero[8];

    if (n > s->len) {
        *cut = true;
        s->p += s->len;
        s->len = 0;
        return zero;
    }
    const uint8_t *p = s->p;
    s->p += n;
    s->len -= n;
    return p;
}

static inline uint16_t pd_be16(const uint8_t *p)
{
    return (uint16_t)(p[0] << 8 | p[1]);
}

static inline uint32_t pd_be32(const uint8_t *p)
{
    return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

static inline uint64_t pd_be64(const uint8_t *p)
{
    return (uint64_t)pd_be32(p) << 32 | pd_be32(p + 4);
}

static inline uint32_t pd_le32(const uint8_t *p)
{
    return (uint32_t)p[3] << 24 | (uint32_t)p[2] << 16 | (uint32_t)p[1] << 8 | p[0];
}

static inline uint64_t pd_le64(const uint8_t *p)
{
    return pd_le32(p) | (uint64_t)pd_le32(p + 4) << 32;
}

static inline uint8_t pd_take_u8(struct pd_slice *s, bool *cut)
{
    return pd_take(s, 1, cut)[0];
}

static inline uint16_t pd_take_be16(struct pd_slice *s, bool *cut)
{
    return pd_be16(pd_take(s, 2, cut));
}

static inline uint32_t pd_take_be32(struct pd_slice *s, bool *cut)
{
    return pd_be32(pd_take(s, 4, cut));
}

static inline bool pd_slice_eq(struct pd_slice a, struct pd_slice b)
{
    return a.len == b.len && (a.len == 0 || memcmp(a.p, b.p, a.len) == 0);
}

/* ASCII case-insensitive; b is given in lower case. */
static inline bool pd_slice_eq_lower(struct pd_slice a, struct pd_slice b)
{
    if (a.len != b.len)
        return false;
    for (uint32_t i = 0; i < a.len; i++) {
        uint8_t c = a.p[i];
        if ((c >= 'A' && c <= 'Z' ? c | 0x20 : c) != b.p[i])
            return false;
    }
    return true;
}
#endif
