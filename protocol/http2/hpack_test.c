/* hpack_test.c: header tables after a join and after a loss: never a wrong value. An encoder of nghttp2
 * writes requests with fields that come again; the connection is joined before each of them, and each is lost
 * in turn. What is said then must be what the whole connection says of the same stream. */
#include "tests/drive.h"
#include <nghttp2/nghttp2.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { REQUESTS = 120, FRAME_MAX = 4096, FIELDS = 12 };

struct frame {
    uint8_t bytes[FRAME_MAX];
    uint32_t len;
};

struct talk {
    struct frame frame[REQUESTS];
    char *line[REQUESTS]; /* of the whole connection */
    unsigned known, all;  /* fields */
};

static nghttp2_nv field(const char *name, const char *value)
{
    return (nghttp2_nv){(uint8_t *)(uintptr_t)name, (uint8_t *)(uintptr_t)value, strlen(name), strlen(value),
                        0};
}

static uint32_t dice_state; /* the same numbers each time */

static int dice(void)
{
    dice_state = dice_state * 1664525 + 1013904223;
    return (int)(dice_state >> 16);
}

/* Request i: HEADERS with END_STREAM and END_HEADERS on stream 2i + 1. */
static void encode(nghttp2_hd_deflater *deflater, struct frame *f, unsigned i)
{
    char path[64], host[32], value[FIELDS][64], name[FIELDS][16];
    nghttp2_nv nv[5 + FIELDS];
    size_t n = 0;

    snprintf(path, sizeof path, "/service/%u", (unsigned)dice() % 30);
    snprintf(host, sizeof host, "host%u", (unsigned)dice() % 4);
    nv[n++] = field(":method", "POST");
    nv[n++] = field(":scheme", "http");
    nv[n++] = field(":path", path);
    nv[n++] = field(":authority", host);
    nv[n++] = field("content-type", "text/plain");
    for (unsigned k = 0; k < FIELDS; k++) {
        snprintf(name[k], sizeof name[k], "x-%u", k);
        snprintf(value[k], sizeof value[k], "value %u", k % 3 ? (unsigned)dice() % 8 : (unsigned)dice());
        nv[n++] = field(name[k], value[k]);
    }
    ssize_t len = nghttp2_hd_deflate_hd(deflater, f->bytes + 9, FRAME_MAX - 9, nv, n);
    assert_true(len > 0);
    uint8_t header[9] = {0, (uint8_t)(len >> 8),         (uint8_t)len,        1, 5, 0,
                         0, (uint8_t)((2 * i + 1) >> 8), (uint8_t)(2 * i + 1)};
    memcpy(f->bytes, header, sizeof header);
    f->len = (uint32_t)len + 9;
}

static unsigned stream_of(const char *line)
{
    const char *at = strstr(line, "\"stream_id\":");

    return at ? (unsigned)strtoul(at + 12, NULL, 10) : 0;
}

static void begin(struct drive *d)
{
    drive_send(d, PD_C2S, DRIVE_TEXT("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0"));
}

/* Every member of the partial line's request is in the whole one. */
static void compare(struct talk *t, const char *line)
{
    unsigned stream = stream_of(line);
    assert_in_range(stream, 1, 2 * REQUESTS);
    const char *whole = t->line[stream / 2];
    char part[256];

    for (const char *p = strstr(line, "\"request\":{") + 11; *p == '"';) {
        bool headers = strncmp(p, "\"headers\":{", 11) == 0;
        if (headers)
            p += 11;
        const char *end = strchr(p + 1, '"'); /* of the name */
        end = end[2] == '[' ? strchr(end, ']') + 1 : end[2] == '"' ? strchr(end + 3, '"') + 1 : end + 2;
        end += strcspn(end, ",}");
        snprintf(part, sizeof part, "%.*s", (int)(end - p), p);
        if (!strstr(whole, part))
            fail_msg("stream %u: %s is not in\n%s", stream, part, whole);
        t->known++;
        p = end + strspn(end, "},");
    }
}

/* Without the requests from `from` to one before `to`. */
static void play(struct talk *t, unsigned from, unsigned to, bool join, uint32_t cut)
{
    struct drive *d = drive_new("http2");

    drive_cut(d, cut);
    if (!join) {
        drive_syn(d);
        begin(d);
    }
    for (unsigned i = 0; i < REQUESTS; i++) {
        if (i < from || i >= to)
            drive_send(d, PD_C2S, t->frame[i].bytes, t->frame[i].len);
        else if (!join)
            drive_gap(d, PD_C2S, t->frame[i].len);
    }
    drive_finish(d);
    for (size_t i = 0; i < drive_count(d); i++) {
        if (from == to)
            t->line[stream_of(drive_line(d, i)) / 2] = strdup(drive_line(d, i));
        else
            compare(t, drive_line(d, i));
        t->all += 5 + FIELDS;
    }
    drive_free(d);
}

static void with_table(size_t size)
{
    static struct talk t;
    nghttp2_hd_deflater *deflater;

    memset(&t, 0, sizeof t);
    dice_state = 1;
    assert_int_equal(nghttp2_hd_deflate_new(&deflater, size), 0);
    nghttp2_hd_deflate_change_table_size(deflater, size);
    for (unsigned i = 0; i < REQUESTS; i++)
        encode(deflater, &t.frame[i], i);
    nghttp2_hd_deflate_del(deflater);
    play(&t, 0, 0, false, 0);
    for (unsigned i = 0; i < REQUESTS; i++)
        assert_non_null(t.line[i]);
    t.known = t.all = 0;
    for (unsigned i = 1; i < REQUESTS; i++)
        play(&t, 0, i, true, i % 3);
    printf("table of %zu, joined: %u members known in requests of %u fields\n", size, t.known, t.all);
    t.known = t.all = 0;
    for (unsigned i = 1; i < REQUESTS; i++)
        play(&t, i, i + 1 + i % 2, false, i % 3);
    printf("table of %zu, lost: %u members known in requests of %u fields\n", size, t.known, t.all);
    for (unsigned i = 0; i < REQUESTS; i++)
        free(t.line[i]);
}

static void no_value_is_wrong_whatever_the_table(void **state)
{
    static const size_t sizes[] = {0, 100, 1024, 4096, 8192, 65536};

    (void)state;
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++)
        with_table(sizes[i]);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(no_value_is_wrong_whatever_the_table),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
