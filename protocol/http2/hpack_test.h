/* hpack_test.h: header blocks as an encoder makes them, and of random parts, right and wrong: what a sender
 * can send. */
#ifndef PD_PROTOCOL_HTTP2_HPACK_TEST_H
#define PD_PROTOCOL_HTTP2_HPACK_TEST_H
#include "protocol/http2/hpack_table.h"
#include "tests/drive.h"
#include <nghttp2/nghttp2.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

enum { BLOCK_MAX = 8192 };

static uint32_t dice_state = 1; /* the same numbers each time */

static inline uint32_t dice(uint32_t n)
{
    dice_state = dice_state * 1664525 + 1013904223;
    return (dice_state >> 12) % n;
}

struct block {
    uint8_t bytes[BLOCK_MAX];
    uint32_t len;
};

static struct habits {  /* of the connection's sender */
    uint32_t reference; /* to the dynamic table, one index in so many */
    uint32_t size;      /* of the table, one block in so many begins with it */
    uint32_t text;      /* the usual bound of a string's length */
} habits;

static inline void put(struct block *b, uint8_t byte)
{
    if (b->len < BLOCK_MAX)
        b->bytes[b->len++] = byte;
}

/* Now and then with more bytes than it needs. */
static inline void put_number(struct block *b, uint8_t first, unsigned prefix, uint32_t n)
{
    uint32_t all = (1u << prefix) - 1;

    if (n < all) {
        put(b, (uint8_t)(first | n));
        return;
    }
    put(b, (uint8_t)(first | all));
    for (n -= all; n >= 128; n >>= 7)
        put(b, (uint8_t)(n | 0x80));
    bool longer = dice(40) == 0;
    put(b, (uint8_t)(n | (longer ? 0x80 : 0)));
    for (uint32_t i = dice(5); longer && i; i--)
        put(b, 0x80);
    if (longer)
        put(b, 0);
}

/* Eight of the codes of five bits, the digits and letters that are the most frequent. */
static inline void put_eight(struct block *b)
{
    uint64_t bits = 0;

    for (int i = 0; i < 8; i++)
        bits = bits << 5 | dice(10);
    for (int i = 32; i >= 0; i -= 8)
        put(b, (uint8_t)(bits >> i));
}

/* In code or not. Of what is in code some are random bytes, many of them ones, so that long codes come, and
 * paddings are right and wrong. */
static inline void put_string(struct block *b)
{
    bool coded = dice(2);
    uint32_t n = dice(10) == 0 ? dice(habits.text * 15) : dice(habits.text);

    if (coded && dice(40)) {
        put_number(b, 0x80, 7, n / 5 * 5);
        for (uint32_t i = n / 5; i; i--)
            put_eight(b);
        return;
    }
    put_number(b, coded ? 0x80 : 0, 7, n);
    for (uint32_t i = 0; i < n; i++) {
        uint8_t byte = dice(2) ? 0xff : (uint8_t)dice(256);
        put(b, i == n - 1 ? (uint8_t)(byte | ((1u << dice(9)) - 1)) : byte);
    }
}

static inline uint32_t any_index(void)
{
    if (dice(habits.reference))
        return 1 + dice(61);
    return dice(20) == 0 ? dice(3000) : 62 + dice(dice(2) ? 6 : 60);
}

static inline void put_field(struct block *b)
{
    uint32_t kind = dice(100);

    if (kind == 0 && dice(habits.size) < 6) {
        static const uint32_t sizes[] = {
            0, 31, 32, 100, 500, 4096, PD_HPACK_TABLE_MAX, PD_HPACK_TABLE_MAX + 1};
        put_number(b, 0x20, 5, sizes[dice(sizeof sizes / sizeof sizes[0])]);
    } else if (kind < 40) {
        put_number(b, 0x80, 7, dice(500) ? any_index() : 0);
    } else {
        static const uint8_t first[] = {0x40, 0x40, 0x00, 0x10};
        uint8_t form = first[dice(4)];
        uint32_t index = dice(2) ? any_index() : 0;
        put_number(b, form, form == 0x40 ? 6 : 4, index);
        if (!index)
            put_string(b);
        put_string(b);
    }
}

static inline void make_random(struct block *b)
{
    b->len = 0;
    if (dice(habits.size) == 0)
        put_number(b, 0x20, 5, dice(2) ? 4096 : dice(5000));
    for (uint32_t n = dice(12); n; n--)
        put_field(b);
}

static inline void make_encoded(struct block *b, nghttp2_hd_deflater *deflater)
{
    char text[24][64];
    nghttp2_nv nv[12];
    size_t n = 1 + dice(12);

    if (dice(12) == 0)
        nghttp2_hd_deflate_change_table_size(deflater, dice(2) ? 4096 : dice(6000));
    for (size_t i = 0; i < n; i++) {
        snprintf(text[2 * i], 64, dice(4) ? "x-name-%u" : "content-type", dice(8));
        snprintf(text[2 * i + 1], 64, "value %u of \"many\", <%u>", dice(4) ? dice(4) : dice(UINT16_MAX),
                 dice(2));
        nv[i] =
            (nghttp2_nv){(uint8_t *)text[2 * i], (uint8_t *)text[2 * i + 1], strlen(text[2 * i]),
                         strlen(text[2 * i + 1]), dice(6) ? NGHTTP2_NV_FLAG_NONE : NGHTTP2_NV_FLAG_NO_INDEX};
    }
    ssize_t len = nghttp2_hd_deflate_hd(deflater, b->bytes, BLOCK_MAX, nv, n);
    assert_true(len > 0);
    b->len = (uint32_t)len;
}
#endif
