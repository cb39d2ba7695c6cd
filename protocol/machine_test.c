/* machine_test.c: every want, whole and in pieces; every rule for a gap. */
#include "protocol/toy_test.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

// clang-format off
#include <cmocka.h>
// clang-format on

static const uint32_t pieces[] = {0, 1, 2, 3, 7, 64};
#define EACH_PIECE(i) for (unsigned i = 0; i < sizeof pieces / sizeof pieces[0]; i++)

static struct toy *open_toy(uint32_t piece)
{
    struct toy *t = toy_new(&toy_order);

    t->piece = piece;
    toy_syn(t);
    return t;
}

static void wants_deliver_the_same_in_pieces(void **state)
{
    (void)state;
    EACH_PIECE(i)
    {
        struct toy *t = open_toy(pieces[i]);
        toy_say(t, PD_C2S,
                "Babc"
                "Lqline\n"
                "Uquntil;"
                "C\003xyz"
                "F\005feeds"
                "R\0\0\0\012\003abcpadded"
                "G\0\004mess");
        toy_say(t, PD_S2C,
                "Bdef"
                "La1\n"
                "Ua2;"
                "C\0"
                "F\0"
                "R\0\0\0\001\0"
                "G\0\0");
        toy_finish(t);
        assert_int_equal(t->count, 7);
        toy_check(t, 0, PD_OK, "abc", "def");
        toy_check(t, 1, PD_OK, "qline\n", "a1\n");
        toy_check(t, 2, PD_OK, "quntil", "a2");
        toy_check(t, 3, PD_OK, "xyz", "");
        toy_check(t, 4, PD_OK, "feeds", "");
        toy_check(t, 5, PD_OK, "abc", "");
        toy_check(t, 6, PD_OK, "mess", "");
        assert_int_equal(t->seen[5].req_bytes, 15);
        assert_int_equal(t->seen[5].rsp_bytes, 6);
        assert_int_equal(t->seen[2].req_bytes, 8);
        assert_int_equal(toy_counter(t, PD_C_BAD), 0);
        assert_int_equal(toy_counter(t, PD_C_BYTES), toy_counter(t, PD_C_PAIRED_BYTES));
        toy_free(t);
    }
}

static void varints(void **state)
{
    static const struct {
        const char *bytes;
        uint32_t len;
        int64_t value;
    } cases[] = {
        {"V\0", 2, 0},
        {"V\377\001", 3, 255},
        {"V\377\377\377\377\377\377\377\377\177", 10, INT64_MAX},
        {"Z\003", 2, -2},
        {"Z\004", 2, 2},
        {"M\372", 2, 250},
        {"M\374\001\002", 4, 0x201},
        {"M\375\001\002\003", 5, 0x30201},
        {"M\376\001\002\003\004\005\006\007\010", 10, 0x807060504030201},
    };
    (void)state;
    for (unsigned k = 0; k < sizeof cases / sizeof cases[0]; k++) {
        EACH_PIECE(i)
        {
            struct toy *t = open_toy(pieces[i]);
            toy_send(t, PD_C2S, cases[k].bytes, cases[k].len);
            toy_say(t, PD_S2C, "La\n");
            assert_int_equal(t->count, 1);
            assert_int_equal(t->seen[0].number, cases[k].value);
            assert_int_equal(t->seen[0].req_bytes, cases[k].len);
            toy_free(t);
        }
    }
}

static void bad_varints_are_bad(void **state)
{
    (void)state;
    struct toy *t = open_toy(0);
    toy_say(t, PD_C2S, "V\377\377\377\377\377\377\377\377\377\377\377");
    assert_int_equal(toy_counter(t, PD_C_BAD), 1);
    toy_free(t);
    t = open_toy(0);
    toy_say(t, PD_C2S, "M\377");
    assert_int_equal(toy_counter(t, PD_C_BAD), 1);
    toy_free(t);
}

static void long_line_is_cut_to_its_first_bytes(void **state)
{
    char line[203] = "L", first[65] = "";

    (void)state;
    memset(line + 1, 'q', 200);
    line[201] = '\n';
    memset(first, 'q', 64);
    EACH_PIECE(i)
    {
        struct toy *t = open_toy(pieces[i]);
        toy_send(t, PD_C2S, line, 202);
        toy_say(t, PD_S2C, "La\n");
        toy_check(t, 0, PD_OK, first, "a\n");
        assert_int_equal(t->seen[0].req_bytes, 202);
        toy_free(t);
    }
}

static void text_beyond_its_bound_is_counted(void **state)
{
    char big[260] = "C\377";

    (void)state;
    memset(big + 2, 'z', 255);
    struct toy *t = open_toy(0);
    toy_send(t, PD_C2S, big, 257);
    toy_say(t, PD_S2C, "La\n");
    assert_int_equal(strlen(t->seen[0].asked), 64);
    assert_int_equal(t->seen[0].status, PD_OK);
    toy_free(t);
}

static void want_across_the_frame_is_bad(void **state)
{
    (void)state;
    struct toy *t = open_toy(0);
    toy_say(t, PD_C2S, "R\0\0\0\003\012abcdefghijkl");
    assert_int_equal(toy_counter(t, PD_C_BAD), 1);
    toy_free(t);
}

static void gap_in_a_skip_costs_nothing(void **state)
{
    (void)state;
    struct toy *t = open_toy(0);
    toy_say(t, PD_C2S,
            "S\0\0\0\144"
            "0123456789");
    toy_lose(t, PD_C2S, 80);
    toy_say(t, PD_C2S,
            "0123456789"
            "Lq2\n");
    toy_say(t, PD_S2C,
            "La1\n"
            "La2\n");
    assert_int_equal(t->count, 2);
    toy_check(t, 0, PD_OK, "", "a1\n");
    toy_check(t, 1, PD_OK, "q2\n", "a2\n");
    assert_int_equal(toy_counter(t, PD_C_ABSORBED), 1);
    assert_int_equal(toy_counter(t, PD_C_GAP_BYTES), 80);
    toy_free(t);
}

static void gap_at_a_message_end_hides_its_time(void **state)
{
    (void)state;
    struct toy *t = open_toy(0);
    toy_say(t, PD_C2S,
            "S\0\0\0\024"
            "0123456789");
    toy_lose(t, PD_C2S, 10);
    toy_say(t, PD_S2C, "La1\n");
    toy_finish(t);
    assert_int_equal(t->count, 1);
    assert_int_equal(t->seen[0].status, PD_INCOMPLETE);
    assert_int_equal(t->seen[0].last_req, 0);
    toy_free(t);
}

static void gap_in_a_capture_keeps_the_order(void **state)
{
    (void)state;
    struct toy *t = open_toy(0);
    toy_say(t, PD_C2S,
            "C\024"
            "01234");
    toy_lose(t, PD_C2S, 10);
    toy_say(t, PD_C2S,
            "56789"
            "Lq2\n");
    toy_say(t, PD_S2C,
            "La1\n"
            "La2\n");
    assert_int_equal(t->count, 2);
    toy_check(t, 0, PD_INCOMPLETE, "01234", "a1\n");
    assert_true(t->seen[0].holed);
    toy_check(t, 1, PD_OK, "q2\n", "a2\n");
    toy_free(t);
}

static void gap_in_a_frame_costs_that_message(void **state)
{
    (void)state;
    struct toy *t = open_toy(0);
    toy_say(t, PD_C2S,
            "R\0\0\0\036\031"
            "01234");
    toy_lose(t, PD_C2S, 23); /* past the capture, inside the frame */
    toy_say(t, PD_C2S,
            "z"
            "Lq2\n");
    toy_say(t, PD_S2C,
            "La1\n"
            "La2\n");
    assert_int_equal(t->count, 2);
    toy_check(t, 0, PD_INCOMPLETE, "01234", "a1\n");
    toy_check(t, 1, PD_OK, "q2\n", "a2\n");
    assert_int_equal(toy_counter(t, PD_C_LOST), 0);
    toy_free(t);
}

static void gap_in_a_whole_message_gives_its_beginning(void **state)
{
    (void)state;
    struct toy *t = open_toy(0);
    toy_say(t, PD_C2S,
            "G\0\024"
            "01234");
    toy_lose(t, PD_C2S, 10);
    toy_say(t, PD_C2S,
            "56789"
            "Lq2\n");
    toy_say(t, PD_S2C,
            "La1\n"
            "La2\n");
    assert_int_equal(t->count, 2);
    toy_check(t, 0, PD_INCOMPLETE, "01234", "a1\n");
    toy_check(t, 1, PD_OK, "q2\n", "a2\n");
    toy_free(t);
}

static void gap_elsewhere_loses_the_boundary(void **state)
{
    (void)state;
    struct toy *t = open_toy(0);
    toy_say(t, PD_C2S, "Lq1\n");
    toy_lose(t, PD_C2S, 4);
    toy_say(t, PD_C2S, "Lq3\n");
    toy_say(t, PD_S2C,
            "La1\n"
            "La2\n"
            "La3\n");
    toy_finish(t);
    assert_int_equal(t->count, 1); /* q1 as incomplete; q3 quarantined, nothing guessed */
    toy_check(t, 0, PD_INCOMPLETE, "q1\n", "");
    assert_int_equal(toy_counter(t, PD_C_LOST), 1);
    assert_int_equal(toy_counter(t, PD_C_RESYNCS), 1);
    assert_int_equal(toy_counter(t, PD_C_QUARANTINED), 1);
    toy_free(t);
}

static void snap_length_is_a_gap(void **state)
{
    (void)state;
    struct toy *t = open_toy(0);
    toy_packet(t, PD_C2S, PD_ACK, t->seq[0], t->seq[1], "S\0\0\0\144", 5, 105);
    t->seq[0] += 105;
    toy_say(t, PD_C2S, "Lq2\n");
    toy_say(t, PD_S2C,
            "La1\n"
            "La2\n");
    assert_int_equal(t->count, 2);
    assert_int_equal(t->seen[0].status, PD_INCOMPLETE); /* its last byte was cut off */
    toy_check(t, 1, PD_OK, "q2\n", "a2\n");
    assert_int_equal(toy_flow(t, PD_F_CUT_BYTES), 100);
    toy_free(t);
}

static void opaque_is_counted_and_closes(void **state)
{
    (void)state;
    struct toy *t = open_toy(0);
    toy_say(t, PD_C2S,
            "Lq1\n"
            "X");
    toy_say(t, PD_S2C, "La1\n");
    toy_finish(t);
    assert_int_equal(toy_counter(t, PD_C_OPAQUE), 1);
    assert_int_equal(toy_closed(t), 1); /* not again when the connection ends */
    assert_int_equal(t->count, 2);
    assert_int_equal(t->seen[0].status, PD_UNANSWERED);
    toy_free(t);
}

static void switch_moves_the_open_record(void **state)
{
    (void)state;
    EACH_PIECE(i)
    {
        struct toy *t = open_toy(pieces[i]);
        toy_say(t, PD_C2S, "Lqturn\n");
        toy_say(t, PD_S2C,
                "W"
                "K\011adone\n");
        toy_say(t, PD_C2S, "K\005qnew\n");
        toy_say(t, PD_S2C, "K\005anew\n");
        assert_int_equal(t->count, 2);
        toy_check(t, 0, PD_OK, "qturn\n", "adone\n");
        toy_check(t, 1, PD_OK, "qnew\n", "anew\n");
        const struct pd_tally *tally = pd_worker_tally(t->worker);
        assert_int_equal(tally->proto[0][PD_C_BYTES], 1); /* the request went with its record */
        assert_int_equal(tally->proto[0][PD_C_PAIRED_BYTES], 1);
        assert_int_equal(tally->proto[1][PD_C_BYTES], 7 + 8 + 7 + 7);
        assert_int_equal(tally->proto[1][PD_C_PAIRED_BYTES], 7 + 7 + 6 + 6); /* without each K */
        toy_free(t);
    }
}

static void a_child_claims_its_requests(void **state)
{
    (void)state;
    struct toy *t = toy_open(&toy_key);
    toy_say(t, PD_C2S, "K\001q1\nP\002q2\n");
    toy_say(t, PD_S2C, "K\002a2\nK\001a1\n");
    assert_int_equal(t->count, 2);
    toy_check(t, 0, PD_OK, "q2\n", "a2\n");
    assert_string_equal(t->seen[0].proto, "toy_child");
    assert_string_equal(t->seen[1].proto, "toy_key");
    assert_int_equal(toy_counter(t, PD_C_OK), 1); /* the parent's */
    assert_int_equal(pd_worker_tally(t->worker)->proto[1][PD_C_OK], 1);
    toy_free(t);
}

static void parts_of_messages_take_turns(void **state)
{
    (void)state;
    struct toy *t = toy_open(&toy_key);
    toy_say(t, PD_C2S, "H\001q1\nK\002q2\n");
    toy_say(t, PD_C2S, "J\001b\nJ\003nobody's\n");
    toy_say(t, PD_S2C, "H\001a1\nK\002a2\n");
    toy_say(t, PD_C2S, "T\001c\n");
    toy_say(t, PD_S2C, "T\001d\n");
    toy_say(t, PD_C2S, "T\001too late\n");
    assert_int_equal(t->count, 2);
    toy_check(t, 0, PD_OK, "q2\n", "a2\n");
    toy_check(t, 1, PD_OK, "q1\nb\nc\n", "a1\nd\n");
    assert_int_equal(t->seen[1].req_bytes, 4 + 3 + 3);
    assert_int_equal(t->seen[1].rsp_bytes, 4 + 3);
    assert_true(t->seen[1].first_rsp < t->seen[1].last_req); /* it began before the request ended */
    toy_free(t);
}

static void one_message_answers_several_keys(void **state)
{
    (void)state;
    struct toy *t = toy_open(&toy_key);
    toy_say(t, PD_C2S, "K\001q1\nK\002q2\nK\003q3\nH\004q4\nK\005q5\n");
    toy_say(t, PD_S2C, "A\001\002a\n"); /* fewer keys than requests */
    assert_int_equal(t->count, 2);
    toy_check(t, 0, PD_OK, "q1\n", "a\n");
    toy_check(t, 1, PD_OK, "q2\n", "a\n");
    assert_int_equal(t->seen[0].rsp_bytes, 0); /* they count once */
    assert_int_equal(t->seen[1].rsp_bytes, 2);
    assert_true(t->seen[0].first_rsp == t->seen[1].first_rsp && t->seen[0].first_rsp > 0);
    toy_say(t, PD_S2C, "A\000\004a\n"); /* more keys than requests, and one whose end did not come */
    assert_int_equal(t->count, 4);
    toy_check(t, 2, PD_OK, "q3\n", "a\n");
    assert_int_equal(t->seen[3].status, PD_INCOMPLETE);
    toy_say(t, PD_S2C, "A\000\004a\nA\005\004a\n");
    assert_int_equal(t->count, 4);
    assert_int_equal(toy_counter(t, PD_C_ORPHAN), 2);
    toy_say(t, PD_S2C, "A\005\377a?\n"); /* the protocol is not certain */
    assert_int_equal(t->seen[4].status, PD_INCOMPLETE);
    toy_free(t);
}

static void requests_may_be_given_up(void **state)
{
    (void)state;
    struct toy *t = toy_open(&toy_key);
    toy_say(t, PD_C2S, "K\001q1\nK\002q2\nK\003q3\nE\001\001");
    assert_int_equal(t->count, 1);
    assert_int_equal(t->seen[0].status, PD_UNANSWERED);
    toy_say(t, PD_S2C, "E\000\377K\002a2\n");
    assert_int_equal(t->count, 3);
    assert_int_equal(t->seen[1].status, PD_INCOMPLETE);
    assert_int_equal(t->seen[2].status, PD_INCOMPLETE);
    assert_int_equal(toy_counter(t, PD_C_ORPHAN), 1);
    toy_say(t, PD_C2S, "H\004q4\nE\004\004T\004late\n"); /* its end finds nothing */
    assert_int_equal(t->count, 4);
    toy_free(t);
}

static void a_worker_has_state_of_its_own(void **state)
{
    (void)state;
    struct toy *t = toy_open(&toy_order);
    toy_say(t, PD_C2S, "Yq1\n");
    toy_say(t, PD_S2C, "Ya1\n");
    assert_int_equal(t->seen[0].number, 102);
    toy_free(t);
}

static void datagram_is_one_frame(void **state)
{
    (void)state;
    struct toy *t = toy_new(&toy_key);
    toy_datagram(t, PD_C2S, "K\001q1\n", 5, 5);
    toy_datagram(t, PD_C2S, "K\002q2\n", 5, 5);
    toy_datagram(t, PD_S2C, "K\002a2\n", 5, 5);
    toy_datagram(t, PD_S2C, "K\001a1\n", 5, 5);
    assert_int_equal(t->count, 2);
    toy_check(t, 0, PD_OK, "q2\n", "a2\n");
    toy_check(t, 1, PD_OK, "q1\n", "a1\n");
    toy_datagram(t, PD_C2S, "K\003q3", 4, 9); /* cut short */
    assert_int_equal(t->count, 3);
    assert_int_equal(t->seen[2].status, PD_INCOMPLETE);
    toy_free(t);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(wants_deliver_the_same_in_pieces),
        cmocka_unit_test(varints),
        cmocka_unit_test(bad_varints_are_bad),
        cmocka_unit_test(long_line_is_cut_to_its_first_bytes),
        cmocka_unit_test(text_beyond_its_bound_is_counted),
        cmocka_unit_test(want_across_the_frame_is_bad),
        cmocka_unit_test(gap_in_a_skip_costs_nothing),
        cmocka_unit_test(gap_at_a_message_end_hides_its_time),
        cmocka_unit_test(gap_in_a_capture_keeps_the_order),
        cmocka_unit_test(gap_in_a_frame_costs_that_message),
        cmocka_unit_test(gap_in_a_whole_message_gives_its_beginning),
        cmocka_unit_test(gap_elsewhere_loses_the_boundary),
        cmocka_unit_test(snap_length_is_a_gap),
        cmocka_unit_test(opaque_is_counted_and_closes),
        cmocka_unit_test(switch_moves_the_open_record),
        cmocka_unit_test(a_child_claims_its_requests),
        cmocka_unit_test(parts_of_messages_take_turns),
        cmocka_unit_test(one_message_answers_several_keys),
        cmocka_unit_test(requests_may_be_given_up),
        cmocka_unit_test(a_worker_has_state_of_its_own),
        cmocka_unit_test(datagram_is_one_frame),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
