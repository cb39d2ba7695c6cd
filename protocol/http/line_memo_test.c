/* line_memo_test.c: which header lines are remembered; and that heads read with what is remembered say the
 * same as heads read without, as long as their records live. */
#include "protocol/http/head.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

enum { HEADS = 20000, ALIVE = 50, TEXT_MAX = 1 << 15 };

static const struct pd_store_limits limits = {.records = 4 * ALIVE, .chunks = {400, 400, 400}};

/* --- reading --- */

struct reader { /* of heads, as a worker has it */
    struct pd_store store;
    struct pd_http_memo memo;
};

struct reading { /* what a head was read as */
    struct pd_rec *rec;
    enum pd_http_head_end end;
    uint32_t used;
    struct pd_http_head head;
};

static void start(struct reader *r, const struct pd_http_options *options)
{
    uint64_t memory = 0;

    assert_int_equal(pd_store_init(&r->store, &limits), 0);
    r->memo = (struct pd_http_memo){0};
    assert_int_equal(pd_http_memo_start(&r->memo, options, &memory), 0);
}

/* A piece is in memory of its own, so that nothing is read behind it, nor afterwards. */
static void read_piece(struct reading *g, const char *p, uint32_t n)
{
    uint8_t *copy = malloc(n ? n : 1);

    assert_non_null(copy);
    memcpy(copy, p, n);
    g->end = pd_http_head_read(&g->head, g->rec, (struct pd_slice){copy, n}, &g->used);
    free(copy);
}

static void begin_head(struct reader *r, struct reading *g, const char *text)
{
    bool request = memcmp(text, "HTTP/", 5) != 0;

    *g = (struct reading){.rec = pd_rec_new(&r->store, &pd_http_schema)};
    assert_non_null(g->rec);
    pd_http_head_init(&g->head, &r->memo, request ? PD_C2S : PD_S2C);
}

static void read_head(struct reader *r, struct reading *g, const char *text, uint32_t n)
{
    begin_head(r, g, text);
    read_piece(g, text, n);
}

/* The first piece has so many bytes, each further one a line: so it is left to llhttp. */
static void read_lines(struct reader *r, struct reading *g, const char *text, uint32_t n, uint32_t first)
{
    uint32_t at = 0, size = first;

    begin_head(r, g, text);
    for (; at < n && g->end == PD_HTTP_MORE; at += size) {
        const char *end = at ? memchr(text + at, '\n', n - at) : NULL;
        if (at)
            size = end ? (uint32_t)(end - text) + 1 - at : n - at;
        read_piece(g, text + at, size);
        if (g->end == PD_HTTP_MORE)
            pd_http_head_park(&g->head, &g->head);
        if (g->end == PD_HTTP_DONE)
            g->used += at;
    }
}

/* --- what is remembered --- */

static struct pd_http_options everything = {.headers = {.all = true}};

/* Reads a request with that line. Is the header one that records share? */
static bool shares(struct reader *r, const char *line)
{
    char text[1000];
    int n = snprintf(text, sizeof text, "GET / HTTP/1.1\r\n%s\r\nConnection: close\r\n\r\n", line);
    struct reading g;

    read_head(r, &g, text, (uint32_t)n);
    assert_int_equal(g.end, PD_HTTP_DONE);
    const struct pd_http *f = pd_fields(g.rec);
    const struct pd_header *h = f->side[PD_REQUEST].headers.first;
    uint32_t name = (uint32_t)(strchr(line, ':') - line);
    assert_true(
        pd_slice_eq_lower((struct pd_slice){(const uint8_t *)line, name}, pd_text_bytes(&h->pair->name)));
    assert_int_equal(h->pair->value.len, strlen(line + name + 2));
    assert_memory_equal(h->pair->value.s, line + name + 2, h->pair->value.len);
    bool shared = h->pair->shared;
    pd_rec_free(g.rec);
    return shared;
}

static char *line_of(char *line, uint32_t name, uint32_t size)
{
    uint32_t end = size - 2; /* CR LF */

    memset(line, 'a', end);
    line[name] = ':';
    line[name + 1] = ' ';
    line[end] = '\0';
    return line;
}

/* It is remembered when it comes the second time, and shared from the third on: many a line comes twice, the
 * second time in the answer. */
static void test_third_time(void **state)
{
    static struct reader r;
    char line[400];

    (void)state;
    start(&r, &everything);
    assert_false(shares(&r, "Server: a"));
    assert_false(shares(&r, "Server: a"));
    assert_true(shares(&r, "Server: a"));
    assert_true(shares(&r, "Server: a"));
    assert_false(shares(&r, "Server: b"));
    assert_false(shares(&r, "server: a"));
    assert_true(shares(&r, "Server: a"));
    for (unsigned i = 0; i < 4; i++) {
        assert_int_equal(shares(&r, line_of(line, 9, PD_HTTP_MEMO_LINE)), i > 1);
        assert_false(shares(&r, line_of(line, 9, PD_HTTP_MEMO_LINE + 1)));
        assert_int_equal(shares(&r, line_of(line, PD_HTTP_NAME_MAX, 100)), i > 1);
        assert_int_equal(shares(&r, line_of(line, 1, 8)), i > 1);
        assert_false(shares(&r, line_of(line, 1, 7)));
    }
    pd_store_free(&r.store);
}

static const struct pd_http_line *expected(struct reader *r, const char *text)
{
    return pd_http_expected(&r->memo, (struct pd_slice){(const uint8_t *)text, (uint32_t)strlen(text)});
}

/* The line that came next the last time is told without being looked for. */
static void test_expected(void **state)
{
    static struct reader r;
    const struct pd_http_line *line;

    (void)state;
    start(&r, &everything);
    for (unsigned i = 0; i < 3; i++) { /* "Connection" is behind it */
        (void)shares(&r, "Server: a");
        (void)shares(&r, "Server: b");
    }
    pd_http_expect_first(&r.memo, PD_C2S);
    assert_null(expected(&r, "Server: a\r\nX"));
    line = expected(&r, "Server: b\r\nX");
    assert_non_null(line);
    assert_true(pd_slice_eq(line->value, PD_SLICE("b")));
    assert_null(expected(&r, "Connection: close\r\n"));
    assert_null(expected(&r, "Connection: close\r\n "));
    assert_null(expected(&r, "Connection: close\r\n\t"));
    assert_non_null(expected(&r, "Connection: close\r\n\r\n"));
    pd_http_expect_first(&r.memo, PD_S2C);
    assert_null(expected(&r, "Server: b\r\nX"));
    pd_store_free(&r.store);
}

/* Lines that have the same place and number, more than it has room for. */
static void test_same_number(void **state)
{
    static struct reader r;
    static const unsigned at[] = {16, 20, 40, 45};
    char line[64];

    (void)state;
    start(&r, &everything);
    for (unsigned round = 0; round < 200; round++) {
        line_of(line, 9, 62);
        line[at[round % 4]] = (char)('a' + round / 4 % 3);
        (void)shares(&r, line);
    }
    for (unsigned round = 0; round < 8; round++) {
        line_of(line, 9, 62)[at[0]] = round % 2 ? 'x' : 'y';
        assert_true(shares(&r, line) || round < 4);
    }
    pd_store_free(&r.store);
}

/* --- with it and without --- */

static uint32_t dice(uint32_t n)
{
    static uint32_t last = 1;

    last = last * 1664525 + 1013904223;
    return (last >> 8) % n;
}

struct text {
    uint32_t len;
    char s[TEXT_MAX];
};

static void put(struct text *t, const char *s)
{
    size_t n = strlen(s);

    assert_true(t->len + n < sizeof t->s);
    memcpy(t->s + t->len, s, n);
    t->len += (uint32_t)n;
}

#define SIXTY "0123456789abcdef0123456789abcdef0123456789abcdef0123456789ab"

// NOLINTBEGIN(bugprone-suspicious-missing-comma): SIXTY and what is about it are one string
/* Some are long, some have an odd form, some frame the body. */
static uint32_t put_line(struct text *t, uint32_t which)
{
    static const char *const lines[] = {
        "Host: a.example",
        "User-Agent: test/1.0 (a rather long one)",
        "Accept: */*",
        "Host: b",
        "A: b",
        "X:",
        "Server: test",
        "Date: Sat, 28 Nov 2026 09:22:25 GMT",
        "Content-Type: application/json; charset=utf-8",
        "Content-Length: 12",
        "Connection: keep-alive",
        "Content-Encoding: identity",
        "Upgrade: websocket",
        "Content-Type: text/plain",
        "Content-Length: 12",
        "Content-Length: 13",
        "ETag: \"6b0a9d51-c8\"",
        "content-length: 12 ",
        "Content-Length: +12",
        "Transfer-Encoding: chunked",
        "Upgrade: h2c",
        "Host: ",
        "Content-Encoding: gzip",
        "X-Blanks:   \t of both kinds \t ",
        "X_Odd: 1",
        "X-Odd : 1",
        "accept:*/*",
        "X-Very-Long-Header-Name-That-Has-More-Than-The-Sixty-Four-Bytes-Kept: 1",
        "X-Long: " SIXTY "0123456789abcdef0123456789abcdef0123456789abcdef",
        "X-Long: " SIXTY SIXTY SIXTY SIXTY SIXTY};
    static const char *const ends[] = {"\n", "\r\n ", "\r\n\t", "\r\r\n", "\r", " \r\n", "\r\n\r\n"};
    uint32_t from = t->len;

    put(t, lines[which % (sizeof lines / sizeof lines[0])]);
    put(t, dice(60) ? "\r\n" : ends[dice(sizeof ends / sizeof ends[0])]);
    if (dice(8) == 0)
        t->s[from + dice(t->len - from)] = (char)dice(dice(4) ? 256 : 4);
    else if (dice(8) == 0)
        t->s[from + dice(t->len - from)] ^= 0x20;
    return which + 1;
}
// NOLINTEND(bugprone-suspicious-missing-comma)

static void put_head(struct text *t)
{
    static const char *const begins[] = {"GET /a?b=c HTTP/1.1\r\n",  "POST / HTTP/1.1\r\n",
                                         "CONNECT a:1 HTTP/1.1\r\n", "GET http://c.example/ HTTP/1.0\r\n",
                                         "HTTP/1.1 200 OK\r\n",      "HTTP/1.1 404 Not Found\r\n",
                                         "HTTP/1.0 200 OK\r\n",      "HTTP/1.1 200\r\n"};
    uint32_t n = dice(50) ? dice(12) : dice(80), which = dice(40);

    t->len = 0;
    put(t, begins[dice(3) ? dice(2) * 4 : dice(8)]);
    for (uint32_t i = 0; i < n; i++)
        which = put_line(t, dice(5) ? which : dice(40));
    put(t, dice(30) ? "\r\nbody" : "\r\n");
}

static void same_text(const struct pd_text *a, const struct pd_text *b)
{
    assert_int_equal(!a->s, !b->s);
    assert_int_equal(a->full, b->full);
    assert_int_equal(a->len, b->len);
    assert_true(pd_slice_eq(pd_text_bytes(a), pd_text_bytes(b)));
}

/* Returns how many headers of the first are shared. */
static uint32_t same_headers(const struct pd_list *a, const struct pd_list *b)
{
    const struct pd_header *h = a->first, *other = b->first;
    uint32_t shared = 0;

    assert_int_equal(a->count, b->count);
    assert_int_equal(a->full, b->full);
    assert_int_equal(a->repeats, b->repeats);
    for (; h && other; h = h->next, other = other->next) {
        same_text(&h->pair->name, &other->pair->name);
        same_text(&h->pair->value, &other->pair->value);
        assert_int_equal(h->again, other->again);
        assert_false(other->pair->shared);
        shared += h->pair->shared;
    }
    assert_true(!h && !other);
    return shared;
}

static uint32_t same_record(const struct pd_rec *a, const struct pd_rec *b)
{
    const struct pd_http *f = pd_fields_const(a), *g = pd_fields_const(b);
    uint32_t shared = 0;

    same_text(&f->method, &g->method);
    same_text(&f->path, &g->path);
    same_text(&f->query, &g->query);
    same_text(&f->host, &g->host);
    same_text(&f->reason, &g->reason);
    for (unsigned i = 0; i < 2; i++) {
        same_text(&f->side[i].version, &g->side[i].version);
        shared += same_headers(&f->side[i].headers, &g->side[i].headers);
    }
    return shared;
}

static void same_head(const struct reading *a, const struct reading *b)
{
    const struct pd_http_framing *f = &a->head.framing, *g = &b->head.framing;

    assert_int_equal(a->end, b->end);
    if (a->end != PD_HTTP_DONE)
        return;
    assert_int_equal(a->used, b->used);
    assert_int_equal(a->head.status, b->head.status);
    assert_int_equal(f->length, g->length);
    assert_int_equal(f->has_length, g->has_length);
    assert_int_equal(f->conflict, g->conflict);
    assert_int_equal(f->chunked, g->chunked);
    assert_int_equal(f->coded, g->coded);
    assert_int_equal(f->text, g->text);
    assert_int_equal(f->encoded, g->encoded);
    assert_int_equal(f->websocket, g->websocket);
    assert_int_equal(f->h2c, g->h2c);
}

struct alive {
    struct pd_rec *rec[2];
};

static void end(struct alive *a)
{
    if (!a->rec[0])
        return;
    same_record(a->rec[0], a->rec[1]);
    pd_rec_free(a->rec[0]);
    pd_rec_free(a->rec[1]);
}

/* Returns how many headers were shared. */
static uint32_t play(const struct pd_http_options *options)
{
    static struct reader with, without;
    static struct reading one, other;
    static struct text text;
    struct alive alive[ALIVE] = {0};
    uint32_t shared = 0;

    start(&with, options);
    start(&without, options);
    for (unsigned i = 0; i < HEADS; i++) {
        struct alive *a = &alive[dice(ALIVE)];
        put_head(&text);
        read_lines(&without, &other, text.s, text.len, 1);
        if (dice(4))
            read_head(&with, &one, text.s, text.len);
        else
            read_lines(&with, &one, text.s, text.len, 1 + dice(text.len - 1));
        same_head(&one, &other);
        shared += same_record(one.rec, other.rec);
        end(a);
        *a = (struct alive){.rec = {one.rec, other.rec}};
    }
    for (unsigned i = 0; i < ALIVE; i++)
        end(&alive[i]);
    pd_store_free(&with.store);
    pd_store_free(&without.store);
    return shared;
}

static void test_random(void **state)
{
    static const struct pd_http_options none = {.body = true},
                                        some = {
                                            .headers = {.count = 3, .name = {"host", "x-long", "server"}}};

    (void)state;
    assert_in_range(play(&everything), HEADS, UINT32_MAX);
    assert_in_range(play(&some), HEADS / 10, UINT32_MAX);
    assert_int_equal(play(&none), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_third_time),
        cmocka_unit_test(test_expected),
        cmocka_unit_test(test_same_number),
        cmocka_unit_test(test_random),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
