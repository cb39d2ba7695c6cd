/* loss_test.c: messages that were cut short, lost in part, or made to do harm; and bytes that are no DNS. */
#include "protocol/dns/dns_test.h"

/* A datagram of which only the first n bytes were captured, at every n. */
static void test_captured_short(void **state)
{
    const size_t whole = sizeof REPLY - 1, header = 12;

    (void)state;
    for (size_t n = 0; n <= whole; n++) {
        struct drive *d = drive_new("dns");
        drive_udp(d, PD_C2S, DRIVE_TEXT(ASK), 0);
        drive_udp(d, PD_S2C, REPLY, n, (uint32_t)whole);
        drive_finish(d);
        assert_int_equal(drive_count(d), 1);
        const char *status = n == whole ? "ok" : n < header ? "unanswered" : "incomplete";
        assert_memory_equal(strstr(drive_line(d, 0), "\"status\":\"") + 10, status, strlen(status));
        assert_int_equal(strstr(drive_line(d, 0), "\"code\":\"NOERROR\"") != NULL, n >= header);
        assert_int_equal(strstr(drive_line(d, 0), "192.0.2.1") != NULL, n == whole);
        assert_int_equal(drive_counter(d, PD_C_BAD), 0);
        drive_free(d);
    }
    struct drive *d = drive_new("dns");
    drive_udp(d, PD_C2S, DRIVE_TEXT(ASK), 40); /* EDNS was not captured */
    drive_udp(d, PD_S2C, DRIVE_TEXT(REPLY), 0);
    lines_are(d, LINES(LINE(
                     "incomplete", "", ASKED ",\"bytes\":40",
                     SAID("NOERROR", LISTED ",", "1", "0", "0", "false", "false", "false") ",\"bytes\":45")));
    drive_free(d);
}

/* A datagram that ends too early is bad, unless its sender says so. */
static void test_sent_short(void **state)
{
    char cut[] = REPLY;

    (void)state;
    for (int tc = 0; tc < 2; tc++) {
        for (uint32_t n = 1; n < sizeof REPLY - 1; n++) {
            struct drive *d = drive_new("dns");
            cut[2] = (char)(0x81 | (tc ? 2 : 0));
            drive_udp(d, PD_C2S, DRIVE_TEXT(ASK), 0);
            drive_udp(d, PD_S2C, cut, n, 0);
            drive_finish(d);
            assert_int_equal(drive_count(d), 1);
            assert_int_equal(drive_counter(d, PD_C_OK), tc && n >= 29);
            assert_int_equal(drive_counter(d, PD_C_BAD), n >= 12 && !(tc && n >= 29));
            drive_free(d);
        }
    }
    /* What stands behind the message does no harm. */
    struct drive *d = drive_new("dns");
    drive_udp(d, PD_C2S, DRIVE_TEXT(ASK "junk"), 0);
    drive_udp(d, PD_S2C, DRIVE_TEXT(REPLY "junk"), 0);
    lines_are(d, LINES(SIMPLE("33", "49")));
    drive_free(d);
}

static void bad_reply(const char *why, const void *reply, size_t len)
{
    struct drive *d = drive_new("dns");

    drive_udp(d, PD_C2S, DRIVE_TEXT(ASK), 0);
    drive_udp(d, PD_S2C, reply, len, 0);
    drive_finish(d);
    assert_int_equal(drive_count(d), 1);
    assert_int_equal(drive_counter(d, PD_C_OK), 0);
    assert_string_equal(drive_tally(d)->reason[0].why, why);
    assert_int_equal(drive_tally(d)->reason[0].count, 1);
    drive_free(d);
}

static void test_evil(void **state)
{
    (void)state;
    bad_reply("pointer that does not go back to a name",
              DRIVE_TEXT(ID RESPONSE COUNTS("\1", "\1", "\0", "\0") QUESTION
                         "\xc0\x1d\0\1\0\1\0\0\0\0\0\4\1\2\3\4"));
    bad_reply("label of an unknown kind", DRIVE_TEXT(ID RESPONSE COUNTS("\1", "\1", "\0", "\0") QUESTION
                                                     "\x80\0\0\1\0\1\0\0\0\0\0\4\1\2\3\4"));
    bad_reply("message shorter than its sections",
              DRIVE_TEXT(ID RESPONSE COUNTS("\1", "\2", "\0", "\0") QUESTION ANSWER));
    bad_reply("message shorter than its sections",
              DRIVE_TEXT(ID RESPONSE COUNTS("\1", "\1", "\0", "\0") QUESTION
                         "\xc0\x0c\0\1\0\1\0\0\0\0\xff\xff\1\2\3\4"));
    bad_reply("message shorter than its question",
              DRIVE_TEXT(ID RESPONSE COUNTS("\2", "\0", "\0", "\0") QUESTION));
}

/* As many answers as a datagram holds: the first are listed, all are counted. */
static void test_many_answers(void **state)
{
    enum { ANSWERS = 200, HEAD = 29, EACH = sizeof ANSWER - 1 };
    uint8_t reply[HEAD + ANSWERS * EACH];
    struct drive *d = drive_new("dns");
    size_t listed = 0;

    (void)state;
    memcpy(reply, ID RESPONSE COUNTS("\1", "\xc8", "\0", "\0") QUESTION, HEAD);
    for (size_t i = 0; i < ANSWERS; i++)
        memcpy(reply + HEAD + i * EACH, ANSWER, EACH);
    drive_udp(d, PD_C2S, DRIVE_TEXT(ASK), 0);
    drive_udp(d, PD_S2C, reply, sizeof reply, 0);
    drive_finish(d);
    assert_int_equal(drive_count(d), 1);
    const char *line = drive_line(d, 0);
    for (const char *at = line; (at = strstr(at, "192.0.2.1")); at++)
        listed++;
    assert_int_equal(listed, 64);
    assert_non_null(strstr(line, "\"answer_count\":200"));
    assert_non_null(strstr(line, "\"cut\":[\"response.answers\"]"));
    assert_int_equal(drive_counter(d, PD_C_OK), 1);
    drive_free(d);
}

/* A gap within a message costs that message only. */
static void test_tcp_gap(void **state)
{
    struct drive *d = drive_new("dns");

    (void)state;
    drive_syn(d);
    tcp(d, PD_C2S, DRIVE_TEXT(ASK));
    drive_send(d, PD_S2C, DRIVE_TEXT("\0\x2d" ID RESPONSE COUNTS("\1", "\1", "\0", "\0") QUESTION));
    drive_gap(d, PD_S2C, sizeof ANSWER - 1);
    tcp(d, PD_C2S, DRIVE_TEXT(ASK));
    tcp(d, PD_S2C, DRIVE_TEXT(REPLY));
    drive_finish(d);
    assert_int_equal(drive_count(d), 2);
    assert_non_null(strstr(drive_line(d, 0), "\"status\":\"incomplete\""));
    assert_string_equal(drive_line(d, 1), SIMPLE("31", "47"));
    assert_int_equal(drive_counter(d, PD_C_LOST), 0);
    drive_free(d);
}

/* A lost boundary is found again, also where a segment begins with the rest of another message. */
static void test_tcp_resync(void **state)
{
    static const char rest[] = "\0\2\1"
                               "\0\x2d" REPLY;

    (void)state;
    for (int middle = 0; middle < 2; middle++) {
        struct drive *d = drive_new("dns");
        drive_syn(d);
        tcp(d, PD_C2S, DRIVE_TEXT(OTHER));
        drive_gap(d, PD_S2C, 60);
        tcp(d, PD_C2S, DRIVE_TEXT(ASK));
        drive_send(d, PD_S2C, rest + (middle ? 0 : 3), sizeof rest - 1 - (middle ? 0 : 3));
        tcp(d, PD_C2S, DRIVE_TEXT("\1\2" QUERY COUNTS("\1", "\0", "\0", "\0") QUESTION));
        tcp(d, PD_S2C, DRIVE_TEXT("\1\2" RESPONSE COUNTS("\1", "\0", "\0", "\0") QUESTION));
        drive_finish(d);
        assert_int_equal(drive_counter(d, PD_C_LOST), 1);
        assert_int_equal(drive_counter(d, PD_C_RESYNCS), 1);
        assert_int_equal(drive_counter(d, PD_C_OK), 2);
        assert_int_equal(drive_counter(d, PD_C_BAD), 0);
        drive_free(d);
    }
}

static void test_tcp_bad_length(void **state)
{
    struct drive *d = drive_new("dns");

    (void)state;
    drive_syn(d);
    tcp(d, PD_C2S, DRIVE_TEXT(ASK));
    drive_send(d, PD_S2C, DRIVE_TEXT("\0\x0b" REPLY));
    drive_finish(d);
    assert_int_equal(drive_counter(d, PD_C_OK), 0);
    assert_int_equal(drive_counter(d, PD_C_UNANSWERED) + drive_counter(d, PD_C_INCOMPLETE), 1);
    drive_free(d);
}

/* --- detection --- */

static void test_unknown_port(void **state)
{
    struct drive *d = drive_new("dns");

    (void)state;
    drive_port(d, 4242);
    drive_udp(d, PD_C2S, DRIVE_TEXT(ASK), 0);
    drive_udp(d, PD_S2C, DRIVE_TEXT(REPLY), 0);
    drive_udp(d, PD_C2S, DRIVE_TEXT(ASK "x"), 0); /* not exactly a message */
    drive_udp(d, PD_C2S, DRIVE_TEXT("\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0"), 0);
    lines_are(d, LINES(SIMPLE("29", "45")));
    drive_free(d);
    d = drive_new("dns");
    drive_port(d, 4242);
    drive_syn(d);
    tcp(d, PD_C2S, DRIVE_TEXT(ASK));
    tcp(d, PD_S2C, DRIVE_TEXT(REPLY));
    lines_are(d, LINES(SIMPLE("31", "47")));
    drive_free(d);
}

/* Port 53 with something else on it. */
static void test_not_dns(void **state)
{
    struct drive *d = drive_new("dns");

    (void)state;
    drive_udp(d, PD_C2S, DRIVE_TEXT("GET / HTTP/1.1\r\nHost: a\r\n\r\n"), 0);
    drive_udp(d, PD_C2S, DRIVE_TEXT("x"), 0);
    drive_udp(d, PD_C2S, "", 0, 0);
    lines_are(d, NOTHING);
    assert_int_equal(drive_counter(d, PD_C_BAD), 0);
    drive_free(d);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_captured_short), cmocka_unit_test(test_sent_short),
        cmocka_unit_test(test_evil),           cmocka_unit_test(test_many_answers),
        cmocka_unit_test(test_tcp_gap),        cmocka_unit_test(test_tcp_resync),
        cmocka_unit_test(test_tcp_bad_length), cmocka_unit_test(test_unknown_port),
        cmocka_unit_test(test_not_dns),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
