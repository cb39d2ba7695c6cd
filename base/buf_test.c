/* buf_test.c: what is added comes out, and never more than the limit is held. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
// clang-format off
#include <cmocka.h>
// clang-format on
#include "base/buf.h"
#include <inttypes.h>
#include <stdio.h>

static void assert_holds(const struct pd_buf *b, const char *text)
{
    assert_int_equal(b->len, strlen(text));
    assert_memory_equal(b->p, text, b->len);
}

static void adds_everything(void **state)
{
    struct pd_buf b;

    (void)state;
    pd_buf_init(&b, 1000);
    assert_null(b.p);
    pd_buf_add(&b, "abc", 3);
    pd_buf_add(&b, NULL, 0);
    pd_buf_char(&b, '-');
    pd_buf_lit(&b, "lit");
    pd_buf_str(&b, " str ");
    pd_buf_printf(&b, "%d%s", 42, "!");
    pd_buf_char(&b, '.');
    assert_holds(&b, "abc-lit str 42!.");
    assert_false(b.full);
    pd_buf_clear(&b);
    assert_int_equal(b.len, 0);
    pd_buf_free(&b);
    assert_null(b.p);
}

static void prints_numbers(void **state)
{
    struct pd_buf b;

    (void)state;
    pd_buf_init(&b, 1000);
    pd_buf_u64(&b, 0);
    pd_buf_char(&b, ' ');
    pd_buf_u64(&b, UINT64_MAX);
    pd_buf_char(&b, ' ');
    pd_buf_i64(&b, INT64_MIN);
    pd_buf_char(&b, ' ');
    pd_buf_i64(&b, -7);
    pd_buf_char(&b, ' ');
    pd_buf_i64(&b, INT64_MAX);
    assert_holds(&b, "0 18446744073709551615 -9223372036854775808 -7 9223372036854775807");
    pd_buf_free(&b);
}

static void assert_prints(uint64_t v)
{
    char text[PD_U64_TEXT], mine[PD_U64_TEXT];
    int n = snprintf(text, sizeof text, "%" PRIu64, v);

    assert_int_equal(pd_print_u64(mine, v) - mine, n);
    assert_memory_equal(mine, text, (size_t)n);
}

/* Around each power of ten, where the way to print changes, and all small ones. */
static void prints_numbers_of_each_length(void **state)
{
    uint64_t power = 1;

    (void)state;
    for (int digits = 1; digits < PD_U64_TEXT; digits++) {
        assert_prints(power - 1);
        assert_prints(power);
        assert_prints(power + 1);
        assert_prints(power / 9 * 12);
        power *= 10;
    }
    assert_prints(UINT64_MAX);
    for (uint64_t v = 0; v < 100000; v++)
        assert_prints(v);
}

static void stops_at_its_limit(void **state)
{
    struct pd_buf b;

    (void)state;
    pd_buf_init(&b, 300); /* no power of two: the last step of growing is a smaller one */
    for (int i = 0; i < 300; i++)
        pd_buf_char(&b, (char)('a' + i % 26));
    assert_int_equal(b.len, 300);
    assert_false(b.full);
    assert_true(b.cap <= b.limit);
    pd_buf_char(&b, 'x');
    assert_int_equal(b.len, 300);
    assert_true(b.full);
    pd_buf_clear(&b);
    assert_false(b.full);
    pd_buf_add(&b, "0123456789", 10);
    assert_holds(&b, "0123456789");
    pd_buf_free(&b);
}

static void drops_what_does_not_fit_whole(void **state)
{
    struct pd_buf b;
    char big[64] = {0};

    (void)state;
    pd_buf_init(&b, 40);
    pd_buf_str(&b, "begin");
    pd_buf_add(&b, big, sizeof big);
    assert_true(b.full);
    pd_buf_printf(&b, "%064d", 1);
    assert_holds(&b, "begin");
    assert_false(pd_buf_room(&b, SIZE_MAX));
    pd_buf_free(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(adds_everything),
        cmocka_unit_test(prints_numbers),
        cmocka_unit_test(prints_numbers_of_each_length),
        cmocka_unit_test(stops_at_its_limit),
        cmocka_unit_test(drops_what_does_not_fit_whole),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
