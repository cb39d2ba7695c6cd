/* line_json_test.c: whole lines, byte for byte. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
// clang-format off
#include <cmocka.h>
// clang-format on
#include "exporter/line.h"
#include "exporter/memo.h"
#include "exporter/toy_test.h"
#include <stdio.h>

static struct pd_store store;
static struct pd_buf out;
static struct pd_redact *redact;
static struct pd_line_memo *memo;

static int set_up(void **state)
{
    (void)state;
    pd_buf_init(&out, 1 << 20);
    redact = pd_redact_new(pd_redact_defaults);
    memo = pd_line_memo_new();
    return redact && memo ? toy_store(&store) : -1;
}

static int tear_down(void **state)
{
    (void)state;
    pd_buf_free(&out);
    pd_redact_free(redact);
    pd_line_memo_free(memo);
    pd_store_free(&store);
    return 0;
}

static void assert_line(const struct pd_rec *r, const struct pd_line_style *style, const char *line)
{
    pd_buf_clear(&out);
    pd_line_json(&out, r, style, memo);
    assert_false(out.full);
    pd_buf_char(&out, '\0');
    assert_string_equal(out.p, line);
}

/* Everything of a line up to its status, for the record of toy_record(). */
#define HEAD                                                                                                 \
    "{\"time\":\"2026-11-20T15:17:08.603123456Z\",\"proto\":\"toy\",\"client\":{\"address\":\"10.0.0.7\","   \
    "\"port\":53286},\"server\":{\"address\":\"10.0.0.9\",\"port\":80},"

static const char *iface_name(uint32_t index)
{
    return index == 2 ? "eth\"0" : NULL;
}

static const struct pd_line_style plain = {0};

static void an_ordinary_one(void **state)
{
    struct pd_rec *r = toy_record(&store);
    struct toy *t = pd_fields(r);

    (void)state;
    r->last_req += 145747;
    r->last_rsp += 500000000;
    pd_text_static(&t->host, "httpbin.org");
    pd_text_static(&t->path, "/get");
    pd_text_static(&t->query, "a=1");
    pd_text_static(&t->hidden, "never");
    toy_header(r, &t->headers, "Accept", "*/*");
    pd_int_set(&t->body_bytes, 0);
    assert_line(
        r, &plain,
        HEAD "\"packet\":4,\"status\":\"ok\",\"duration\":0.501,\"wait\":0.000854253,\"request\":{"
             "\"method\":\"GET\",\"host\":\"httpbin.org\",\"path\":\"/get\",\"query\":\"a=1\",\"headers\":{"
             "\"accept\":[\"*/*\"]},\"bytes\":82},\"response\":{\"status_code\":200,\"body_bytes\":0,"
             "\"bytes\":478}}\n");
}

static void where_it_was_seen(void **state)
{
    struct pd_rec *r = toy_record(&store);
    struct pd_line_style style = {.iface_name = iface_name, .community_id = true};

    (void)state;
    r->status = PD_UNANSWERED;
    r->req_bytes = 0;
    r->link = (struct pd_link){.iface = 2, .vlan = 100, .tunnel = PD_TUNNEL_VXLAN, .tunnel_id = 5000};
    ((struct toy *)pd_fields(r))->method.s = NULL;
    ((struct toy *)pd_fields(r))->path.s = NULL;
    toy_end(&r->client, "2001:470:e5bf:dead:4957:2174:e82c:4887", 63943);
    toy_end(&r->server, "2607:f8b0:400c:c03::1a", 25);
    r->first_req = UINT64_C(951782399000000001);
    assert_line(r, &style,
                "{\"time\":\"2000-02-28T23:59:59.000000001Z\",\"proto\":\"toy\",\"client\":{\"address\":"
                "\"2001:470:e5bf:dead:4957:2174:e82c:4887\",\"port\":63943},\"server\":{\"address\":\"2607:"
                "f8b0:400c:c03::1a\",\"port\":25},\"iface\":\"eth\\\"0\","
                "\"vlan\":"
                "100,"
                "\"tunnel\":{\"kind\":\"vxlan\",\"id\":5000},\"conn\":\"1:/qFaeAR+gFe1KYjMzVDsMv+wgU4=\","
                "\"status\":\"unanswered\"}\n");
    style = (struct pd_line_style){.iface_name = iface_name};
    r->link = (struct pd_link){.iface = 3}; /* the interface is gone: no name, no key */
    toy_end(&r->server, "10.0.0.9", 80);
    toy_end(&r->client, "10.0.0.7", 53286);
    r->first_req = TOY_TIME;
    assert_line(r, &style, HEAD "\"status\":\"unanswered\"}\n");
    style.files = true;
    assert_line(r, &style, HEAD "\"packet\":4,\"status\":\"unanswered\"}\n");
}

static void durations(void **state)
{
    static const struct {
        uint64_t ns;
        const char *text;
    } d[] = {{0, "0"},
             {1, "0.000000001"},
             {100, "0.0000001"},
             {120000000, "0.12"},
             {999999999, "0.999999999"},
             {UINT64_C(1000000000), "1"},
             {UINT64_C(75500000000), "75.5"}};
    struct pd_rec *r = toy_record(&store);
    char line[1000];

    (void)state;
    memset(pd_fields(r), 0, sizeof(struct toy));
    r->req_bytes = 0;
    r->rsp_bytes = 5;
    for (size_t i = 0; i < sizeof d / sizeof *d; i++) {
        r->first_rsp = r->last_rsp = r->first_req + d[i].ns;
        snprintf(line, sizeof line,
                 HEAD
                 "\"packet\":4,\"status\":\"ok\",\"duration\":%s,\"wait\":%s,\"response\":{\"bytes\":5}}\n",
                 d[i].text, d[i].text);
        assert_line(r, &plain, line);
    }
}

/* Ends that were not seen, and a time that runs backwards, give no numbers. */
static void no_key_for_what_was_not_seen(void **state)
{
    struct pd_rec *r = toy_record(&store);

    (void)state;
    memset(pd_fields(r), 0, sizeof(struct toy));
    r->req_bytes = r->rsp_bytes = 0;
    r->status = PD_INCOMPLETE;
    r->ordinal = 0;
    r->first_req = 0;
    assert_line(
        r, &plain,
        "{\"proto\":\"toy\",\"client\":{\"address\":\"10.0.0.7\",\"port\":53286},\"server\":{\"address\":"
        "\"10.0.0.9\",\"port\":80},\"status\":\"incomplete\",\"wait\":0.001}\n");
    r->first_req = TOY_TIME;
    r->first_rsp = r->last_rsp = TOY_TIME - 1;
    assert_line(r, &plain, HEAD "\"status\":\"incomplete\"}\n");
    r->first_rsp = r->last_rsp = TOY_TIME;
    r->status = PD_ONEWAY;
    pd_int_set(&((struct toy *)pd_fields(r))->code, 200); /* as a multicast answer has */
    assert_line(r, &plain, HEAD "\"status\":\"oneway\",\"response\":{\"status_code\":200}}\n");
    r->status = PD_UNANSWERED;
    assert_line(r, &plain, HEAD "\"status\":\"unanswered\"}\n");
}

static void errors_and_late_ones(void **state)
{
    struct pd_rec *r = toy_record(&store);
    struct toy *t = pd_fields(r);

    (void)state;
    memset(t, 0, sizeof *t);
    r->req_bytes = r->rsp_bytes = 0;
    r->first_req = r->last_req = r->first_rsp = r->last_rsp = TOY_TIME;
    r->status = PD_ERROR;
    r->flags = PD_REC_LATE;
    pd_int_set(&t->code, 503);
    assert_line(
        r, &plain,
        HEAD "\"packet\":4,\"status\":\"error\",\"duration\":0,\"wait\":0,\"late\":true,\"error\":\"out of "
             "\\\"cheese\\\"\",\"response\":{\"status_code\":503}}\n");
    pd_int_set(&t->code, -1);
    r->status = PD_OK;
    r->flags = 0;
    assert_line(
        r, &plain,
        HEAD "\"packet\":4,\"status\":\"ok\",\"duration\":0,\"wait\":0,\"response\":{\"status_code\":-1}}\n");
}

/* The request of a record that has only that. */
static void assert_request(struct pd_rec *r, const struct pd_line_style *style, const char *members)
{
    char line[8000];

    r->status = PD_UNANSWERED;
    r->req_bytes = 0;
    snprintf(line, sizeof line, HEAD "\"packet\":4,\"status\":\"unanswered\",\"request\":{%s}}\n", members);
    assert_line(r, style, line);
}

static void assert_path(const char *bytes, size_t len, const char *json)
{
    struct pd_rec *r = toy_record(&store);
    struct toy *t = pd_fields(r);
    char members[4000];

    memset(t, 0, sizeof *t);
    pd_text_set(r, &t->path, (struct pd_slice){(const uint8_t *)bytes, (uint32_t)len}, UINT16_MAX);
    assert_int_equal(t->path.len, len);
    snprintf(members, sizeof members, "\"path\":\"%s\"", json);
    assert_request(r, &plain, members);
    pd_rec_free(r);
}

#define PATH(bytes, json) assert_path(bytes, sizeof(bytes) - 1, json)

static void escapes(void **state)
{
    (void)state;
    PATH("", "");
    PATH("plain text, longer than eight", "plain text, longer than eight");
    PATH("\"\\/", "\\\"\\\\/");
    PATH("\b\t\n\f\r\v\x1b\0", "\\b\\t\\n\\f\\r\\u000b\\u001b\\u0000");
    PATH("~\x7f\xc2\x80\xc2\x9f\xc2\xa0", "~\\u007f\\u0080\\u009f\xc2\xa0");
    PATH("\xe2\x82\xac \xf0\x9f\x98\x80", "\xe2\x82\xac \xf0\x9f\x98\x80");
    PATH("a\x80z\xff\xe2\x82z\xc0\xaf", "a\xef\xbf\xbdz\xef\xbf\xbd\xef\xbf\xbdz\xef\xbf\xbd\xef\xbf\xbd");
    PATH("\xed\xa0\x80", "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd");
}

/* Each byte that needs care, at each place of a text of each length up to 40: the fast ways and the slow one.
 */
static void escapes_anywhere(void **state)
{
    static const struct {
        char byte;
        const char *json;
    } care[] = {{'"', "\\\""},       {'\\', "\\\\"},      {'\n', "\\n"},
                {'\x1f', "\\u001f"}, {'\x7f', "\\u007f"}, {'\x80', "\xef\xbf\xbd"}};
    enum { LONGEST = 40 };
    static const char clean[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ[!]^_`abcdefgh";
    char bytes[LONGEST], json[LONGEST + 8];

    (void)state;
    for (size_t c = 0; c < sizeof care / sizeof *care; c++)
        for (int len = 1; len <= LONGEST; len++)
            for (int at = 0; at < len; at++) {
                memcpy(bytes, clean, LONGEST);
                bytes[at] = care[c].byte;
                snprintf(json, sizeof json, "%.*s%s%.*s", at, clean, care[c].json, len - at - 1,
                         clean + at + 1);
                assert_path(bytes, (size_t)len, json);
            }
}

/* A quote at each nth place, as in JSON within JSON. */
static void escapes_often(void **state)
{
    enum { LONGEST = 70 };
    char bytes[LONGEST], json[2 * LONGEST + 1];

    (void)state;
    for (size_t nth = 1; nth <= LONGEST; nth++) {
        size_t n = 0;
        for (size_t len = 1; len <= LONGEST; len++) {
            bytes[len - 1] = len % nth ? '!' : '"';
            n += (size_t)snprintf(json + n, sizeof json - n, len % nth ? "!" : "\\\"");
            assert_path(bytes, len, json);
        }
    }
}

/* Longer than a block of the encoder, with characters over the border. */
static void long_texts(void **state)
{
    char bytes[1500], json[3000];

    (void)state;
    for (size_t shift = 0; shift < 4; shift++) {
        size_t n = shift, m = shift;
        memset(bytes, 'x', shift);
        memset(json, 'x', shift);
        while (n + 4 <= sizeof bytes) {
            memcpy(bytes + n, "\xe2\x82\xac\"", 4);
            memcpy(json + m, "\xe2\x82\xac\\\"", 5);
            n += 4;
            m += 5;
        }
        json[m] = '\0';
        assert_path(bytes, n, json);
    }
}

static void headers(void **state)
{
    struct pd_rec *r = toy_record(&store);
    struct toy *t = pd_fields(r);
    struct pd_line_style style = {.redact = redact};

    (void)state;
    memset(t, 0, sizeof *t);
    toy_header(r, &t->headers, "X-A", "1");
    toy_header(r, &t->headers, "Authorization", "Basic abc");
    toy_header(r, &t->headers, "x-b", "");
    toy_header(r, &t->headers, "x-a", "2");
    toy_header(r, &t->headers, "X-a", "3");
    assert_request(
        r, &style,
        "\"headers\":{\"x-a\":[\"1\",\"2\",\"3\"],\"authorization\":[\"[redacted]\"],\"x-b\":[\"\"]}");
    assert_request(
        r, &plain,
        "\"headers\":{\"x-a\":[\"1\",\"2\",\"3\"],\"authorization\":[\"Basic abc\"],\"x-b\":[\"\"]}");
}

static void share_header(struct pd_rec *r, const char *name, const char *value)
{
    uint64_t number = pd_share(&store.shared, toy_slice(name), toy_slice(value));

    pd_list_header_shared(r, &((struct toy *)pd_fields(r))->headers, 32, pd_shared_at(&store.shared, number));
}

/* Shared ones look the same each time, whose secrets are hidden or not, and with others of their names. */
static void shared_headers(void **state)
{
    enum { QUOTES = 100 }; /* too many for a note */
    struct pd_line_style style = {.redact = redact};
    char quotes[QUOTES + 1] = "", escaped[2 * QUOTES + 1] = "", expected[400];

    (void)state;
    memset(quotes, '"', QUOTES);
    for (size_t i = 0; i < QUOTES; i++)
        memcpy(escaped + 2 * i, "\\\"", 3);
    for (unsigned round = 0; round < 6; round++) {
        struct pd_rec *r = toy_record(&store);
        bool open = round % 3 == 1, twice = round > 3;
        memset(pd_fields(r), 0, sizeof(struct toy));
        share_header(r, "X-A", "1");
        share_header(r, "Authorization", "Basic abc");
        share_header(r, "q\"", quotes);
        if (twice)
            share_header(r, "x-a", "3");
        snprintf(expected, sizeof expected,
                 "\"headers\":{\"x-a\":[\"1\"%s],\"authorization\":[\"%s\"],\"q\\\"\":[\"%s\"]}",
                 twice ? ",\"3\"" : "", open ? "Basic abc" : "[redacted]", escaped);
        assert_request(r, open ? &plain : &style, expected);
    }
}

static void masked(void **state)
{
    struct pd_rec *r = toy_record(&store);
    struct toy *t = pd_fields(r);
    struct pd_line_style style = {.redact = redact};

    (void)state;
    memset(t, 0, sizeof *t);
    pd_text_static(&t->statement, "SET PASSWORD \"x\"");
    assert_request(r, &style, "\"statement\":\"SET PASSWORD ***\"");
    assert_request(r, &plain, "\"statement\":\"SET PASSWORD \\\"x\\\"\"");
    pd_text_static(&t->statement, "SET open");
    assert_request(r, &style, "\"statement\":\"SET open\"");
}

static void queries(void **state)
{
    struct pd_rec *r = toy_record(&store);
    struct toy *t = pd_fields(r);
    struct pd_line_style style = {.redact = redact};

    (void)state;
    memset(t, 0, sizeof *t);
    pd_text_static(&t->query, "user=a\"b&token=c\"d&page=2");
    assert_request(r, &style, "\"query\":\"user=a\\\"b&token=[redacted]&page=2\"");
    assert_request(r, &plain, "\"query\":\"user=a\\\"b&token=c\\\"d&page=2\"");
    pd_text_static(&t->query, "");
    assert_request(r, &style, "\"query\":\"\"");
}

static void add_answer(struct pd_rec *r, struct pd_list *l, const char *name, int64_t ttl, const char *data)
{
    struct pd_object *o = pd_list_object(r, l, 2, sizeof(struct toy_answer));

    if (!o)
        return;
    struct toy_answer *a = (struct toy_answer *)o->data;
    if (name) {
        pd_text_set(r, &a->name, toy_slice(name), 100);
        pd_int_set(&a->ttl, ttl);
        pd_text_set(r, &a->data, toy_slice(data), 7);
    }
}

static void lists_objects_and_marks(void **state)
{
    struct pd_rec *r = toy_record(&store);
    struct toy *t = pd_fields(r);

    (void)state;
    memset(t, 0, sizeof *t);
    r->req_bytes = r->rsp_bytes = 0;
    r->first_req = r->last_req = r->first_rsp = r->last_rsp = TOY_TIME;
    t->truncated = PD_FALSE;
    add_answer(r, &t->answers, "a.b", 60, "1.2.3.4");
    add_answer(r, &t->answers, NULL, 0, NULL);
    pd_text_set(r, &pd_list_item(r, &t->tags, 1)->text, toy_slice("x"), 9);
    assert_line(r, &plain,
                HEAD
                "\"packet\":4,\"status\":\"ok\",\"duration\":0,\"wait\":0,\"response\":{\"truncated\":false,"
                "\"tags\":[\"x\"],\"answers\":[{\"name\":\"a.b\",\"ttl\":60,\"data\":\"1.2.3.4\"},{}]}}\n");
    add_answer(r, &t->answers, "too many", 60, "");
    assert_null(pd_list_item(r, &t->tags, 1));
    t->truncated = PD_TRUE;
    pd_text_set(r, &t->method, toy_slice("abcdef\xc3\xa9"), 7);
    t->method.holed = true;
    assert_line(
        r, &plain,
        HEAD "\"packet\":4,\"status\":\"ok\",\"duration\":0,\"wait\":0,\"request\":{\"method\":\"abcdef\"},"
             "\"response\":{\"truncated\":true,\"tags\":[\"x\"],\"answers\":[{\"name\":\"a.b\",\"ttl\":60,"
             "\"data\":\"1.2.3.4\"},{}]},\"cut\":[\"request.method\",\"response.tags\",\"response.answers\"],"
             "\"holed\":true}\n");
}

/* A text inside a list or a header that was shortened makes its field one that is cut; nothing fits: "". */
static void cut_inside(void **state)
{
    struct pd_rec *r = toy_record(&store);
    struct toy *t = pd_fields(r);

    (void)state;
    memset(t, 0, sizeof *t);
    r->status = PD_ONEWAY;
    r->req_bytes = r->rsp_bytes = 0;
    (void)pd_list_header(r, &t->headers, 4, toy_slice("n"), toy_slice("abc"), 2);
    t->path = (struct pd_text){.s = "", .full = 9};
    assert_line(r, &plain,
                HEAD
                "\"packet\":4,\"status\":\"oneway\",\"request\":{\"path\":\"\",\"headers\":{\"n\":[\"ab\"]}},"
                "\"cut\":[\"request.path\",\"request.headers\"]}\n");
}

/* With whatever limit, the line is there whole, or not at all and the buffer says so. */
static void a_full_buffer_says_so(void **state)
{
    struct pd_rec *r = toy_record(&store);
    struct toy *t = pd_fields(r);
    struct pd_line_style style = {.redact = redact, .iface_name = iface_name, .community_id = true};
    char value[600];
    unsigned fits = 0;

    (void)state;
    memset(value, '"', sizeof value);
    toy_header(r, &t->headers, "Authorization", "Basic abc");
    pd_text_set(r, &t->host, (struct pd_slice){(const uint8_t *)value, sizeof value}, UINT16_MAX);
    pd_text_static(&t->query, "a=b&token=c&d=e");
    toy_header(r, &t->rsp_headers, "a", "b");
    toy_header(r, &t->rsp_headers, "strange\"name", "b");
    toy_header(r, &t->rsp_headers, "a", "c");
    t->path.full++;
    add_answer(r, &t->answers, "a.b", 60, "1.2.3.4");
    pd_line_json(&out, r, &style, memo);
    for (size_t limit = 0; limit < 4 * out.len + PD_MEMO_KEPT; limit++) {
        struct pd_buf small;
        pd_buf_init(&small, limit);
        pd_line_json(&small, r, &style, memo);
        assert_int_equal(small.len, small.full ? 0 : out.len);
        assert_true(small.len <= limit);
        if (!small.full)
            assert_memory_equal(small.p, out.p, out.len);
        fits += !small.full;
        pd_buf_free(&small);
    }
    assert_true(fits > 0);
}

#define T(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        T(an_ordinary_one),
        T(where_it_was_seen),
        T(durations),
        T(no_key_for_what_was_not_seen),
        T(errors_and_late_ones),
        T(escapes),
        T(escapes_anywhere),
        T(escapes_often),
        T(long_texts),
        T(headers),
        T(shared_headers),
        T(masked),
        T(queries),
        T(lists_objects_and_marks),
        T(cut_inside),
        T(a_full_buffer_says_so),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
