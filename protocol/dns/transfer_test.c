/* transfer_test.c: zone transfers over TCP, where several messages are one response (RFC 5936, RFC 1995). */
#include "protocol/dns/dns_test.h"

/* clang-format off */
#define AXFR_QUESTION "\1z\0" "\0\xfc" "\0\1"
#define IXFR_QUESTION "\1z\0" "\0\xfb" "\0\1"
#define HEAD(qd, an) "\x12\x34\x84\0" "\0" qd "\0" an "\0\0" "\0\0"
#define SOA(serial) \
    "\xc0\x0c" "\0\6" "\0\1" "\0\0\0\0" "\0\x16" \
    "\0" "\0" "\0\0\0" serial "\0\0\0\0" "\0\0\0\0" "\0\0\0\0" "\0\0\0\0"
#define LONE_SOA(serial) /* without a question to point to */ \
    "\1z\0" "\0\6" "\0\1" "\0\0\0\0" "\0\x16" \
    "\0" "\0" "\0\0\0" serial "\0\0\0\0" "\0\0\0\0" "\0\0\0\0" "\0\0\0\0"
#define ADDRESS "\1a\0" "\0\1" "\0\1" "\0\0\0\0" "\0\4" "\1\2\3\4"
/* clang-format on */

static void ask_axfr(struct drive *d)
{
    drive_syn(d);
    tcp(d, PD_C2S, DRIVE_TEXT("\x12\x34\0\0\0\1\0\0\0\0\0\0" AXFR_QUESTION));
}

/* The client has serial 5. */
static void ask_ixfr(struct drive *d)
{
    drive_syn(d);
    tcp(d, PD_C2S, DRIVE_TEXT("\x12\x34\0\0\0\1\0\0\0\1\0\0" IXFR_QUESTION SOA("\5")));
}

/* The one line says so many records, and so many bytes. */
static void is_one(struct drive *d, const char *status, unsigned answers, size_t bytes)
{
    char want[80];

    drive_finish(d);
    assert_int_equal(drive_count(d), 1);
    snprintf(want, sizeof want, "\"status\":\"%s\"", status);
    assert_non_null(strstr(drive_line(d, 0), want));
    snprintf(want, sizeof want, "\"answer_count\":%u,", answers);
    assert_non_null(strstr(drive_line(d, 0), want));
    snprintf(want, sizeof want, "\"bytes\":%zu}}", bytes);
    assert_non_null(strstr(drive_line(d, 0), want));
    assert_int_equal(drive_counter(d, PD_C_ORPHAN), 0);
    assert_int_equal(drive_counter(d, PD_C_BAD), 0);
    drive_free(d);
}

static void test_one_message(void **state)
{
    struct drive *d = drive_new("dns");

    (void)state;
    ask_axfr(d);
    size_t n = tcp(d, PD_S2C, DRIVE_TEXT(HEAD("\1", "\3") AXFR_QUESTION SOA("\7") ADDRESS SOA("\7")));
    is_one(d, "ok", 3, n);
}

/* A record a message; only the first repeats the question. Until the second SOA the response goes on. */
static void test_many_messages(void **state)
{
    (void)state;
    for (uint32_t piece = 0; piece < 4; piece++) {
        struct drive *d = drive_new("dns");
        drive_cut(d, piece);
        ask_axfr(d);
        size_t n = tcp(d, PD_S2C, DRIVE_TEXT(HEAD("\1", "\1") AXFR_QUESTION SOA("\7")));
        n += tcp(d, PD_S2C, DRIVE_TEXT(HEAD("\0", "\1") ADDRESS));
        n += tcp(d, PD_S2C, DRIVE_TEXT(HEAD("\0", "\1") ADDRESS));
        n += tcp(d, PD_S2C, DRIVE_TEXT(HEAD("\0", "\1") LONE_SOA("\7")));
        is_one(d, "ok", 4, n);
    }
}

/* Another roundtrip in the midst of it: neither its bytes nor its records are the transfer's. */
static void test_interleaved(void **state)
{
    struct drive *d = drive_new("dns");

    (void)state;
    ask_axfr(d);
    size_t n = tcp(d, PD_S2C, DRIVE_TEXT(HEAD("\1", "\1") AXFR_QUESTION SOA("\7")));
    tcp(d, PD_C2S, DRIVE_TEXT("\1\2\0\0\0\1\0\0\0\0\0\0\1a\0\0\1\0\1"));
    tcp(d, PD_S2C, DRIVE_TEXT("\1\2\x80\0\0\1\0\0\0\0\0\0\1a\0\0\1\0\1"));
    n += tcp(d, PD_S2C, DRIVE_TEXT(HEAD("\0", "\2") ADDRESS LONE_SOA("\7")));
    drive_finish(d);
    assert_int_equal(drive_count(d), 2);
    assert_non_null(strstr(drive_line(d, 0), "\"id\":258,"));
    assert_non_null(strstr(drive_line(d, 0), "\"answer_count\":0,"));
    assert_non_null(strstr(drive_line(d, 1), "\"type\":\"AXFR\""));
    assert_non_null(strstr(drive_line(d, 1), "\"answer_count\":3,"));
    char bytes[32];
    snprintf(bytes, sizeof bytes, "\"bytes\":%zu}}", n);
    assert_non_null(strstr(drive_line(d, 1), bytes));
    assert_int_equal(drive_counter(d, PD_C_OK), 2);
    drive_free(d);
}

/* A message of it is lost whole, with another response behind it that hides the loss from the last ones. */
static void test_lost_message(void **state)
{
    struct drive *d = drive_new("dns");

    (void)state;
    ask_axfr(d);
    tcp(d, PD_S2C, DRIVE_TEXT(HEAD("\1", "\1") AXFR_QUESTION SOA("\7")));
    tcp(d, PD_C2S, DRIVE_TEXT("\1\2\0\0\0\1\0\0\0\0\0\0\1a\0\0\1\0\1"));
    tcp(d, PD_S2C, DRIVE_TEXT("\1\2\x80\0\0\1\0\0\0\0\0\0\1a\0\0\1\0\1"));
    drive_gap(d, PD_S2C, 60);
    tcp(d, PD_S2C, DRIVE_TEXT(HEAD("\0", "\1") LONE_SOA("\7")));
    drive_finish(d);
    assert_int_equal(drive_counter(d, PD_C_OK), 1);
    assert_int_equal(drive_counter(d, PD_C_INCOMPLETE), 1);
    drive_free(d);
}

/* Its beginning is lost: what is left of it looks like a transfer that ended. */
static void test_lost_beginning(void **state)
{
    struct drive *d = drive_new("dns");

    (void)state;
    ask_axfr(d);
    drive_gap(d, PD_S2C, 60);
    tcp(d, PD_S2C, DRIVE_TEXT(HEAD("\1", "\3") AXFR_QUESTION SOA("\6") ADDRESS SOA("\6")));
    drive_finish(d);
    assert_int_equal(drive_counter(d, PD_C_OK), 0);
    assert_int_equal(drive_counter(d, PD_C_INCOMPLETE), 1);
    drive_free(d);
}

/* A hole in one of its messages. */
static void test_holed_message(void **state)
{
    struct drive *d = drive_new("dns");

    (void)state;
    ask_axfr(d);
    tcp(d, PD_S2C, DRIVE_TEXT(HEAD("\1", "\1") AXFR_QUESTION SOA("\7")));
    drive_send(d, PD_S2C, DRIVE_TEXT("\0\x1d" HEAD("\0", "\1")));
    drive_gap(d, PD_S2C, 17);
    tcp(d, PD_S2C, DRIVE_TEXT(HEAD("\0", "\1") LONE_SOA("\7")));
    drive_finish(d);
    assert_int_equal(drive_counter(d, PD_C_OK), 0);
    assert_int_equal(drive_counter(d, PD_C_INCOMPLETE), 1);
    drive_free(d);
}

static void test_refused(void **state)
{
    struct drive *d = drive_new("dns");

    (void)state;
    ask_axfr(d);
    size_t n = tcp(d, PD_S2C, DRIVE_TEXT("\x12\x34\x80\5\0\1\0\0\0\0\0\0" AXFR_QUESTION));
    is_one(d, "error", 0, n);
}

/* The connection ends in the midst of it. */
static void test_unfinished(void **state)
{
    struct drive *d = drive_new("dns");

    (void)state;
    ask_axfr(d);
    tcp(d, PD_S2C, DRIVE_TEXT(HEAD("\1", "\1") AXFR_QUESTION SOA("\7")));
    drive_fin(d, PD_S2C);
    drive_fin(d, PD_C2S);
    drive_finish(d);
    assert_int_equal(drive_counter(d, PD_C_INCOMPLETE), 1);
    drive_free(d);
}

/* Old SOA, what goes, new SOA, what comes; the new SOA at both ends. */
static void test_differences(void **state)
{
    struct drive *d = drive_new("dns");

    (void)state;
    ask_ixfr(d);
    size_t n = tcp(d, PD_S2C, DRIVE_TEXT(HEAD("\1", "\2") IXFR_QUESTION SOA("\7") SOA("\5")));
    n += tcp(d, PD_S2C, DRIVE_TEXT(HEAD("\0", "\4") ADDRESS LONE_SOA("\6") LONE_SOA("\6") LONE_SOA("\7")));
    n += tcp(d, PD_S2C, DRIVE_TEXT(HEAD("\0", "\2") ADDRESS LONE_SOA("\7")));
    is_one(d, "ok", 8, n);
}

/* The server sends the whole zone instead. */
static void test_zone_for_differences(void **state)
{
    struct drive *d = drive_new("dns");

    (void)state;
    ask_ixfr(d);
    size_t n = tcp(d, PD_S2C, DRIVE_TEXT(HEAD("\1", "\2") IXFR_QUESTION SOA("\7") ADDRESS));
    n += tcp(d, PD_S2C, DRIVE_TEXT(HEAD("\0", "\1") LONE_SOA("\7")));
    is_one(d, "ok", 3, n);
}

/* One SOA: the end when it is the client's, the beginning when it is newer. */
static void test_single_soa(void **state)
{
    struct drive *d = drive_new("dns");

    (void)state;
    ask_ixfr(d);
    size_t n = tcp(d, PD_S2C, DRIVE_TEXT(HEAD("\1", "\1") IXFR_QUESTION SOA("\5")));
    is_one(d, "ok", 1, n);
    d = drive_new("dns");
    ask_ixfr(d);
    n = tcp(d, PD_S2C, DRIVE_TEXT(HEAD("\1", "\1") IXFR_QUESTION SOA("\7")));
    n += tcp(d, PD_S2C, DRIVE_TEXT(HEAD("\0", "\2") ADDRESS LONE_SOA("\7")));
    is_one(d, "ok", 3, n);
}

/* Over UDP a response is one message, whatever it holds. */
static void test_datagram(void **state)
{
    struct drive *d = drive_new("dns");

    (void)state;
    drive_udp(d, PD_C2S, DRIVE_TEXT("\x12\x34\0\0\0\1\0\0\0\1\0\0" IXFR_QUESTION SOA("\5")), 0);
    drive_udp(d, PD_S2C, DRIVE_TEXT(HEAD("\1", "\1") IXFR_QUESTION SOA("\7")), 0);
    is_one(d, "ok", 1, sizeof(HEAD("\1", "\1") IXFR_QUESTION SOA("\7")) - 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_one_message),    cmocka_unit_test(test_many_messages),
        cmocka_unit_test(test_interleaved),    cmocka_unit_test(test_lost_message),
        cmocka_unit_test(test_lost_beginning), cmocka_unit_test(test_holed_message),
        cmocka_unit_test(test_refused),        cmocka_unit_test(test_unfinished),
        cmocka_unit_test(test_differences),    cmocka_unit_test(test_zone_for_differences),
        cmocka_unit_test(test_single_soa),     cmocka_unit_test(test_datagram),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
