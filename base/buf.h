/* buf.h: bytes on their way out. Grows up to a limit by doubling; what does not fit is dropped and marked. */
#ifndef PD_BASE_BUF_H
#define PD_BASE_BUF_H
#include "base/cold.h"
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

struct pd_buf {
    char *p;
    size_t len, cap, limit; /* bytes */
    bool full;              /* something did not fit since the last pd_buf_clear() */
};

/* limit: the most bytes this buffer may ever hold. Allocates nothing yet. */
void pd_buf_init(struct pd_buf *b, size_t limit);
void pd_buf_free(struct pd_buf *b);

static inline void pd_buf_clear(struct pd_buf *b)
{
    b->len = 0;
    b->full = false;
}

/* Makes room for n more bytes; false (and b->full) when that would pass the limit or memory is short. */
PD_COLD bool pd_buf_grow(struct pd_buf *b, size_t n);

static inline bool pd_buf_room(struct pd_buf *b, size_t n)
{
    return b->cap - b->len >= n || pd_buf_grow(b, n);
}

static inline void pd_buf_add(struct pd_buf *b, const void *p, size_t n)
{
    if (n && pd_buf_room(b, n)) {
        memcpy(b->p + b->len, p, n);
        b->len += n;
    }
}

static inline void pd_buf_char(struct pd_buf *b, char c)
{
    if (pd_buf_room(b, 1))
        b->p[b->len++] = c;
}

#define pd_buf_lit(b, literal) pd_buf_add((b), "" literal, sizeof(literal) - 1)

/* "000" to "999", behind each how many zeros it begins with that are not the last digit. */
extern const char pd_digit_triples[4 * 1000];

/* Prints three digits of v < 1000. Writes one byte more than it returns. */
static inline char *pd_print_triple(char *to, uint32_t v)
{
    memcpy(to, &pd_digit_triples[4 * (size_t)v], 4);
    return to + 3;
}

/* Prints v < 1000. Writes four bytes. */
static inline char *pd_print_few(char *to, uint32_t v)
{
    const char *triple = &pd_digit_triples[4 * (size_t)v];
    size_t zeros = (size_t)triple[3];

    memcpy(to, triple + zeros, 4);
    return to + 3 - zeros;
}

/* Prints v at `to`, which has room for PD_U64_TEXT bytes: one more than the digits that it has at most.
 * Returns the end. No NUL. */
enum { PD_U64_TEXT = 21 };
char *pd_print_u64(char *to, uint64_t v);

void pd_buf_u64(struct pd_buf *b, uint64_t v);
void pd_buf_i64(struct pd_buf *b, int64_t v);
void pd_buf_str(struct pd_buf *b, const char *s);

/* printf for the slow paths: headings, summaries, errors. */
__attribute__((format(printf, 2, 3))) void pd_buf_printf(struct pd_buf *b, const char *format, ...);
#endif
