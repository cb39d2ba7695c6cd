/* plain_test.c: which header lines take the short way, wherever in the slice they end. */
#include "protocol/http/http.h"
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
    return pd_http_plain_line((struct pd_slice){p, len + n}, line);
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
    struct pd_http_line line;

    (void)state;
    for (uint32_t n = 0; n < sizeof text; n++) {
        uint8_t *p = malloc(n ? n : 1);
        assert_non_null(p);
        memcpy(p, text, n);
        assert_false(pd_http_plain_line((struct pd_slice){p, n}, &line));
        free(p);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_plain),
        cmocka_unit_test(test_not_plain),
        cmocka_unit_test(test_cut),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
