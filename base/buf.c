/* buf.c: a bounded output buffer. */
#include "base/buf.h"
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

enum { FIRST_CAP = 256, TEN_3 = 1000, TEN_6 = 1000000, TEN_9 = 1000000000 };

void pd_buf_init(struct pd_buf *b, size_t limit)
{
    *b = (struct pd_buf){.limit = limit};
}

void pd_buf_free(struct pd_buf *b)
{
    free(b->p);
    *b = (struct pd_buf){.limit = b->limit};
}

bool pd_buf_grow(struct pd_buf *b, size_t n)
{
    size_t cap = b->cap ? b->cap : FIRST_CAP;

    if (n > b->limit - b->len) {
        b->full = true;
        return false;
    }
    while (cap < b->len + n)
        cap = cap > b->limit / 2 ? b->limit : cap * 2;
    if (cap > b->limit)
        cap = b->limit;
    char *p = realloc(b->p, cap);
    if (!p) {
        b->full = true;
        return false;
    }
    b->p = p;
    b->cap = cap;
    return true;
}

#define TRIPLE(v) '0' + (v) / 100, '0' + (v) / 10 % 10, '0' + (v) % 10, ((v) < 10) + ((v) < 100)
#define TEN(v)                                                                                               \
    TRIPLE(v), TRIPLE((v) + 1), TRIPLE((v) + 2), TRIPLE((v) + 3), TRIPLE((v) + 4), TRIPLE((v) + 5),          \
        TRIPLE((v) + 6), TRIPLE((v) + 7), TRIPLE((v) + 8), TRIPLE((v) + 9)
#define HUNDRED(v)                                                                                           \
    TEN(v), TEN((v) + 10), TEN((v) + 20), TEN((v) + 30), TEN((v) + 40), TEN((v) + 50), TEN((v) + 60),        \
        TEN((v) + 70), TEN((v) + 80), TEN((v) + 90)

const char pd_digit_triples[4 * 1000] = {HUNDRED(0),   HUNDRED(100), HUNDRED(200), HUNDRED(300),
                                         HUNDRED(400), HUNDRED(500), HUNDRED(600), HUNDRED(700),
                                         HUNDRED(800), HUNDRED(900)};

static char *nine(char *to, uint32_t v)
{
    to = pd_print_triple(to, v / TEN_6);
    return pd_print_triple(pd_print_triple(to, v / TEN_3 % TEN_3), v % TEN_3);
}

static inline char *up_to_nine(char *to, uint32_t v)
{
    if (v < TEN_3)
        return pd_print_few(to, v);
    if (v < TEN_6)
        to = pd_print_few(to, v / TEN_3);
    else
        to = pd_print_triple(pd_print_few(to, v / TEN_6), v / TEN_3 % TEN_3);
    return pd_print_triple(to, v % TEN_3);
}

/* Front to back, so that nothing has to be moved afterwards. */
char *pd_print_u64(char *to, uint64_t v)
{
    if (v < TEN_9)
        return up_to_nine(to, (uint32_t)v);
    uint64_t high = v / TEN_9;
    if (high < TEN_9)
        to = up_to_nine(to, (uint32_t)high);
    else
        to = nine(pd_print_few(to, (uint32_t)(high / TEN_9)), (uint32_t)(high % TEN_9));
    return nine(to, (uint32_t)(v % TEN_9));
}

void pd_buf_u64(struct pd_buf *b, uint64_t v)
{
    char digits[PD_U64_TEXT];

    pd_buf_add(b, digits, (size_t)(pd_print_u64(digits, v) - digits));
}

void pd_buf_i64(struct pd_buf *b, int64_t v)
{
    if (v < 0)
        pd_buf_char(b, '-');
    pd_buf_u64(b, v < 0 ? 0 - (uint64_t)v : (uint64_t)v);
}

void pd_buf_str(struct pd_buf *b, const char *s)
{
    pd_buf_add(b, s, strlen(s));
}

void pd_buf_printf(struct pd_buf *b, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    int n = vsnprintf(NULL, 0, format, args);
    va_end(args);
    /* One more than it prints: vsnprintf wants room for its NUL, which the next addition overwrites. */
    if (n <= 0 || !pd_buf_room(b, (size_t)n + 1))
        return;
    va_start(args, format);
    vsnprintf(b->p + b->len, (size_t)n + 1, format, args);
    va_end(args);
    b->len += (size_t)n;
}
