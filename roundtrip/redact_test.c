/* redact_test.c: the automaton against plain searching. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
// clang-format off
#include <cmocka.h>
// clang-format on
#include "roundtrip/redact.h"
#include <stdlib.h>

static bool asks(const struct pd_redact *r, const char *name)
{
    return pd_redact_name(r, (struct pd_slice){(const uint8_t *)name, (uint32_t)strlen(name)});
}

static void the_defaults(void **state)
{
    static const char *const secret[] = {
        "authorization",   "Proxy-Authorization", "cookie",         "Set-Cookie", "X-API-Key",
        "apikey",          "ACCESS_TOKEN",        "password",       "passwd",     "client_secret",
        "x-amz-signature", "sessionid",           "aws-credentials"};
    static const char *const plain[] = {"",        "host",     "accept",  "user-agent",   "content-length",
                                        "api_ke",  "api--key", "secre",   "x-request-id", "tok",
                                        "aut",     "cooki",    "passion", "sessio",       "etag",
                                        "\xff\x00"};
    struct pd_redact *r = pd_redact_new(pd_redact_defaults);

    (void)state;
    assert_non_null(r);
    for (size_t i = 0; i < sizeof secret / sizeof *secret; i++)
        assert_true(asks(r, secret[i]));
    for (size_t i = 0; i < sizeof plain / sizeof *plain; i++)
        assert_false(asks(r, plain[i]));
    pd_redact_free(r);
}

static bool search(const char *const *parts, const char *name)
{
    for (; *parts; parts++)
        if (**parts && strcasestr(name, *parts))
            return true;
    return false;
}

/* Parts that overlap, hold each other and begin alike; all words over their letters up to seven long. */
static void agrees_with_searching(void **state)
{
    static const char *const sets[][6] = {
        {"abab", "bb", "aabb", NULL},         {"aab", "ab", NULL},       {"a", NULL},
        {"abc", "bcab", "cc", NULL},          {"ABCA", "bca", "", NULL}, {"", NULL},
        {"cab", "abcc", "bcb", "caac", NULL},
    };

    (void)state;
    for (size_t s = 0; s < sizeof sets / sizeof *sets; s++) {
        struct pd_redact *r = pd_redact_new(sets[s]);
        assert_non_null(r);
        for (unsigned word = 0; word < 4 * 4 * 4 * 4 * 4 * 4 * 4; word++) {
            char name[8] = "";
            for (unsigned i = 0, rest = word; i < 7; i++, rest /= 4)
                name[i] = "abCx"[rest % 4];
            assert_int_equal(asks(r, name), search(sets[s], name));
        }
        pd_redact_free(r);
    }
}

static void its_parts_are_bounded(void **state)
{
    char most[2049], more[2050];
    const char *parts[] = {most, NULL};

    (void)state;
    memset(more, 'q', 2049);
    more[2049] = '\0';
    memcpy(most, more, 2048);
    most[2048] = '\0';
    struct pd_redact *r = pd_redact_new(parts);
    assert_non_null(r);
    assert_true(asks(r, more));
    assert_false(asks(r, more + 2));
    pd_redact_free(r);
    parts[0] = more;
    assert_null(pd_redact_new(parts));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_defaults),
        cmocka_unit_test(agrees_with_searching),
        cmocka_unit_test(its_parts_are_bounded),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
