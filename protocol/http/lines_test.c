/* lines_test.c: start lines and chunk lines, told by their form. */
#include "protocol/http/http.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

struct start_line {
    const char *text;
    int at;
    uint8_t confidence;
};

static struct pd_slice slice_of(const char *text)
{
    return (struct pd_slice){(const uint8_t *)text, (uint32_t)strlen(text)};
}

static void check(const struct start_line *l, const struct pd_look *look)
{
    uint8_t confidence = 0;
    int at = pd_http_sync(slice_of(l->text), look, &confidence);

    if (at != l->at || (at >= 0 && confidence != l->confidence))
        fail_msg("%d of %d, %d of %d: %s", at, l->at, confidence, l->confidence, l->text);
}

#define LONG "0123456789012345678901234567890123456789012345678901234567890123456789"

static void test_requests(void **state)
{
    static const struct start_line lines[] = {
        {"GET / HTTP/1.1\r\nHost: a\r\n\r\n", 0, PD_CERTAIN},
        {"GET / HTTP/1.0\r\n\r\n", 0, PD_CERTAIN},
        {"GET / HTTP/1.1\n\n", 0, PD_CERTAIN},
        {"GET / HTTP/1.1\r\n", 0, PD_CERTAIN},
        {"GET / HTTP/1.1\r\nHo", 0, PD_CERTAIN},
        {"VERSION-CONTROL /a HTTP/1.1\r\nX : 1\r\n", 0, PD_CERTAIN},
        {"CONNECT a:443 HTTP/1.1\r\n\r\n", 0, PD_CERTAIN},
        {"OPTIONS * HTTP/1.1\r\n\r\n", 0, PD_CERTAIN},
        {"GET /" LONG, 0, PD_MAYBE},
        {"GET http://a/" LONG " HTTP/1.", 0, PD_MAYBE},
        {"PROPFIND /" LONG, PD_NO, 0},
        {"GET " LONG, PD_NO, 0},
        {"GET / HTTP/1.1\r\nno header\r\n", PD_NO, 0},
        {"GET / HTTP/1.1\r\n\xff", PD_NO, 0},
        {"GET / HTTP/1.2\r\n\r\n", PD_NO, 0},
        {"GET / HTTP/1.1 \r\n\r\n", PD_NO, 0},
        {"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", PD_NO, 0},
        {"OPTIONS rtsp://a/ RTSP/1.0\r\n\r\n", PD_NO, 0},
        {"GET /\r\n\r\n", PD_NO, 0},
        {"GET  HTTP/1.1\r\n\r\n", PD_NO, 0},
        {"GET\t/ HTTP/1.1\r\n\r\n", PD_NO, 0},
        {" GET / HTTP/1.1\r\n\r\n", PD_NO, 0},
        {"\r\nGET / HTTP/1.1\r\n\r\n", PD_NO, 0},
        {"HTTP/1.1 200 OK\r\n\r\n", PD_NO, 0},
        {"A23456789B123456789C123456789D123 / HTTP/1.1\r\n\r\n", PD_NO, 0},
        {"A23456789B123456789C123456789D12 / HTTP/1.1\r\n\r\n", 0, PD_CERTAIN},
        {"GE", PD_MORE, 0},
        {"GET ", PD_MORE, 0},
        {"GET /index.html HTTP/1.1\r", PD_MORE, 0},
    };
    struct pd_look look = {
        .dir = PD_C2S, .purpose = PD_RECOVER, .transport = PD_TCP, .port = 80, .known = true};

    (void)state;
    for (size_t i = 0; i < sizeof lines / sizeof lines[0]; i++)
        check(&lines[i], &look);
}

static void test_first_bytes(void **state)
{
    static const struct start_line unknown[] = {
        {"GET /index.html", PD_MORE, 0},
        {"GET /index.html ", 0, PD_MAYBE},
        {"GET /index.html H", 0, PD_MAYBE},
        {"GET /index.html X", PD_NO, 0},
        {"PROPFIND /index.", PD_MORE, 0},
        {"\r\nGET / HTTP/1.1\r\n\r\n", 0, PD_CERTAIN},
        {"\r\n", PD_MORE, 0},
    };
    static const struct start_line known[] = {
        {"PROPFIND /index.", 0, PD_MAYBE},
        {"PROPFIND /index", PD_MORE, 0},
    };
    struct pd_look look = {.dir = PD_C2S, .purpose = PD_DETECT, .transport = PD_TCP, .port = 4242};

    (void)state;
    for (size_t i = 0; i < sizeof unknown / sizeof unknown[0]; i++)
        check(&unknown[i], &look);
    look.known = true;
    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++)
        check(&known[i], &look);
}

static void test_responses(void **state)
{
    static const struct start_line lines[] = {
        {"HTTP/1.1 200 OK\r\nServer: a\r\n", 0, PD_CERTAIN},
        {"HTTP/1.0 404 \r\n\r\n", 0, PD_CERTAIN},
        {"HTTP/1.1 200\r\n\r\n", 0, PD_CERTAIN},
        {"HTTP/1.1 200 O", 0, PD_CERTAIN},
        {"HTTP/1.1 200", 0, PD_MAYBE},
        {"HTTP/1.1 20", PD_MORE, 0},
        {"H", PD_MORE, 0},
        {"HTTP/2.0 200 OK\r\n", PD_NO, 0},
        {"HTTP/1.1 2000\r\n", PD_NO, 0},
        {"HTTP/1.1 099 a\r\n", PD_NO, 0},
        {"HTTP/1.1 200 OK\r\n<html>", PD_NO, 0},
        {"GET / HTTP/1.1\r\n\r\n", PD_NO, 0},
    };
    struct pd_look look = {.dir = PD_S2C, .purpose = PD_RECOVER, .transport = PD_TCP, .port = 80};

    (void)state;
    for (size_t i = 0; i < sizeof lines / sizeof lines[0]; i++)
        check(&lines[i], &look);
}

static void test_chunk_sizes(void **state)
{
    static const struct {
        const char *line;
        bool cut, ok;
        uint64_t size;
    } lines[] = {
        {"0\r\n", false, true, 0},
        {"0000000000000010\r\n", false, true, 16},
        {"aF\n", false, true, 175},
        {"5 \t\r\n", false, true, 5},
        {"5;name=value\r\n", false, true, 5},
        {"5 ;name", true, true, 5},
        {"7fffffffffffffff\r\n", false, true, INT64_MAX},
        {"8000000000000000\r\n", false, false, 0},
        {"00000000000000010\r\n", false, false, 0},
        {"\r\n", false, false, 0},
        {"-1\r\n", false, false, 0},
        {"0x5\r\n", false, false, 0},
        {"5 5\r\n", false, false, 0},
        {"5g\r\n", false, false, 0},
        {" 5\r\n", false, false, 0},
    };

    (void)state;
    for (size_t i = 0; i < sizeof lines / sizeof lines[0]; i++) {
        uint64_t size = 99;
        bool ok = pd_http_chunk_size(slice_of(lines[i].line), lines[i].cut, &size);
        if (ok != lines[i].ok || (ok && size != lines[i].size))
            fail_msg("chunk line %zu: %d", i, ok);
    }
}

static void test_lines_behind_chunks(void **state)
{
    (void)state;
    assert_true(pd_http_is_empty_line(slice_of("\r\n")));
    assert_true(pd_http_is_empty_line(slice_of("\n")));
    assert_false(pd_http_is_empty_line(slice_of("\r\r\n")));
    assert_false(pd_http_is_empty_line(slice_of("a\r\n")));
    assert_true(pd_http_is_field_line(slice_of("X-Sum: 1\r\n"), false));
    assert_false(pd_http_is_field_line(slice_of(": 1\r\n"), false));
    assert_false(pd_http_is_field_line(slice_of("X Sum: 1\r\n"), false));
    assert_false(pd_http_is_field_line(slice_of("XSum\r\n"), false));
    assert_true(pd_http_is_field_line(slice_of(LONG), true));
    assert_false(pd_http_is_field_line(slice_of(LONG), false));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_requests),
        cmocka_unit_test(test_first_bytes),
        cmocka_unit_test(test_responses),
        cmocka_unit_test(test_chunk_sizes),
        cmocka_unit_test(test_lines_behind_chunks),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
