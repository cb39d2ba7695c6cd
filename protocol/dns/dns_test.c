/* dns_test.c: messages through the engine: what is printed of them, what pairs and what must not, and what
 * cut, lost and evil bytes do. Each exchange runs whole and, over TCP, in pieces of every small size. */
#include "tests/drive.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

/* clang-format off */
#define ID "\x12\x34"
#define QUERY "\x01\x00"             /* RD */
#define RESPONSE "\x81\x80"          /* QR RD RA */
#define COUNTS(qd, an, ns, ar) "\0" qd "\0" an "\0" ns "\0" ar
#define EXAMPLE "\7example\3com\0"
#define QUESTION EXAMPLE "\0\1" "\0\1" /* A IN, at offset 12 */
#define ANSWER \
    "\xc0\x0c"                       /* owner: the question's name */ \
    "\0\1" "\0\1"                    /* A IN */ \
    "\0\0\1\x2c"                     /* ttl 300 */ \
    "\0\4" "\xc0\0\2\1"              /* 192.0.2.1 */
#define OPT(size, code, flags) \
    "\0"                             /* owner: the root */ \
    "\0\x29" size                    /* OPT, size of a datagram */ \
    code "\0" flags                  /* high bits of the code, version, DO */ \
    "\0\0"

#define ASK ID QUERY COUNTS("\1", "\0", "\0", "\0") QUESTION
#define REPLY ID RESPONSE COUNTS("\1", "\1", "\0", "\0") QUESTION ANSWER

#define ASKED "\"request\":{\"id\":4660,\"question\":\"example.com\",\"type\":\"A\",\"class\":\"IN\",\"opcode\":\"QUERY\""
#define LISTED "\"answers\":[{\"name\":\"example.com\",\"type\":\"A\",\"ttl\":300,\"data\":\"192.0.2.1\"}]"
#define SAID(code, answers, an, ns, ar, aa, tc, ad) \
    "\"response\":{\"code\":\"" code "\"," answers "\"answer_count\":" an ",\"authority_count\":" ns \
    ",\"additional_count\":" ar ",\"authoritative\":" aa ",\"truncated\":" tc ",\"authenticated\":" ad
#define LINE(status, more, request, response) "{\"proto\":\"dns\",\"status\":\"" status "\"," more request "}," response "}}"
#define SIMPLE(ask, reply) \
    LINE("ok", "", ASKED ",\"bytes\":" ask, \
         SAID("NOERROR", LISTED ",", "1", "0", "0", "false", "false", "false") ",\"bytes\":" reply)
/* clang-format on */

static void lines_are(struct drive *d, const char *const *lines)
{
    size_t n = 0;

    drive_finish(d);
    for (; lines[n]; n++) {
        assert_non_null(drive_line(d, n));
        assert_string_equal(drive_line(d, n), lines[n]);
    }
    assert_int_equal(drive_count(d), n);
}

#define LINES(...) ((const char *const[]){__VA_ARGS__, NULL})
#define NOTHING ((const char *const[]){NULL})

/* One datagram each way. */
static void exchange(const char *line, const void *ask, size_t ask_len, const void *reply, size_t reply_len)
{
    struct drive *d = drive_new("dns");

    drive_udp(d, PD_C2S, ask, ask_len, 0);
    drive_udp(d, PD_S2C, reply, reply_len, 0);
    lines_are(d, LINES(line));
    drive_free(d);
}

static void tcp(struct drive *d, enum pd_dir dir, const void *bytes, size_t len)
{
    uint8_t *p = malloc(2 + len);

    assert_non_null(p);
    p[0] = (uint8_t)(len >> 8);
    p[1] = (uint8_t)len;
    memcpy(p + 2, bytes, len);
    drive_send(d, dir, p, 2 + len);
    free(p);
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

#define OTHER ID QUERY COUNTS("\1", "\0", "\0", "\0") "\1a\0\0\1\0\1"
#define OTHER_REPLY ID RESPONSE COUNTS("\1", "\0", "\0", "\0") "\1a\0\0\1\0\1"
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

/* --- cut, lost, evil --- */

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
        cmocka_unit_test(test_udp),
        cmocka_unit_test(test_tcp_in_pieces),
        cmocka_unit_test(test_tcp_pipelined),
        cmocka_unit_test(test_tcp_length_alone),
        cmocka_unit_test(test_edns),
        cmocka_unit_test(test_codes),
        cmocka_unit_test(test_odd_question),
        cmocka_unit_test(test_opcodes),
        cmocka_unit_test(test_dso),
        cmocka_unit_test(test_other_question),
        cmocka_unit_test(test_same_id),
        cmocka_unit_test(test_too_many_questions),
        cmocka_unit_test(test_retransmission),
        cmocka_unit_test(test_multicast),
        cmocka_unit_test(test_captured_short),
        cmocka_unit_test(test_sent_short),
        cmocka_unit_test(test_evil),
        cmocka_unit_test(test_many_answers),
        cmocka_unit_test(test_tcp_gap),
        cmocka_unit_test(test_tcp_resync),
        cmocka_unit_test(test_tcp_bad_length),
        cmocka_unit_test(test_unknown_port),
        cmocka_unit_test(test_not_dns),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
