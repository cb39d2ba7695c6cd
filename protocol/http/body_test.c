/* body_test.c: what is kept of headers and bodies, their bounds, and bytes that are missing. */
#include "tests/drive.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static const uint32_t cuts[] = {0, 1, 7, 64, 1000};
enum { CUTS = sizeof cuts / sizeof cuts[0], BIG = 80000 };

#define REQUEST "GET / HTTP/1.1\r\n\r\n"
#define EMPTY "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"

static struct drive *begin(uint32_t cut, const char *option, const char *value)
{
    struct drive *d = drive_new("http");

    drive_cut(d, cut);
    if (option)
        drive_option(d, option, value);
    drive_syn(d);
    return d;
}

static void send_text(struct drive *d, enum pd_dir dir, const char *text)
{
    drive_send(d, dir, text, strlen(text));
}

static void expect(struct drive *d, size_t i, const char *part)
{
    const char *line = drive_line(d, i);

    if (!line || !strstr(line, part))
        fail_msg("line %zu is %s\nwithout %s", i, line ? line : "not there", part);
}

static void expect_not(struct drive *d, size_t i, const char *part)
{
    const char *line = drive_line(d, i);

    if (!line || strstr(line, part))
        fail_msg("line %zu is %s\nwith %s", i, line ? line : "not there", part);
}

/* --- headers --- */

static void test_headers(void **state)
{
    (void)state;
    for (unsigned i = 0; i < CUTS; i++) {
        struct drive *d = begin(cuts[i], NULL, NULL);
        send_text(d, PD_C2S,
                  "GET / HTTP/1.1\r\nHOST: a\r\nAccept: x\r\nX-Empty:\r\naccept:  y \t\r\nX-Odd : "
                  "1\x01\xc3\xa9\r\n\r\n");
        send_text(d, PD_S2C, EMPTY);
        drive_finish(d);
        expect(d, 0,
               "\"headers\":{\"host\":[\"a\"],\"accept\":[\"x\",\"y\"],\"x-empty\":[\"\"],"
               "\"x-odd\":[\"1\\u0001\xc3\xa9\"]}");
        expect(d, 0, "\"headers\":{\"content-length\":[\"0\"]}");
        expect_not(d, 0, "\"cut\"");
        drive_free(d);
    }
}

static void test_named_headers(void **state)
{
    (void)state;
    struct drive *d = begin(0, "headers", "x-b,server");
    send_text(d, PD_C2S, "GET / HTTP/1.1\r\nHost: a\r\nX-B: 1\r\nX-Bc: 2\r\nX-b: 3\r\n\r\n");
    send_text(d, PD_S2C, EMPTY);
    drive_finish(d);
    expect(d, 0, "\"headers\":{\"x-b\":[\"1\",\"3\"]}");
    expect(d, 0, "\"host\":\"a\"");
    expect_not(d, 0, "content-length");
    drive_free(d);
}

static char *repeat(char c, size_t n)
{
    char *s = malloc(n + 1);

    assert_non_null(s);
    memset(s, c, n);
    s[n] = 0;
    return s;
}

/* A head of 80,000 bytes: what fits is kept, what came last still counts. */
static void test_large_head(void **state)
{
    char *head = malloc(2 * BIG), *value = repeat('v', 700), *path = repeat('p', 3000);
    (void)state;
    assert_non_null(head);
    int n = sprintf(head, "POST /%s?%s HTTP/1.1\r\n", path, path);
    for (int i = 0; n < BIG; i++)
        n += sprintf(head + n, "X-%d: %s\r\n", i, value);
    n += sprintf(head + n, "Host: last\r\nContent-Length: 3\r\n\r\nabc");

    for (unsigned i = 0; i < CUTS; i++) {
        struct drive *d = begin(cuts[i], NULL, NULL);
        send_text(d, PD_C2S, head);
        send_text(d, PD_S2C, EMPTY);
        drive_finish(d);
        path[1023] = value[256] = 0; /* the bounds, less the slash that begins the path */
        char part[1100];
        snprintf(part, sizeof part, "\"path\":\"/%s\",", path);
        expect(d, 0, part);
        snprintf(part, sizeof part, "\"x-0\":[\"%s\"]", value);
        expect(d, 0, part);
        expect(d, 0, "\"x-31\"");
        expect_not(d, 0, "\"x-32\"");
        expect(d, 0, "\"host\":\"last\"");
        expect(d, 0, "\"body_bytes\":3");
        expect(d, 0, "\"cut\":[\"request.path\",\"request.query\",\"request.headers\"]");
        drive_free(d);
        path[1023] = 'p';
        value[256] = 'v';
    }
    free(head);
    free(value);
    free(path);
}

/* --- bodies --- */

struct body {
    const char *response;
    const char *part; /* of the line */
};

static void test_bodies(void **state)
{
    static const struct body kept[] = {
        {"Content-Type: text/plain\r\nContent-Length: 5\r\n\r\nhello", "\"body\":\"hello\""},
        {"Content-Length: 2\r\nContent-Type: Application/JSON; charset=utf-8\r\n\r\n{}", "\"body\":\"{}\""},
        {"Content-Length: 2\r\nContent-Type: application/problem+json\r\n\r\n{}", "\"body\":\"{}\""},
        {"Content-Length: 2\r\nContent-Type: text/a\r\nContent-Encoding: identity\r\n\r\nab",
         "\"body\":\"ab\""},
        {"Content-Length: 11\r\nContent-Type: text/a\r\n\r\nabcdefghijk", "\"body\":\"abcdefgh\""},
        {"Content-Type: text/a\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n4\r\ndefg\r\n0\r\n\r\n",
         "\"body\":\"abcdefg\""},
        {"Content-Type: text/a\r\n\r\nup to the end", "\"body\":\"up to th\""},
    };
    static const struct body dropped[] = {
        {"Content-Type: image/png\r\nContent-Length: 2\r\n\r\nab", "\"body_bytes\":2"},
        {"Content-Length: 2\r\n\r\nab", "\"body_bytes\":2"},
        {"Content-Type: text/a\r\nContent-Encoding: gzip\r\nContent-Length: 2\r\n\r\nab", "\"body_bytes\":2"},
    };
    enum { KEPT = sizeof kept / sizeof kept[0], ALL = KEPT + sizeof dropped / sizeof dropped[0] };
    (void)state;
    for (unsigned i = 0; i < CUTS * ALL; i++) {
        const struct body *b = i / CUTS < KEPT ? &kept[i / CUTS] : &dropped[i / CUTS - KEPT];
        char text[200];
        struct drive *d = drive_new("http");
        drive_cut(d, cuts[i % CUTS]);
        drive_option(d, "body", "true");
        drive_option(d, "bodyLimit", "8");
        drive_syn(d);
        send_text(d, PD_C2S, REQUEST);
        snprintf(text, sizeof text, "HTTP/1.1 200 OK\r\n%s", b->response);
        send_text(d, PD_S2C, text);
        drive_fin(d, PD_S2C);
        drive_finish(d);
        expect(d, 0, b->part);
        expect(d, 0, "\"status\":\"ok\"");
        if (i / CUTS >= KEPT)
            expect_not(d, 0, "\"body\":");
        drive_free(d);
    }
}

/* Nobody asked for bodies. */
static void test_no_bodies(void **state)
{
    (void)state;
    struct drive *d = begin(0, NULL, NULL);
    send_text(d, PD_C2S, REQUEST);
    send_text(d, PD_S2C, "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 2\r\n\r\nab");
    drive_finish(d);
    expect(d, 0, "\"body_bytes\":2");
    expect_not(d, 0, "\"body\":");
    drive_free(d);
}

/* --- missing bytes --- */

/* The second roundtrip tells whether the boundary was kept. */
static void second_is_ok(struct drive *d)
{
    send_text(d, PD_C2S, "GET /2 HTTP/1.1\r\n\r\n");
    send_text(d, PD_S2C, EMPTY);
    drive_finish(d);
    assert_int_equal(drive_count(d), 2);
    expect(d, 1, "\"status\":\"ok\",\"request\":{\"method\":\"GET\",\"path\":\"/2\"");
}

static void test_gap_in_body(void **state)
{
    (void)state;
    struct drive *d = begin(0, NULL, NULL);
    send_text(d, PD_C2S, "POST / HTTP/1.1\r\nContent-Length: 5000\r\n\r\nabc");
    drive_gap(d, PD_C2S, 4996);
    send_text(d, PD_C2S, "z");
    send_text(d, PD_S2C, "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nab");
    drive_gap(d, PD_S2C, 7);
    send_text(d, PD_S2C, "z");
    second_is_ok(d);
    expect(d, 0, "\"status\":\"ok\"");
    expect(d, 0, "\"body_bytes\":5000");
    assert_int_equal(drive_counter(d, PD_C_ABSORBED), 2);
    assert_int_equal(drive_counter(d, PD_C_LOST), 0);
    drive_free(d);
}

static void test_gap_in_chunk(void **state)
{
    (void)state;
    struct drive *d = begin(0, NULL, NULL);
    send_text(d, PD_C2S, REQUEST);
    send_text(d, PD_S2C, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n64\r\nab");
    drive_gap(d, PD_S2C, 98);
    send_text(d, PD_S2C, "\r\n0\r\n\r\n");
    second_is_ok(d);
    expect(d, 0, "\"body_bytes\":100");
    drive_free(d);
}

/* The gap may hide a chunk's end: nothing is believed before the next request. */
static void test_gap_between_chunks(void **state)
{
    (void)state;
    struct drive *d = begin(0, NULL, NULL);
    send_text(d, PD_C2S, REQUEST);
    send_text(d, PD_S2C, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nab");
    drive_gap(d, PD_S2C, 5);
    send_text(d, PD_S2C, "3\r\nabc\r\n0\r\n\r\n");
    drive_time(d, 1000000000);
    second_is_ok(d);
    expect(d, 0, "\"status\":\"incomplete\"");
    assert_int_equal(drive_counter(d, PD_C_LOST), 1);
    assert_int_equal(drive_counter(d, PD_C_BAD), 0);
    drive_free(d);
}

static void test_gap_in_head(void **state)
{
    (void)state;
    struct drive *d = begin(0, NULL, NULL);
    send_text(d, PD_C2S, "GET /1 HTTP/1.1\r\nHost: a\r\nX: ");
    drive_gap(d, PD_C2S, 10);
    send_text(d, PD_C2S, "b\r\n\r\n");
    send_text(d, PD_S2C, EMPTY);
    drive_time(d, 1000000000);
    second_is_ok(d);
    expect(d, 0, "\"status\":\"incomplete\",\"request\":{\"method\":\"GET\",\"path\":\"/1\",\"host\":\"a\"");
    drive_free(d);
}

/* The answer that made a tunnel is missing: what passes through it is not said to the proxy. */
static void test_gap_hides_a_tunnel(void **state)
{
    (void)state;
    struct drive *d = begin(0, NULL, NULL);
    send_text(d, PD_C2S, "CONNECT a:80 HTTP/1.1\r\n\r\n");
    drive_gap(d, PD_S2C, 39);
    for (unsigned i = 0; i < 20; i++) {
        drive_gap(d, PD_C2S, i % 2);
        send_text(d, PD_C2S, REQUEST);
        drive_time(d, UINT64_C(1000000000) * (i + 1));
        send_text(d, PD_S2C, EMPTY);
    }
    drive_finish(d);
    assert_int_equal(drive_count(d), 1);
    expect(d, 0, "\"status\":\"incomplete\",\"request\":{\"method\":\"CONNECT\"");
    drive_free(d);
}

/* Bytes are missing where the sender closes: whether the body was whole is not known. */
static void test_gap_before_fin(void **state)
{
    (void)state;
    struct drive *d = begin(0, NULL, NULL);
    send_text(d, PD_C2S, REQUEST);
    send_text(d, PD_S2C, "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nab");
    drive_gap(d, PD_S2C, 3);
    drive_fin(d, PD_S2C);
    drive_finish(d);
    expect(d, 0, "\"status\":\"incomplete\"");
    drive_free(d);
}

static void test_reset_in_body(void **state)
{
    (void)state;
    struct drive *d = begin(0, NULL, NULL);
    send_text(d, PD_C2S, REQUEST);
    send_text(d, PD_S2C, "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nab");
    drive_rst(d, PD_S2C);
    drive_finish(d);
    expect(d, 0, "\"status\":\"incomplete\"");
    drive_free(d);
}

/* Without its request a response may be one to HEAD: where the next begins is not known. */
static void test_joined_at_a_response(void **state)
{
    (void)state;
    struct drive *d = drive_new("http");
    send_text(d, PD_S2C,
              "HTTP/1.1 200 OK\r\nContent-Length: 39\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\n1");
    drive_time(d, 1000000000);
    send_text(d, PD_C2S, "HEAD /2 HTTP/1.1\r\n\r\n");
    send_text(d, PD_S2C, "HTTP/1.1 200 OK\r\nContent-Length: 39\r\n\r\n");
    send_text(d, PD_C2S, "GET /3 HTTP/1.1\r\n\r\n");
    send_text(d, PD_S2C, EMPTY);
    drive_finish(d);
    assert_int_equal(drive_count(d), 2);
    expect(d, 0, "\"status\":\"ok\",\"request\":{\"method\":\"HEAD\",\"path\":\"/2\"");
    expect(d, 1, "\"status\":\"ok\",\"request\":{\"method\":\"GET\",\"path\":\"/3\"");
    drive_free(d);
}

/* A busy connection is joined between a request and its response: nothing after that is lost. */
static void test_joined_without_silence(void **state)
{
    (void)state;
    struct drive *d = drive_new("http");
    send_text(d, PD_S2C, "HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\n");
    send_text(d, PD_S2C, "orphan");
    for (int i = 0; i < 3; i++) {
        send_text(d, PD_C2S, REQUEST);
        send_text(d, PD_S2C, EMPTY);
    }
    drive_finish(d);
    assert_int_equal(drive_count(d), 3);
    for (size_t i = 0; i < 3; i++)
        expect(d, i, "\"status\":\"ok\"");
    assert_int_equal(drive_counter(d, PD_C_LOST), 0);
    drive_free(d);
}

/* The first answer stands unseen behind the orphan's body: the second one must not be taken for it. */
static void test_orphan_hides_an_answer(void **state)
{
    (void)state;
    struct drive *d = drive_new("http");
    send_text(d, PD_S2C, "HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\n");
    send_text(d, PD_C2S, "GET /1 HTTP/1.1\r\n\r\n");
    send_text(d, PD_C2S, "GET /2 HTTP/1.1\r\n\r\n");
    send_text(d, PD_S2C, "orphanHTTP/1.1 201 One\r\nContent-Length: 0\r\n\r\n");
    send_text(d, PD_S2C, "HTTP/1.1 202 Two\r\nContent-Length: 0\r\n\r\n");
    drive_finish(d);
    for (size_t i = 0; i < drive_count(d); i++)
        expect(d, i, "\"status\":\"incomplete\"");
    assert_int_equal(drive_counter(d, PD_C_OK), 0);
    assert_int_equal(drive_counter(d, PD_C_BAD), 1);
    drive_free(d);
}

static uint64_t memory_of(unsigned conns)
{
    struct drive *d = drive_new("http");

    drive_cut(d, 5); /* each head is parked for a while */
    for (unsigned n = 0; n < conns; n++) {
        drive_conn(d, n);
        drive_syn(d);
        send_text(d, PD_C2S, REQUEST);
        send_text(d, PD_S2C, EMPTY);
    }
    drive_finish(d);
    assert_int_equal(drive_count(d), conns);
    uint64_t memory = drive_tally(d)->memory;
    drive_free(d);
    return memory;
}

/* Between messages a connection holds nothing but itself. */
static void test_memory_between_messages(void **state)
{
    (void)state;
    assert_in_range(memory_of(DRIVE_CONNS) - memory_of(1), 1, (DRIVE_CONNS - 1) * 512);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_headers),
        cmocka_unit_test(test_named_headers),
        cmocka_unit_test(test_large_head),
        cmocka_unit_test(test_bodies),
        cmocka_unit_test(test_no_bodies),
        cmocka_unit_test(test_gap_in_body),
        cmocka_unit_test(test_gap_in_chunk),
        cmocka_unit_test(test_gap_between_chunks),
        cmocka_unit_test(test_gap_in_head),
        cmocka_unit_test(test_gap_hides_a_tunnel),
        cmocka_unit_test(test_gap_before_fin),
        cmocka_unit_test(test_reset_in_body),
        cmocka_unit_test(test_joined_at_a_response),
        cmocka_unit_test(test_joined_without_silence),
        cmocka_unit_test(test_orphan_hides_an_answer),
        cmocka_unit_test(test_memory_between_messages),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
