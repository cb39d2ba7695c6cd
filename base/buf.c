/* buf.c: a bounded output buffer. */
#include "base/buf.h"
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

enum { FIRST_CAP = 256, DIGITS = 20 };

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

const char pd_digit_pairs[200] = "0001020304050607080910111213141516171819"
                                 "2021222324252627282930313233343536373839"
                                 "4041424344454647484950515253545556575859"
                                 "6061626364656667686970717273747576777879"
                                 "8081828384858687888990919293949596979899";

void pd_buf_u64(struct pd_buf *b, uint64_t v)
{
    char digits[DIGITS], *at = digits + DIGITS;

    for (; v > 99; v /= 100) {
        at -= 2;
        memcpy(at, &pd_digit_pairs[2 * (v % 100)], 2);
    }
    if (v > 9)
        *--at = pd_digit_pairs[2 * v + 1];
    *--at = v > 9 ? pd_digit_pairs[2 * v] : (char)('0' + v);
    pd_buf_add(b, at, (size_t)(digits + DIGITS - at));
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
