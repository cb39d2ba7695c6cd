/* line_text_test.c: lines for people: aligned, and safe to look at. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
// clang-format off
#include <cmocka.h>
// clang-format on
#include "exporter/line.h"
#include "exporter/toy_test.h"
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

static struct pd_store store;
static struct pd_buf out;

static int set_up(void **state)
{
    (void)state;
    pd_buf_init(&out, 1 << 20);
    return toy_store(&store);
}

static int tear_down(void **state)
{
    (void)state;
    pd_buf_free(&out);
    pd_store_free(&store);
    return 0;
}

static const char *line_of(const struct pd_rec *r, const struct pd_line_style *style)
{
    pd_buf_clear(&out);
    pd_line_text(&out, r, style);
    assert_false(out.full);
    pd_buf_char(&out, '\0');
    return out.p;
}

static unsigned columns(const char *s)
{
    unsigned n = 0;

    for (; *s && *s != '\n'; s++)
        n += (*s & 0xc0) != 0x80;
    return n;
}

static const struct pd_line_style plain = {0};

static void an_ordinary_one(void **state)
{
    struct pd_rec *r = toy_record(&store);
    struct toy *t = pd_fields(r);

    (void)state;
    pd_text_static(&t->host, "example.org");
    pd_text_static(&t->path, "/get");
    assert_string_equal(
        line_of(r, &plain),
        "toy   10.0.0.7:53286 \xe2\x86\x92 10.0.0.9:80         GET example.org/get  200 ok  478 B "
        "1.0 ms\n");
    assert_int_equal(columns(out.p), 84); /* 100 with the time */
}

static void every_status(void **state)
{
    static const char *const tail[PD_STATUS_COUNT] = {
        [PD_OK] = " 200 ok  478 B 1.0 ms\n",
        [PD_ERROR] = " 500 error  478 B 1.0 ms\n",
        [PD_UNANSWERED] = " unanswered      -      -\n",
        [PD_ONEWAY] = " 200 oneway   82 B      -\n",
        [PD_INCOMPLETE] = " 200 incomplete  478 B 1.0 ms\n",
    };
    struct pd_rec *r = toy_record(&store);
    struct toy *t = pd_fields(r);

    (void)state;
    for (uint8_t s = 0; s < PD_STATUS_COUNT; s++) {
        r->status = s;
        pd_int_set(&t->code, s == PD_ERROR ? 500 : 200);
        const char *line = line_of(r, &plain);
        assert_string_equal(line + strlen(line) - strlen(tail[s]), tail[s]);
        assert_int_equal(columns(line), 84);
    }
    r->status = PD_ERROR;
    r->flags = PD_REC_LATE;
    pd_int_set(&t->code, 503);
    assert_non_null(strstr(line_of(r, &plain), " 503 out of \"cheese\" error,late  478 B"));
}

static void colors(void **state)
{
    struct pd_rec *r = toy_record(&store);
    struct pd_line_style style = {.color = true};

    (void)state;
    assert_non_null(strstr(line_of(r, &style), " 200 \x1b[32mok\x1b[0m "));
    r->status = PD_ERROR;
    assert_non_null(strstr(line_of(r, &style), " \x1b[31merror\x1b[0m "));
}

static void ipv6_in_brackets(void **state)
{
    struct pd_rec *r = toy_record(&store);

    (void)state;
    toy_end(&r->client, "2001:db8::7", 40000);
    toy_end(&r->server, "::1", 80);
    assert_non_null(strstr(line_of(r, &plain), "toy   [2001:db8::7]:40000 \xe2\x86\x92 [::1]:80"));
}

static void quantities(void **state)
{
    static const struct {
        uint64_t bytes, ns;
        const char *tail;
    } q[] = {
        {999, 999, "  999 B 999 ns\n"},
        {1000, 1000, " 1.0 kB 1.0 \xc2\xb5s\n"},
        {1249, 1250, " 1.2 kB 1.3 \xc2\xb5s\n"},
        {9949, 9950, " 9.9 kB  10 \xc2\xb5s\n"},
        {99499, 546749, "  99 kB 547 \xc2\xb5s\n"},
        {999499, 999499, " 999 kB 999 \xc2\xb5s\n"},
        {999500, 999500, " 1.0 MB 1.0 ms\n"},
        {UINT64_C(3400000000), UINT64_C(3400000000), " 3.4 GB  3.4 s\n"},
        {UINT64_C(75000000000000), UINT64_C(75000000000), "  75 TB   75 s\n"},
        {1, UINT64_C(4000000000000), "    1 B 4000 s\n"},
    };
    struct pd_rec *r = toy_record(&store);

    (void)state;
    for (size_t i = 0; i < sizeof q / sizeof *q; i++) {
        r->rsp_bytes = q[i].bytes;
        r->last_rsp = r->first_req + q[i].ns;
        const char *line = line_of(r, &plain);
        assert_string_equal(line + strlen(line) - strlen(q[i].tail), q[i].tail);
    }
}

static void assert_shown(const char *bytes, size_t len, const char *shown)
{
    struct pd_rec *r = toy_record(&store);
    struct toy *t = pd_fields(r);
    char expected[400];

    pd_text_set(r, &t->path, (struct pd_slice){(const uint8_t *)bytes, (uint32_t)len}, UINT16_MAX);
    snprintf(expected, sizeof expected, " GET %s ", shown);
    assert_non_null(strstr(line_of(r, &plain), expected));
    pd_rec_free(r);
}

#define SHOWN(bytes, shown) assert_shown(bytes, sizeof(bytes) - 1, shown)

static void nothing_hostile_comes_through(void **state)
{
    (void)state;
    SHOWN("/\x1b[2J\x07\r\n\t\0\x7f.", "/\\x1b[2J\\x07\\x0d\\x0a\\x09\\x00\\x7f.");
    SHOWN("/\xc2\x9b", "/\\x9b");                          /* CSI as one C1 character */
    SHOWN("/\x9b", "/\xef\xbf\xbd");                       /* and as a raw byte */
    SHOWN("/\xe2\x80\xae\xe2\x81\xa6", "/\\u202e\\u2066"); /* an override, an isolate */
    SHOWN("/\xe2\x80\xaa\xe2\x81\xa9", "/\\u202a\\u2069");
    SHOWN("/\xe2\x80\xa8\xef\xbb\xbf", "/\\u2028\\ufeff");
    SHOWN("/\xf3\xa0\x81\x81", "/\\u0e0041"); /* an invisible tag character */
    SHOWN("/\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80", "/\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80");
}

/* Whatever the bytes: only printable ASCII and well-formed UTF-8 without C1 reach the terminal, in one line.
 */
static void any_bytes_are_safe(void **state)
{
    uint64_t random = 1;

    (void)state;
    for (int round = 0; round < 2000; round++) {
        struct pd_rec *r = toy_record(&store);
        uint8_t bytes[60];
        for (size_t i = 0; i < sizeof bytes; i++) {
            random = random * UINT64_C(6364136223846793005) + 1442695040888963407;
            bytes[i] = (uint8_t)(random >> 33);
        }
        struct toy *t = pd_fields(r);
        pd_text_set(r, &t->path, (struct pd_slice){bytes, sizeof bytes}, 100);
        pd_text_set(r, &pd_list_item(r, &t->tags, 3)->text, (struct pd_slice){bytes, sizeof bytes}, 100);
        const char *line = line_of(r, &plain);
        for (const char *c = line; *c; c++) {
            assert_true((uint8_t)*c >= 0x20 || (*c == '\n' && c[1] == '\0'));
            assert_int_not_equal(*c, 0x7f);
            assert_false((uint8_t)*c == 0xc2 && (uint8_t)c[1] < 0xa0);
        }
        pd_rec_free(r);
    }
}

static void fits_the_terminal(void **state)
{
    struct pd_rec *r = toy_record(&store);
    struct toy *t = pd_fields(r);
    char path[300];

    (void)state;
    memset(path, 'p', sizeof path);
    pd_text_set(r, &t->path, (struct pd_slice){(uint8_t *)path, sizeof path}, 1024);
    for (uint16_t width = 88; width < 300; width++) {
        struct pd_line_style style = {.columns = width};
        const char *line = line_of(r, &style);
        assert_int_equal(columns(line), width);
        assert_non_null(strstr(line, "pp\xe2\x80\xa6"));
        assert_non_null(strstr(line, " 200 ok  478 B 1.0 ms\n"));
    }
    struct pd_line_style narrow = {
        .columns = 20}; /* a window too narrow gets lines that wrap, with something in them */
    assert_non_null(strstr(line_of(r, &narrow), "GET ppppppp"));
    assert_true(columns(line_of(r, &plain)) >
                200); /* not a terminal: nothing is lost but beyond all measure */
}

static void what_came(void **state)
{
    struct pd_rec *r = toy_record(&store);
    struct toy *t = pd_fields(r);

    (void)state;
    for (int i = 0; i < 3; i++) {
        struct pd_object *o = pd_list_object(r, &t->answers, 2, sizeof(struct toy_answer));
        struct pd_item *item = pd_list_item(r, &t->tags, 5);
        if (o)
            pd_text_static(&((struct toy_answer *)o->data)->data, i ? "1.2.3.4" : "::1");
        pd_text_static(&item->text, i ? "b" : "a");
    }
    t->truncated = PD_TRUE;
    assert_non_null(strstr(line_of(r, &plain), " 200 truncated a,b,b ::1,1.2.3.4,... ok "));
    t->truncated = PD_FALSE;
    assert_non_null(strstr(line_of(r, &plain), " 200 a,b,b "));
}

static void joined_to_what_is_there(void **state)
{
    struct pd_rec *r = toy_record(&store);
    struct toy *t = pd_fields(r);

    (void)state;
    assert_non_null(strstr(line_of(r, &plain), " GET / "));
    pd_text_static(&t->host, "h");
    assert_non_null(strstr(line_of(r, &plain), " GET h/ "));
    pd_text_static(&t->host, "h:443");
    pd_text_static(&t->path, "h:443"); /* CONNECT: the same twice is said once */
    assert_non_null(strstr(line_of(r, &plain), " GET h:443 "));
    t->method.s = NULL;
    t->host.s = NULL;
    assert_non_null(strstr(line_of(r, &plain), " h:443 "));
}

static void a_word_that_the_next_column_begins_with(void **state)
{
    struct pd_rec *r = toy_record(&store);
    struct toy *t = pd_fields(r);

    (void)state;
    t->path.s = NULL;
    pd_text_static(&t->statement, "Get it open");
    assert_non_null(strstr(line_of(r, &plain), ":80         Get it open "));
    pd_text_static(&t->statement, "getting it open");
    assert_non_null(strstr(line_of(r, &plain), " GET getting it open "));
    pd_text_static(&t->statement, "GET");
    assert_non_null(strstr(line_of(r, &plain), " GET GET "));
}

static void what_came_says_no_more_than_the_status(void **state)
{
    struct pd_rec *r = toy_record(&store);
    struct toy *t = pd_fields(r);
    struct pd_item *item = pd_list_item(r, &t->tags, 5);

    (void)state;
    t->code.seen = false;
    pd_text_static(&item->text, "OK");
    assert_null(strstr(line_of(r, &plain), "OK"));
    assert_non_null(strstr(line_of(r, &plain), " ok  478 B"));
    pd_text_static(&item->text, "okay");
    assert_non_null(strstr(line_of(r, &plain), " okay ok  478 B"));
}

/* A terminal too narrow for both: what came keeps a third, what was asked the rest; no column is lost. */
static void long_answers_share(void **state)
{
    struct pd_rec *r = toy_record(&store);
    struct toy *t = pd_fields(r);
    char text[100];

    (void)state;
    memset(text, 'd', sizeof text);
    pd_text_set(r, &pd_list_item(r, &t->tags, 1)->text, (struct pd_slice){(uint8_t *)text, sizeof text}, 100);
    for (uint16_t width = 110; width < 150; width++) {
        struct pd_line_style style = {.columns = width};
        assert_int_equal(columns(line_of(r, &style)), width);
        assert_non_null(strstr(out.p, " GET / "));
        assert_non_null(strstr(out.p, "dd\xe2\x80\xa6 ok "));
    }
    memset(text, 'p', sizeof text);
    pd_text_set(r, &t->path, (struct pd_slice){(uint8_t *)text, sizeof text}, 100);
    for (uint16_t width = 110; width < 200; width++) {
        struct pd_line_style style = {.columns = width};
        assert_int_equal(columns(line_of(r, &style)), width);
        assert_non_null(strstr(out.p, "pp\xe2\x80\xa6 200 dd"));
        assert_non_null(strstr(out.p, "dd\xe2\x80\xa6 ok "));
    }
}

static void secrets_stay_out(void **state)
{
    struct pd_redact *redact = pd_redact_new(pd_redact_defaults);
    struct pd_line_style style = {.redact = redact};
    struct pd_rec *r = toy_record(&store);
    struct toy *t = pd_fields(r);

    (void)state;
    assert_non_null(redact);
    pd_text_static(&t->query, "token=abc&b=1");
    assert_non_null(strstr(line_of(r, &style), "GET /?token=[redacted]&b=1 "));
    assert_non_null(strstr(line_of(r, &plain), "GET /?token=abc&b=1 "));
    pd_text_set(r, &t->path, toy_slice("/abcdef"), 4);
    t->query.s = NULL;
    assert_non_null(strstr(line_of(r, &style), "GET /abc\xe2\x80\xa6 "));
    pd_text_static(&t->statement, "SET PASSWORD x");
    assert_non_null(strstr(line_of(r, &style), " SET PASSWORD *** "));
    assert_non_null(strstr(line_of(r, &plain), " SET PASSWORD x "));
    pd_redact_free(redact);
}

static void assert_time(uint64_t ts, enum pd_time_form form, uint64_t last, const char *expected)
{
    char text[PD_TIME_TEXT];
    size_t n = pd_line_time(text, ts, form, last);

    assert_int_equal(n, strlen(expected));
    assert_memory_equal(text, expected, n);
}

static void times(void **state)
{
    (void)state;
    setenv("TZ", "XYZ-5:30", 1);
    tzset();
    assert_time(TOY_TIME, PD_TIME_LOCAL, 0, "20:47:08.603123 ");
    assert_time(TOY_TIME, PD_TIME_UTC, 0, "2026-11-20T15:17:08.603123Z ");
    assert_time(TOY_TIME, PD_TIME_EPOCH, 0, "1795187828.603123 ");
    assert_time(TOY_TIME, PD_TIME_DELTA, 0, "      +0.000000 ");
    assert_time(TOY_TIME, PD_TIME_DELTA, TOY_TIME - 1234567000, "      +1.234567 ");
    assert_time(TOY_TIME, PD_TIME_DELTA, TOY_TIME + 1000, "      -0.000001 ");
    assert_time(0, PD_TIME_LOCAL, 5, "?               ");
    assert_time(UINT64_MAX, PD_TIME_UTC, 0, "2554-07-21T23:34:33.709551Z ");
    assert_time(UINT64_MAX, PD_TIME_DELTA, 1, "+18446744073.709551 ");
}

#define T(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        T(an_ordinary_one),
        T(every_status),
        T(colors),
        T(ipv6_in_brackets),
        T(quantities),
        T(nothing_hostile_comes_through),
        T(any_bytes_are_safe),
        T(fits_the_terminal),
        T(what_came),
        T(joined_to_what_is_there),
        T(a_word_that_the_next_column_begins_with),
        T(what_came_says_no_more_than_the_status),
        T(long_answers_share),
        T(secrets_stay_out),
        T(times),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
