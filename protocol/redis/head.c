/* head.c: the first line of a RESP value, which says what it is and what follows. Strict: what is not
 * exactly as the specification has it is no RESP, so that a wrong guess at a boundary shows soon. */
#include "protocol/redis/redis.h"

enum { DIGITS_MAX = 18, INTEGER_DIGITS_MAX = 19, SHORT_MAX = 60 };

enum form { NONE, TEXT, LENGTH, INTEGER, BIG, DOUBLE, BOOLEAN, EMPTY };

struct type {
    uint8_t form;     /* enum form */
    bool null;        /* -1 is RESP2's null */
    bool streamed;    /* ? says that the length comes in pieces */
    bool bulk;        /* so many bytes follow, and a line's end */
    uint8_t children; /* values for each element */
    const char *name; /* in the field `type` */
};

static const struct type types[256] = {
    ['+'] = {.form = TEXT, .name = "simple_string"},
    ['-'] = {.form = TEXT, .name = "error"},
    [':'] = {.form = INTEGER, .name = "integer"},
    ['$'] = {.form = LENGTH, .null = true, .streamed = true, .bulk = true, .name = "bulk_string"},
    ['*'] = {.form = LENGTH, .null = true, .streamed = true, .children = 1, .name = "array"},
    ['_'] = {.form = EMPTY, .name = "null"},
    ['#'] = {.form = BOOLEAN, .name = "boolean"},
    [','] = {.form = DOUBLE, .name = "double"},
    ['('] = {.form = BIG, .name = "big_number"},
    ['!'] = {.form = LENGTH, .bulk = true, .name = "error"},
    ['='] = {.form = LENGTH, .bulk = true, .name = "verbatim_string"},
    ['%'] = {.form = LENGTH, .streamed = true, .children = 2, .name = "map"},
    ['|'] = {.form = LENGTH, .children = 2, .name = "attribute"},
    ['~'] = {.form = LENGTH, .streamed = true, .children = 1, .name = "set"},
    ['>'] = {.form = LENGTH, .children = 1, .name = "push"},
    [';'] = {.form = LENGTH, .bulk = true, .name = "bulk_string"}, /* a piece of `$?` */
    ['.'] = {.form = EMPTY, .name = "end"},                        /* of `*?` and the like */
};

static bool is_digit(uint8_t c)
{
    return c >= '0' && c <= '9';
}

/* The line's end at i. */
static enum pd_redis_met line_end(struct pd_slice in, uint32_t i, struct pd_redis_head *h)
{
    if (i < in.len && in.p[i] != '\r')
        return PD_REDIS_BAD;
    if (i + 1 < in.len && in.p[i + 1] != '\n')
        return PD_REDIS_BAD;
    if (i + 1 >= in.len)
        return PD_REDIS_MORE;
    h->text = (struct pd_slice){in.p + 1, i - 1};
    h->size = i + 2;
    return PD_REDIS_MET;
}

static enum pd_redis_met length(struct pd_slice in, const struct type *t, struct pd_redis_head *h)
{
    uint32_t i = 1;
    int64_t n = 0;

    while (i < in.len && is_digit(in.p[i]) && i <= DIGITS_MAX)
        n = n * 10 + (in.p[i++] - '0');
    h->n = n;
    if (i > 1 || i == in.len)
        return i == in.len ? PD_REDIS_MORE : line_end(in, i, h);
    if (in.p[1] == '?' && t->streamed) {
        h->streamed = true;
        return line_end(in, 2, h);
    }
    if (in.p[1] != '-' || !t->null || (in.len > 2 && in.p[2] != '1'))
        return PD_REDIS_BAD;
    h->null = true;
    return line_end(in, 3, h);
}

/* RESP3 allows a plus sign too. */
static enum pd_redis_met integer(struct pd_slice in, struct pd_redis_head *h)
{
    uint32_t i = 1, first;
    bool minus = in.len > 1 && in.p[1] == '-', over = false;
    uint64_t n = 0;

    if (minus || (in.len > 1 && in.p[1] == '+'))
        i++;
    for (first = i; i < in.len && is_digit(in.p[i]) && i - first < INTEGER_DIGITS_MAX; i++)
        over |=
            __builtin_mul_overflow(n, 10u, &n) || __builtin_add_overflow(n, (unsigned)(in.p[i] - '0'), &n);
    if (i == in.len)
        return PD_REDIS_MORE;
    if (i == first || over || n > (uint64_t)INT64_MAX + minus)
        return PD_REDIS_BAD;
    h->n = minus ? (int64_t)(0 - n) : (int64_t)n;
    return line_end(in, i, h);
}

/* A line of certain characters. */
static enum pd_redis_met word(struct pd_slice in, const char *of, struct pd_redis_head *h)
{
    uint32_t i = 1;

    while (i < in.len && i <= SHORT_MAX && in.p[i] && strchr(of, in.p[i]))
        i++;
    if (i == in.len)
        return i <= SHORT_MAX ? PD_REDIS_MORE : PD_REDIS_BAD;
    return i == 1 ? PD_REDIS_BAD : line_end(in, i, h);
}

/* To the line feed; of long lines that come in pieces only the beginning is seen, so nothing else is asked.
 */
static enum pd_redis_met text(struct pd_slice in, struct pd_redis_head *h)
{
    const uint8_t *end = memchr(in.p, '\n', in.len);

    if (!end)
        return PD_REDIS_MORE;
    h->size = (uint32_t)(end - in.p) + 1;
    h->text = (struct pd_slice){in.p + 1, h->size - 2};
    if (h->text.len && h->text.p[h->text.len - 1] == '\r')
        h->text.len--;
    return PD_REDIS_MET;
}

/* A big number has any number of digits, of which the first is looked at. */
static enum pd_redis_met big(struct pd_slice in, struct pd_redis_head *h)
{
    if (in.len > 1 && !is_digit(in.p[1]) && in.p[1] != '-' && in.p[1] != '+')
        return PD_REDIS_BAD;
    return text(in, h);
}

enum pd_redis_met pd_redis_head(struct pd_slice in, struct pd_redis_head *h)
{
    if (!in.len)
        return PD_REDIS_MORE;
    *h = (struct pd_redis_head){.type = in.p[0]};
    const struct type *t = &types[h->type];
    switch ((enum form)t->form) {
    case TEXT:
        return text(in, h);
    case LENGTH:
        return length(in, t, h);
    case INTEGER:
        return integer(in, h);
    case BIG:
        return big(in, h);
    case DOUBLE:
        return word(in, "0123456789+-.eEinfa", h);
    case BOOLEAN:
        return in.len > 1 && in.p[1] != 't' && in.p[1] != 'f' ? PD_REDIS_BAD : line_end(in, 2, h);
    case EMPTY:
        return line_end(in, 1, h);
    case NONE:
        break;
    }
    return PD_REDIS_BAD;
}

uint64_t pd_redis_children(const struct pd_redis_head *h)
{
    return h->null || h->streamed ? 0 : (uint64_t)h->n * types[h->type].children;
}

bool pd_redis_is_bulk(const struct pd_redis_head *h)
{
    return types[h->type].bulk && !h->null && !h->streamed;
}

bool pd_redis_is_aggregate(const struct pd_redis_head *h)
{
    return types[h->type].children && !h->null;
}

const char *pd_redis_type_name(const struct pd_redis_head *h)
{
    return h->null ? "null" : types[h->type].name;
}
