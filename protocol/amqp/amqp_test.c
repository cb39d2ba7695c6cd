/* amqp_test.c: frames written by hand, whole and in pieces. */
#include "protocol/amqp/amqp_test.h"

static void publishes_are_confirmed_by_number(void **state)
{
    (void)state;
    for (uint32_t piece = 0; piece < 9; piece++) {
        struct drive *d = opened(piece);
        METHOD(1, SELECT);
        for (int i = 0; i < 4; i++) {
            METHOD(1, PUBLISH);
            content(1, i == 3 ? 0 : 5);
        }
        flush(d, PD_C2S);
        METHOD(1, SELECT_OK);
        METHOD(1, ACK("\2", "\1"));
        METHOD(1, NACK("\4", "\0"));
        METHOD(1, ACK("\3", "\0"));
        METHOD(1, ACK("\3", "\0"));
        flush(d, PD_S2C);
        drive_finish(d);
        assert_int_equal(drive_count(d), 6);
        check(d, 2, "ok",
              "\"delivery_tag\":1,\"body_bytes\":5,\"bytes\":54},\"response\":{\"class\":\"Basic\","
              "\"method\":\"Ack\"}");
        check(d, 3, "ok",
              "\"delivery_tag\":2,\"body_bytes\":5,\"bytes\":54},\"response\":{\"class\":\"Basic\","
              "\"method\":\"Ack\",\"bytes\":21}");
        check(d, 4, "error", "\"error\":\"Nack\"");
        check(d, 4, "error", "\"delivery_tag\":4,\"body_bytes\":0,\"bytes\":41}");
        check(d, 5, "ok", "\"delivery_tag\":3");
        assert_int_equal(drive_counter(d, PD_C_ORPHAN), 1);
        drive_free(d);
    }
}

static void publishes_without_confirms_are_oneway(void **state)
{
    struct drive *d = opened(0);

    (void)state;
    METHOD(1, PUBLISH);
    content(1, 300);
    flush(d, PD_C2S);
    drive_finish(d);
    assert_int_equal(drive_count(d), 2);
    check(d, 1, "oneway", "\"exchange\":\"e\",\"routing_key\":\"k\",\"body_bytes\":300");
    drive_free(d);
}

static void channels_take_turns(void **state)
{
    (void)state;
    for (uint32_t piece = 0; piece < 9; piece++) {
        struct drive *d = opened(piece);
        METHOD(2, OPEN);
        METHOD(1, PUBLISH);
        METHOD(2, PUBLISH);
        frame(2, 2, "\0\x3c\0\0\0\0\0\0\0\0\0\4\0\0", 14);
        frame(2, 1, "\0\x3c\0\0\0\0\0\0\0\0\0\6\0\0", 14);
        frame(3, 1, "abc", 3);
        frame(3, 2, "1234", 4);
        frame(8, 0, "", 0);
        frame(3, 1, "def", 3);
        flush(d, PD_C2S);
        drive_finish(d);
        assert_int_equal(drive_count(d), 4);
        check(d, 1, "oneway",
              "\"channel\":2,\"class\":\"Basic\",\"method\":\"Publish\",\"exchange\":\"e\",\"routing_key\":"
              "\"k\",\"body_bytes\":4,\"bytes\":53");
        check(d, 2, "oneway",
              "\"channel\":1,\"class\":\"Basic\",\"method\":\"Publish\",\"exchange\":\"e\",\"routing_key\":"
              "\"k\",\"body_bytes\":6,\"bytes\":63");
        drive_free(d);
    }
}

#define HEADER(channel, class, size) "\2\0" channel "\0\0\0\x0e\0" class "\0\0\0\0\0\0\0\0\0" size "\0\0\xce"

/* A message that lies in one segment is read as it is frame by frame. */
static void content_is_read_whole_or_in_pieces(void **state)
{
    static const struct {
        const char *bytes; /* behind a publish */
        size_t n;
        uint64_t bad, oneway, incomplete;
    } contents[] = {
        {HEADER("\1", "\x3c", "\0"), 22, 0, 2, 0},                         /* empty */
        {HEADER("\1", "\x3c", "\3") "\3\0\1\0\0\0\3abc\xce", 33, 0, 2, 0}, /* as usual */
        {HEADER("\1", "\x3c", "\2") "\3\0\1\0\0\0\1a\xce\3\0\1\0\0\0\1b\xce", 40, 0, 2, 0},
        {HEADER("\1", "\x3c", "\2") "\3\0\1\0\0\0\3abc\xce", 33, 1, 0, 1}, /* too long */
        {HEADER("\1", "\x3c", "\3") "\3\0\1\0\0\0\3abc\xcf", 33, 1, 0, 1}, /* another end */
        {HEADER("\1", "\x3c", "\3") "\3\0\2\0\0\0\3abc\xce", 33, 0, 1, 1}, /* another channel's body */
        {HEADER("\2", "\x3c", "\0"), 22, 0, 1, 1},                         /* and header */
        {HEADER("\1", "\x3d", "\0"), 22, 1, 0, 1},                         /* another class */
    };

    (void)state;
    for (size_t i = 0; i < sizeof contents / sizeof contents[0]; i++)
        for (uint32_t piece = 0; piece < 9; piece++) {
            struct drive *d = opened(piece);
            METHOD(1, PUBLISH);
            put(contents[i].bytes, contents[i].n);
            METHOD(1, PUBLISH);
            content(1, 5);
            flush(d, PD_C2S);
            drive_finish(d);
            assert_int_equal(drive_counter(d, PD_C_BAD), contents[i].bad);
            assert_int_equal(drive_counter(d, PD_C_ONEWAY), contents[i].oneway);
            assert_int_equal(drive_counter(d, PD_C_INCOMPLETE), contents[i].incomplete);
            drive_free(d);
        }
}

static void deliveries_are_answered_as_the_consumer_said(void **state)
{
    (void)state;
    for (int no_ack = 0; no_ack < 2; no_ack++) {
        struct drive *d = opened(0);
        if (no_ack)
            METHOD(1, CONSUME("\2"));
        else
            METHOD(1, CONSUME("\0"));
        flush(d, PD_C2S);
        METHOD(1, CONSUME_OK);
        METHOD(1, DELIVER("\1"));
        content(1, 5);
        METHOD(1, DELIVER("\2"));
        content(1, 5);
        flush(d, PD_S2C);
        if (!no_ack)
            METHOD(1, ACK("\0", "\1")); /* all */
        flush(d, PD_C2S);
        drive_finish(d);
        assert_int_equal(drive_count(d), 4);
        for (size_t i = 2; i < 4; i++)
            check(d, i, no_ack ? "oneway" : "ok", "\"method\":\"Deliver\"");
        drive_free(d);
    }
}

static void joined_consumers_are_unsure_until_named(void **state)
{
    struct drive *d = drive_new("amqp");

    (void)state;
    filled = 0;
    frame(8, 0, "", 0);
    flush(d, PD_C2S);
    for (int i = 0; i < 2; i++) {
        METHOD(1, DELIVER("\7"));
        content(1, 5);
        METHOD(1, DELIVER("\x8"));
        content(1, 5);
        flush(d, PD_S2C);
        METHOD(1, ACK("\x8", "\1"));
        flush(d, PD_C2S);
    }
    METHOD(1, PUBLISH);
    content(1, 5);
    flush(d, PD_C2S);
    drive_finish(d);
    assert_int_equal(drive_count(d), 5);
    check(d, 0, "incomplete", "\"delivery_tag\":7");
    check(d, 1, "ok", "\"delivery_tag\":8");
    check(d, 2, "ok", "\"delivery_tag\":7"); /* its consumer is known now */
    check(d, 3, "ok", "\"delivery_tag\":8");
    check(d, 4, "incomplete", "Publish"); /* confirmed or not */
    drive_free(d);
}

static void answers_come_in_order_until_a_close_names_one(void **state)
{
    (void)state;
    for (uint32_t piece = 0; piece < 9; piece++) {
        struct drive *d = opened(piece);
        METHOD(1, DECLARE("a"));
        METHOD(1, DECLARE("b"));
        METHOD(1, "\0\x3c\0\x0a\0\0\0\0\0\1\0"); /* Qos */
        flush(d, PD_C2S);
        METHOD(1, DECLARE_OK("a"));
        METHOD(1, CLOSE);
        flush(d, PD_S2C);
        METHOD(1, CLOSE_OK);
        flush(d, PD_C2S);
        drive_finish(d);
        assert_int_equal(drive_count(d), 5);
        check(d, 1, "ok", "\"queue_name\":\"a\"");
        check(d, 2, "error",
              "\"error\":\"404 "
              "none\",\"request\":{\"channel\":1,\"class\":\"Queue\",\"method\":\"Declare\",\"queue_name\":"
              "\"b\"");
        check(d, 3, "error", "\"class\":\"Channel\",\"method\":\"Close\"");
        check(d, 4, "unanswered", "Qos");
        drive_free(d);
    }
}

static void a_lost_client_ends_counting(void **state)
{
    struct drive *d = opened(0);

    (void)state;
    METHOD(1, SELECT);
    METHOD(1, PUBLISH);
    content(1, 5);
    flush(d, PD_C2S);
    drive_gap(d, PD_C2S, 54);
    METHOD(1, PUBLISH);
    content(1, 5);
    METHOD(1, PUBLISH);
    content(1, 5);
    flush(d, PD_C2S);
    METHOD(1, SELECT_OK);
    METHOD(1, ACK("\1", "\0"));
    METHOD(1, ACK("\3", "\1"));
    flush(d, PD_S2C);
    drive_finish(d);
    assert_int_equal(drive_counter(d, PD_C_OK), 3); /* two methods, and the publish that was counted */
    assert_int_equal(drive_counter(d, PD_C_INCOMPLETE), 2);
    drive_free(d);
}

static void what_comes_back_alone_is_an_error(void **state)
{
    struct drive *d = opened(0);

    (void)state;
    METHOD(1, SELECT);
    for (int i = 0; i < 2; i++) {
        METHOD(1, PUBLISH);
        content(1, 5);
    }
    flush(d, PD_C2S);
    METHOD(1, SELECT_OK);
    METHOD(1, ACK("\2", "\0"));
    METHOD(1, ACK("\1", "\0"));
    flush(d, PD_S2C);
    METHOD(1, MANDATORY);
    content(1, 5);
    flush(d, PD_C2S);
    METHOD(1, RETURN);
    content(1, 5);
    METHOD(1, ACK("\3", "\0"));
    flush(d, PD_S2C);
    drive_finish(d);
    assert_int_equal(drive_count(d), 6);
    check(d, 5, "error", "\"delivery_tag\":3");
    check(d, 5, "error", "312");
    drive_free(d);
}

static void what_may_have_been_returned_is_not_ok(void **state)
{
    struct drive *d = opened(0);

    (void)state;
    METHOD(1, SELECT);
    flush(d, PD_C2S);
    METHOD(1, SELECT_OK);
    flush(d, PD_S2C);
    METHOD(1, PUBLISH);
    content(1, 5);
    METHOD(1, MANDATORY);
    content(1, 5);
    flush(d, PD_C2S);
    drive_gap(d, PD_S2C, 21); /* as long as an acknowledgement, but nobody knows */
    METHOD(1, ACK("\1", "\0"));
    METHOD(1, ACK("\2", "\0"));
    flush(d, PD_S2C);
    assert_int_equal(drive_count(d), 4);
    check(d, 2, "ok", "\"delivery_tag\":1");
    check(d, 3, "incomplete", "\"delivery_tag\":2");
    METHOD(1, MANDATORY);
    content(1, 5);
    flush(d, PD_C2S);
    drive_gap(d, PD_S2C, 21); /* the third one's confirmation */
    frame(8, 0, "", 0);
    flush(d, PD_S2C);
    METHOD(1, MANDATORY);
    content(1, 5);
    flush(d, PD_C2S);
    METHOD(1, RETURN);
    content(1, 5);
    METHOD(1, ACK("\4", "\0"));
    flush(d, PD_S2C);
    drive_finish(d);
    assert_int_equal(drive_count(d), 7);
    check(d, 4, "oneway", "312");
    check(d, 5, "incomplete", "\"delivery_tag\":4"); /* it was this one that came back, or the third */
    check(d, 6, "incomplete", "\"delivery_tag\":3");
    drive_free(d);
}

static void rules_are_checked(void **state)
{
    static const struct {
        const char *bytes;
        size_t n;
    } bad[] = {
        {"\4\0\1\0\0\0\1x\xce", 9},               /* no such type */
        {"\1\0\1\0\0\0\5\0\x14\0\x0a\0\xcf", 13}, /* another end */
        {"\1\0\1\0\0\0\4\0\x3c\0\x3c\xce", 12},   /* the server's method */
        {"\1\0\0\0\0\0\5\0\x14\0\x0a\0\xce", 13}, /* a channel's method on channel 0 */
        {"\1\0\1\0\0\0\5\0\x3c\0\x28\0\xce", 13}, /* without arguments */
    };

    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        for (uint32_t piece = 0; piece < 2; piece++) {
            struct drive *d = opened(piece);
            drive_send(d, PD_C2S, bad[i].bytes, bad[i].n);
            drive_finish(d);
            assert_int_equal(drive_counter(d, PD_C_BAD), 1);
            drive_free(d);
        }
}

static void version_1_is_opaque(void **state)
{
    struct drive *d = drive_new("amqp");

    (void)state;
    drive_syn(d);
    drive_send(d, PD_C2S, "AMQP\3\1\0\0", 8);
    drive_send(d, PD_S2C, "AMQP\3\1\0\0", 8);
    drive_finish(d);
    assert_int_equal(drive_counter(d, PD_C_OPAQUE), 1);
    drive_free(d);
}

static void channels_beyond_the_table_are_forgotten(void **state)
{
    struct drive *d = opened(0);

    (void)state;
    for (unsigned i = 2; i < 600; i++) {
        METHOD((uint16_t)i, OPEN);
        flush(d, PD_C2S);
        METHOD((uint16_t)i, OPEN_OK);
        flush(d, PD_S2C);
    }
    drive_finish(d);
    assert_int_equal(drive_counter(d, PD_C_OK), 599);
    assert_true(drive_counter(d, PD_C_FORGOTTEN) > 0);
    drive_free(d);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(publishes_are_confirmed_by_number),
        cmocka_unit_test(publishes_without_confirms_are_oneway),
        cmocka_unit_test(channels_take_turns),
        cmocka_unit_test(content_is_read_whole_or_in_pieces),
        cmocka_unit_test(deliveries_are_answered_as_the_consumer_said),
        cmocka_unit_test(joined_consumers_are_unsure_until_named),
        cmocka_unit_test(answers_come_in_order_until_a_close_names_one),
        cmocka_unit_test(a_lost_client_ends_counting),
        cmocka_unit_test(what_comes_back_alone_is_an_error),
        cmocka_unit_test(what_may_have_been_returned_is_not_ok),
        cmocka_unit_test(rules_are_checked),
        cmocka_unit_test(version_1_is_opaque),
        cmocka_unit_test(channels_beyond_the_table_are_forgotten),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
