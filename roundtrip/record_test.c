/* record_test.c: arenas have bounds, texts keep what fits and say what did not, lists know what they left
 * out. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
// clang-format off
#include <cmocka.h>
// clang-format on
#include "roundtrip/record.h"
#include <stdio.h>
#include <stdlib.h>

struct fields {
    struct pd_text a, b;
    struct pd_int number;
    uint8_t flag;
    struct pd_list items, headers, objects;
    struct pd_text answer;
};

#define AT(member) offsetof(struct fields, member)

static const struct pd_field field_table[] = {
    {.name = "a", .side = PD_REQUEST, .type = PD_TEXT, .off = AT(a)},
    {.name = "b", .side = PD_REQUEST, .type = PD_TEXT, .off = AT(b)},
    {.name = "answer", .side = PD_RESPONSE, .type = PD_TEXT, .off = AT(answer)},
    {.name = "number", .side = PD_RESPONSE, .type = PD_INT, .off = AT(number)},
    {.name = "flag", .side = PD_RESPONSE, .type = PD_BOOL, .off = AT(flag)},
    {.name = "headers", .side = PD_RESPONSE, .type = PD_HEADERS, .off = AT(headers)},
    {0},
};

enum { ARENA_MAX = 20000, BIG = 9000 };

static const struct pd_schema schema = {
    .proto = "test", .fields = field_table, .rec_size = sizeof(struct fields), .arena_max = ARENA_MAX};

static struct pd_store store;

static int set_up(void **state)
{
    static const struct pd_store_limits limits = {.records = 3, .chunks = {4, 4, 4}};

    (void)state;
    return pd_store_init(&store, &limits);
}

static int tear_down(void **state)
{
    (void)state;
    pd_store_free(&store);
    return 0;
}

static struct pd_slice slice(const char *s)
{
    return (struct pd_slice){(const uint8_t *)s, (uint32_t)strlen(s)};
}

static struct pd_slice big(void)
{
    static uint8_t bytes[BIG];

    for (unsigned i = 0; i < BIG; i++)
        bytes[i] = (uint8_t)('a' + i % 26);
    return (struct pd_slice){bytes, BIG};
}

static void assert_text(const struct pd_text *t, const char *s, uint32_t full)
{
    assert_non_null(t->s);
    assert_int_equal(t->len, strlen(s));
    assert_memory_equal(t->s, s, t->len);
    assert_int_equal(t->full, full);
}

static void a_new_record_is_zeroed(void **state)
{
    (void)state;
    for (int i = 0; i < 2; i++) {
        struct pd_rec *r = pd_rec_new(&store, &schema);
        struct fields *f = pd_fields(r), zero = {0};
        assert_memory_equal(f, &zero, sizeof zero);
        assert_null(r->next);
        assert_null(r->chunks);
        assert_int_equal(r->first_req | r->last_rsp | r->req_bytes | r->status | r->flags, 0);
        assert_ptr_equal(r->schema, &schema);
        memset(f, 0xff, sizeof *f); /* the second time round it is the same memory */
        r->req_bytes = r->first_req = r->last_rsp = 1;
        r->flags = PD_REC_LATE;
        r->next = r;
        pd_rec_free(r);
    }
}

static void records_are_limited(void **state)
{
    struct pd_rec *r[3];

    (void)state;
    for (int i = 0; i < 3; i++)
        assert_non_null(r[i] = pd_rec_new(&store, &schema));
    assert_null(pd_rec_new(&store, &schema));
    assert_int_equal(store.starved, 1);
    for (int i = 0; i < 3; i++)
        pd_rec_free(r[i]);
    assert_int_equal(store.records.in_use, 0);
}

static void set_copies_up_to_cap(void **state)
{
    struct pd_rec *r = pd_rec_new(&store, &schema);
    struct fields *f = pd_fields(r);
    char source[] = "hello";

    (void)state;
    pd_text_set(r, &f->a, slice(source), 100);
    source[0] = 'j';
    assert_text(&f->a, "hello", 5);
    pd_text_set(r, &f->b, slice("hello"), 3);
    assert_text(&f->b, "hel", 5);
    pd_text_set(r, &f->answer, slice(""), 3);
    assert_text(&f->answer, "", 0); /* seen, and empty */
    pd_text_static(&f->answer, "literal");
    assert_text(&f->answer, "literal", 7);
    pd_rec_free(r);
}

static void add_extends_in_place(void **state)
{
    struct pd_rec *r = pd_rec_new(&store, &schema);
    struct fields *f = pd_fields(r);

    (void)state;
    pd_text_add(r, &f->a, slice("one"), 10);
    const char *place = f->a.s;
    uint32_t left = r->arena_left;
    pd_text_add(r, &f->a, slice(" two"), 10);
    assert_ptr_equal(f->a.s, place);
    assert_int_equal(r->arena_left, left - 4);
    pd_text_add(r, &f->a, slice(" three"), 10);
    assert_text(&f->a, "one two th", 13);
    pd_text_add(r, &f->a, slice("!"), 10);
    assert_text(&f->a, "one two th", 14);
    pd_rec_free(r);
}

/* Nothing may follow a hole that the cap, or memory, made. */
static void add_never_joins_over_a_cut(void **state)
{
    struct pd_rec *r = pd_rec_new(&store, &schema);
    struct fields *f = pd_fields(r);

    (void)state;
    pd_text_set(r, &f->a, slice("abcdef"), 3);
    pd_text_add(r, &f->a, slice("ghi"), 100);
    assert_text(&f->a, "abc", 9);
    pd_rec_free(r);
}

static void add_moves_what_is_not_on_top(void **state)
{
    struct pd_rec *r = pd_rec_new(&store, &schema);
    struct fields *f = pd_fields(r);
    char expected[400];

    (void)state;
    for (int i = 0; i < 100; i++) { /* two that grow in turns */
        pd_text_add(r, &f->a, slice("xy"), 1000);
        pd_text_add(r, &f->b, slice("z"), 1000);
        expected[2 * i] = 'x';
        expected[2 * i + 1] = 'y';
    }
    expected[200] = '\0';
    assert_text(&f->a, expected, 200);
    memset(expected, 'z', 100);
    expected[100] = '\0';
    assert_text(&f->b, expected, 100);
    pd_rec_free(r);
    for (int i = 0; i < PD_CHUNK_CLASSES; i++)
        assert_int_equal(store.chunks[i].in_use, 0);
}

/* What an encoder may take for a constant of the program must be one. */
static void a_constant_that_grows_is_none(void **state)
{
    struct pd_rec *r = pd_rec_new(&store, &schema);
    struct fields *f = pd_fields(r);

    (void)state;
    pd_text_static(&f->a, "literal");
    assert_true(f->a.constant);
    pd_text_add(r, &f->a, slice(", and more"), 100);
    assert_text(&f->a, "literal, and more", 17);
    assert_false(f->a.constant);
    pd_text_static(&f->a, "literal");
    pd_text_set(r, &f->a, slice("anew"), 100);
    assert_false(f->a.constant);
    pd_rec_free(r);
}

/* A statement that comes in small pieces: moves are rare, the content is right over all chunk classes. */
static void a_text_grows_over_chunks(void **state)
{
    struct pd_rec *r = pd_rec_new(&store, &schema);
    struct fields *f = pd_fields(r);
    struct pd_slice all = big();
    unsigned moves = 0;

    (void)state;
    for (uint32_t at = 0; at + 100 <= 8000; at += 100) {
        const char *before = f->a.s;
        pd_text_add(r, &f->a, (struct pd_slice){all.p + at, 100}, 8000);
        moves += before && before != f->a.s;
    }
    assert_int_equal(f->a.len, 8000);
    assert_memory_equal(f->a.s, all.p, 8000);
    assert_in_range(moves, 1, 6);
    assert_int_equal(store.starved, 0);
    pd_rec_free(r);
}

static void the_schema_bounds_the_arena(void **state)
{
    struct pd_rec *r = pd_rec_new(&store, &schema);
    struct fields *f = pd_fields(r);
    struct pd_text t[4] = {{0}};
    uint32_t kept = 0;

    (void)state;
    for (int i = 0; i < 4; i++) {
        pd_text_set(r, &t[i], big(), 8000);
        kept += t[i].len;
        assert_int_equal(t[i].full, BIG);
    }
    assert_int_equal(t[0].len, 8000);
    assert_int_equal(kept, ARENA_MAX);
    assert_int_equal(r->arena_left, 0);
    pd_text_set(r, &f->b, slice("x"), 10);
    assert_text(&f->b, "", 1);
    assert_null(pd_rec_alloc(r, 1));
    assert_null(pd_list_item(r, &f->items, 10));
    assert_int_equal(f->items.full, 1);
    assert_int_equal(f->items.count, 0);
    pd_rec_free(r);
}

static void empty_pools_shorten_texts(void **state)
{
    struct pd_rec *r[3];
    struct pd_text last = {0};
    uint64_t kept = 0;

    (void)state;
    for (int i = 0; i < 3; i++)
        r[i] = pd_rec_new(&store, &schema);
    for (int i = 0; i < 12; i++) {
        pd_text_set(r[i % 3], &last, big(), 5000);
        kept += last.len;
        if (last.len)
            assert_memory_equal(last.s, big().p, last.len);
    }
    assert_true(store.starved > 0);
    assert_true(kept < 12 * 5000);
    for (int i = 0; i < 3; i++)
        pd_rec_free(r[i]);
    for (int i = 0; i < PD_CHUNK_CLASSES; i++)
        assert_int_equal(store.chunks[i].in_use, 0);
}

static void alloc_is_aligned_and_apart(void **state)
{
    struct pd_rec *r = pd_rec_new(&store, &schema);
    struct fields *f = pd_fields(r);
    unsigned char *p[20];

    (void)state;
    for (unsigned i = 0; i < 20; i++) {
        pd_text_set(r, &f->a, slice("odd"), 10);
        p[i] = pd_rec_alloc(r, 13 * i + 1);
        assert_non_null(p[i]);
        assert_int_equal((uintptr_t)p[i] % 8, 0);
        memset(p[i], (int)i, 13 * i + 1);
    }
    for (unsigned i = 0; i < 20; i++)
        for (unsigned k = 0; k < 13 * i + 1; k++)
            assert_int_equal(p[i][k], i);
    assert_non_null(pd_rec_alloc(r, 8000));
    pd_rec_free(r);
}

static void the_void_record_takes_and_forgets(void **state)
{
    struct pd_rec *r = pd_rec_nothing(&store, &schema);
    struct fields *f = pd_fields(r);

    (void)state;
    assert_true(pd_rec_is_void(r));
    pd_text_set(r, &f->a, big(), 8000);
    assert_true(f->a.len < PD_REC_BYTES);
    pd_text_add(r, &f->b, slice("more"), 10);
    for (int i = 0; i < 100; i++)
        (void)pd_list_header(r, &f->headers, 200, slice("name"), slice(""), 9);
    assert_int_equal(f->headers.full, 100);
    assert_int_equal(store.starved, 0);
    assert_int_equal(store.records.in_use, 0);
    r = pd_rec_nothing(&store, &schema);
    f = pd_fields(r);
    assert_null(f->a.s);
    assert_int_equal(f->headers.full, 0);
}

static void lists_stop_at_max(void **state)
{
    struct pd_rec *r = pd_rec_new(&store, &schema);
    struct fields *f = pd_fields(r);
    char text[16];

    (void)state;
    for (int i = 0; i < 5; i++) {
        struct pd_item *item = pd_list_item(r, &f->items, 3);
        assert_int_equal(item != NULL, i < 3);
        snprintf(text, sizeof text, "%d", i);
        if (item)
            pd_text_set(r, &item->text, slice(text), 8);
        struct pd_object *o = pd_list_object(r, &f->objects, 2, 24);
        assert_int_equal(o != NULL, i < 2);
        for (int k = 0; o && k < 24; k++)
            assert_int_equal(o->data[k], 0);
    }
    assert_int_equal(f->items.count, 3);
    assert_int_equal(f->items.full, 5);
    int n = 0;
    for (struct pd_item *i = f->items.first; i; i = i->next) {
        snprintf(text, sizeof text, "%d", n++);
        assert_text(&i->text, text, 1);
    }
    assert_int_equal(n, 3);
    pd_rec_free(r);
}

static void a_side_can_be_forgotten(void **state)
{
    struct pd_rec *r = pd_rec_new(&store, &schema);
    struct fields *f = pd_fields(r);

    (void)state;
    pd_text_set(r, &f->a, slice("stays"), 10);
    pd_text_set(r, &f->answer, slice("goes"), 10);
    pd_int_set(&f->number, 100);
    f->flag = PD_TRUE;
    (void)pd_list_header(r, &f->headers, 4, slice("x"), slice(""), 9);
    pd_rec_clear_side(r, PD_RESPONSE);
    assert_text(&f->a, "stays", 5);
    assert_null(f->answer.s);
    assert_false(f->number.seen);
    assert_int_equal(f->flag, PD_UNSEEN);
    assert_null(f->headers.first);
    assert_int_equal(f->headers.full, 0);
    assert_int_equal(f->headers.names, 0);
    pd_rec_free(r);
}

#define T(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        T(a_new_record_is_zeroed),
        T(records_are_limited),
        T(set_copies_up_to_cap),
        T(add_extends_in_place),
        T(add_never_joins_over_a_cut),
        T(add_moves_what_is_not_on_top),
        T(a_constant_that_grows_is_none),
        T(a_text_grows_over_chunks),
        T(the_schema_bounds_the_arena),
        T(empty_pools_shorten_texts),
        T(alloc_is_aligned_and_apart),
        T(the_void_record_takes_and_forgets),
        T(lists_stop_at_max),
        T(a_side_can_be_forgotten),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
