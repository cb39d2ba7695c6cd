/* snappy.c: Snappy's block format (google/snappy, format_description.txt), read from its beginning for as
 * long as input and bound allow. The library reads whole blocks only. */
#include "protocol/mongodb/unpack.h"

enum { LENGTH_BYTES = 5, LITERAL_SHORT = 60 };

struct block {
    struct pd_slice in;
    uint8_t *out;
    uint32_t len, cap;
};

struct element {
    uint32_t head; /* bytes that say what it is */
    uint32_t len;
    uint32_t offset; /* of a copy, back from the output's end */
    bool literal;
};

/* The number before the data: a base-128 integer, the low bits first. */
static bool read_length(struct pd_slice *in, uint32_t *length)
{
    uint64_t v = 0;

    for (unsigned i = 0; i < LENGTH_BYTES && i < in->len; i++) {
        v |= (uint64_t)(in->p[i] & 0x7f) << (7 * i);
        if (in->p[i] & 0x80)
            continue;
        in->p += i + 1;
        in->len -= i + 1;
        *length = (uint32_t)v;
        return v <= UINT32_MAX;
    }
    return false;
}

static uint32_t little(const uint8_t *p, uint32_t n)
{
    uint32_t v = 0;

    for (uint32_t i = 0; i < n; i++)
        v |= (uint32_t)p[i] << (8 * i);
    return v;
}

/* False when the element's head is not all there. */
static bool read_element(struct pd_slice in, struct element *e)
{
    uint8_t tag = in.p[0];
    uint32_t n = (uint32_t)tag >> 2;

    *e = (struct element){.head = 1, .len = n + 1};
    if ((tag & 3) == 0) {
        uint32_t more = n < LITERAL_SHORT ? 0 : n - LITERAL_SHORT + 1;
        e->literal = true;
        e->head += more;
        if (in.len < e->head)
            return false;
        if (more)
            e->len = little(in.p + 1, more) + 1;
        return true;
    }
    static const uint8_t bytes[] = {0, 1, 2, 4};
    e->head += bytes[tag & 3];
    if (in.len < e->head)
        return false;
    e->offset = little(in.p + 1, bytes[tag & 3]);
    if ((tag & 3) == 1) {
        e->len = (n & 7) + 4;
        e->offset |= (uint32_t)(tag >> 5) << 8;
    }
    return true;
}

static void copy_back(struct block *b, uint32_t offset, uint32_t n)
{
    uint8_t *to = b->out + b->len;
    const uint8_t *from = to - offset;

    if (offset >= n) {
        memcpy(to, from, n);
        return;
    }
    for (uint32_t i = 0; i < n; i++) /* what it writes it reads again */
        to[i] = from[i];
}

bool pd_mongodb_snappy(struct pd_slice in, bool whole, uint8_t *out, uint32_t cap, uint32_t *n)
{
    struct block b = {.in = in, .out = out};
    uint32_t length;
    struct element e;

    *n = 0;
    if (!read_length(&b.in, &length))
        return false;
    b.cap = length < cap ? length : cap;
    while (b.len < b.cap && b.in.len && read_element(b.in, &e)) {
        uint32_t room = b.cap - b.len, take = e.len < room ? e.len : room;
        b.in.p += e.head;
        b.in.len -= e.head;
        if (e.len == 0 || e.len > length - b.len)
            return false;
        if (!e.literal && (e.offset == 0 || e.offset > b.len))
            return false;
        if (!e.literal) {
            copy_back(&b, e.offset, take);
        } else {
            take = take < b.in.len ? take : b.in.len;
            memcpy(b.out + b.len, b.in.p, take);
            b.in.p += take;
            b.in.len -= take;
        }
        b.len += take;
        *n = b.len;
    }
    return !whole || (b.len == length && length == cap && !b.in.len);
}
