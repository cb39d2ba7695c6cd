/* detect_test.c: which protocol a connection speaks, and which end is its client, where the port does not
 * say. */
#include "protocol/toy_test.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
// clang-format off
#include <cmocka.h>
// clang-format on

enum { ODD_PORT = 4711, MS = 1000000 };

/* Never sure: "Lq" is a request, "La" a response, "Lx" may be either. */
static int vaguely(struct pd_slice in, const struct pd_look *look, uint8_t *confidence)
{
    *confidence = PD_MAYBE;
    if (in.len < 2 || in.p[0] != 'L')
        return PD_NO;
    return in.p[1] == 'x' || in.p[1] == (look->dir ? 'a' : 'q') ? 0 : PD_NO;
}

/* Finds everything plausible that begins with L, either way. */
static int anything(struct pd_slice in, const struct pd_look *look, uint8_t *confidence)
{
    (void)look;
    *confidence = PD_MAYBE;
    return in.len && in.p[0] == 'L' ? 0 : PD_NO;
}

/* Toys that begin as the function says, on a connection of theirs that is joined on a port that nobody knows.
 */
static struct toy *joined(int (*sync)(struct pd_slice, const struct pd_look *, uint8_t *),
                          int (*other)(struct pd_slice, const struct pd_look *, uint8_t *))
{
    static struct pd_proto one, two;

    one = toy_order;
    one.sync = sync;
    two = toy_half_duplex;
    two.sync = other;
    struct toy *t = toy_new_among((const struct pd_proto *[]){&one, other ? &two : NULL, NULL});
    t->port = ODD_PORT;
    return t;
}

static void one_claim_of_certainty_decides_at_once(void **state)
{
    (void)state;
    struct toy *t = joined(toy_order.sync, NULL);
    toy_say(t, PD_C2S, "Lq1\n");
    toy_say(t, PD_S2C, "La1\n");
    toy_finish(t);
    assert_int_equal(t->count, 1);
    toy_check(t, 0, PD_OK, "q1\n", "a1\n");
    toy_free(t);
}

/* The first packet is the server's, and would do as a client's. */
static void the_ends_are_told_by_what_follows(void **state)
{
    (void)state;
    struct toy *t = joined(vaguely, NULL);
    toy_say(t, PD_S2C, "Lx0\n");
    for (int i = 0; i < 3; i++) {
        toy_say(t, PD_C2S, "Lq1\n");
        toy_say(t, PD_S2C, "La1\n");
    }
    toy_finish(t);
    assert_int_equal(toy_counter(t, PD_C_CONNECTIONS), 1);
    assert_true(t->count >= 1);
    for (unsigned i = 0; i < t->count; i++)
        toy_check(t, i, PD_OK, "q1\n", "a1\n");
    toy_free(t);
}

static void what_goes_either_way_decides_nothing(void **state)
{
    (void)state;
    struct toy *t = joined(vaguely, NULL);
    for (int i = 0; i < 40; i++) {
        toy_say(t, PD_C2S, "Lx1\n");
        toy_say(t, PD_S2C, "Lx1\n");
    }
    assert_int_equal(t->count, 0);
    assert_int_equal(toy_flow(t, PD_F_UNKNOWN), 1);
    toy_free(t);
}

static void two_that_fit_alike_decide_nothing(void **state)
{
    (void)state;
    struct toy *t = joined(vaguely, anything);
    for (int i = 0; i < 40; i++) {
        toy_say(t, PD_C2S, "Lq1\n");
        toy_say(t, PD_S2C, "La1\n");
    }
    assert_int_equal(t->count, 0);
    assert_int_equal(toy_flow(t, PD_F_UNKNOWN), 1);
    toy_free(t);
}

static void a_long_body_is_waited_for(void **state)
{
    (void)state;
    struct toy *t = joined(toy_order.sync, NULL);
    for (int i = 0; i < 1000; i++)
        toy_say(t, PD_S2C, "zzzz");
    toy_say(t, PD_C2S, "Lq1\n");
    toy_say(t, PD_S2C, "La1\n");
    toy_finish(t);
    assert_int_equal(t->count, 1);
    toy_check(t, 0, PD_OK, "q1\n", "a1\n");
    toy_free(t);
}

static void bodies_speak_against_nobody(void **state)
{
    (void)state;
    struct toy *t = joined(vaguely, NULL);
    for (int i = 0; i < 4; i++) {
        toy_say(t, PD_C2S, "Lq1\n");
        toy_say(t, PD_S2C, "La1\n");
        for (int k = 0; k < 8; k++)
            toy_say(t, PD_S2C, "zzzz");
    }
    assert_int_equal(toy_counter(t, PD_C_CONNECTIONS), 1);
    assert_int_equal(toy_flow(t, PD_F_UNKNOWN), 0);
    toy_free(t);
}

/* The first bytes wait until the answer says whose they are; they keep the times when they came. */
static void what_waited_keeps_its_times(void **state)
{
    (void)state;
    struct toy *t = joined(vaguely, NULL);
    toy_syn(t);
    uint64_t began = t->now;
    toy_say(t, PD_C2S, "Lq1"); /* 1 ms */
    toy_say(t, PD_C2S, "\n");
    toy_say(t, PD_S2C, "La1\n");
    assert_int_equal(t->count, 1);
    toy_check(t, 0, PD_OK, "q1\n", "a1\n");
    assert_int_equal(t->seen[0].first_req, began + 1 * MS);
    assert_int_equal(t->seen[0].last_req, began + 2 * MS);
    assert_int_equal(t->seen[0].first_rsp, began + 3 * MS);
    toy_free(t);
}

/* Unread bytes of the server's may have answered what was asked, so that nothing else may. */
static void an_answer_that_is_not_understood_is_an_answer(void **state)
{
    (void)state;
    struct toy *t = joined(toy_order.sync, NULL);
    toy_say(t, PD_C2S, "Lq1\nLq2\n");
    toy_say(t, PD_S2C, "zz1\nzz2\n");
    toy_say(t, PD_C2S, "Lq3\nLq4\n");
    toy_say(t, PD_S2C, "La3\nLa4\n");
    toy_finish(t);
    for (unsigned i = 0; i < t->count; i++)
        if (t->seen[i].status == PD_OK)
            assert_int_equal(t->seen[i].asked[1], t->seen[i].answered[1]);
    toy_free(t);
}

static void an_unknown_connection_is_counted_by_the_lower_port(void **state)
{
    (void)state;
    struct toy *t = joined(vaguely, NULL);
    for (int i = 0; i < 35; i++) {
        toy_say(t, PD_S2C, "zzzz");
        toy_say(t, PD_C2S, "zzzz");
    }
    assert_int_equal(toy_flow(t, PD_F_UNKNOWN), 1);
    assert_int_equal(pd_worker_tally(t->worker)->unknown[ODD_PORT % PD_UNKNOWN_PORTS].port, ODD_PORT);
    assert_int_equal(pd_worker_tally(t->worker)->unknown[ODD_PORT % PD_UNKNOWN_PORTS].packets, 70);
    toy_free(t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_claim_of_certainty_decides_at_once),
        cmocka_unit_test(the_ends_are_told_by_what_follows),
        cmocka_unit_test(what_goes_either_way_decides_nothing),
        cmocka_unit_test(two_that_fit_alike_decide_nothing),
        cmocka_unit_test(a_long_body_is_waited_for),
        cmocka_unit_test(bodies_speak_against_nobody),
        cmocka_unit_test(what_waited_keeps_its_times),
        cmocka_unit_test(an_answer_that_is_not_understood_is_an_answer),
        cmocka_unit_test(an_unknown_connection_is_counted_by_the_lower_port),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
