/* option_test.c: what settings accept, what they refuse, and that refusing leaves the old value. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
// clang-format off
#include <cmocka.h>
// clang-format on
#include "config/option.h"
#include <errno.h>
#include <stdio.h>
#include <string.h>

struct settings {
    bool on;
    int64_t level;
    uint64_t size, wait, any_size;
    const char *text, *nothing;
    struct pd_names names;
};

#define AT(member) offsetof(struct settings, member)

static const struct pd_option table[] = {
    {.name = "on", .type = PD_OPT_BOOL, .off = AT(on), .def = "true"},
    {.name = "level", .type = PD_OPT_INT, .off = AT(level), .def = "-3", .min = -5, .max = 10},
    {.name = "size", .type = PD_OPT_SIZE, .off = AT(size), .def = "64KiB", .min = 1, .max = 1 << 20},
    {.name = "anySize", .type = PD_OPT_SIZE, .off = AT(any_size), .def = "0"},
    {.name = "wait", .type = PD_OPT_DURATION, .off = AT(wait), .def = "1.5s"},
    {.name = "text", .type = PD_OPT_TEXT, .off = AT(text), .def = "hello"},
    {.name = "nothing", .type = PD_OPT_TEXT, .off = AT(nothing)},
    {.name = "names", .type = PD_OPT_NAMES, .off = AT(names), .def = "Accept, X-Id,"},
    {0},
};

static char err[256];

static int set(struct settings *s, const char *name, const char *text)
{
    err[0] = '\0';
    return pd_options_set(table, s, name, text, err, sizeof err);
}

static void defaults(void **state)
{
    struct settings s;

    (void)state;
    memset(&s, 0xee, sizeof s);
    pd_options_default(table, &s);
    assert_true(s.on);
    assert_int_equal(s.level, -3);
    assert_int_equal(s.size, 65536);
    assert_int_equal(s.any_size, 0);
    assert_int_equal(s.wait, 1500000000);
    assert_string_equal(s.text, "hello");
    assert_null(s.nothing);
    assert_false(s.names.all);
    assert_int_equal(s.names.count, 2);
    assert_string_equal(s.names.name[0], "accept");
    assert_string_equal(s.names.name[1], "x-id");
}

static void sets_each_type(void **state)
{
    struct settings s;

    (void)state;
    pd_options_default(table, &s);
    assert_int_equal(set(&s, "on", "No"), 0);
    assert_false(s.on);
    assert_int_equal(set(&s, "level", "10"), 0);
    assert_int_equal(s.level, 10);
    assert_int_equal(set(&s, "wait", "1h30m"), 0);
    assert_int_equal(s.wait, UINT64_C(5400000000000));
    assert_int_equal(set(&s, "names", "ALL"), 0);
    assert_true(s.names.all);
    assert_int_equal(set(&s, "names", "none"), 0);
    assert_false(s.names.all);
    assert_int_equal(s.names.count, 0);
}

static void refuses_with_a_reason(void **state)
{
    struct settings s;

    (void)state;
    pd_options_default(table, &s);
    assert_int_equal(set(&s, "on", "maybe"), -EINVAL);
    assert_string_equal(err, "on: 'maybe' is not true or false");
    assert_true(s.on);
    assert_int_equal(set(&s, "level", "11"), -EINVAL);
    assert_string_equal(err, "level: '11' is not a number from -5 to 10");
    assert_int_equal(s.level, -3);
    assert_int_equal(set(&s, "size", "2MiB"), -EINVAL);
    assert_string_equal(err, "size: '2MiB' is not a size like 4096, 64KB, 1MiB from 1 to 1048576 bytes");
    assert_int_equal(set(&s, "size", "0"), -EINVAL);
    assert_int_equal(s.size, 65536);
    assert_int_equal(set(&s, "wait", "10"), -EINVAL);
    assert_string_equal(err, "wait: '10' is not a duration like 200ms, 10s, 1.5m");
    assert_int_equal(set(&s, "wat", "10"), -ENOENT);
    assert_string_equal(err,
                        "no option 'wat'; there are: on, level, size, anySize, wait, text, nothing, names");
    assert_int_equal(set(&s, "anySize", "1TB"), 0);
}

static void bounds_names(void **state)
{
    struct settings s;
    char many[4 * PD_NAMES_MAX + 8] = "", longest[PD_NAME_MAX + 1] = "";

    (void)state;
    pd_options_default(table, &s);
    for (int i = 0; i < PD_NAMES_MAX; i++)
        strcat(many, "ab,");
    assert_int_equal(set(&s, "names", many), 0);
    assert_int_equal(s.names.count, PD_NAMES_MAX);
    strcat(many, "c");
    assert_int_equal(set(&s, "names", many), -EINVAL);
    assert_int_equal(s.names.count, PD_NAMES_MAX);
    memset(longest, 'x', PD_NAME_MAX - 1);
    assert_int_equal(set(&s, "names", longest), 0);
    longest[PD_NAME_MAX - 1] = 'x';
    assert_int_equal(set(&s, "names", longest), -EINVAL);
}

/* A short err is cut, never overrun. */
static void short_err(void **state)
{
    char small[12];
    struct settings s;

    (void)state;
    pd_options_default(table, &s);
    memset(small, 'z', sizeof small);
    assert_int_equal(pd_options_set(table, &s, "nope", "1", small, 10), -ENOENT);
    assert_int_equal(strlen(small), 9);
    assert_int_equal(small[10], 'z');
}

static void sizes(void **state)
{
    static const struct {
        const char *text;
        uint64_t bytes;
    } good[] = {
        {"0", 0},
        {"4096", 4096},
        {"64KB", 64000},
        {"64kib", 65536},
        {"1.5MiB", 1572864},
        {"1MiB", 1 << 20},
        {"100 MB", 100000000},
        {"2g", 2000000000},
        {"10B", 10},
        {"18446744073709551615", UINT64_MAX},
        {"0.0000000001GB", 0},
    };
    static const char *const bad[] = {
        "",      "B",      "-1",   "1.", ".5", "1XB", "1 2", "18446744073709551616", "99999999TiB",
        "1MBMB", "1KB2KB", "0x10", "1e3"};
    uint64_t v;

    (void)state;
    for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
        assert_true(pd_parse_size(good[i].text, &v));
        assert_int_equal(v, good[i].bytes);
    }
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        assert_false(pd_parse_size(bad[i], &v));
}

static void durations(void **state)
{
    static const struct {
        const char *text;
        uint64_t ns;
    } good[] = {
        {"0", 0},
        {"0s", 0},
        {"10s", UINT64_C(10000000000)},
        {"1.5m", UINT64_C(90000000000)},
        {"200ms", 200000000},
        {"1.000000001s", 1000000001},
        {"1.0000000019s", 1000000001},
        {"7us", 7000},
        {"7\xc2\xb5s", 7000},
        {"1m30s", UINT64_C(90000000000)},
        {"0.999999999d", UINT64_C(86399999913600)},
    };
    static const char *const bad[] = {"", "s", "10", "1.5", "-1s", "1x", "1s2", "9999999999h", "1m 30", "s1"};
    uint64_t v;

    (void)state;
    for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
        assert_true(pd_parse_duration(good[i].text, &v));
        assert_int_equal(v, good[i].ns);
    }
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        assert_false(pd_parse_duration(bad[i], &v));
}

static void ints(void **state)
{
    static const char *const bad[] = {"",    "-", "1x", " 1", "+1", "0x1", "9223372036854775808",
                                      "1.0", "6", "-6"};
    int64_t v;

    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        assert_false(pd_parse_int(bad[i], -5, 5, &v));
    assert_true(pd_parse_int("-5", -5, 5, &v));
    assert_int_equal(v, -5);
    assert_true(pd_parse_int("9223372036854775807", 0, INT64_MAX, &v));
    assert_int_equal(v, INT64_MAX);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(defaults),
        cmocka_unit_test(sets_each_type),
        cmocka_unit_test(refuses_with_a_reason),
        cmocka_unit_test(bounds_names),
        cmocka_unit_test(short_err),
        cmocka_unit_test(sizes),
        cmocka_unit_test(durations),
        cmocka_unit_test(ints),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
