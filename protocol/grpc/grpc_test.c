/* grpc_test.c: gRPC in hand-written HTTP/2 frames, whole and in pieces. */
#include "protocol/http2/http2_test.h"

#define OPEN PREFACE SETTINGS
/* :method POST, :scheme http, :path /a.B/C, :authority x, content-type; none of it enters a table.
 */
#define HEADERS(type) "\x83\x86\x04\x06/a.B/C\x01\x01x\x0f\x10" type
#define GRPC                                                                                                 \
    "\x10"                                                                                                   \
    "application/grpc"
#define CALL(flags, stream) F("\x20", "\x01", flags, stream, HEADERS(GRPC))
#define OK200 F("\x01", "\x01", "\x04", "\x01", "\x88")
#define STATUS(digit) F("\x0f", "\x01", "\x05", "\x01", "\0\x0bgrpc-status\x01" digit)
#define ASKED "'request':{'service':'a.B','method':'C','stream_id':1,'host':'x'"

static const struct talk talks[] = {
    {
        .name = "messages whose prefixes are cut by frames",
        .turn = {C(OPEN CALL("\x04", "\x01") F("\x03", "\0", "\0", "\x01", "\0\0\0")
                       F("\x09", "\0", "\0", "\x01", "\0\x02hi\0\0\0\0\0")
                           F("\x06", "\0", "\x01", "\x01", "\x01\0\0\0\x01x")),
                 S(SETTINGS OK200 F("\x05", "\0", "\0", "\x01", "\0\0\0\0\0")), S(STATUS("0"))},
        .line = {"'ok'," ASKED
                 ",'messages':3,'body_bytes':18,'bytes':86},'response':{'status_code':0,'status':'OK',"
                 "'http_status_code':200,'messages':1,'body_bytes':5,'bytes':48}"},
    },
    {
        .name = "trailers only, with a coded message",
        .turn = {C(OPEN CALL("\x05", "\x01")), S(SETTINGS F("\x24", "\x01", "\x05", "\x01",
                                                            "\x88\0\x0bgrpc-status\x01"
                                                            "5\0\x0cgrpc-message\x05"
                                                            "%41%%"))},
        .line = {"'error','error':'NOT_FOUND'," ASKED ",'messages':0,'body_bytes':0,'bytes':41},'response':{"
                 "'status_code':5,'status':'NOT_FOUND','message':'A%%','http_status_code':200,'messages':0,"
                 "'body_bytes':0,'bytes':45}"},
    },
    {
        .name = "reset by the server: its code is the status",
        .turn = {C(OPEN CALL("\x05", "\x01")), S(SETTINGS F("\x04", "\x03", "\0", "\x01", "\0\0\0\x0b"))},
        .line = {"'error','error':'RESOURCE_EXHAUSTED'," ASKED
                 ",'messages':0,'body_bytes':0,'bytes':41},'response':{"
                 "'status_code':8,'status':'RESOURCE_EXHAUSTED','messages':0,'body_bytes':0,'bytes':13}"},
    },
    {
        .name = "cancelled by the client",
        .turn = {C(OPEN CALL("\x05", "\x01")), S(SETTINGS OK200),
                 C(F("\x04", "\x03", "\0", "\x01", "\0\0\0\x08"))},
        .line = {"'error','error':'CANCELLED'," ASKED ",'messages':0,'body_bytes':0,'bytes':41},'response':{"
                 "'status_code':1,'status':'CANCELLED','http_status_code':200,'messages':0,'body_bytes':0,'"
                 "bytes':10}"},
    },
    {
        .name = "a status that nobody sent is not made up",
        .turn = {C(OPEN CALL("\x05", "\x01")), S(SETTINGS F("\x01", "\x01", "\x05", "\x01", "\x88"))},
        .line = {"'error','error':'no grpc-status'," ASKED
                 ",'messages':0,'body_bytes':0,'bytes':41},'response':{"
                 "'http_status_code':200,'messages':0,'body_bytes':0,'bytes':10}"},
    },
    {
        .name = "a status among the headers counts only where nothing follows",
        .turn = {C(OPEN CALL("\x05", "\x01")), S(SETTINGS F("\x10", "\x01", "\x04", "\x01",
                                                            "\x88\0\x0bgrpc-status\x01"
                                                            "0") F("\0", "\0", "\x01", "\x01", ""))},
        .line = {"'error','error':'no grpc-status'," ASKED
                 ",'messages':0,'body_bytes':0,'bytes':41},'response':{"
                 "'http_status_code':200,'messages':0,'body_bytes':0,'bytes':34}"},
    },
    {
        .name = "a status that has no name; the last one counts",
        .turn = {C(OPEN CALL("\x05", "\x01")), S(SETTINGS F("\x20", "\x01", "\x05", "\x01",
                                                            "\x88\0\x0bgrpc-status\x01"
                                                            "5\0\x0bgrpc-status\x02"
                                                            "99"))},
        .line = {"'error','error':'99'," ASKED ",'messages':0,'body_bytes':0,'bytes':41},'response':{"
                 "'status_code':99,'http_status_code':200,'messages':0,'body_bytes':0,'bytes':41}"},
    },
    {
        .name = "refused by a proxy that does not speak gRPC",
        .turn = {C(OPEN CALL("\x05", "\x01")),
                 S(SETTINGS F("\x0d", "\x01", "\x04", "\x01",
                              "\x8d\x0f\x10\x09"
                              "text/html") F("\x06", "\0", "\x01", "\x01", "<html>"))},
        .line = {"'error','error':'404'," ASKED ",'messages':0,'body_bytes':0,'bytes':41},'response':{"
                 "'http_status_code':404,'body_bytes':6,'bytes':37}"},
    },
    {
        .name = "grpc-web is plain HTTP/2",
        .turn = {C(OPEN F("\x24", "\x01", "\x05", "\x01",
                          HEADERS("\x14"
                                  "application/grpc-web"))),
                 S(SETTINGS F("\x01", "\x01", "\x05", "\x01", "\x88"))},
        .line = {"'ok','request':{'method':'POST','path':'/a.B/"
                 "C','scheme':'http','host':'x','version':'2','stream_id':1,"
                 "'body_bytes':0,'bytes':45},'response':{'status_code':200,'body_bytes':0,'bytes':10}"},
    },
};
enum { TALKS = sizeof talks / sizeof talks[0] };

static void calls_are_the_same_in_pieces(void **state)
{
    (void)state;
    play_all(talks, TALKS);
}

/* A message of 1,000 bytes in one frame. `lost` of its bytes do not come, from `at` on. */
static struct drive *lose(uint32_t at, uint32_t lost)
{
    enum { SIZE = 1000 };
    static const char frame[] =
        "\0\x03\xed\0\x01\0\0\0\x01\0\0\0\x03\xe8"; /* 1,005 bytes of DATA, their prefix */
    static const char body[SIZE];
    struct drive *d = drive_new("http2");

    drive_syn(d);
    drive_send(d, PD_C2S, DRIVE_TEXT(OPEN CALL("\x04", "\x01")));
    drive_send(d, PD_C2S, frame, sizeof frame - 1);
    drive_send(d, PD_C2S, body, at);
    drive_gap(d, PD_C2S, lost);
    drive_send(d, PD_C2S, body, SIZE - at - lost);
    drive_send(d, PD_S2C, DRIVE_TEXT(SETTINGS OK200 STATUS("0")));
    drive_finish(d);
    assert_int_equal(drive_count(d), 1);
    return d;
}

static void a_hole_within_a_message_does_no_harm(void **state)
{
    (void)state;
    struct drive *d = lose(200, 500);
    assert_non_null(strstr(drive_line(d, 0), "\"status\":\"ok\""));
    assert_non_null(strstr(drive_line(d, 0), "\"messages\":1,\"body_bytes\":1005"));
    drive_free(d);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(calls_are_the_same_in_pieces),
        cmocka_unit_test(a_hole_within_a_message_does_no_harm),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
