/* trust_test.c: which response belongs to which request, with every byte seen and with bytes lost. */
#include "protocol/toy_test.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
// clang-format off
#include <cmocka.h>
// clang-format on

static const uint64_t ms = 1000000;

/* n roundtrips one after the other: evidence that this connection never has two outstanding. */
static void solo(struct toy *t, unsigned n)
{
    for (unsigned i = 0; i < n; i++) {
        toy_say(t, PD_C2S, "Lq\n");
        toy_say(t, PD_S2C, "La\n");
    }
}

static void pipelines_pair_in_order(void **state)
{
    (void)state;
    struct toy *t = toy_open(&toy_order);
    for (int i = 0; i < 300; i++)
        toy_say(t, PD_C2S, "Lq1\nLq2\n");
    for (int i = 0; i < 300; i++)
        toy_say(t, PD_S2C, "La1\nLa2\n");
    assert_int_equal(t->count, 600);
    toy_check(t, 598, PD_OK, "q1\n", "a1\n");
    toy_check(t, 599, PD_OK, "q2\n", "a2\n");
    toy_free(t);
}

static void beyond_the_limit_the_order_holds(void **state)
{
    (void)state;
    struct toy *t = toy_new_limited(&toy_order, 2);
    toy_syn(t);
    toy_say(t, PD_C2S, "Lq1\nLq2\nLq3\nLq4\n");
    toy_say(t, PD_S2C, "La1\nLa2\nLa3\nLa4\n");
    toy_say(t, PD_C2S, "Lq5\n");
    toy_say(t, PD_S2C, "La5\n");
    assert_int_equal(t->count, 3);
    toy_check(t, 1, PD_OK, "q2\n", "a2\n");
    toy_check(t, 2, PD_OK, "q5\n", "a5\n");
    assert_int_equal(toy_counter(t, PD_C_UNTRACKED), 2);
    toy_free(t);
}

static void replies_owed_and_interim(void **state)
{
    (void)state;
    struct toy *t = toy_open(&toy_order);
    toy_say(t, PD_C2S, "Nqtwo\nLq2\n");
    toy_say(t, PD_S2C, "Ia-wait\nLa1\nLb1\nLa2\n");
    assert_int_equal(t->count, 2);
    toy_check(t, 0, PD_OK, "qtwo\n", "a1\nb1\n");
    toy_check(t, 1, PD_OK, "q2\n", "a2\n");
    assert_int_equal(t->seen[0].rsp_bytes, 4 + 8 + 4);
    toy_free(t);
}

static void deferred_messages_begin_with_their_first_byte(void **state)
{
    (void)state;
    struct toy *t = toy_open(&toy_order);
    toy_say(t, PD_C2S, "D");
    uint64_t began = t->now;
    toy_say(t, PD_C2S, "\001");
    toy_say(t, PD_C2S, "q1\nLq2\n");
    toy_say(t, PD_S2C, "D\001a1\nD");
    uint64_t answered = t->now;
    toy_say(t, PD_S2C, "\001a2\n");
    assert_int_equal(t->count, 2);
    toy_check(t, 0, PD_OK, "q1\n", "a1\n");
    toy_check(t, 1, PD_OK, "q2\n", "a2\n");
    assert_int_equal(t->seen[0].first_req, began);
    assert_int_equal(t->seen[0].req_bytes, 5);
    assert_int_equal(t->seen[1].first_req, began + 2 * ms);
    assert_int_equal(t->seen[1].first_rsp, answered);
    assert_int_equal(t->seen[1].rsp_bytes, 5);
    toy_free(t);
}

static void responses_say_how_many_there_are(void **state)
{
    (void)state;
    struct toy *t = toy_open(&toy_order);
    toy_say(t, PD_C2S, "Lq1\nNq2\nLq3\n");
    toy_say(t, PD_S2C, "D\002a1\nLb1\nD\001a2\nLa3\n");
    toy_say(t, PD_S2C, "D\003orphan\n");
    assert_int_equal(t->count, 3);
    toy_check(t, 0, PD_OK, "q1\n", "a1\nb1\n");
    toy_check(t, 1, PD_OK, "q2\n", "a2\n");
    toy_check(t, 2, PD_OK, "q3\n", "a3\n");
    toy_free(t);
}

static void joined_and_the_first_answer_lost(void **state)
{
    (void)state;
    struct toy *t = toy_new(&toy_order);
    toy_say(t, PD_C2S, "Lq1\n");
    toy_lose(t, PD_S2C, 4);
    toy_say(t, PD_C2S, "Lq2\n");
    toy_say(t, PD_S2C, "La2\n");
    toy_say(t, PD_C2S, "Lq3\n");
    toy_say(t, PD_S2C, "La3\n");
    toy_finish(t);
    assert_int_equal(t->count, 3);
    toy_check(t, 0, PD_INCOMPLETE, "q1\n", "");
    toy_check(t, 1, PD_OK, "q2\n", "a2\n");
    toy_check(t, 2, PD_OK, "q3\n", "a3\n");
    toy_free(t);
}

static void oneway_pairs_with_nothing(void **state)
{
    (void)state;
    struct toy *t = toy_open(&toy_order);
    toy_say(t, PD_C2S, "Lq1\n");
    toy_say(t, PD_S2C, "Opush\n");
    toy_say(t, PD_S2C, "La1\n");
    assert_int_equal(t->count, 2);
    assert_int_equal(t->seen[0].status, PD_ONEWAY);
    toy_check(t, 1, PD_OK, "q1\n", "a1\n");
    toy_free(t);
}

static void response_that_acknowledges_no_request_answers_none(void **state)
{
    (void)state;
    struct toy *t = toy_open(&toy_order);
    uint32_t before = t->seq[0];
    toy_say(t, PD_C2S, "Lq1\n");
    toy_packet(t, PD_S2C, PD_ACK, t->seq[1], before, "La0\n", 4, 4); /* sent before q1 arrived */
    t->seq[1] += 4;
    toy_say(t, PD_S2C, "La1\n");
    assert_int_equal(t->count, 1);
    toy_check(t, 0, PD_OK, "q1\n", "a1\n");
    assert_int_equal(toy_counter(t, PD_C_ORPHAN), 1);
    toy_free(t);
}

static void quarantine_ends_on_evidence(void **state)
{
    (void)state;
    struct toy *t = toy_open(&toy_order);
    solo(t, 20);
    toy_lose(t, PD_C2S, 4);
    toy_say(t, PD_S2C, "La-lost\n");
    toy_say(t, PD_C2S, "Lq-next\n");
    toy_say(t, PD_S2C, "La-next\n");
    assert_int_equal(t->count, 20); /* where q-next begins was guessed; the next request confirms it */
    solo(t, 1);
    assert_int_equal(t->count, 22);
    toy_check(t, 20, PD_OK, "q-next\n", "a-next\n");
    toy_free(t);
}

static void quarantine_ends_after_silence(void **state)
{
    (void)state;
    struct toy *t = toy_open(&toy_order);
    toy_lose(t, PD_C2S, 4);
    toy_say(t, PD_C2S, "Lq2\n");
    toy_say(t, PD_S2C, "La1\nLa2\n");
    toy_say(t, PD_C2S, "Lq3\n"); /* too soon */
    toy_say(t, PD_S2C, "La3\n");
    toy_wait(t, 50 * ms);
    toy_say(t, PD_C2S, "Lq4\n");
    toy_say(t, PD_S2C, "La4\n");
    toy_finish(t);
    assert_int_equal(t->count, 1);
    toy_check(t, 0, PD_OK, "q4\n", "a4\n");
    assert_int_equal(toy_counter(t, PD_C_QUARANTINED), 2);
    toy_free(t);
}

/* n exchanges in turns: 100 us to answer, then a pause before the next request. */
static void turns(struct toy *t, unsigned n, uint64_t pause_ns)
{
    for (unsigned i = 0; i < n; i++) {
        toy_wait(t, pause_ns - ms); /* toy_say() adds 1 ms */
        toy_say(t, PD_C2S, "Lq\n");
        toy_wait(t, ms / 10 - ms);
        toy_say(t, PD_S2C, "La\n");
    }
}

static void quarantine_ends_after_many_turns_and_a_short_silence(void **state)
{
    (void)state;
    struct toy *t = toy_open(&toy_order);
    toy_lose(t, PD_C2S, 4);
    turns(t, 40, ms); /* ten times as long as the server ever takes */
    toy_finish(t);
    assert_in_range(t->count, 20, 25);
    toy_free(t);
    t = toy_open(&toy_order);
    toy_lose(t, PD_C2S, 4);
    turns(t, 40, ms / 5); /* only twice: an older request may be outstanding all the time */
    toy_finish(t);
    assert_int_equal(t->count, 0);
    toy_free(t);
}

static void only_the_first_byte_of_a_segment_follows_the_silence(void **state)
{
    (void)state;
    struct toy *t = toy_open(&toy_order);
    toy_lose(t, PD_C2S, 4);
    toy_say(t, PD_C2S, "Lq2\n");
    toy_say(t, PD_S2C, "La1\n");
    toy_wait(t, 50 * ms);
    toy_lose(t, PD_C2S, 2);
    toy_say(t, PD_C2S, "Lq3\nLq4\n"); /* where it begins is a guess, and q4 follows q3 without a pause */
    toy_say(t, PD_S2C, "La3\n");
    toy_finish(t);
    for (unsigned i = 0; i < t->count; i++)
        assert_string_not_equal(t->seen[i].asked, "q4\n");
    toy_free(t);
}

static void half_duplex_needs_no_quarantine(void **state)
{
    (void)state;
    struct toy *t = toy_open(&toy_half_duplex);
    toy_lose(t, PD_C2S, 4);
    toy_say(t, PD_S2C, "La1\n");
    toy_say(t, PD_C2S, "Lq2\n");
    toy_say(t, PD_S2C, "La2\n");
    toy_finish(t);
    assert_int_equal(t->count, 1);
    toy_check(t, 0, PD_OK, "q2\n", "a2\n");
    toy_free(t);
}

static void turn_rule_finds_the_response_side(void **state)
{
    (void)state;
    struct toy *t = toy_open(&toy_order);
    solo(t, 20);
    toy_say(t, PD_C2S, "Lq1\n");
    toy_lose(t, PD_S2C, 6);
    toy_say(t, PD_S2C, "xx\n"); /* nothing that sync() would know */
    toy_say(t, PD_C2S, "Lq2\n");
    toy_say(t, PD_S2C, "Bxyz");
    assert_int_equal(t->count, 22);
    toy_check(t, 20, PD_INCOMPLETE, "q1\n", "");
    toy_check(t, 21, PD_OK, "q2\n", "xyz");
    assert_int_equal(toy_counter(t, PD_C_TURNS), 1);
    toy_free(t);
}

static void acknowledged_but_unseen_is_a_gap_before_a_pair_depends_on_it(void **state)
{
    (void)state;
    struct toy *t = toy_open(&toy_order);
    toy_say(t, PD_C2S, "Lq1\n");
    toy_lose(t, PD_S2C, 4);      /* a1 */
    toy_say(t, PD_C2S, "Lq2\n"); /* acknowledges a1 */
    toy_say(t, PD_S2C, "La2\n");
    toy_finish(t);
    toy_check(t, 0, PD_INCOMPLETE, "q1\n", "");
    for (unsigned i = 1; i < t->count; i++)
        assert_string_not_equal(t->seen[i].asked, "q1\n");
    toy_free(t);
}

static void key_pairing_survives_a_loss(void **state)
{
    (void)state;
    struct toy *t = toy_open(&toy_key);
    toy_say(t, PD_C2S, "K\001q1\n");
    toy_lose(t, PD_C2S, 5);
    toy_say(t, PD_C2S, "Lq\n");
    toy_say(t, PD_S2C, "K\001a1\n");
    toy_say(t, PD_C2S, "Lq\n"); /* confirms the boundary */
    toy_check(t, 0, PD_OK, "q1\n", "a1\n");
    toy_free(t);
}

static void what_lost_bytes_may_have_answered_is_not_unanswered(void **state)
{
    (void)state;
    struct toy *t = toy_open(&toy_key);
    toy_say(t, PD_C2S, "K\001q1\nK\002q2\nH\003q3\nK\004q4\n");
    toy_say(t, PD_S2C, "H\004a4\n");
    toy_lose(t, PD_S2C, 5);
    toy_say(t, PD_S2C, "La\n");
    toy_say(t, PD_S2C, "K\002a2\n");
    toy_say(t, PD_C2S, "T\003\nK\005q5\n");
    toy_finish(t);
    assert_int_equal(t->count, 5);
    toy_check(t, 0, PD_OK, "q2\n", "a2\n");
    toy_check(t, 1, PD_INCOMPLETE, "q1\n", "");
    toy_check(t, 2, PD_INCOMPLETE, "q3\n\n", "");
    toy_check(t, 3, PD_INCOMPLETE, "q4\n", "a4\n"); /* its last part may be what was lost */
    toy_check(t, 4, PD_UNANSWERED, "q5\n", "");
    toy_free(t);
}

static void what_unread_bytes_may_have_answered_is_not_unanswered(void **state)
{
    (void)state;
    struct toy *t = toy_open(&toy_key);
    toy_lose(t, PD_S2C, 5);
    toy_say(t, PD_S2C, "no boundary\n");
    toy_say(t, PD_C2S, "K\001q1\nK\002q2\n"); /* asked when the boundary was lost already */
    toy_say(t, PD_S2C, "nor here\n");
    toy_say(t, PD_S2C, "La\n");
    toy_say(t, PD_S2C, "K\002a2\n");
    toy_say(t, PD_C2S, "K\003q3\n");
    toy_finish(t);
    assert_int_equal(t->count, 3);
    toy_check(t, 0, PD_OK, "q2\n", "a2\n");
    toy_check(t, 1, PD_INCOMPLETE, "q1\n", "");
    toy_check(t, 2, PD_UNANSWERED, "q3\n", "");
    toy_free(t);
}

static void what_a_guessed_message_hides_is_not_unanswered(void **state)
{
    (void)state;
    struct toy *t = toy_open(&toy_key);
    toy_lose(t, PD_S2C, 5);
    toy_say(t, PD_S2C, "La, which begins no message, and whose end does not come");
    toy_say(t, PD_C2S, "K\001q1\n");
    toy_say(t, PD_S2C, "K\001a1");
    toy_finish(t);
    assert_int_equal(t->count, 1);
    toy_check(t, 0, PD_INCOMPLETE, "q1\n", "");
    toy_free(t);
}

static void join_prints_one_exchange_at_the_end(void **state)
{
    (void)state;
    struct toy *t = toy_new(&toy_order);
    toy_say(t, PD_C2S, "Lq1\n");
    toy_say(t, PD_S2C, "La1\n");
    assert_int_equal(t->count, 0); /* provisional */
    toy_finish(t);
    assert_int_equal(t->count, 1);
    toy_check(t, 0, PD_OK, "q1\n", "a1\n");
    assert_int_equal(toy_flow(t, PD_F_MIDSTREAM), 1);
    toy_free(t);
}

static void join_is_trusted_when_the_next_request_finds_nothing_outstanding(void **state)
{
    (void)state;
    struct toy *t = toy_new(&toy_order);
    toy_say(t, PD_S2C, "La0\n"); /* answers what was asked before the capture */
    toy_say(t, PD_C2S, "Lq1\n");
    toy_say(t, PD_S2C, "La1\n");
    toy_say(t, PD_C2S, "Lq2\n");
    toy_say(t, PD_S2C, "La2\n");
    toy_say(t, PD_C2S, "Lq3\n");
    assert_true(t->count >= 1);
    toy_check(t, 0, PD_OK, "q1\n", "a1\n");
    toy_free(t);
}

static void join_into_a_pipeline_discards_shifted_pairs(void **state)
{
    (void)state;
    struct toy *t = toy_new(&toy_order);
    toy_say(t, PD_C2S, "Lq2\n"); /* q1 was sent before the capture */
    toy_say(t, PD_C2S, "Lq3\n");
    toy_say(t, PD_S2C, "La1\n");
    toy_say(t, PD_S2C, "La2\n");
    toy_say(t, PD_S2C, "La3\n");
    toy_finish(t);
    assert_int_equal(t->count, 0);
    assert_int_equal(toy_counter(t, PD_C_DISCARDED), 2);
    toy_free(t);
}

static void join_on_an_unknown_port_turns_the_ends(void **state)
{
    (void)state;
    struct toy *t = toy_new(&toy_key);
    t->port = 999;
    toy_say(t, PD_S2C, "La0\n"); /* the first packet is the server's */
    toy_say(t, PD_C2S, "Lq1\n");
    toy_say(t, PD_S2C, "La1\n");
    toy_finish(t);
    assert_int_equal(t->count, 1);
    toy_check(t, 0, PD_OK, "q1\n", "a1\n");
    toy_free(t);
}

static void a_lost_response_of_the_only_request_costs_no_trust(void **state)
{
    (void)state;
    struct toy *t = toy_open(&toy_order);
    toy_say(t, PD_C2S, "Lq1\n");
    toy_lose(t, PD_S2C, 6); /* the beginning of a1, which the next request acknowledges with its end */
    toy_say(t, PD_S2C, "xx\n");
    toy_say(t, PD_C2S, "Lq2\n");
    toy_say(t, PD_S2C, "La2\n");
    toy_say(t, PD_C2S, "Lq3\n");
    toy_say(t, PD_S2C, "La3\n");
    assert_int_equal(t->count, 3);
    toy_check(t, 0, PD_INCOMPLETE, "q1\n", "");
    toy_check(t, 1, PD_OK, "q2\n", "a2\n");
    toy_check(t, 2, PD_OK, "q3\n", "a3\n");
    toy_free(t);
}

static void a_join_that_begins_with_an_unreadable_response_is_still_a_join(void **state)
{
    (void)state;
    struct toy *t = toy_new(&toy_order);
    toy_say(t, PD_S2C, "La0\n?");
    toy_say(t, PD_C2S, "Lq1\n");
    toy_say(t, PD_S2C, "La1\n");
    toy_say(t, PD_C2S, "Lq2\n");
    toy_say(t, PD_S2C, "La2\n");
    toy_finish(t);
    assert_int_equal(t->count, 2);
    toy_check(t, 0, PD_OK, "q1\n", "a1\n");
    toy_free(t);
}

static void a_lost_response_among_two_quarantines(void **state)
{
    (void)state;
    struct toy *t = toy_open(&toy_order);
    toy_say(t, PD_C2S, "Lq1\nLq2\n");
    toy_lose(t, PD_S2C, 4);
    toy_say(t, PD_S2C, "La2\n"); /* or a second part of a1 */
    toy_say(t, PD_C2S, "Lq3\n");
    toy_say(t, PD_S2C, "La3\n");
    toy_finish(t);
    assert_int_equal(t->count, 2);
    toy_check(t, 0, PD_INCOMPLETE, "q1\n", "");
    toy_check(t, 1, PD_INCOMPLETE, "q2\n", "");
    toy_free(t);
}

static void a_prelude_is_not_a_loss(void **state)
{
    (void)state;
    struct toy *t = toy_open(&toy_order);
    toy_say(t, PD_C2S, "zz-hello");
    toy_say(t, PD_S2C, "zz-welcome");
    toy_say(t, PD_C2S, "Lq1\n");
    toy_say(t, PD_S2C, "La1\n");
    toy_finish(t);
    assert_int_equal(t->count, 1);
    toy_check(t, 0, PD_OK, "q1\n", "a1\n");
    toy_free(t);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(pipelines_pair_in_order),
        cmocka_unit_test(beyond_the_limit_the_order_holds),
        cmocka_unit_test(replies_owed_and_interim),
        cmocka_unit_test(deferred_messages_begin_with_their_first_byte),
        cmocka_unit_test(responses_say_how_many_there_are),
        cmocka_unit_test(joined_and_the_first_answer_lost),
        cmocka_unit_test(oneway_pairs_with_nothing),
        cmocka_unit_test(response_that_acknowledges_no_request_answers_none),
        cmocka_unit_test(quarantine_ends_on_evidence),
        cmocka_unit_test(quarantine_ends_after_silence),
        cmocka_unit_test(quarantine_ends_after_many_turns_and_a_short_silence),
        cmocka_unit_test(only_the_first_byte_of_a_segment_follows_the_silence),
        cmocka_unit_test(half_duplex_needs_no_quarantine),
        cmocka_unit_test(turn_rule_finds_the_response_side),
        cmocka_unit_test(acknowledged_but_unseen_is_a_gap_before_a_pair_depends_on_it),
        cmocka_unit_test(key_pairing_survives_a_loss),
        cmocka_unit_test(what_lost_bytes_may_have_answered_is_not_unanswered),
        cmocka_unit_test(what_unread_bytes_may_have_answered_is_not_unanswered),
        cmocka_unit_test(what_a_guessed_message_hides_is_not_unanswered),
        cmocka_unit_test(join_prints_one_exchange_at_the_end),
        cmocka_unit_test(join_is_trusted_when_the_next_request_finds_nothing_outstanding),
        cmocka_unit_test(join_into_a_pipeline_discards_shifted_pairs),
        cmocka_unit_test(join_on_an_unknown_port_turns_the_ends),
        cmocka_unit_test(a_lost_response_of_the_only_request_costs_no_trust),
        cmocka_unit_test(a_join_that_begins_with_an_unreadable_response_is_still_a_join),
        cmocka_unit_test(a_lost_response_among_two_quarantines),
        cmocka_unit_test(a_prelude_is_not_a_loss),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
