/* huffman.c: a canonical code: codes of one length are consecutive numbers, and a longer one begins where the
 * shorter ones end. So the symbols in their order and the count of each length are the whole table. That of
 * the string's end, the last one, is left out: it must not occur. */
#include "protocol/http2/huffman.h"
#include <string.h>

enum {
    LONGEST = 30, /* bits of a code */
    LONGER = 255  /* more bits than are ever at hand */
};

static const uint8_t symbols[256] = {
    48,  49,  50,  97,  99,  101, 105, 111, 115, 116, 32,  37,  45,  46,  47,  51,  52,  53,  54,  55,
    56,  57,  61,  65,  95,  98,  100, 102, 103, 104, 108, 109, 110, 112, 114, 117, 58,  66,  67,  68,
    69,  70,  71,  72,  73,  74,  75,  76,  77,  78,  79,  80,  81,  82,  83,  84,  85,  86,  87,  89,
    106, 107, 113, 118, 119, 120, 121, 122, 38,  42,  44,  59,  88,  90,  33,  34,  40,  41,  63,  39,
    43,  124, 35,  62,  0,   36,  64,  91,  93,  126, 94,  125, 60,  96,  123, 92,  195, 208, 128, 130,
    131, 162, 184, 194, 224, 226, 153, 161, 167, 172, 176, 177, 179, 209, 216, 217, 227, 229, 230, 129,
    132, 133, 134, 136, 146, 154, 156, 160, 163, 164, 169, 170, 173, 178, 181, 185, 186, 187, 189, 190,
    196, 198, 228, 232, 233, 1,   135, 137, 138, 139, 140, 141, 143, 147, 149, 150, 151, 152, 155, 157,
    158, 165, 166, 168, 174, 175, 180, 182, 183, 188, 191, 197, 231, 239, 9,   142, 144, 145, 148, 159,
    171, 206, 215, 225, 236, 237, 199, 207, 234, 235, 192, 193, 200, 201, 202, 205, 210, 213, 218, 219,
    238, 240, 242, 243, 255, 203, 204, 211, 212, 214, 221, 222, 223, 241, 244, 245, 246, 247, 248, 250,
    251, 252, 253, 254, 2,   3,   4,   5,   6,   7,   8,   11,  12,  14,  15,  16,  17,  18,  19,  20,
    21,  23,  24,  25,  26,  27,  28,  29,  30,  31,  127, 220, 249, 10,  13,  22};
/* How many have codes of 0, 1, 2... bits. */
static const uint8_t counts[LONGEST + 1] = {0, 0, 0, 0, 0, 10, 26, 32, 6,  0, 5,  3,  2,  6, 2, 3,
                                            0, 0, 0, 3, 8, 13, 26, 29, 12, 4, 15, 19, 29, 0, 3};

/* The code at the top of the 32 bits: its length, or 0 when there is none. */
static unsigned search(uint32_t bits, uint8_t *symbol)
{
    uint32_t first = 0, index = 0;

    for (unsigned n = 1; n <= LONGEST; n++) {
        uint32_t offset = (bits >> (32 - n)) - first;
        if (offset < counts[n]) {
            *symbol = symbols[index + offset];
            return n;
        }
        first = (first + counts[n]) << 1;
        index += counts[n];
    }
    return 0;
}

void pd_huffman_init(struct pd_huffman *h)
{
    for (uint32_t i = 0; i < 1 << PD_HUFFMAN_BITS; i++) {
        uint8_t symbol = 0;
        unsigned n = search(i << (32 - PD_HUFFMAN_BITS), &symbol);

        h->code[i] = (uint16_t)((n && n <= PD_HUFFMAN_BITS ? n : LONGER) << 8 | symbol);
    }
}

struct reader {
    const uint8_t *p, *start, *end;
    uint64_t bits; /* the next ones, from the top; below them are those that come then, or zeros */
    unsigned have;
};

/* At least 57 bits, or all that are left. */
static void refill(struct reader *r)
{
    size_t left = (size_t)(r->end - r->p), n = (63 - r->have) / 8;

    if (left >= 8) {
        r->bits |= pd_be64(r->p) >> r->have;
    } else if (left && r->end - r->start >= 8) {
        r->bits |= pd_be64(r->end - 8) << (64 - left * 8) >> r->have;
    } else {
        for (size_t i = 0; i < left && i < n; i++)
            r->bits |= (uint64_t)r->p[i] << (56 - r->have - i * 8);
    }
    if (n > left)
        n = left;
    r->p += n;
    r->have += (unsigned)n * 8;
}

bool pd_huffman_read(const struct pd_huffman *h, struct pd_slice in, uint8_t *out, uint32_t *len)
{
    struct reader r = {.p = in.p, .start = in.p, .end = in.p + in.len};
    uint8_t *start = out, symbol = 0;
    unsigned n;

    for (;;) {
        refill(&r);
        for (;;) {
            uint16_t code = h->code[r.bits >> (64 - PD_HUFFMAN_BITS)];
            n = code >> 8;
            if (n > r.have)
                break;
            *out++ = (uint8_t)code;
            r.bits <<= n;
            r.have -= n;
        }
        if (r.p < r.end && r.have < LONGEST)
            continue;
        if (n != LONGER)
            break;
        n = search((uint32_t)(r.bits >> 32), &symbol);
        if (!n || n > r.have)
            return false;
        *out++ = symbol;
        r.bits <<= n;
        r.have -= n;
    }
    *len = (uint32_t)(out - start);
    /* Padding: the first bits of a longer code, all ones, fewer than a byte. */
    return r.have < 8 && r.bits >> (63 - r.have) >> 1 == (1u << r.have) - 1;
}
