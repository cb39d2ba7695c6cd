/* learnt_test.c: what connections taught: the newest meaning holds, the oldest key leaves, equal texts are
 * one.
 */
#include "protocol/conn.h"
#include "protocol/learnt.h"
#include "protocol/toy_test.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
// clang-format off
#include <cmocka.h>
// clang-format on

static struct toy *toy;
static struct pd_conn conn[2]; /* of the same worker */

static int set_up(void **state)
{
    (void)state;
    toy = toy_new(&toy_order);
    for (int i = 0; i < 2; i++)
        conn[i] = (struct pd_conn){.worker = toy->worker};
    return 0;
}

static uint32_t lent(void)
{
    uint32_t n = 0;

    for (int i = 0; i < PD_LEND_CLASSES; i++)
        n += toy->worker->lend[i].in_use;
    return n;
}

static int tear_down(void **state)
{
    (void)state;
    uint32_t left = lent();
    toy_free(toy);
    return (int)left; /* all went back */
}

static void put(struct pd_learnt *l, int c, uint64_t key, const char *text)
{
    uint32_t len = (uint32_t)strlen(text);

    pd_learnt_put(&conn[c], l, key, (struct pd_slice){(const uint8_t *)text, len}, len);
}

/* NULL: not known. */
static void check(const struct pd_learnt *l, uint64_t key, const char *expected)
{
    struct pd_slice text;
    uint32_t full;

    assert_int_equal(pd_learnt_get(l, key, &text, &full), expected != NULL);
    if (!expected)
        return;
    assert_int_equal(text.len, strlen(expected));
    assert_memory_equal(text.p, expected, text.len);
    assert_int_equal(full, text.len);
}

static void the_newest_meaning_holds(void **state)
{
    struct pd_learnt l = {0};

    (void)state;
    check(&l, 1, NULL);
    pd_learnt_drop(&conn[0], &l, 1);
    put(&l, 0, 1, "SELECT 1");
    put(&l, 0, 2, "");
    put(&l, 0, 1, "SELECT 2");
    check(&l, 1, "SELECT 2");
    check(&l, 2, "");
    pd_learnt_drop(&conn[0], &l, 1);
    check(&l, 1, NULL);
    check(&l, 2, "");
    pd_learnt_clear(&conn[0], &l);
    check(&l, 2, NULL);
    pd_learnt_clear(&conn[0], &l);
}

static void the_oldest_key_leaves(void **state)
{
    struct pd_learnt l = {0};
    char text[32];

    (void)state;
    for (uint64_t key = 0; key < PD_LEARNT_KEYS + 10; key++) {
        snprintf(text, sizeof text, "text %d", (int)key);
        put(&l, 0, key, text);
        for (uint64_t k = key < 3 ? 0 : key - 3; k <= key; k++) {
            snprintf(text, sizeof text, "text %d", (int)k);
            check(&l, k, text);
        }
    }
    check(&l, 9, NULL);
    check(&l, 10, "text 10");
    assert_int_equal(toy_counter(toy, PD_C_FORGOTTEN), 10);
    pd_learnt_clear(&conn[0], &l);
}

static void equal_texts_are_kept_once(void **state)
{
    struct pd_learnt a = {0}, b = {0};
    struct pd_slice of_a, of_b;
    uint32_t full;

    (void)state;
    put(&a, 0, 1, "SELECT 1");
    put(&b, 1, 7, "SELECT 1");
    assert_true(pd_learnt_get(&a, 1, &of_a, &full));
    assert_true(pd_learnt_get(&b, 7, &of_b, &full));
    assert_ptr_equal(of_a.p, of_b.p);
    assert_ptr_equal(pd_learnt_note(&a, 1), pd_learnt_note(&b, 7));
    assert_int_equal(*pd_learnt_note(&a, 1), 0);
    pd_learnt_clear(&conn[0], &a);
    check(&b, 7, "SELECT 1");
    assert_true(pd_learnt_get(&b, 7, &of_b, &full));
    pd_learnt_put(&conn[1], &b, 7, of_b, full); /* itself again */
    check(&b, 7, "SELECT 1");
    pd_learnt_clear(&conn[1], &b);
}

static void long_texts_are_shortened(void **state)
{
    static const uint8_t bytes[PD_LEARNT_MAX + 1];
    struct pd_learnt l = {0};
    struct pd_slice text;
    uint32_t full;

    (void)state;
    pd_learnt_put(&conn[0], &l, 1, (struct pd_slice){bytes, sizeof bytes}, 5000);
    assert_true(pd_learnt_get(&l, 1, &text, &full));
    assert_int_equal(text.len, PD_LEARNT_MAX);
    assert_int_equal(full, 5000);
    pd_learnt_clear(&conn[0], &l);
}

static void without_memory_nothing_is_known(void **state)
{
    struct pd_learnt l = {0};
    struct pd_pool *small = &toy->worker->lend[0];
    uint32_t limit = small->limit;

    (void)state;
    put(&l, 0, 1, "old");
    small->limit = small->fresh = small->in_use; /* nothing more is to be had */
    small->free = NULL;
    put(&l, 0, 1, "new");
    check(&l, 1, NULL); /* not the old meaning either */
    assert_int_equal(toy_counter(toy, PD_C_FORGOTTEN), 1);
    small->limit = limit;
    pd_learnt_clear(&conn[0], &l);
}

#define T(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int main(void)
{
    static const struct CMUnitTest tests[] = {
        T(the_newest_meaning_holds), T(the_oldest_key_leaves),           T(equal_texts_are_kept_once),
        T(long_texts_are_shortened), T(without_memory_nothing_is_known),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
