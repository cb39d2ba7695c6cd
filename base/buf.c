/* buf.c: a bounded output buffer. */
#include "base/buf.h"
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

enum { FIRST_CAP = 256, TEN_4 = 10000 };
#define TEN_8 UINT64_C(100000000)

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

/* Exactly four digits. */
static char *four(char *to, uint32_t v)
{
    return pd_print_pair(pd_print_pair(to, v / 100), v % 100);
}

static char *eight(char *to, uint32_t v)
{
    return four(four(to, v / TEN_4), v % TEN_4);
}

/* Up to four digits. */
static inline char *few(char *to, uint32_t v)
{
    if (v > 999)
        return four(to, v);
    if (v > 9) {
        *to = (char)('0' + v / 100);
        return pd_print_pair(to + (v > 99), v % 100);
    }
    *to = (char)('0' + v);
    return to + 1;
}

static inline char *up_to_eight(char *to, uint32_t v)
{
    return v < TEN_4 ? few(to, v) : four(few(to, v / TEN_4), v % TEN_4);
}

/* Front to back, so that nothing has to be moved afterwards. */
char *pd_print_u64(char *to, uint64_t v)
{
    if (v < TEN_8)
        return up_to_eight(to, (uint32_t)v);
    uint64_t high = v / TEN_8;
    if (high < TEN_8)
        to = up_to_eight(to, (uint32_t)high);
    else
        to = eight(few(to, (uint32_t)(high / TEN_8)), (uint32_t)(high % TEN_8));
    return eight(to, (uint32_t)(v % TEN_8));
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
