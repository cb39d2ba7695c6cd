/* headers_test.c: lists of header fields say what came, with texts of their own and with shared ones alike;
 * what a record holds stays as long as the record, whatever comes meanwhile. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
// clang-format off
#include <cmocka.h>
// clang-format on
#include "roundtrip/record.h"
#include <ctype.h>
#include <stdio.h>

enum { ARENA_MAX = 20000, RECORDS = 8, NAME_MAX = 256 };

static const struct pd_field field_table[] = {{.name = "headers", .type = PD_HEADERS}, {0}};

static const struct pd_schema schema = {
    .proto = "test", .fields = field_table, .rec_size = sizeof(struct pd_list), .arena_max = ARENA_MAX};

static struct pd_store store;

static int set_up(void **state)
{
    static const struct pd_store_limits limits = {.records = RECORDS, .chunks = {8, 8, 8}};

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

static struct pd_list *list_of(struct pd_rec *r)
{
    return pd_fields(r);
}

static const struct pd_header *last(struct pd_rec *r)
{
    return list_of(r)->last;
}

static void add(struct pd_rec *r, const char *name)
{
    assert_non_null(pd_list_header(r, list_of(r), 200, slice(name), slice("v"), 9));
}

static void names_are_lowered(void **state)
{
    struct pd_rec *r = pd_rec_new(&store, &schema);
    char name[200], expected[200];
    uint32_t n = 0;

    (void)state;
    for (unsigned c = 1; c < 192; c++, n++) { /* every byte, letters at all offsets of a word */
        name[n] = (char)c;
        expected[n] = (char)(c >= 'A' && c <= 'Z' ? c + 32 : c);
    }
    for (uint32_t from = 0; from < 9; from++) {
        struct pd_slice in = {(const uint8_t *)name + from, n - from};
        const struct pd_pair *p = pd_list_header(r, list_of(r), 32, in, slice(""), 9);
        assert_non_null(p);
        assert_int_equal(p->name.len, in.len);
        assert_memory_equal(p->name.s, expected + from, in.len);
    }
    pd_rec_free(r);
}

static void repeated_ones_are_marked(void **state)
{
    static const char *const names[] = {"Host",    "Set-Cookie", "accept", "SET-cookie",
                                        "Accept-", "set-cookie", "host"};
    static const bool again[] = {false, false, false, true, false, true, true};
    struct pd_rec *r = pd_rec_new(&store, &schema);
    struct pd_shared *shared =
        pd_shared_at(&store.shared, pd_share(&store.shared, slice("ACCEPT"), slice("")));

    (void)state;
    for (unsigned i = 0; i < 7; i++) {
        add(r, names[i]);
        assert_int_equal(last(r)->again, again[i]);
        assert_int_equal(list_of(r)->repeats, i >= 3);
    }
    pd_list_header_shared(r, list_of(r), 200, shared);
    assert_true(last(r)->again);
    pd_rec_free(r);
}

/* More names than the set of hashes has bits: it may say "perhaps" for all of them, marks stay right. */
static void many_stay_apart(void **state)
{
    struct pd_rec *r = pd_rec_new(&store, &schema);
    char name[16];

    (void)state;
    for (int i = 0; i < 150; i++) {
        snprintf(name, sizeof name, "n%d", i);
        add(r, name);
        assert_false(last(r)->again);
    }
    assert_false(list_of(r)->repeats);
    add(r, "N149");
    assert_true(last(r)->again);
    pd_rec_free(r);
}

/* The text begins as `in` does, letters in lower case where it is a name, and says how long that was. */
static void assert_begins(const struct pd_text *t, struct pd_slice in, uint32_t cap, bool lower)
{
    assert_int_equal(t->full, in.len);
    assert_true(t->len <= in.len && t->len <= cap);
    for (uint32_t i = 0; i < t->len; i++)
        assert_int_equal((uint8_t)t->s[i], lower ? tolower(in.p[i]) : in.p[i]);
}

/* Wherever the arena's pieces end, and its bound: whole while there is room, shortened where it ends. */
static void room_ends(void **state)
{
    enum { FIELDS = 200, MAX = 150, CAP = 200 };
    char text[300];

    (void)state;
    for (size_t i = 0; i < sizeof text; i++)
        text[i] = (char)('A' + i % 40);
    for (uint32_t shift = 0; shift < 64; shift++) {
        struct pd_rec *r = pd_rec_new(&store, &schema);
        uint32_t count = 0;
        for (uint32_t i = 0; i < FIELDS; i++) {
            struct pd_slice name = {(const uint8_t *)text + i % 7, (i * 5 + shift) % 290};
            struct pd_slice value = {(const uint8_t *)text, (i * 11 + shift * 3) % 300};
            bool whole = r->arena_left > 1000;
            const struct pd_pair *p = pd_list_header(r, list_of(r), MAX, name, value, CAP);
            assert_true(p || !whole || count == MAX);
            if (!p)
                continue;
            count++;
            assert_begins(&p->name, name, NAME_MAX, true);
            assert_begins(&p->value, value, CAP, false);
            if (whole) {
                assert_int_equal(p->name.len, name.len < NAME_MAX ? name.len : NAME_MAX);
                assert_int_equal(p->value.len, value.len < CAP ? value.len : CAP);
            }
        }
        assert_int_equal(list_of(r)->count, count);
        assert_int_equal(list_of(r)->full, FIELDS);
        assert_null(last(r)->next);
        pd_rec_free(r);
    }
}

static void assert_texts_equal(const struct pd_text *a, const struct pd_text *b)
{
    assert_int_equal(a->len, b->len);
    assert_int_equal(a->full, b->full);
    assert_memory_equal(a->s, b->s, a->len);
}

static void assert_lists_equal(struct pd_rec *one, struct pd_rec *other)
{
    const struct pd_header *a = list_of(one)->first, *b = list_of(other)->first;

    for (; a && b; a = a->next, b = b->next) {
        assert_texts_equal(&a->pair->name, &b->pair->name);
        assert_texts_equal(&a->pair->value, &b->pair->value);
        assert_int_equal(a->pair->hash, b->pair->hash);
        assert_int_equal(a->again, b->again);
    }
    assert_true(!a && !b);
    assert_int_equal(list_of(one)->full, list_of(other)->full);
    assert_int_equal(list_of(one)->repeats, list_of(other)->repeats);
    assert_int_equal(one->arena_left, other->arena_left);
}

/* A record with shared fields is the same as one with its own, up to its bound and beyond. */
static void shared_or_not_is_the_same(void **state)
{
    char name[16], value[128];

    (void)state;
    memset(value, 'v', sizeof value);
    for (uint32_t step = 1; step < 20; step++) {
        struct pd_rec *own = pd_rec_new(&store, &schema), *sharing = pd_rec_new(&store, &schema);
        for (uint32_t i = 0; i < 200; i++) {
            snprintf(name, sizeof name, "Name-%u", i * step % 90);
            struct pd_slice of = {(const uint8_t *)value, i * step % 120};
            struct pd_shared *s = pd_shared_at(&store.shared, pd_share(&store.shared, slice(name), of));
            assert_non_null(s);
            pd_list_header_shared(sharing, list_of(sharing), 190, s);
            (void)pd_list_header(own, list_of(own), 190, slice(name), of, 256);
        }
        assert_lists_equal(own, sharing);
        pd_rec_free(own);
        pd_rec_free(sharing);
    }
    assert_int_equal(store.shared.held[0] + store.shared.held[1], 0);
}

static uint64_t share(const char *name, unsigned value)
{
    char text[16];

    snprintf(text, sizeof text, "%u", value);
    return pd_share(&store.shared, slice(name), slice(text));
}

static void the_same_has_one_number(void **state)
{
    char longest[PD_SHARED_TEXTS + 1];

    (void)state;
    memset(longest, 'a', sizeof longest);
    uint64_t number = share("Name", 1);
    assert_int_equal(share("nAME", 1), number);
    assert_int_not_equal(share("name", 11), number);
    assert_int_not_equal(share("name1", 1), number);
    assert_int_equal(share("name", 1), number);
    assert_null(pd_shared_at(&store.shared, 0));
    struct pd_slice name = {(const uint8_t *)longest, PD_SHARED_TEXTS}, none = {name.p, 0};
    assert_non_null(pd_shared_at(&store.shared, pd_share(&store.shared, name, none)));
    name.len--;
    assert_int_equal(pd_share(&store.shared, name, (struct pd_slice){name.p, 2}), 0);
    name.len += 2;
    assert_int_equal(pd_share(&store.shared, name, none), 0);
    assert_int_equal(pd_share(&store.shared, none, name), 0);
}

static struct pd_rec *record_with(uint64_t number)
{
    struct pd_rec *r = pd_rec_new(&store, &schema);

    pd_list_header_shared(r, list_of(r), 9, pd_shared_at(&store.shared, number));
    return r;
}

/* A number is never another field's, and what a record holds is not replaced; once nobody holds it, it is. */
static void what_is_held_stays(void **state)
{
    uint64_t first = share("held", 0), number = first;

    (void)state;
    struct pd_rec *r = record_with(first);
    for (unsigned i = 1; number; i++) { /* both halves are full */
        assert_true(i <= 2 * PD_SHARED_HALF);
        number = share("held", i);
        assert_int_not_equal(number, first);
    }
    assert_null(pd_shared_at(&store.shared, first)); /* nobody new gets it */
    assert_memory_equal(last(r)->pair->value.s, "0", 1);
    pd_rec_free(r);
    number = share("held", 0); /* the first half begins anew */
    assert_int_not_equal(number, 0);
    assert_int_not_equal(number, first);
    assert_null(pd_shared_at(&store.shared, first));
    r = record_with(number);
    assert_memory_equal(last(r)->pair->value.s, "0", 1);
    for (unsigned i = 0; i < 10 * PD_SHARED_HALF; i++) { /* held or not, values are right */
        struct pd_shared *s = pd_shared_at(&store.shared, share("other", i));
        char text[16];
        int n = snprintf(text, sizeof text, "%u", i);
        assert_true(!s || (s->pair.value.len == n && memcmp(s->pair.value.s, text, (size_t)n) == 0));
    }
    assert_memory_equal(last(r)->pair->value.s, "0", 1);
    pd_rec_free(r);
}

/* The void record is emptied, not freed: it holds nothing. */
static void the_void_record_holds_nothing(void **state)
{
    struct pd_rec *r = pd_rec_nothing(&store, &schema);

    (void)state;
    pd_list_header_shared(r, list_of(r), 9, pd_shared_at(&store.shared, share("x", 1)));
    assert_int_equal(list_of(r)->count, 1);
    assert_int_equal(store.shared.held[0] + store.shared.held[1], 0);
}

/* Under another schema a record keeps its headers, own and shared. */
static void another_schema_keeps_them(void **state)
{
    struct pd_rec *r = record_with(share("Shared", 7));
    uint64_t counters[1];

    (void)state;
    add(r, "own");
    r = pd_rec_recast(r, &schema, counters);
    assert_int_equal(list_of(r)->count, 2);
    assert_int_equal(store.shared.held[0], 1);
    const struct pd_header *h = list_of(r)->first;
    assert_true(h->pair->shared && !h->next->pair->shared);
    assert_memory_equal(h->pair->name.s, "shared", 6);
    assert_memory_equal(h->next->pair->name.s, "own", 3);
    pd_rec_free(r);
    assert_int_equal(store.shared.held[0], 0);
}

#define T(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        T(names_are_lowered),  T(repeated_ones_are_marked),      T(many_stay_apart),
        T(room_ends),          T(shared_or_not_is_the_same),     T(the_same_has_one_number),
        T(what_is_held_stays), T(the_void_record_holds_nothing), T(another_schema_keeps_them),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
