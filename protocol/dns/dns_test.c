/* dns_test.c: messages through the engine: what is printed of them, what pairs and what must not. Exchanges
 * over TCP also run in pieces of every small size. */
#include "protocol/dns/dns_test.h"

/* One datagram each way. */
static void exchange(const char *line, const void *ask, size_t ask_len, const void *reply, size_t reply_len)
{
    struct drive *d = drive_new("dns");

    drive_udp(d, PD_C2S, ask, ask_len, 0);
    drive_udp(d, PD_S2C, reply, reply_len, 0);
    lines_are(d, LINES(line));
    drive_free(d);
}

static void test_udp(void **state)
{
    (void)state;
    exchange(SIMPLE("29", "45"), DRIVE_TEXT(ASK), DRIVE_TEXT(REPLY));
}

static void test_tcp_in_pieces(void **state)
{
    (void)state;
    for (uint32_t piece = 0; piece < 50; piece++) {
        struct drive *d = drive_new("dns");
        drive_cut(d, piece);
        drive_syn(d);
        tcp(d, PD_C2S, DRIVE_TEXT(ASK));
        tcp(d, PD_S2C, DRIVE_TEXT(REPLY));
        tcp(d, PD_C2S, DRIVE_TEXT(ASK));
        tcp(d, PD_S2C, DRIVE_TEXT(REPLY));
        lines_are(d, LINES(SIMPLE("31", "47"), SIMPLE("31", "47")));
        assert_int_equal(drive_counter(d, PD_C_BAD), 0);
        drive_free(d);
    }
}

/* Two queries in one segment; their responses come in one segment, the other way round. */
static void test_tcp_pipelined(void **state)
{
    static const char two[] = "\0\x1d" ASK "\0\x1d\x56\x78" QUERY COUNTS("\1", "\0", "\0", "\0") QUESTION;
    static const char back[] =
        "\0\x2d\x56\x78" RESPONSE COUNTS("\1", "\1", "\0", "\0") QUESTION ANSWER "\0\x2d" REPLY;

    (void)state;
    for (uint32_t piece = 0; piece < 4; piece++) {
        struct drive *d = drive_new("dns");
        drive_cut(d, piece);
        drive_syn(d);
        drive_send(d, PD_C2S, two, sizeof two - 1);
        drive_send(d, PD_S2C, back, sizeof back - 1);
        drive_finish(d);
        assert_int_equal(drive_count(d), 2);
        assert_non_null(strstr(drive_line(d, 0), "\"id\":22136"));
        assert_string_equal(drive_line(d, 1), SIMPLE("31", "47"));
        drive_free(d);
    }
}

/* The length is the message's first bytes, also when it comes alone: time and size count from there. */
static void test_tcp_length_alone(void **state)
{
    struct drive *d = drive_new("dns");

    (void)state;
    drive_syn(d);                                    /* 0 to 2 ms */
    drive_send(d, PD_C2S, DRIVE_TEXT("\0\x1d"));     /* 3 ms */
    drive_send(d, PD_C2S, DRIVE_TEXT(ASK "\0\x1d")); /* 4 ms; the second query's length */
    drive_send(d, PD_S2C, DRIVE_TEXT("\0\x2d"));     /* 5 ms */
    drive_send(d, PD_S2C, DRIVE_TEXT(REPLY));        /* 6 ms */
    drive_send(d, PD_C2S, DRIVE_TEXT(ASK));          /* 7 ms */
    tcp(d, PD_S2C, DRIVE_TEXT(REPLY));               /* 8 ms */
    lines_are(d, LINES(SIMPLE("31", "47"), SIMPLE("31", "47")));
    assert_non_null(strstr(drive_full(d, 0), "\"duration\":0.003,\"wait\":0.001"));
    assert_non_null(strstr(drive_full(d, 1), "\"duration\":0.004,\"wait\":0.001"));
    drive_free(d);
}

static void test_edns(void **state)
{
    (void)state;
    exchange(LINE("error", "\"error\":\"BADVERS\",",
                  ASKED ",\"edns_udp_size\":1232,\"dnssec_ok\":true,\"bytes\":40",
                  SAID("BADVERS", "", "0", "0", "1", "false", "false", "false") ",\"bytes\":40"),
             DRIVE_TEXT(ID QUERY COUNTS("\1", "\0", "\0", "\1") QUESTION OPT("\4\xd0", "\0", "\x80\0")),
             DRIVE_TEXT(ID RESPONSE COUNTS("\1", "\0", "\0", "\1") QUESTION OPT("\4\xd0", "\1", "\0\0")));
    exchange(LINE("ok", "", ASKED ",\"edns_udp_size\":512,\"dnssec_ok\":false,\"bytes\":40",
                  SAID("NOERROR", "", "0", "0", "0", "true", "false", "true") ",\"bytes\":29"),
             DRIVE_TEXT(ID QUERY COUNTS("\1", "\0", "\0", "\1") QUESTION OPT("\2\0", "\0", "\0\0")),
             DRIVE_TEXT(ID "\x85\xa0" COUNTS("\1", "\0", "\0", "\0") QUESTION)); /* QR AA RD, RA AD */
}

static void test_codes(void **state)
{
    static const struct {
        uint8_t code;
        const char *status, *name;
    } codes[] = {{0, "ok", "NOERROR"},      {1, "error", "FORMERR"}, {2, "error", "SERVFAIL"},
                 {3, "ok", "NXDOMAIN"},     {4, "error", "NOTIMP"},  {5, "error", "REFUSED"},
                 {6, "error", "YXDOMAIN"},  {9, "error", "NOTAUTH"}, {10, "error", "NOTZONE"},
                 {11, "error", "DSOTYPENI"}};
    char reply[] = ID RESPONSE COUNTS("\1", "\0", "\0", "\0") QUESTION;
    char want[64];

    (void)state;
    for (size_t i = 0; i < sizeof codes / sizeof *codes; i++) {
        struct drive *d = drive_new("dns");
        reply[3] = (char)(0x80 | codes[i].code);
        drive_udp(d, PD_C2S, DRIVE_TEXT(ASK), 0);
        drive_udp(d, PD_S2C, reply, sizeof reply - 1, 0);
        drive_finish(d);
        assert_int_equal(drive_count(d), 1);
        snprintf(want, sizeof want, "\"status\":\"%s\"", codes[i].status);
        assert_non_null(strstr(drive_line(d, 0), want));
        snprintf(want, sizeof want, "\"code\":\"%s\"", codes[i].name);
        assert_non_null(strstr(drive_line(d, 0), want));
        assert_int_equal(!strcmp(codes[i].status, "error"), strstr(drive_line(d, 0), "\"error\":\"") != NULL);
        drive_free(d);
    }
}

/* Types and classes without a name; a name with what must be escaped, in another case in the response. */
static void test_odd_question(void **state)
{
    (void)state;
    exchange(LINE("ok", "",
                  "\"request\":{\"id\":4660,\"question\":\"a\\\\.B\\\\001.x\",\"type\":\"TYPE65400\","
                  "\"class\":\"CLASS77\","
                  "\"opcode\":\"QUERY\",\"bytes\":24",
                  SAID("NOERROR", "", "0", "0", "0", "false", "false", "false") ",\"bytes\":24"),
             DRIVE_TEXT(ID QUERY COUNTS("\1", "\0", "\0", "\0") "\4a.B\1\1x\0\xff\x78\0\x4d"),
             DRIVE_TEXT(ID RESPONSE COUNTS("\1", "\0", "\0", "\0") "\4A.b\1\1X\0\xff\x78\0\x4d"));
}

/* The owner of an answer that points to the question is spelled as in the response, whether that repeats the
 * request's question or not. */
static void test_owner_of_the_question(void **state)
{
    (void)state;
    exchange(LINE("ok", "", ASKED ",\"bytes\":29",
                  SAID("NOERROR",
                       "\"answers\":[{\"name\":\"eXample.Com\",\"type\":\"A\",\"ttl\":300,\"data\":"
                       "\"192.0.2.1\"}],",
                       "1", "0", "0", "false", "false", "false") ",\"bytes\":45"),
             DRIVE_TEXT(ASK),
             DRIVE_TEXT(ID RESPONSE COUNTS("\1", "\1", "\0", "\0") "\7eXample\3Com\0\0\1\0\1" ANSWER));
    exchange(
        LINE("ok", "",
             "\"request\":{\"id\":4660,\"question\":\"a\\\\.b\",\"type\":\"A\",\"class\":\"IN\","
             "\"opcode\":\"QUERY\",\"bytes\":21",
             SAID("NOERROR",
                  "\"answers\":[{\"name\":\"a\\\\.b\",\"type\":\"A\",\"ttl\":300,\"data\":\"192.0.2.1\"}],",
                  "1", "0", "0", "false", "false", "false") ",\"bytes\":37"),
        DRIVE_TEXT(ID QUERY COUNTS("\1", "\0", "\0", "\0") "\3a.b\0\0\1\0\1"),
        DRIVE_TEXT(ID RESPONSE COUNTS("\1", "\1", "\0", "\0") "\3a.b\0\0\1\0\1" ANSWER));
}

static void test_opcodes(void **state)
{
    (void)state;
    /* NOTIFY and UPDATE name a zone as their question; UPDATE's response may leave it out (RFC 2136, 3.8). */
    exchange(LINE("ok", "",
                  "\"request\":{\"id\":4660,\"question\":\"example.com\",\"type\":\"SOA\",\"class\":\"IN\","
                  "\"opcode\":\"NOTIFY\",\"bytes\":29",
                  SAID("NOERROR", "", "0", "0", "0", "true", "false", "false") ",\"bytes\":29"),
             DRIVE_TEXT(ID "\x24\0" COUNTS("\1", "\0", "\0", "\0") EXAMPLE "\0\6\0\1"),
             DRIVE_TEXT(ID "\xa4\0" COUNTS("\1", "\0", "\0", "\0") EXAMPLE "\0\6\0\1"));
    exchange(LINE("error", "\"error\":\"REFUSED\",",
                  "\"request\":{\"id\":4660,\"question\":\"example.com\",\"type\":\"SOA\",\"class\":\"IN\","
                  "\"opcode\":\"UPDATE\",\"bytes\":29",
                  SAID("REFUSED", "", "0", "0", "0", "false", "false", "false") ",\"bytes\":12"),
             DRIVE_TEXT(ID "\x28\0" COUNTS("\1", "\0", "\0", "\0") EXAMPLE "\0\6\0\1"),
             DRIVE_TEXT(ID "\xa8\5" COUNTS("\0", "\0", "\0", "\0")));
    /* An inverse query has an answer, and no question until it is answered. */
    exchange(LINE("ok", "", "\"request\":{\"id\":4660,\"opcode\":\"IQUERY\",\"bytes\":27",
                  SAID("NOERROR", "", "0", "0", "0", "false", "false", "false") ",\"bytes\":29"),
             DRIVE_TEXT(ID "\x08\0" COUNTS("\0", "\1", "\0", "\0") "\0\0\1\0\1\0\0\0\0\0\4\1\2\3\4"),
             DRIVE_TEXT(ID "\x88\0" COUNTS("\1", "\0", "\0", "\0") QUESTION));
    /* The same id and question under another opcode is another request. */
    struct drive *d = drive_new("dns");
    drive_udp(d, PD_C2S, DRIVE_TEXT(ASK), 0);
    drive_udp(d, PD_S2C, DRIVE_TEXT(ID "\xa4\0" COUNTS("\1", "\0", "\0", "\0") QUESTION), 0);
    drive_finish(d);
    assert_int_equal(drive_counter(d, PD_C_UNANSWERED), 1);
    assert_int_equal(drive_counter(d, PD_C_ORPHAN), 1);
    drive_free(d);
}

/* DSO: id 0 needs no response; the server may ask too (RFC 8490, section 5.4). */
static void test_dso(void **state)
{
    struct drive *d = drive_new("dns");

    (void)state;
    drive_syn(d);
    tcp(d, PD_C2S,
        DRIVE_TEXT(ID "\x30\0" COUNTS("\0", "\0", "\0", "\0") "\0\1\0\x08\0\0\x3a\x98\0\0\x3a\x98"));
    tcp(d, PD_S2C, DRIVE_TEXT(ID "\xb0\0" COUNTS("\0", "\0", "\0", "\0")));
    tcp(d, PD_S2C,
        DRIVE_TEXT("\0\0\x30\0" COUNTS("\0", "\0", "\0", "\0") "\0\1\0\x08\0\0\x3a\x98\0\0\x3a\x98"));
    lines_are(d, LINES(LINE("ok", "", "\"request\":{\"id\":4660,\"opcode\":\"DSO\",\"bytes\":26",
                            SAID("NOERROR", "", "0", "0", "0", "false", "false", "false") ",\"bytes\":14"),
                       "{\"proto\":\"dns\",\"status\":\"oneway\",\"request\":{\"id\":0,\"opcode\":\"DSO\","
                       "\"bytes\":26}}"));
    drive_free(d);
}

/* --- pairing --- */

#define FORMERR_ALONE ID "\x80\1" COUNTS("\0", "\0", "\0", "\0")

static void test_other_question(void **state)
{
    struct drive *d = drive_new("dns");

    (void)state;
    drive_udp(d, PD_C2S, DRIVE_TEXT(ASK), 0);
    drive_udp(d, PD_S2C, DRIVE_TEXT(OTHER_REPLY), 0);
    lines_are(d, LINES("{\"proto\":\"dns\",\"status\":\"unanswered\"," ASKED ",\"bytes\":29}}"));
    assert_int_equal(drive_counter(d, PD_C_ORPHAN), 1);
    drive_free(d);
}

/* One id, two questions outstanding: each response finds its own; without a question it finds none. */
static void test_same_id(void **state)
{
    struct drive *d = drive_new("dns");

    (void)state;
    drive_udp(d, PD_C2S, DRIVE_TEXT(OTHER), 0);
    drive_udp(d, PD_C2S, DRIVE_TEXT(ASK), 0);
    drive_udp(d, PD_S2C, DRIVE_TEXT(FORMERR_ALONE), 0);
    assert_int_equal(drive_counter(d, PD_C_ORPHAN), 1);
    drive_udp(d, PD_S2C, DRIVE_TEXT(REPLY), 0);
    drive_udp(d, PD_S2C, DRIVE_TEXT(FORMERR_ALONE), 0);
    drive_finish(d);
    assert_int_equal(drive_count(d), 2);
    assert_string_equal(drive_line(d, 0), SIMPLE("29", "45"));
    assert_non_null(
        strstr(drive_line(d, 1), "\"error\":\"FORMERR\",\"request\":{\"id\":4660,\"question\":\"a\""));
    assert_int_equal(drive_counter(d, PD_C_RETRANSMITTED), 0);
    drive_free(d);
}

static void test_too_many_questions(void **state)
{
    char ask[] = OTHER;
    struct drive *d = drive_new("dns");

    (void)state;
    for (char name = 'a'; name <= 'j'; name++) {
        ask[13] = name;
        drive_udp(d, PD_C2S, ask, sizeof ask - 1, 0);
    }
    drive_finish(d);
    assert_int_equal(drive_counter(d, PD_C_UNANSWERED), 8);
    assert_int_equal(drive_counter(d, PD_C_BAD), 2);
    drive_free(d);
}

static void test_retransmission(void **state)
{
    struct drive *d = drive_new("dns");

    (void)state;
    drive_udp(d, PD_C2S, DRIVE_TEXT(ASK), 0);
    drive_udp(d, PD_C2S, DRIVE_TEXT(ASK), 0);
    drive_udp(d, PD_S2C, DRIVE_TEXT(REPLY), 0);
    drive_udp(d, PD_S2C, DRIVE_TEXT(REPLY), 0);
    lines_are(d, LINES(SIMPLE("29", "45")));
    assert_non_null(strstr(drive_full(d, 0), "\"duration\":0.002"));
    assert_int_equal(drive_counter(d, PD_C_RETRANSMITTED), 1);
    assert_int_equal(drive_counter(d, PD_C_ORPHAN), 1);
    drive_free(d);
}

/* --- multicast --- */

static void test_multicast(void **state)
{
    struct drive *d = drive_new("dns");

    (void)state;
    drive_port(d, 5353);
    drive_to(d, "224.0.0.251");
    drive_udp(d, PD_C2S, DRIVE_TEXT("\0\0\0\0" COUNTS("\1", "\0", "\0", "\0") EXAMPLE "\0\1\x80\1"),
              0); /* QU */
    drive_udp(
        d, PD_C2S,
        DRIVE_TEXT("\0\0\x84\0" COUNTS("\0", "\1", "\0", "\0") EXAMPLE "\0\1\x80\1\0\0\1\x2c\0\4\xc0\0\2\1"),
        0);
    lines_are(
        d,
        LINES("{\"proto\":\"dns\",\"status\":\"oneway\",\"request\":{\"id\":0,\"question\":\"example.com\","
              "\"type\":\"A\",\"class\":\"IN\",\"opcode\":\"QUERY\",\"bytes\":29}}",
              LINE("oneway", "", "\"request\":{\"bytes\":39",
                   "\"response\":{\"code\":\"NOERROR\"," LISTED ",\"answer_count\":1,\"authority_count\":0,"
                   "\"additional_count\":0,\"authoritative\":true,\"truncated\":false,\"authenticated\":"
                   "false")));
    assert_int_equal(drive_counter(d, PD_C_ORPHAN), 0);
    drive_free(d);
}

/* On the port of DNS a multicast address is an address like others. */
static void test_multicast_address_only(void **state)
{
    struct drive *d = drive_new("dns");

    (void)state;
    drive_to(d, "238.0.0.1");
    drive_udp(d, PD_C2S, DRIVE_TEXT(ASK), 0);
    lines_are(d, LINES("{\"proto\":\"dns\",\"status\":\"unanswered\"," ASKED ",\"bytes\":29}}"));
    drive_free(d);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_udp),
        cmocka_unit_test(test_tcp_in_pieces),
        cmocka_unit_test(test_tcp_pipelined),
        cmocka_unit_test(test_tcp_length_alone),
        cmocka_unit_test(test_edns),
        cmocka_unit_test(test_codes),
        cmocka_unit_test(test_odd_question),
        cmocka_unit_test(test_owner_of_the_question),
        cmocka_unit_test(test_opcodes),
        cmocka_unit_test(test_dso),
        cmocka_unit_test(test_other_question),
        cmocka_unit_test(test_same_id),
        cmocka_unit_test(test_too_many_questions),
        cmocka_unit_test(test_retransmission),
        cmocka_unit_test(test_multicast),
        cmocka_unit_test(test_multicast_address_only),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
