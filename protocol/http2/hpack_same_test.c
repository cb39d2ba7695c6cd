/* hpack_same_test.c: what is read of header blocks against what nghttp2's inflater says, field by field:
 * blocks of an encoder and blocks made of random parts, right and wrong, whole and in pieces, from the
 * connection's beginning, joined, and after errors. */
#include "protocol/http2/hpack.h"
#include "protocol/http2/http2.h"
#include "tests/drive.h"
#include <nghttp2/nghttp2.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { BLOCK_MAX = 8192, CONNECTIONS = 1500, BLOCKS = 40, PIECES = 4, FIELDS_MAX = 64, TEXT_MAX = 1 << 19 };

static uint32_t dice_state = 1; /* the same numbers each time */

static uint32_t dice(uint32_t n)
{
    dice_state = dice_state * 1664525 + 1013904223;
    return (dice_state >> 12) % n;
}

struct block {
    uint8_t bytes[BLOCK_MAX];
    uint32_t len;
};

struct tally {
    unsigned fields, errors, blocks;
};

/* --- what a block was read as --- */

struct field {
    struct pd_slice name, value;
};

struct reading {
    struct field field[FIELDS_MAX];
    unsigned count;
    bool failed;
    uint32_t len;
    uint8_t text[TEXT_MAX];
};

static struct pd_slice copy(struct reading *r, const uint8_t *p, size_t len)
{
    assert_true(len <= sizeof r->text - r->len);
    memcpy(r->text + r->len, p, len);
    r->len += (uint32_t)len;
    return (struct pd_slice){r->text + r->len - len, (uint32_t)len};
}

static void note(struct reading *r, const uint8_t *name, size_t name_len, const uint8_t *value,
                 size_t value_len)
{
    assert_true(r->count < FIELDS_MAX);
    r->field[r->count].name = copy(r, name, name_len);
    r->field[r->count++].value = copy(r, value, value_len);
}

static void note_field(struct reading *r, const struct pd_hpack_field *f)
{
    struct pd_slice name = {f->text, f->name};

    assert_int_equal(f->meaning, pd_http2_meaning(name));
    assert_true(!f->name || f->hash == pd_header_hash(name));
    note(r, name.p, name.len, f->text + f->name, f->value);
}

/* A piece is in memory of its own, so that nothing can be read behind it. */
static void read_piece(struct pd_conn *c, struct pd_hpack *hp, struct pd_slice piece, bool last,
                       struct reading *r)
{
    uint8_t *bytes = malloc(piece.len + 1);
    struct pd_slice in = {bytes, piece.len};
    enum pd_hpack_end end = PD_HPACK_FIELD;
    const struct pd_hpack_field *f;

    assert_non_null(bytes);
    memcpy(bytes, piece.p, piece.len);
    while (end == PD_HPACK_FIELD) {
        f = dice(4) ? pd_hpack_indexed(c, hp, &in) : NULL;
        if (!f)
            end = pd_hpack_read(c, hp, &in, last, &f);
        if (end == PD_HPACK_FIELD)
            note_field(r, f);
    }
    free(bytes);
    r->failed = end == PD_HPACK_UNKNOWN;
}

/* --- nghttp2's inflater; what was missed are empty fields, which take the least room --- */

struct oracle {
    nghttp2_hd_inflater *inflater;
    unsigned hidden; /* bytes of the table that they fill */
};

static void oracle_feed(nghttp2_hd_inflater *inflater, const uint8_t *p, size_t len)
{
    nghttp2_nv nv;
    int flags = 0;

    while (!(flags & NGHTTP2_HD_INFLATE_FINAL)) {
        ssize_t n = nghttp2_hd_inflate_hd2(inflater, &nv, &flags, p, len, 1);
        assert_true(n >= 0);
        p += n;
        len -= (size_t)n;
    }
    nghttp2_hd_inflate_end_headers(inflater);
}

static void oracle_begin(struct oracle *o, unsigned hidden)
{
    o->hidden = hidden;
    assert_int_equal(nghttp2_hd_inflate_new(&o->inflater), 0);
    assert_int_equal(nghttp2_hd_inflate_change_table_size(o->inflater, PD_HPACK_TABLE_MAX), 0);
    if (hidden == PD_HPACK_TABLE_MAX)
        oracle_feed(o->inflater, (const uint8_t *)"\x3f\xe1\xff\x03", 4);
    for (unsigned i = 0; i < hidden / PD_HPACK_ENTRY_OVERHEAD; i++)
        oracle_feed(o->inflater, (const uint8_t *)"\x40\0\0", 3);
}

static void oracle_end(struct oracle *o)
{
    if (o->inflater)
        nghttp2_hd_inflate_del(o->inflater);
    o->inflater = NULL;
}

static void oracle_read(struct oracle *o, struct pd_slice in, struct reading *r)
{
    nghttp2_nv nv;
    int flags = 0;

    r->failed = !o->inflater;
    while (o->inflater && !(flags & NGHTTP2_HD_INFLATE_FINAL)) {
        ssize_t n = nghttp2_hd_inflate_hd2(o->inflater, &nv, &flags, in.p, in.len, 1);
        if (n < 0) {
            r->failed = true;
            oracle_end(o);
            return;
        }
        in.p += n;
        in.len -= (uint32_t)n;
        if (flags & NGHTTP2_HD_INFLATE_EMIT)
            note(r, nv.name, nv.namelen, nv.value, nv.valuelen);
    }
    if (o->inflater)
        nghttp2_hd_inflate_end_headers(o->inflater);
}

/* --- blocks --- */

static struct habits {  /* of the connection's sender */
    uint32_t reference; /* to the dynamic table, one index in so many */
    uint32_t size;      /* of the table, one block in so many begins with it */
    uint32_t text;      /* the usual bound of a string's length */
} habits;

static void put(struct block *b, uint8_t byte)
{
    if (b->len < BLOCK_MAX)
        b->bytes[b->len++] = byte;
}

/* Now and then with more bytes than it needs. */
static void put_number(struct block *b, uint8_t first, unsigned prefix, uint32_t n)
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
static void put_eight(struct block *b)
{
    uint64_t bits = 0;

    for (int i = 0; i < 8; i++)
        bits = bits << 5 | dice(10);
    for (int i = 32; i >= 0; i -= 8)
        put(b, (uint8_t)(bits >> i));
}

/* In code or not. Of what is in code some are random bytes, many of them ones, so that long codes come, and
 * paddings are right and wrong. */
static void put_string(struct block *b)
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

static uint32_t any_index(void)
{
    if (dice(habits.reference))
        return 1 + dice(61);
    return dice(20) == 0 ? dice(3000) : 62 + dice(dice(2) ? 6 : 60);
}

static void put_field(struct block *b)
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

static void make_random(struct block *b)
{
    b->len = 0;
    if (dice(habits.size) == 0)
        put_number(b, 0x20, 5, dice(2) ? 4096 : dice(5000));
    for (uint32_t n = dice(12); n; n--)
        put_field(b);
}

static void make_encoded(struct block *b, nghttp2_hd_deflater *deflater)
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

/* --- the comparison --- */

struct pair {
    struct pd_conn *conn;
    struct pd_hpack hpack;
    /* From the beginning both are the same. Joined, the table may be as large as the largest, or as the usual
     * one: what the latter knows has to be known. */
    struct oracle most, least;
    unsigned errors;
    bool over; /* an index was wrong, which shows only when the table's size is known */
};

static void begin(struct pair *p, bool whole)
{
    oracle_end(&p->most);
    oracle_end(&p->least);
    oracle_begin(&p->most, whole ? 0 : PD_HPACK_TABLE_MAX);
    oracle_begin(&p->least, whole ? 0 : 4096);
}

static bool same_field(const struct field *a, const struct field *b)
{
    return pd_slice_eq(a->name, b->name) && pd_slice_eq(a->value, b->value);
}

/* No name: what it refers to was not seen; of a literal there is a value. */
static bool is_known(const struct field *e)
{
    return e->name.len != 0;
}

static void same_reading(struct pair *p, const struct reading *r, const struct reading *most,
                         const struct reading *least)
{
    bool whole = p->most.hidden == 0;

    for (unsigned i = 0; i < r->count; i++) {
        bool must = i < least->count && is_known(&least->field[i]);
        if (i < most->count && same_field(&r->field[i], &most->field[i]))
            continue;
        assert_true(!whole && !is_known(&r->field[i]) && !must);
        p->over = i >= most->count;
        if (p->over)
            return;
    }
    assert_true(r->failed == most->failed && r->count == most->count);
}

static void same_block(struct pair *p, const struct block *b, struct tally *tally)
{
    static struct reading r, most, least;
    struct pd_slice all = {b->bytes, b->len};
    uint32_t from = 0;

    r.count = r.len = most.count = most.len = least.count = least.len = 0;
    r.failed = false;
    for (uint32_t left = 1 + (dice(2) ? dice(PIECES) : 0); left && !r.failed; left--) {
        uint32_t n = left == 1 ? b->len - from : dice(b->len - from + 1);
        read_piece(p->conn, &p->hpack, (struct pd_slice){b->bytes + from, n}, left == 1, &r);
        from += n;
    }
    tally->blocks++;
    tally->fields += r.count;
    tally->errors += r.failed;
    if (p->errors >= 8) {
        assert_true(r.failed && !r.count);
        return;
    }
    oracle_read(&p->most, all, &most);
    oracle_read(&p->least, all, &least);
    same_reading(p, &r, &most, &least);
    p->errors += r.failed;
    if (r.failed)
        begin(p, false);
}

/* All that the table holds, to its end and one more. */
static void same_table(struct pair *p, struct tally *tally)
{
    static struct block b;
    unsigned errors = tally->errors;

    for (uint32_t i = 62; tally->errors == errors && !p->over; i++) {
        b.len = 0;
        put_number(&b, 0x80, 7, i);
        same_block(p, &b, tally);
    }
}

static void same_connection(struct pd_conn *c, bool encoded, unsigned harm, struct tally *tally)
{
    static struct block b;
    bool whole = dice(2);
    struct pair p = {.conn = c, .hpack = {.whole = whole, .missed = !whole}};
    nghttp2_hd_deflater *deflater;

    habits = (struct habits){dice(2) ? 3 : 500, dice(2) ? 6 : 200, dice(2) ? 20 : 6};
    assert_int_equal(nghttp2_hd_deflate_new(&deflater, 8192), 0);
    begin(&p, whole);
    for (unsigned i = 0; i < BLOCKS && !p.over; i++) {
        if (encoded)
            make_encoded(&b, deflater);
        else
            make_random(&b);
        if (harm && dice(harm) == 0 && b.len)
            b.bytes[dice(b.len)] ^= (uint8_t)(1u << dice(8));
        if (harm && dice(harm) == 0 && b.len)
            b.len -= dice(b.len);
        if (!encoded || whole || i > dice(4)) /* joined: the first blocks are missing */
            same_block(&p, &b, tally);
    }
    same_table(&p, tally);
    nghttp2_hd_deflate_del(deflater);
    oracle_end(&p.most);
    oracle_end(&p.least);
    pd_hpack_forget(c, &p.hpack);
}

static struct tally encoded, harmed, wild;

/* The connection is there only to lend memory. */
static uint32_t compare(struct pd_conn *c, struct pd_half *h, struct pd_slice in)
{
    for (unsigned i = 0; i < CONNECTIONS / 3; i++) {
        same_connection(c, true, 0, &encoded);
        same_connection(c, true, 20, &harmed);
        same_connection(c, false, 40, &wild);
    }
    pd_feed(h, 0, PD_ENDLESS);
    return in.len;
}

static void start(struct pd_conn *c, struct pd_half *h)
{
    (void)c;
    pd_feed(h, 0, PD_ENDLESS);
}

static void report(const char *what, const struct tally *t)
{
    printf("%s: %u blocks, %u fields, %u errors\n", what, t->blocks, t->fields, t->errors);
}

static void read_the_same(void **state)
{
    static const uint16_t ports[] = {4243, 0};
    static const struct pd_proto proto = {.schema = &pd_http2_schema,
                                          .ports = ports,
                                          .transports = PD_ON_TCP,
                                          .match = PD_BY_KEY,
                                          .worker_size = sizeof(struct pd_hpack_worker),
                                          .worker_start = pd_hpack_worker_start,
                                          .sync = pd_http2_sync,
                                          .start = start,
                                          .step = compare};
    static const struct pd_proto *const registry[] = {&proto, NULL};
    struct drive *d = drive_new_from(registry, "http2");

    (void)state;
    drive_syn(d);
    drive_send(d, PD_C2S, DRIVE_TEXT("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"));
    drive_finish(d);
    drive_free(d);
    report("encoded", &encoded);
    report("with harm", &harmed);
    report("random", &wild);
    assert_true(encoded.errors < encoded.blocks / 10 && encoded.fields > 3 * encoded.blocks);
    assert_true(harmed.errors && wild.errors && wild.fields > wild.blocks);
}

static void assert_text(struct pd_slice text, const uint8_t *p, size_t len)
{
    assert_int_equal(text.len, len);
    assert_memory_equal(text.p, p, len);
}

static void the_table_that_never_changes(void **state)
{
    struct pd_hpack_field fixed[PD_HPACK_STATIC];
    nghttp2_hd_inflater *inflater;

    (void)state;
    pd_hpack_static_init(fixed);
    assert_int_equal(nghttp2_hd_inflate_new(&inflater), 0);
    for (size_t i = 0; i < PD_HPACK_STATIC; i++) {
        const nghttp2_nv *entry = nghttp2_hd_inflate_get_table_entry(inflater, i + 1);
        assert_text((struct pd_slice){fixed[i].text, fixed[i].name}, entry->name, entry->namelen);
        assert_text((struct pd_slice){fixed[i].text + fixed[i].name, fixed[i].value}, entry->value,
                    entry->valuelen);
    }
    assert_null(nghttp2_hd_inflate_get_table_entry(inflater, PD_HPACK_STATIC + 1));
    nghttp2_hd_inflate_del(inflater);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {cmocka_unit_test(the_table_that_never_changes),
                                              cmocka_unit_test(read_the_same)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
