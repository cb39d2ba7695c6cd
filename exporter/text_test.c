/* text_test.c: reading UTF-8 that may be none, secrets in queries, dates. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
// clang-format off
#include <cmocka.h>
// clang-format on
#include "exporter/text.h"
#include <stdlib.h>
#include <time.h>

/* Expected: one hex number a character, "-" for what is none. */
static void assert_points(const char *bytes, size_t len, const char *expected)
{
    const uint8_t *at = (const uint8_t *)bytes, *end = at + len;

    while (at < end) {
        const uint8_t *from = at;
        uint32_t point = pd_utf8_next(&at, end), wanted = PD_UTF8_BAD;
        assert_true(at > from && at <= end);
        assert_true(*expected != '\0');
        if (*expected == '-')
            expected++;
        else
            wanted = (uint32_t)strtoul(expected, (char **)&expected, 16);
        assert_int_equal(point, wanted);
        expected += *expected == ' ';
    }
    assert_string_equal(expected, "");
}

#define POINTS(bytes, expected) assert_points(bytes, sizeof(bytes) - 1, expected)

static void reads_utf8(void **state)
{
    (void)state;
    POINTS("a\x00\x7f", "61 0 7f");
    POINTS("\xc2\x80\xdf\xbf", "80 7ff");
    POINTS("\xe0\xa0\x80\xed\x9f\xbf\xee\x80\x80\xef\xbf\xbf", "800 d7ff e000 ffff");
    POINTS("\xf0\x90\x80\x80\xf4\x8f\xbf\xbf", "10000 10ffff");
}

static void refuses_what_is_none(void **state)
{
    (void)state;
    POINTS("\x80\xbfz", "- - 7a");
    POINTS("\xc0\xaf\xc1\xbf", "- - - -");                   /* too long for what they say */
    POINTS("\xe0\x9f\xbf\xf0\x8f\xbf\xbf", "- - - - - - -"); /* the same */
    POINTS("\xed\xa0\x80", "- - -");                         /* a surrogate */
    POINTS("\xf4\x90\x80\x80\xf5\x80\xff", "- - - - - - -");
    POINTS("\xe2\x82z", "- 7a"); /* cut short: one for the run */
    POINTS("\xf0\x9f\x98", "-");
    POINTS("\xf0\x9f\xc3\xa9", "- e9");
    POINTS("\xc3", "-");
}

static void trims_a_cut_character(void **state)
{
    static const struct {
        const char *bytes;
        uint32_t full, kept;
    } cut[] = {
        {"ab\xc3", 9, 2},         {"ab\xe2\x82", 9, 2},
        {"ab\xf0\x9f\x98", 9, 2}, {"\xc3\xa9", 9, 2},
        {"a\xe2\x82\xac", 9, 4},  {"ab\xc3", 3, 3} /* whole: the wire's fault */,
        {"a\x80\x80\x80", 9, 4},  {"", 9, 0},
        {"\xe2", 9, 0},           {"ab\xff", 9, 3},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cut / sizeof *cut; i++) {
        struct pd_text t = {.s = cut[i].bytes, .len = (uint16_t)strlen(cut[i].bytes), .full = cut[i].full};
        assert_int_equal(pd_text_slice(&t).len, cut[i].kept);
    }
}

static void hides_secrets_in_queries(void **state)
{
    static const char *const query[][2] = {
        {"a=1", "a=1"},
        {"token=abc", "token=*"},
        {"a=1&access_token=abc&b=2", "a=1&access_token=*&b=2"},
        {"a=1;password=x;y&b=2", "a=1;password=*&b=2"},
        {"token=&b=token", "token=&b=token"},
        {"token", "token"},
        {"token=a=b&c", "token=*&c"},
        {"TOKEN=1&Secret=2", "TOKEN=*&Secret=*"},
        {"to%6ben=1&api%2Dkey=2&%zz=3&%", "to%6ben=*&api%2Dkey=*&%zz=3&%"},
        {"&&=1&;token=5", "&&=1&;token=*"},
        {"q=token=5", "q=token=5"},
    };
    struct pd_redact *redact = pd_redact_new(pd_redact_defaults);

    (void)state;
    assert_non_null(redact);
    for (size_t i = 0; i < sizeof query / sizeof *query; i++) {
        struct pd_slice left = {(const uint8_t *)query[i][0], (uint32_t)strlen(query[i][0])}, piece;
        char shown[100] = "";
        bool secret;
        while (pd_query_next(&left, redact, &piece, &secret)) {
            strncat(shown, (const char *)piece.p, piece.len);
            strcat(shown, secret ? "*" : "");
        }
        assert_string_equal(shown, query[i][1]);
    }
    struct pd_slice left = PD_SLICE("token=abc"), piece;
    bool secret;
    assert_true(pd_query_next(&left, NULL, &piece, &secret));
    assert_int_equal(piece.len, 9);
    assert_false(secret);
    pd_redact_free(redact);
}

/* Against the C library: each day of 500 years, at changing times. */
static void dates(void **state)
{
    (void)state;
    for (uint64_t day = 0; day < 500 * 366; day++) {
        uint64_t seconds = day * 86400 + day * 7919 % 86400;
        time_t t = (time_t)seconds;
        struct tm tm;
        struct pd_date d;
        gmtime_r(&t, &tm);
        pd_date_from(&d, seconds);
        assert_int_equal(d.year, tm.tm_year + 1900);
        assert_int_equal(d.month, tm.tm_mon + 1);
        assert_int_equal(d.day, tm.tm_mday);
        assert_int_equal(d.hour * 3600 + d.minute * 60 + d.second, seconds % 86400);
    }
}

static void times_not_seen(void **state)
{
    struct pd_rec r = {.first_req = 10, .last_req = 20, .first_rsp = 30, .last_rsp = 45};
    uint64_t ns;

    (void)state;
    assert_true(pd_rec_duration(&r, &ns));
    assert_int_equal(ns, 35);
    assert_true(pd_rec_wait(&r, &ns));
    assert_int_equal(ns, 10);
    r.first_rsp = 15; /* answered before the request ended */
    assert_false(pd_rec_wait(&r, &ns));
    assert_true(pd_rec_duration(&r, &ns));
    r.last_rsp = 0;
    assert_false(pd_rec_duration(&r, &ns));
    r.last_rsp = 45;
    r.first_req = 0;
    assert_false(pd_rec_duration(&r, &ns));
    assert_int_equal(pd_rec_time(&r), 20);
    r.status = PD_UNANSWERED;
    r.first_req = 10;
    assert_false(pd_rec_duration(&r, &ns));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_utf8),
        cmocka_unit_test(refuses_what_is_none),
        cmocka_unit_test(trims_a_cut_character),
        cmocka_unit_test(hides_secrets_in_queries),
        cmocka_unit_test(dates),
        cmocka_unit_test(times_not_seen),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
