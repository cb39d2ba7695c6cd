/* answers_test.c: what is not known for certain of answers is not told as if it were. */
#include "protocol/amqp/amqp_test.h"

#define BIND(name, flags) "\0\x32\0\x14\0\0\1" name "\1e\1k" flags "\0\0\0\0"
#define BIND_OK "\0\x32\0\x15"
#define CLOSE_BIND "\0\x14\0\x28\1\x94\4none\0\x32\0\x14"
#define CLOSE_PUBLISH "\0\x14\0\x28\1\x94\4none\0\x3c\0\x28"
#define RECOVER "\0\x3c\0\x6e\1"
#define RECOVER_ASYNC "\0\x3c\0\x64\1"
#define RECOVER_OK "\0\x3c\0\x6f"

static void count(struct drive *d, uint64_t ok, uint64_t error, uint64_t incomplete)
{
    drive_finish(d);
    assert_int_equal(drive_counter(d, PD_C_OK), ok);
    assert_int_equal(drive_counter(d, PD_C_ERROR), error);
    assert_int_equal(drive_counter(d, PD_C_INCOMPLETE), incomplete);
    drive_free(d);
}

/* Who asks for different things at once may have asked for one of them in what was lost: the server's Close
 * is for that one. */
static void a_loss_hides_what_else_was_asked(void **state)
{
    struct drive *d = opened(0);

    (void)state;
    METHOD(1, DECLARE("a"));
    METHOD(1, BIND("a", "\0"));
    flush(d, PD_C2S);
    METHOD(1, DECLARE_OK("a"));
    METHOD(1, BIND_OK);
    flush(d, PD_S2C);
    drive_gap(d, PD_C2S, 47); /* the same for b */
    METHOD(1, DECLARE("c"));
    METHOD(1, BIND("c", "\0"));
    flush(d, PD_C2S);
    METHOD(1, CLOSE_BIND);
    flush(d, PD_S2C);
    count(d, 3, 0, 2);
}

/* The first loss comes before anybody was seen to ask for several things at once: an answer that repeats
 * another's name tells. */
static void an_answer_with_anothers_name_is_anothers(void **state)
{
    struct drive *d = opened(0);

    (void)state;
    drive_gap(d, PD_C2S, 20); /* DECLARE("a") */
    METHOD(1, DECLARE("b"));
    flush(d, PD_C2S);
    METHOD(1, DECLARE_OK("a"));
    flush(d, PD_S2C);
    METHOD(1, BIND("c", "\0"));
    flush(d, PD_C2S);
    METHOD(1, BIND_OK);
    flush(d, PD_S2C);
    count(d, 1, 0, 2);
}

/* What was sent without asking for an answer may be what is refused, until a later request is answered. */
static void a_refusal_may_mean_what_has_no_answer(void **state)
{
    (void)state;
    for (int answered = 0; answered < 2; answered++) {
        struct drive *d = opened(0);
        METHOD(1, BIND("a", "\1"));
        if (answered)
            METHOD(1, DECLARE("b"));
        METHOD(1, BIND("b", "\0"));
        flush(d, PD_C2S);
        if (answered)
            METHOD(1, DECLARE_OK("b"));
        METHOD(1, CLOSE_BIND);
        flush(d, PD_S2C);
        METHOD(1, CLOSE_OK);
        flush(d, PD_C2S);
        count(d, answered ? 2 : 1, answered ? 2 : 1, answered ? 0 : 1);
    }
}

/* So may a publish from before confirm mode. */
static void a_publish_before_confirm_mode_may_be_refused(void **state)
{
    struct drive *d = opened(0);

    (void)state;
    METHOD(1, PUBLISH);
    content(1, 5);
    METHOD(1, SELECT);
    METHOD(1, PUBLISH);
    content(1, 5);
    flush(d, PD_C2S);
    METHOD(1, CLOSE_PUBLISH);
    flush(d, PD_S2C);
    METHOD(1, CLOSE_OK);
    flush(d, PD_C2S);
    drive_finish(d);
    assert_int_equal(drive_counter(d, PD_C_ERROR), 1); /* the Close */
    assert_int_equal(drive_counter(d, PD_C_UNANSWERED), 2);
    drive_free(d);
}

static struct drive *consuming(void)
{
    struct drive *d = opened(0);

    METHOD(1, CONSUME("\0"));
    flush(d, PD_C2S);
    METHOD(1, CONSUME_OK);
    METHOD(1, DELIVER("\1"));
    content(1, 5);
    flush(d, PD_S2C);
    return d;
}

/* The second and the third delivery cross the Recover: the server takes them back, whatever is said of them.
 */
static void recover_means_what_is_under_way(void **state)
{
    struct drive *d = consuming();

    (void)state;
    METHOD(1, DELIVER("\2"));
    content(1, 5);
    flush(d, PD_S2C);
    METHOD(1, RECOVER);
    drive_send_unacked(d, PD_C2S, buffer, filled, 62); /* the second one */
    filled = 0;
    METHOD(1, DELIVER("\3"));
    content(1, 5);
    flush(d, PD_S2C);
    METHOD(1, ACK("\2", "\0"));
    METHOD(1, ACK("\3", "\0"));
    flush(d, PD_C2S);
    METHOD(1, RECOVER_OK);
    METHOD(1, DELIVER("\4"));
    content(1, 5);
    flush(d, PD_S2C);
    METHOD(1, ACK("\4", "\0"));
    flush(d, PD_C2S);
    drive_finish(d);
    assert_int_equal(drive_count(d), 7);
    check(d, 2, "error", "\"delivery_tag\":1");
    check(d, 3, "incomplete", "\"delivery_tag\":2");
    check(d, 4, "incomplete", "\"delivery_tag\":3");
    check(d, 5, "ok", "\"method\":\"RecoverOk\"");
    check(d, 6, "ok", "\"delivery_tag\":4");
    drive_free(d);
}

/* Nothing is said between: the answer tells which deliveries went back. */
static void what_came_before_the_answer_to_recover_went_back(void **state)
{
    struct drive *d = consuming();

    (void)state;
    METHOD(1, RECOVER);
    flush(d, PD_C2S);
    METHOD(1, DELIVER("\2"));
    content(1, 5);
    METHOD(1, RECOVER_OK);
    flush(d, PD_S2C);
    METHOD(1, ACK("\2", "\0"));
    flush(d, PD_C2S);
    assert_int_equal(drive_counter(d, PD_C_ORPHAN), 1);
    count(d, 3, 1, 1);
}

/* The answer is lost: deliveries behind it are answered as usual. */
static void recover_ends_with_a_loss(void **state)
{
    struct drive *d = consuming();

    (void)state;
    METHOD(1, RECOVER);
    flush(d, PD_C2S);
    drive_gap(d, PD_S2C, 12);
    METHOD(1, DELIVER("\2"));
    content(1, 5);
    flush(d, PD_S2C);
    METHOD(1, ACK("\2", "\0"));
    flush(d, PD_C2S);
    count(d, 3, 1, 1);
}

/* It has no answer. */
static void recover_async_means_what_is_under_way(void **state)
{
    struct drive *d = consuming();

    (void)state;
    METHOD(1, DELIVER("\2"));
    content(1, 5);
    flush(d, PD_S2C);
    METHOD(1, RECOVER_ASYNC);
    drive_send_unacked(d, PD_C2S, buffer, filled, 62);
    filled = 0;
    METHOD(1, ACK("\2", "\0"));
    flush(d, PD_C2S);
    assert_int_equal(drive_counter(d, PD_C_ORPHAN), 1);
    count(d, 2, 1, 1);
}

#define MANDATORY_TO(key) "\0\x3c\0\x28\0\0\1e\1" key "\1"

/* What came back is known by where it was to go, when one only went there. */
static void what_came_back_is_known_by_where_it_went(void **state)
{
    (void)state;
    for (int same = 0; same < 2; same++) {
        struct drive *d = opened(0);
        METHOD(1, SELECT);
        METHOD(1, MANDATORY_TO("k"));
        content(1, 5);
        METHOD(1, PUBLISH); /* to the same, but it need not arrive */
        content(1, 5);
        METHOD(1, MANDATORY_TO("l"));
        content(1, 5);
        if (same)
            METHOD(1, MANDATORY_TO("k"));
        else
            METHOD(1, MANDATORY_TO("m"));
        content(1, 5);
        flush(d, PD_C2S);
        METHOD(1, SELECT_OK);
        METHOD(1, RETURN);
        content(1, 5);
        METHOD(1, ACK("\4", "\1"));
        flush(d, PD_S2C);
        count(d, same ? 4 : 5, same ? 0 : 1, same ? 2 : 0);
    }
}

/* Where many are outstanding, each that might come back is in doubt. */
static void what_came_back_among_many_is_not_known(void **state)
{
    enum { MANY = 300 };
    struct drive *d = opened(0);

    (void)state;
    METHOD(1, SELECT);
    flush(d, PD_C2S);
    METHOD(1, SELECT_OK);
    flush(d, PD_S2C);
    for (int i = 0; i < MANY; i++) {
        METHOD(1, MANDATORY_TO("k"));
        content(1, 5);
        flush(d, PD_C2S);
    }
    METHOD(1, RETURN);
    content(1, 5);
    METHOD(1, ACK("\0", "\1"));
    flush(d, PD_S2C);
    METHOD(1, MANDATORY_TO("k"));
    content(1, 5);
    flush(d, PD_C2S);
    METHOD(1, "\0\x3c\0\x50\0\0\0\0\0\0\1\x2d\0");
    flush(d, PD_S2C);
    count(d, 3, 0, MANY);
}

/* Whoever hangs up instead of answering has answered; behind a hole that is not known. */
static void a_hang_up_behind_a_hole_is_incomplete(void **state)
{
    (void)state;
    for (int hole = 0; hole < 2; hole++) {
        struct drive *d = opened(0);
        if (hole) {
            drive_gap(d, PD_C2S, 20);
            drive_send(d, PD_C2S, "ut>", 3); /* the end of a frame */
        }
        METHOD(0, "\0\x0a\0\x32\1\x40\4bye.\0\0\0\0");
        flush(d, PD_S2C);
        drive_fin(d, PD_C2S);
        count(d, 1, hole ? 0 : 1, hole ? 1 : 0);
    }
}

/* The channel is opened anew: what it was closed for, and with what answer, was lost. */
static void an_answer_that_was_lost_before_a_new_beginning_is_incomplete(void **state)
{
    struct drive *d = opened(0);

    (void)state;
    METHOD(1, DECLARE("a"));
    flush(d, PD_C2S);
    drive_gap(d, PD_S2C, 23);
    METHOD(1, OPEN);
    flush(d, PD_C2S);
    METHOD(1, OPEN_OK);
    flush(d, PD_S2C);
    count(d, 2, 0, 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_loss_hides_what_else_was_asked),
        cmocka_unit_test(an_answer_with_anothers_name_is_anothers),
        cmocka_unit_test(a_refusal_may_mean_what_has_no_answer),
        cmocka_unit_test(a_publish_before_confirm_mode_may_be_refused),
        cmocka_unit_test(recover_means_what_is_under_way),
        cmocka_unit_test(what_came_before_the_answer_to_recover_went_back),
        cmocka_unit_test(recover_ends_with_a_loss),
        cmocka_unit_test(recover_async_means_what_is_under_way),
        cmocka_unit_test(what_came_back_is_known_by_where_it_went),
        cmocka_unit_test(what_came_back_among_many_is_not_known),
        cmocka_unit_test(a_hang_up_behind_a_hole_is_incomplete),
        cmocka_unit_test(an_answer_that_was_lost_before_a_new_beginning_is_incomplete),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
