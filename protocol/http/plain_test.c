/* plain_test.c: which lines take the short way, wherever in the slice they end; and that llhttp reads those
 * start lines, too, and the same from them. */
#include "protocol/http/head.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define LONG "0123456789abcdefghijklmnopqrstuvwxyz-ABCDEFGHIJKLMNOPQRSTUVWXYZ"

enum { FOLLOWS = 40 };

/* The slice is the text and n bytes more, in memory of its own: a sanitizer sees what is read beyond. */
static bool plain(const char *text, uint32_t n, struct pd_http_line *line, uint8_t **memory)
{
    uint32_t len = (uint32_t)strlen(text);
    uint8_t *p = malloc(len + n);

    assert_non_null(p);
    memcpy(p, text, len);
    memset(p + len, 'x', n);
    *memory = p;
    struct pd_slice bytes = {p, pd_http_line_size((struct pd_slice){p, len + n})};
    return bytes.len && pd_http_plain_line(bytes, line);
}

static bool is(struct pd_slice s, const char *text)
{
    return s.len == strlen(text) && memcmp(s.p, text, s.len) == 0;
}

// NOLINTBEGIN(bugprone-suspicious-missing-comma): LONG and what follows it are one string
static void test_plain(void **state)
{
    static const struct {
        const char *text, *name, *value;
    } lines[] = {
        {"Host: a\r\n\r", "Host", "a"},
        {"A:b\r\nC", "A", "b"},
        {"A: \t b \t\r\nC", "A", "b \t"},
        {"X-Empty:\r\nC", "X-Empty", ""},
        {"X-Blank: \r\nC", "X-Blank", ""},
        {LONG ": " LONG LONG "\r\n\r", LONG, LONG LONG},
        {"Date: Sat, 21 Nov 2026 00:59:05 GMT\r\n\r", "Date", "Sat, 21 Nov 2026 00:59:05 GMT"},
        {"A: \x01\xff:\t\x80\r\n\r", "A", "\x01\xff:\t\x80"},
    };
    (void)state;
    for (unsigned i = 0; i < FOLLOWS * (sizeof lines / sizeof lines[0]); i++) {
        struct pd_http_line line;
        uint8_t *memory;
        const char *text = lines[i / FOLLOWS].text;
        if (!plain(text, i % FOLLOWS, &line, &memory))
            fail_msg("with %u bytes behind it: %s", i % FOLLOWS, text);
        assert_true(is(line.name, lines[i / FOLLOWS].name));
        assert_true(is(line.value, lines[i / FOLLOWS].value));
        assert_int_equal(line.size, strlen(text) - 1);
        free(memory);
    }
}

static void test_not_plain(void **state)
{
    static const char *const lines[] = {
        "A: b\r\n ",      "A: b\r\n\t",        "A: b\nC",       "A: b\r\r\nC",    "A: b\rc\r\nC",
        "A : b\r\nC",     " A: b\r\nC",        ": b\r\nC",      "\r\nA: b\r\nC",  "\nA: b\r\nC",
        "A\r\nB: c\r\nD", "A_B: c\r\nD",       "X!: b\r\nC",    "A@: b\r\nC",     "A[: b\r\nC",
        "A\xc1: b\r\nC",  "A`: b\r\nC",        "A{: b\r\nC",    LONG "/: b\r\nC", LONG "\r: b\r\nC",
        "A: " LONG "\nC", "A: " LONG "\r\r\n", "A:\r\n b\r\nC", "A:\n b\r\nC",
    };
    (void)state;
    for (unsigned i = 0; i < FOLLOWS * (sizeof lines / sizeof lines[0]); i++) {
        struct pd_http_line line;
        uint8_t *memory;
        const char *text = lines[i / FOLLOWS];
        if (plain(text, i % FOLLOWS, &line, &memory))
            fail_msg("with %u bytes behind it: %s", i % FOLLOWS, text);
        free(memory);
    }
}
// NOLINTEND(bugprone-suspicious-missing-comma)

/* A line whose end, or the byte behind it, is not in the slice. */
static void test_cut(void **state)
{
    static const char text[] = "Content-Type: text/html; charset=utf-8\r\n";

    (void)state;
    for (uint32_t n = 0; n < sizeof text; n++) {
        uint8_t *p = malloc(n ? n : 1);
        assert_non_null(p);
        memcpy(p, text, n);
        assert_int_equal(pd_http_line_size((struct pd_slice){p, n}), 0);
        free(p);
    }
}

/* --- start lines --- */

struct seen { /* by llhttp */
    char text[256];
    size_t len;
};

static int on_text(llhttp_t *parser, const char *at, size_t n)
{
    struct seen *seen = parser->data;

    memcpy(seen->text + seen->len, at, n);
    seen->len += n;
    return 0;
}

static int on_header(llhttp_t *parser, const char *at, size_t n)
{
    (void)parser;
    (void)at;
    (void)n;
    return HPE_PAUSED;
}

/* What was found plain is read by llhttp: the same text, version and status, and a header begins behind it.
 */
static void same_by_llhttp(bool request, const uint8_t *p, const struct pd_http_start *start)
{
    static const llhttp_settings_t settings = {
        .on_url = on_text, .on_status = on_text, .on_header_field = on_header};
    struct seen seen = {.len = 0};
    llhttp_t parser;

    llhttp_init(&parser, request ? HTTP_REQUEST : HTTP_RESPONSE, &settings);
    parser.data = &seen;
    if (request)
        assert_int_equal(llhttp_execute(&parser, "GET", 3), HPE_OK);
    assert_int_equal(llhttp_execute(&parser, (const char *)p, start->size), HPE_OK);
    assert_int_equal(seen.len, start->text.len);
    assert_memory_equal(seen.text, start->text.p, seen.len);
    assert_int_equal(parser.http_major, 1);
    assert_int_equal(parser.http_minor, start->minor);
    assert_int_equal(parser.status_code, start->status);
    assert_int_equal(llhttp_execute(&parser, "A:", 2), HPE_PAUSED);
}

/* The slice is n bytes of p, in memory of its own. */
static bool plain_start(bool request, const char *p, uint32_t n, struct pd_http_start *start)
{
    uint8_t *copy = malloc(n ? n : 1);

    assert_non_null(copy);
    memcpy(copy, p, n);
    struct pd_slice in = {copy, n};
    bool yes = request ? pd_http_plain_request(in, start) : pd_http_plain_status(in, start);
    if (yes)
        same_by_llhttp(request, copy, start);
    free(copy);
    return yes;
}

static bool is_request(const char *line)
{
    return line[0] == ' ';
}

/* With each byte replaced by each other and left away; cut everywhere; with more behind it. */
static void try_start(const char *line)
{
    char text[256];
    uint32_t n = (uint32_t)strlen(line);
    struct pd_http_start start;

    for (uint32_t cut = 0; cut < n; cut++)
        assert_false(plain_start(is_request(line), line, cut, &start));
    memcpy(text, line, n);
    memset(text + n, 'x', FOLLOWS);
    for (uint32_t more = 0; more < FOLLOWS; more++) {
        assert_true(plain_start(is_request(line), text, n + more, &start));
        assert_int_equal(start.size, n);
    }
    for (uint32_t at = 0; at < n; at++) {
        for (unsigned c = 0; c <= UINT8_MAX; c++) {
            memcpy(text, line, n);
            text[at] = (char)c;
            plain_start(is_request(line), text, n + FOLLOWS, &start);
        }
        memmove(text + at, line + at + 1, n - at - 1);
        plain_start(is_request(line), text, n - 1, &start);
    }
}

static void test_start(void **state)
{
    static const char *const lines[] = {
        " / HTTP/1.1\r\n",
        " /index.html HTTP/1.0\r\n",
        " /a/long/path/that/fills/more/than/one/block?with=a&query=that%20is?long HTTP/1.1\r\n",
        " /?~!\"$%&'()*+,;<>[]^`{|}\\ HTTP/1.1\r\n",
        "HTTP/1.1 200 OK\r\n",
        "HTTP/1.0 999 A\r\n",
        "HTTP/1.1 100  \t odd \x01\x80\xff reasons, and many more of them\r\n",
    };
    (void)state;
    for (unsigned i = 0; i < sizeof lines / sizeof lines[0]; i++)
        try_start(lines[i]);
}

static void test_not_plain_start(void **state)
{
    static const char *const lines[] = {
        " /a#b HTTP/1.1\r\n",      "  / HTTP/1.1\r\n",      "\t/ HTTP/1.1\r\n",    " * HTTP/1.1\r\n",
        " http://a/ HTTP/1.1\r\n", " /\x80 HTTP/1.1\r\n",   " /\x7f HTTP/1.1\r\n", " /a b HTTP/1.1\r\n",
        " /  HTTP/1.1\r\n",        " / HTTP/1.2\r\n",       " / HTTP/2.0\r\n",     " / HTTP/1.1 \r\n",
        " / HTTP/1.1\n\n",         " / HTTP/1.1\r\r",       " / ICE/1.01\r\n",     " /\r\n           ",
        "HTTP/1.1 200\r\n    ",    "HTTP/1.1 200 \r\n   ",  "HTTP/1.1 099 OK\r\n", "HTTP/1.1 20 OK\r\n",
        "HTTP/1.1 2000 OK\r\n",    "HTTP/1.1  200 OK\r\n",  "HTTP/1.2 200 OK\r\n", "HTTP/2.0 200 OK\r\n",
        "HTTP/1.1 200 OK\n\n",     "HTTP/1.1 200 O\rK\r\n", "http/1.1 200 OK\r\n", "HTTP/1.1 200 OK\r\r\n",
    };
    struct pd_http_start start;

    (void)state;
    for (unsigned i = 0; i < sizeof lines / sizeof lines[0]; i++)
        if (plain_start(is_request(lines[i]), lines[i], (uint32_t)strlen(lines[i]), &start))
            fail_msg("%s", lines[i]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_plain), cmocka_unit_test(test_not_plain),       cmocka_unit_test(test_cut),
        cmocka_unit_test(test_start), cmocka_unit_test(test_not_plain_start),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
