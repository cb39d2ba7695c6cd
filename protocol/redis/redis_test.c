/* redis_test.c: hand-written bytes, whole and in pieces. */
#include "tests/drive.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
// clang-format off
#include <cmocka.h>
// clang-format on

static void get_and_set(void **state)
{
    (void)state;
    for (uint32_t piece = 0; piece < 9; piece++) {
        struct drive *d = drive_new("redis");
        drive_cut(d, piece);
        drive_syn(d);
        drive_send(
            d, PD_C2S,
            DRIVE_TEXT("*3\r\n$3\r\nset\r\n$1\r\nk\r\n$5\r\na b\"c\r\n*2\r\n$3\r\nGET\r\n$1\r\nk\r\n"));
        drive_send(d, PD_S2C, DRIVE_TEXT("+OK\r\n$5\r\na b\"c\r\n"));
        drive_send(d, PD_C2S, DRIVE_TEXT("*2\r\n$4\r\nINCR\r\n$1\r\nk\r\n"));
        drive_send(d, PD_S2C, DRIVE_TEXT("-ERR value is not an integer or out of range\r\n"));
        drive_finish(d);
        assert_int_equal(drive_count(d), 3);
        assert_string_equal(
            drive_line(d, 0),
            "{\"proto\":\"redis\",\"status\":\"ok\",\"request\":{\"command\":\"SET\",\"key\":\"k\","
            "\"args\":\"k \\\"a b\\\\\\\"c\\\"\",\"argument_count\":2,\"bytes\":31},"
            "\"response\":{\"type\":\"simple_string\",\"bytes\":5}}");
        drive_free(d);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(get_and_set),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
