/* order_test.c: requests of several messages, requests that nobody prints, answers that are none: what
 * protocols that pair by order may say besides. And what a loss hides where nothing was seen before it. */
#include "protocol/toy_test.h"
#include <setjmp.h>
#include <stdarg.h>
// clang-format off
#include <cmocka.h>
// clang-format on

static void a_silent_request_has_its_place_and_no_line(void **state)
{
    (void)state;
    struct toy *t = toy_open(&toy_order);
    toy_say(t, PD_C2S, "Lq1\nsq2\nLq3\n");
    toy_say(t, PD_S2C, "La1\nLa2\nLa3\n");
    assert_int_equal(t->count, 2);
    toy_check(t, 1, PD_OK, "q3\n", "a3\n");
    assert_int_equal(toy_counter(t, PD_C_OK), 2);
    assert_int_equal(toy_counter(t, PD_C_PAIRED_BYTES), 24);
    toy_free(t);
}

static void the_latest_request_goes_on(void **state)
{
    (void)state;
    struct toy *t = toy_open(&toy_order);
    toy_say(t, PD_C2S, "Lq1\n");
    toy_wait(t, 5000000);
    toy_say(t, PD_C2S, "tq2\n");
    uint64_t ended = t->now;
    toy_say(t, PD_S2C, "La1\n");
    toy_check(t, 0, PD_OK, "q1\nq2\n", "a1\n");
    assert_int_equal(t->seen[0].req_bytes, 8);
    assert_int_equal(t->seen[0].last_req, ended);
    toy_say(t, PD_C2S, "tq3\nLq4\n"); /* there is none any more */
    toy_say(t, PD_S2C, "La4\n");
    assert_int_equal(t->count, 2);
    toy_check(t, 1, PD_OK, "q4\n", "a4\n");
    toy_free(t);
}

static void a_request_that_cannot_be_kept_is_not_counted(void **state)
{
    (void)state;
    struct toy *t = toy_new_limited(&toy_order, 2);
    toy_syn(t);
    toy_say(t, PD_C2S, "Lq1\nkq2\nkq3\nkq4\n");
    toy_say(t, PD_S2C, "La1\nLa2\n");
    toy_say(t, PD_C2S, "kq5\n");
    toy_say(t, PD_S2C, "La5\n");
    assert_int_equal(t->count, 3);
    toy_check(t, 2, PD_OK, "q5\n", "a5\n");
    assert_int_equal(toy_counter(t, PD_C_UNTRACKED), 2);
    toy_free(t);
}

static void a_response_may_say_that_none_comes(void **state)
{
    (void)state;
    struct toy *t = toy_open(&toy_order);
    toy_say(t, PD_C2S, "Lq1\nLq2\n");
    toy_say(t, PD_S2C, "tnobody's\nLa2\n");
    assert_int_equal(t->count, 2);
    toy_check(t, 0, PD_ONEWAY, "q1\n", "");
    toy_check(t, 1, PD_OK, "q2\n", "a2\n");
    toy_free(t);
}

static void the_oldest_request_may_be_over(void **state)
{
    (void)state;
    struct toy *t = toy_open(&toy_order);
    toy_say(t, PD_S2C, "o");
    toy_say(t, PD_C2S, "Lq1\nLq2\n");
    toy_say(t, PD_S2C, "oLa2\n");
    assert_int_equal(t->count, 2);
    toy_check(t, 0, PD_OK, "q1\n", "");
    assert_int_equal(t->seen[0].first_rsp, 0);
    toy_check(t, 1, PD_OK, "q2\n", "a2\n");
    toy_free(t);
}

static void what_does_not_fit_ends_trust(void **state)
{
    (void)state;
    struct toy *t = toy_open(&toy_order);
    toy_say(t, PD_C2S, "Lq1\nLq2\n");
    toy_say(t, PD_S2C, "mLa1\nLa2\n");
    toy_say(t, PD_C2S, "Lq3\n");
    assert_int_equal(t->count, 2);
    toy_check(t, 0, PD_INCOMPLETE, "q1\n", "");
    toy_check(t, 1, PD_INCOMPLETE, "q2\n", "");
    assert_int_equal(toy_counter(t, PD_C_QUARANTINED), 1);
    toy_free(t);
}

static void a_joined_requests_answer_may_be_lost_before_any_was_seen(void **state)
{
    (void)state;
    struct toy *t = toy_new(&toy_order);
    toy_say(t, PD_C2S, "Lq1\n");
    toy_lose(t, PD_S2C, 4);
    toy_say(t, PD_C2S, "Lq2\n");
    toy_say(t, PD_S2C, "La2\n");
    toy_finish(t);
    for (unsigned i = 0; i < t->count; i++)
        assert_true(t->seen[i].status != PD_OK || t->seen[i].asked[1] == '2');
    toy_free(t);
}

static void a_lost_sides_bytes_may_have_been_an_answer(void **state)
{
    (void)state;
    struct toy *t = toy_new(&toy_order);
    toy_say(t, PD_S2C, "zz-nothing readable");
    toy_say(t, PD_C2S, "Lq1\n");
    toy_lose(t, PD_S2C, 4);
    toy_say(t, PD_C2S, "Lq2\n");
    toy_say(t, PD_S2C, "La2\n");
    toy_finish(t);
    for (unsigned i = 0; i < t->count; i++)
        assert_true(t->seen[i].status != PD_OK || t->seen[i].asked[1] == '2');
    toy_free(t);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_silent_request_has_its_place_and_no_line),
        cmocka_unit_test(the_latest_request_goes_on),
        cmocka_unit_test(a_request_that_cannot_be_kept_is_not_counted),
        cmocka_unit_test(a_response_may_say_that_none_comes),
        cmocka_unit_test(the_oldest_request_may_be_over),
        cmocka_unit_test(what_does_not_fit_ends_trust),
        cmocka_unit_test(a_joined_requests_answer_may_be_lost_before_any_was_seen),
        cmocka_unit_test(a_lost_sides_bytes_may_have_been_an_answer),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
