/* hpack_same_test.c: what is read of header blocks against what nghttp2's inflater says, field by field:
 * blocks of an encoder and blocks made of random parts, right and wrong, whole and in pieces, from the
 * connection's beginning, joined, and after errors. */
#include "protocol/http2/hpack.h"
#include "protocol/http2/hpack_test.h"
#include "protocol/http2/http2.h"
#include "tests/drive.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { CONNECTIONS = 1500, BLOCKS = 40, PIECES = 4, FIELDS_MAX = 64, TEXT_MAX = 1 << 19 };

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

static struct pd_shared_store sharing;

/* What was shared for a field that stands in a table, or was remembered, is it still. */
static void note_field(struct reading *r, struct pd_hpack_field *f)
{
    struct pd_slice name = {f->text, f->name}, value = {f->text + f->name, f->value};

    assert_int_equal(f->meaning, pd_http2_meaning(name));
    const struct pd_shared *known = pd_shared_at(&sharing, f->shared);
    if (known) {
        assert_true(pd_slice_eq_lower(name, pd_text_bytes(&known->pair.name)));
        assert_true(pd_slice_eq(pd_text_bytes(&known->pair.value), value));
    } else if (f->lasting && dice(2)) {
        f->shared = pd_share(&sharing, name, value);
    }
    note(r, name.p, name.len, value.p, value.len);
}

/* A piece is in memory of its own, so that nothing can be read behind it. */
static void read_piece(struct pd_conn *c, struct pd_hpack *hp, struct pd_slice piece, bool last,
                       struct reading *r)
{
    uint8_t *bytes = malloc(piece.len + 1);
    struct pd_slice in = {bytes, piece.len};
    enum pd_hpack_end end = PD_HPACK_FIELD;
    struct pd_hpack_field *f;

    assert_non_null(bytes);
    memcpy(bytes, piece.p, piece.len);
    while (end == PD_HPACK_FIELD) {
        f = in.len && hp->usual && dice(4) ? pd_hpack_indexed(pd_worker_state(c), hp, *in.p) : NULL;
        if (f) {
            in.p++, in.len--;
            hp->begun = true;
        } else {
            end = pd_hpack_read(c, hp, &in, last, &f);
        }
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
    struct pair p = {.conn = c, .hpack = {.since = whole ? PD_HPACK_WHOLE : PD_HPACK_MISSED}};
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

/* Where rings cannot grow, the oldest fields are forgotten: unknown, never wrong. */
static void short_of_memory(struct pd_conn *c, struct tally *tally, unsigned *unknown)
{
    static const uint32_t sizes[] = {2048, 8192, 65536}; /* that are lent, but for those of the first rings */
    static void *held[3][1 << 16];
    static struct reading r, most;
    static struct block b;
    struct pair p = {.conn = c, .hpack = {.since = PD_HPACK_WHOLE}};
    nghttp2_hd_deflater *deflater;
    unsigned n[3] = {0};

    for (unsigned i = 0; i < 3; i++)
        while (n[i] < 1 << 16 && (held[i][n[i]] = pd_lend(c, sizes[i])))
            n[i]++;
    assert_int_equal(nghttp2_hd_deflate_new(&deflater, 4096), 0);
    begin(&p, true);
    for (unsigned i = 0; i < BLOCKS; i++) {
        make_encoded(&b, deflater);
        r.count = r.len = most.count = most.len = 0;
        read_piece(c, &p.hpack, (struct pd_slice){b.bytes, b.len}, true, &r);
        oracle_read(&p.most, (struct pd_slice){b.bytes, b.len}, &most);
        assert_true(!r.failed && r.count == most.count);
        for (unsigned k = 0; k < r.count; k++)
            assert_true(same_field(&r.field[k], &most.field[k]) || !is_known(&r.field[k]));
        for (unsigned k = 0; k < r.count; k++)
            *unknown += !is_known(&r.field[k]);
        tally->fields += r.count;
    }
    nghttp2_hd_deflate_del(deflater);
    oracle_end(&p.most);
    oracle_end(&p.least);
    pd_hpack_forget(c, &p.hpack);
    for (unsigned i = 0; i < 3; i++)
        while (n[i])
            pd_give_back(c, held[i][--n[i]], sizes[i]);
}

static struct tally encoded, harmed, wild, starved;
static unsigned unknown;

/* The connection is there only to lend memory. */
static uint32_t compare(struct pd_conn *c, struct pd_half *h, struct pd_slice in)
{
    for (unsigned i = 0; i < CONNECTIONS / 3; i++) {
        same_connection(c, true, 0, &encoded);
        same_connection(c, true, 20, &harmed);
        same_connection(c, false, 40, &wild);
    }
    for (unsigned i = 0; i < 20; i++)
        short_of_memory(c, &starved, &unknown);
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
    assert_int_equal(pd_shared_init(&sharing), 0);
    drive_syn(d);
    drive_send(d, PD_C2S, DRIVE_TEXT("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"));
    drive_finish(d);
    drive_free(d);
    pd_shared_free(&sharing);
    report("encoded", &encoded);
    report("with harm", &harmed);
    report("random", &wild);
    printf("short of memory: %u of %u fields unknown\n", unknown, starved.fields);
    assert_true(encoded.errors < encoded.blocks / 10 && encoded.fields > 3 * encoded.blocks);
    assert_true(harmed.errors && wild.errors && wild.fields > wild.blocks);
    assert_true(unknown && unknown < starved.fields);
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
