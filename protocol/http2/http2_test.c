/* http2_test.c: HTTP/2 in hand-written frames: each conversation is played whole and in pieces, and has to
 * give the same lines. */
#include "protocol/http2/http2_test.h"

#define ACK F("\0", "\x04", "\x01", "\0", "")
/* Indexed :method GET, :scheme http, :path /; :authority "x", which is put into the table. */
#define GET "\x82\x86\x84\x41\x01x"
#define AGAIN "\x82\x86\x84\xbe" /* the same, from the table */
#define OK200 "\x88"

#define OPEN C(PREFACE SETTINGS), S(SETTINGS ACK), C(ACK)
#define ASKED(stream, bytes)                                                                                 \
    "'request':{'method':'GET','path':'/','scheme':'http','host':'x','version':'2','stream_id':" stream      \
    ",'body_bytes':0,'bytes':" bytes "}"

static const struct talk talks[] = {
    {
        .name = "get, body in two frames, and the same again from the table",
        .turn = {OPEN, C(F("\x06", "\x01", "\x05", "\x01", GET)),
                 S(F("\x01", "\x01", "\x04", "\x01", OK200) F("\x02", "\0", "\0", "\x01", "he")
                       F("\x03", "\0", "\x01", "\x01", "llo")),
                 C(F("\x04", "\x01", "\x05", "\x03", AGAIN)), S(F("\x01", "\x01", "\x05", "\x03", "\x8d"))},
        .line = {"'ok'," ASKED("1", "15") ",'response':{'status_code':200,'body_bytes':5,'bytes':33}",
                 "'ok'," ASKED("3", "13") ",'response':{'status_code':404,'body_bytes':0,'bytes':10}"},
    },
    {
        .name = "a frame of a wrong length",
        .turn = {OPEN, C(F("\x04", "\x02", "\0", "\x01", "1234"))},
        .bad = 1,
    },
    {
        .name = "padded HEADERS with a priority in two pieces, padded DATA",
        .turn = {OPEN,
                 C(F("\x0b", "\x01", "\x29", "\x01", "\x02\0\0\0\0\x10\x82\x86\x84\0\0")
                       F("\x03", "\x09", "\0", "\x01", "\x41\x01x") F("\0", "\x09", "\x04", "\x01", "")),
                 S(F("\x08", "\x06", "\0", "\0", "12345678") F("\x01", "\x01", "\x04", "\x01", OK200)
                       F("\x04", "\x08", "\0", "\x01", "\0\0\0\x01")
                           F("\x06", "\0", "\x09", "\x01", "\x03hi\0\0\0"))},
        .line = {"'ok'," ASKED("1", "41") ",'response':{'status_code':200,'body_bytes':2,'bytes':25}"},
    },
    {
        .name = "interim responses are not the response; trailers end it",
        .turn = {OPEN, C(F("\x06", "\x01", "\x05", "\x01", GET)),
                 S(F("\x05", "\x01", "\x04", "\x01",
                     "\x48\x03"
                     "103") F("\x01", "\x01", "\x04", "\x01", OK200) F("\x01", "\0", "\0", "\x01", "x")
                       F("\x04", "\x01", "\x05", "\x01", "\0\x01t\0"))},
        .line = {"'ok'," ASKED("1", "15") ",'response':{'status_code':200,'body_bytes':1,'bytes':47}"},
    },
    {
        .name = "streams take turns",
        .turn = {OPEN,
                 C(F("\x06", "\x01", "\x04", "\x01", GET) F("\x04", "\x01", "\x05", "\x03", AGAIN)
                       F("\x02", "\0", "\0", "\x01", "ab")),
                 S(F("\x01", "\x01", "\x04", "\x03", OK200) F("\x01", "\x01", "\x04", "\x01", OK200)
                       F("\x01", "\0", "\x01", "\x03", "3")),
                 C(F("\x01", "\0", "\x01", "\x01", "c")), S(F("\x01", "\0", "\x01", "\x01", "1"))},
        .line = {"'ok'," ASKED("3", "13") ",'response':{'status_code':200,'body_bytes':1,'bytes':20}",
                 "'ok','request':{'method':'GET','path':'/"
                 "','scheme':'http','host':'x','version':'2','stream_id':1,"
                 "'body_bytes':3,'bytes':36},'response':{'status_code':200,'body_bytes':1,'bytes':20}"},
    },
    {
        .name = "a push is announced by the server and answered on its own stream",
        .turn = {OPEN, C(F("\x06", "\x01", "\x05", "\x01", GET)),
                 S(F("\x0a", "\x05", "\x04", "\x01", "\0\0\0\x02\x82\x86\x84\x41\x01x")
                       F("\x01", "\x01", "\x05", "\x01", OK200) F("\x01", "\x01", "\x05", "\x02", OK200))},
        .line = {"'ok'," ASKED("1", "15") ",'response':{'status_code':200,'body_bytes':0,'bytes':10}",
                 "'ok'," ASKED("2", "19") ",'response':{'status_code':200,'body_bytes':0,'bytes':10}"},
    },
    {
        .name = "resets: instead of a response, in a body, by the client",
        .turn = {OPEN,
                 C(F("\x06", "\x01", "\x05", "\x01", GET) F("\x04", "\x01", "\x05", "\x03", AGAIN)
                       F("\x04", "\x01", "\x05", "\x05", AGAIN) F("\x04", "\x01", "\x05", "\x07", AGAIN)),
                 S(F("\x04", "\x03", "\0", "\x01", "\0\0\0\x07") F("\x01", "\x01", "\x04", "\x03", OK200) F(
                     "\x04", "\x03", "\0", "\x03", "\0\0\0\x02") F("\x01", "\x01", "\x04", "\x05", OK200)),
                 C(F("\x04", "\x03", "\0", "\x05", "\0\0\0\x08")
                       F("\x04", "\x03", "\0", "\x07", "\0\0\0\x08"))},
        .line = {"'error','error':'REFUSED_STREAM'," ASKED("1",
                                                           "15") ",'response':{'body_bytes':0,'bytes':13}",
                 "'error','error':'INTERNAL_ERROR'," ASKED(
                     "3", "13") ",'response':{'status_code':200,'body_bytes':0,'bytes':23}",
                 "'ok'," ASKED("5", "13") ",'response':{'status_code':200,'body_bytes':0,'bytes':10}",
                 "'unanswered'," ASKED("7", "13")},
    },
    {
        .name = "GOAWAY: what is above the last stream stays unanswered",
        .turn = {OPEN, C(F("\x06", "\x01", "\x05", "\x01", GET) F("\x04", "\x01", "\x05", "\x03", AGAIN)),
                 S(F("\x08", "\x07", "\0", "\0", "\0\0\0\x01\0\0\0\0")
                       F("\x01", "\x01", "\x05", "\x01", "\x8e"))},
        .line = {"'unanswered'," ASKED("3", "13"),
                 "'error','error':'500'," ASKED(
                     "1", "15") ",'response':{'status_code':500,'body_bytes':0,'bytes':10}"},
    },
    {
        .name = "CONNECT",
        .turn = {OPEN,
                 C(F("\x0c", "\x01", "\x04", "\x01",
                     "\x42\x07"
                     "CONNECT\x41\x01x")),
                 S(F("\x01", "\x01", "\x04", "\x01", OK200)), C(F("\x02", "\0", "\x01", "\x01", "up")),
                 S(F("\x04", "\0", "\x01", "\x01", "down"))},
        .line = {"'ok','request':{'method':'CONNECT','path':'x','host':'x','version':'2','stream_id':1,'body_"
                 "bytes':2,"
                 "'bytes':32},'response':{'status_code':200,'body_bytes':4,'bytes':23}"},
    },
    {
        .name = "a block that another frame interrupts",
        .turn = {OPEN, C(F("\x06", "\x01", "\x01", "\x01", GET) F("\x08", "\x06", "\0", "\0", "12345678"))},
        .line = {"'incomplete','request':{'method':'GET','path':'/','scheme':'http','host':'x','version':'2',"
                 "'stream_id':1}"},
        .bad = 1,
    },
    {
        .name = "two requests on one stream: one of them is none",
        .turn = {OPEN,
                 C(F("\x06", "\x01", "\x05", "\x01", GET) F("\x04", "\x01", "\x05", "\x01", AGAIN)
                       F("\x04", "\x01", "\x04", "\x03", AGAIN)
                           F("\x04", "\x01", "\x05", "\x03", "\x82\x86\x85\xbe")),
                 S(F("\x01", "\x01", "\x05", "\x01", OK200) F("\x01", "\x01", "\x05", "\x03", OK200))},
        .line = {"'incomplete'," ASKED("1", "15") ",'response':{'status_code':200,'body_bytes':0,'bytes':10}",
                 "'incomplete'," ASKED("3",
                                       "26") ",'response':{'status_code':200,'body_bytes':0,'bytes':10}"},
    },
    {
        .name = "padding longer than its frame",
        .turn = {OPEN, C(F("\x06", "\x01", "\x05", "\x01", GET)),
                 S(F("\x01", "\x01", "\x04", "\x01", OK200) F("\x02", "\0", "\x09", "\x01", "\x02x"))},
        .line = {"'incomplete'," ASKED("1", "15") ",'response':{'status_code':200,'bytes':10}"},
        .bad = 1,
    },
    {
        .name = "h2c: the request that asked for the change becomes stream 1",
        .turn = {C("GET /a?b HTTP/1.1\r\nHost: x\r\nConnection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\n"
                   "HTTP2-Settings: AAMAAABk\r\n\r\n"),
                 S("HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: h2c\r\n\r\n" SETTINGS
                       F("\x01", "\x01", "\x04", "\x01", OK200)),
                 C(PREFACE SETTINGS), S(F("\x02", "\0", "\x01", "\x01", "hi")),
                 C(F("\x06", "\x01", "\x05", "\x03", GET)), S(F("\x01", "\x01", "\x05", "\x03", OK200))},
        .line = {"'ok','request':{'method':'GET','path':'/"
                 "a','query':'b','host':'x','version':'1.1','stream_id':1,"
                 "'headers':{'host':['x'],'connection':['Upgrade, HTTP2-Settings'],'upgrade':['h2c'],"
                 "'http2-settings':['AAMAAABk']},'body_bytes':0,'bytes':107},'response':{'status_code':200,'"
                 "body_bytes':2,'bytes':21}",
                 "'ok'," ASKED("3", "15") ",'response':{'status_code':200,'body_bytes':0,'bytes':10}"},
        .port = 80,
    },
};
enum { TALKS = sizeof talks / sizeof talks[0] };

static void talks_give_the_same_in_pieces(void **state)
{
    (void)state;
    play_all(talks, TALKS);
}

static void the_oldest_stream_makes_room(void **state)
{
    struct drive *d = drive_new("http2");
    static const char ask[] = F("\x06", "\x01", "\x05", "\0", GET);
    uint8_t frame[sizeof ask - 1];

    (void)state;
    drive_syn(d);
    drive_send(d, PD_C2S, DRIVE_TEXT(PREFACE SETTINGS));
    for (unsigned i = 0; i < 300; i++) {
        memcpy(frame, ask, sizeof frame);
        frame[7] = (uint8_t)((2 * i + 1) >> 8);
        frame[8] = (uint8_t)(2 * i + 1);
        drive_send(d, PD_C2S, frame, sizeof frame);
    }
    assert_int_equal(drive_counter(d, PD_C_EVICTED), 300 - 256);
    assert_int_equal(drive_counter(d, PD_C_INCOMPLETE), 300 - 256);
    drive_finish(d);
    assert_int_equal(drive_counter(d, PD_C_UNANSWERED), 256);
    drive_free(d);
}

static void an_answer_to_what_was_cancelled_is_late(void **state)
{
    struct drive *d = drive_new("http2");

    (void)state;
    drive_syn(d);
    drive_send(d, PD_C2S, DRIVE_TEXT(PREFACE SETTINGS F("\x06", "\x01", "\x05", "\x01", GET)));
    drive_send(d, PD_C2S, DRIVE_TEXT(F("\x04", "\x03", "\0", "\x01", "\0\0\0\x08")));
    drive_send(d, PD_S2C, DRIVE_TEXT(SETTINGS F("\x01", "\x01", "\x05", "\x01", OK200)));
    drive_finish(d);
    assert_int_equal(drive_count(d), 2);
    assert_non_null(strstr(drive_line(d, 0), "unanswered"));
    assert_non_null(strstr(drive_line(d, 1), "\"late\":true"));
    assert_int_equal(drive_counter(d, PD_C_UNANSWERED), 1);
    assert_int_equal(drive_counter(d, PD_C_LATE), 1);
    drive_free(d);
}

static void a_guessed_boundary_is_given_up_where_no_frame_follows(void **state)
{
    struct drive *d = drive_new("http2");

    (void)state;
    drive_syn(d);
    drive_send(d, PD_C2S, DRIVE_TEXT(PREFACE SETTINGS F("\x06", "\x01", "\x05", "\x01", GET)));
    drive_send(d, PD_S2C, DRIVE_TEXT(SETTINGS));
    drive_gap(d, PD_S2C, 5);
    drive_send(d, PD_S2C, DRIVE_TEXT(F("\x02", "\0", "\0", "\x01", "ab"))); /* looks like a frame */
    drive_send(d, PD_S2C, DRIVE_TEXT("\x01\x02\x03\xee\x05\x06\x07\x08\x09"));
    drive_send(d, PD_S2C, DRIVE_TEXT(F("\x01", "\x01", "\x05", "\x01", OK200)));
    drive_finish(d);
    assert_int_equal(drive_count(d), 1);
    assert_non_null(strstr(drive_line(d, 0), "\"status_code\":200"));
    assert_int_equal(drive_counter(d, PD_C_BAD), 1);
    drive_free(d);
}

/* A POST whose content type is not known may be a child's; so may be its reset, unless its path says no. */
static void a_reset_of_nobody_knows_what_is_incomplete(void **state)
{
    struct drive *d = drive_new("http2");

    (void)state;
    drive_syn(d);
    drive_send(d, PD_C2S, DRIVE_TEXT(PREFACE SETTINGS));
    drive_send(d, PD_S2C, DRIVE_TEXT(SETTINGS));
    drive_gap(d, PD_C2S, 20);
    drive_send(d, PD_C2S, DRIVE_TEXT(F("\x09", "\x01", "\x05", "\x03", "\x83\x86\x04\x04/a/b\xbe")));
    drive_send(d, PD_C2S, DRIVE_TEXT(F("\x04", "\x01", "\x05", "\x05", "\x83\x86\x84\xbe")));
    drive_send(d, PD_S2C, DRIVE_TEXT(F("\x04", "\x03", "\0", "\x03", "\0\0\0\x07")));
    drive_send(d, PD_S2C, DRIVE_TEXT(F("\x04", "\x03", "\0", "\x05", "\0\0\0\x07")));
    drive_finish(d);
    assert_int_equal(drive_count(d), 2);
    assert_non_null(strstr(drive_line(d, 0), "incomplete"));
    assert_non_null(strstr(drive_line(d, 1), "REFUSED_STREAM"));
    drive_free(d);
}

/* Before anything was answered, what was found behind a hole may stand in a body. */
static void what_nobody_answers_behind_a_hole_may_be_a_body(void **state)
{
    (void)state;
    for (int answered = 0; answered < 2; answered++) {
        struct drive *d = drive_new("http2");
        drive_syn(d);
        drive_send(d, PD_C2S, DRIVE_TEXT(PREFACE SETTINGS));
        drive_send(d, PD_S2C, DRIVE_TEXT(SETTINGS));
        drive_gap(d, PD_C2S, 20);
        drive_send(d, PD_C2S, DRIVE_TEXT(F("\x06", "\x01", "\x05", "\x03", GET)));
        if (answered)
            drive_send(d, PD_S2C, DRIVE_TEXT(F("\x01", "\x01", "\x05", "\x03", OK200)));
        drive_send(d, PD_C2S, DRIVE_TEXT(F("\x06", "\x01", "\x05", "\x05", GET)));
        drive_finish(d);
        assert_int_equal(drive_counter(d, PD_C_OK), answered);
        assert_int_equal(drive_counter(d, PD_C_UNANSWERED), answered);
        assert_int_equal(drive_counter(d, PD_C_INCOMPLETE), answered ? 0 : 2);
        drive_free(d);
    }
}

/* Whose request it is that nobody answers is not known either; a path of one part is no child's. */
static void an_unanswered_call_of_nobody_knows_whom_is_incomplete(void **state)
{
    struct drive *d = drive_new("http2");

    (void)state;
    drive_syn(d);
    drive_send(d, PD_C2S, DRIVE_TEXT(PREFACE SETTINGS));
    drive_send(d, PD_S2C, DRIVE_TEXT(SETTINGS));
    drive_gap(d, PD_C2S, 20);
    drive_send(d, PD_C2S, DRIVE_TEXT(F("\x06", "\x01", "\x05", "\x03", GET)));
    drive_send(d, PD_S2C, DRIVE_TEXT(F("\x01", "\x01", "\x05", "\x03", OK200)));
    drive_send(d, PD_C2S, DRIVE_TEXT(F("\x09", "\x01", "\x05", "\x05", "\x83\x86\x04\x04/a/b\xbf")));
    drive_send(d, PD_C2S, DRIVE_TEXT(F("\x04", "\x01", "\x05", "\x07", "\x83\x86\x84\xbf")));
    drive_finish(d);
    assert_int_equal(drive_count(d), 3);
    assert_non_null(strstr(drive_line(d, 1), "incomplete"));
    assert_non_null(strstr(drive_line(d, 2), "unanswered"));
    drive_free(d);
}

/* The first response's status is not known: it may be interim, as the second one is. */
static void an_interim_status_is_never_the_responses(void **state)
{
    struct drive *d = drive_new("http2");

    (void)state;
    drive_syn(d);
    drive_send(d, PD_C2S, DRIVE_TEXT(PREFACE SETTINGS F("\x06", "\x01", "\x05", "\x01", GET)));
    drive_send(d, PD_S2C, DRIVE_TEXT(SETTINGS));
    drive_gap(d, PD_S2C, 20);
    drive_send(d, PD_S2C, DRIVE_TEXT(F("\x01", "\x01", "\x04", "\x01", "\xbe")));
    drive_send(d, PD_S2C,
               DRIVE_TEXT(F("\x05", "\x01", "\x04", "\x01",
                            "\x08\x03"
                            "103")));
    drive_send(d, PD_S2C, DRIVE_TEXT(F("\x01", "\x01", "\x05", "\x01", "\xbe")));
    drive_finish(d);
    assert_int_equal(drive_count(d), 1);
    assert_non_null(strstr(drive_line(d, 0), "incomplete"));
    assert_null(strstr(drive_line(d, 0), "status_code"));
    drive_free(d);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_guessed_boundary_is_given_up_where_no_frame_follows),
        cmocka_unit_test(a_reset_of_nobody_knows_what_is_incomplete),
        cmocka_unit_test(what_nobody_answers_behind_a_hole_may_be_a_body),
        cmocka_unit_test(an_unanswered_call_of_nobody_knows_whom_is_incomplete),
        cmocka_unit_test(an_interim_status_is_never_the_responses),
        cmocka_unit_test(talks_give_the_same_in_pieces),
        cmocka_unit_test(the_oldest_stream_makes_room),
        cmocka_unit_test(an_answer_to_what_was_cancelled_is_late),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
