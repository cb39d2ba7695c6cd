/* packed_test.c: OP_COMPRESSED: by each compressor, within its bound and beyond, and what is no compressed
 * message at all. */
#include "protocol/mongodb/mongodb_test.h"
#include "protocol/mongodb/unpack.h"
#include <zlib.h>
#include <zstd.h>

enum { NOOP, SNAPPY, ZLIB, ZSTD, COMPRESSORS };

/* A literal, as long as may be: Snappy without finding anything again. */
static void snappy_literals(struct bytes *to, const uint8_t *p, uint32_t n)
{
    for (uint32_t v = n;; v >>= 7) {
        byte(to, (uint8_t)(v < 0x80 ? v : (v & 0x7f) | 0x80));
        if (v < 0x80)
            break;
    }
    while (n) {
        uint32_t part = n < 65536 ? n : 65536;
        byte(to, 61 << 2); /* the length, less one, in two bytes */
        byte(to, (uint8_t)(part - 1));
        byte(to, (uint8_t)((part - 1) >> 8));
        raw(to, p, part);
        p += part;
        n -= part;
    }
}

static void compress_to(struct bytes *to, int compressor, const uint8_t *p, uint32_t n)
{
    uLongf room = ROOM - to->n;

    if (compressor == NOOP) {
        raw(to, p, n);
    } else if (compressor == SNAPPY) {
        snappy_literals(to, p, n);
    } else if (compressor == ZLIB) {
        assert_int_equal(compress2(to->p + to->n, &room, p, n, 6), Z_OK);
        to->n += (uint32_t)room;
    } else {
        size_t got = ZSTD_compress(to->p + to->n, room, p, n, 3);
        assert_false(ZSTD_isError(got));
        to->n += (uint32_t)got;
    }
}

/* The message, which is alone in there, becomes OP_COMPRESSED. */
static void pack(struct bytes *b, int compressor)
{
    enum { HEADER = 16 };
    struct bytes *packed = fresh();

    raw(packed, b->p, HEADER);
    le32_at(packed, 12, 2012);
    raw(packed, b->p + 12, 4); /* the opcode inside */
    le32(packed, b->n - HEADER);
    byte(packed, (uint8_t)compressor);
    compress_to(packed, compressor, b->p + HEADER, b->n - HEADER);
    le32_at(packed, 0, packed->n);
    memcpy(b->p, packed->p, packed->n);
    b->n = packed->n;
    test_free(packed);
}

static void filler(struct bytes *b, uint32_t n, bool random)
{
    uint32_t seed = 1;

    name(b, 5, "filler");
    le32(b, n);
    byte(b, 0);
    for (uint32_t i = 0; i < n; i++) {
        seed = seed * 1664525 + 1013904223;
        byte(b, random ? (uint8_t)(seed >> 24) : 0);
    }
}

/* A request and a reply, with so many bytes before what ends them. */
static void both(struct bytes *asked, struct bytes *came, uint32_t n, bool random, uint32_t flags)
{
    msg(asked, 1, 0, flags);
    section(asked);
    str(asked, "find", "items");
    str(asked, "$db", "shop");
    filler(asked, n, random);
    close_document(asked);
    end(asked);
    msg(came, 2, 1, 0);
    section(came);
    filler(came, n, random);
    real(came, "ok", 1);
    close_document(came);
    end(came);
}

static void run(int compressor, uint32_t n, bool random, uint32_t piece, const char *max, bool whole)
{
    struct bytes *asked = fresh(), *came = fresh();
    struct drive *d = drive_new("mongodb");
    char line[400];

    if (max)
        drive_option(d, "maxDecompress", max);
    both(asked, came, n, random, 0);
    pack(asked, compressor);
    pack(came, compressor);
    snprintf(line, sizeof line,
             "{\"proto\":\"mongodb\",\"status\":\"%s\",\"request\":{%s,\"bytes\":%u},\"response\":{%"
             "s\"bytes\":%u}}",
             whole ? "ok" : "incomplete", ASKED("find", "items", "OP_MSG", "1"), asked->n,
             whole ? "\"ok\":1," : "", came->n);
    talk(d, piece, asked, came, LINES(line));
    assert_int_equal(drive_counter(d, PD_C_BAD), 0);
    drive_free(d);
    test_free(asked);
    test_free(came);
}

static void test_each(void **state)
{
    (void)state;
    for (int compressor = 0; compressor < COMPRESSORS; compressor++)
        for (uint32_t piece = 0; piece < 30; piece++)
            run(compressor, 50, false, piece, NULL, true);
}

/* In one slice, gathered in a lent buffer, and in the worker's. */
static void test_sizes(void **state)
{
    static const uint32_t size[] = {1000, 60000, 70000, 300000};

    (void)state;
    for (int compressor = 0; compressor < COMPRESSORS; compressor++)
        for (size_t i = 0; i < sizeof size / sizeof *size; i++)
            for (uint32_t piece = 1000; piece < 100000; piece *= 9)
                run(compressor, size[i], true, piece, NULL, true);
}

/* The request says what it is in its beginning, the response says it at its end. */
static void test_beyond(void **state)
{
    (void)state;
    for (int compressor = SNAPPY; compressor < COMPRESSORS; compressor++) {
        run(compressor, 300000, false, 1448, "64KiB", false); /* a bomb */
        run(compressor, 300000, false, 0, "256KiB", false);
    }
    run(ZLIB, 300000, true, 1448, "256KiB", false); /* too long as it comes */
    run(ZSTD, 300000, true, 1448, "256KiB", false);
    run(SNAPPY, 300000, true, 1448, "256KiB", false);
}

/* Beyond the bound, and nobody answers. */
static void test_oneway(void **state)
{
    (void)state;
    for (int compressor = SNAPPY; compressor < COMPRESSORS; compressor++) {
        struct bytes *asked = fresh(), *came = fresh();
        struct drive *d = drive_new("mongodb");
        char line[300];
        drive_option(d, "maxDecompress", "4KiB");
        both(asked, came, 5000, false, 2);
        pack(asked, compressor);
        came->n = 0;
        snprintf(line, sizeof line, ALONE("oneway", ASKED("find", "items", "OP_MSG", "1") ",\"bytes\":%u"),
                 asked->n);
        talk(d, 0, asked, came, LINES(line));
        drive_free(d);
        test_free(asked);
        test_free(came);
    }
}

/* A compressor of the future, or nothing allowed: the message is told, what it holds is not known. */
static void test_unread(void **state)
{
    (void)state;
    for (int i = 0; i < 2; i++) {
        struct bytes *asked = fresh(), *came = fresh();
        struct drive *d = drive_new("mongodb");
        both(asked, came, 100, false, 0);
        pack(asked, i ? ZLIB : NOOP);
        pack(came, i ? ZLIB : NOOP);
        if (i)
            drive_option(d, "maxDecompress", "0");
        else
            asked->p[24] = came->p[24] = 200;
        char line[300];
        snprintf(line, sizeof line,
                 LINE("incomplete", "\"opcode\":\"OP_MSG\",\"id\":1,\"bytes\":%u", "\"bytes\":%u"), asked->n,
                 came->n);
        talk(d, 0, asked, came, LINES(line));
        assert_int_equal(drive_counter(d, PD_C_BAD), 0);
        drive_free(d);
        test_free(asked);
        test_free(came);
    }
}

/* What does not unpack to what it says. */
static void test_bad(void **state)
{
    (void)state;
    for (int compressor = 0; compressor < COMPRESSORS; compressor++)
        for (int i = 0; i < 5; i++) {
            struct bytes *asked = fresh(), *came = fresh(), *first = fresh();
            struct drive *d = drive_new("mongodb");
            msg(first, 99, 0, 0);
            command(first, "ping", "a");
            end(first);
            both(asked, came, 100, true, 0);
            pack(asked, compressor);
            if (i == 0)
                le32_at(asked, 16, 2012); /* compressed twice */
            if (i == 1)
                asked->p[20]++; /* a byte more than there is */
            if (i == 2)
                asked->p[20]--; /* a byte less */
            if (i == 3) {
                byte(asked, 0); /* a byte behind it */
                le32_at(asked, 0, asked->n);
            }
            if (i == 4) {
                asked->n--; /* its last byte is missing */
                le32_at(asked, 0, asked->n);
            }
            drive_syn(d);
            drive_send(d, PD_C2S, first->p, first->n);
            drive_send(d, PD_C2S, asked->p, asked->n);
            drive_finish(d);
            assert_int_equal(drive_counter(d, PD_C_BAD), 1);
            drive_free(d);
            test_free(first);
            test_free(asked);
            test_free(came);
        }
}

/* Snappy's copies, one that repeats itself among them, and some that cannot be. */
static void test_snappy_copies(void **state)
{
    static const struct {
        const char *block;
        uint32_t n;
        bool fine;
    } blocks[] = {
        /* "ab", then 4 bytes from 2 back, 64 from 2 back, 62 from 70 back with four bytes of offset */
        {"\x84\x01\x04"
         "ab"
         "\x01\x02"
         "\xfe\x02\x00"
         "\xf7\x46\x00\x00\x00",
         15, true},
        {"\x84\x01\x04"
         "ab"
         "\x01\x03",
         7, false}, /* from before the beginning */
        {"\x84\x01\x04"
         "ab"
         "\x01\x00",
         7, false}, /* from where it is */
        {"\x03\x04"
         "ab"
         "\x01\x02",
         6, false}, /* more than there should be */
        {"\x84\x01\xfc\xff\xff\xff\xff"
         "ab",
         9, false}, /* a literal of 2^32 bytes */
        {"\xff\xff\xff\xff\x7f\x04"
         "ab",
         8, false}, /* no length */
    };

    (void)state;
    for (size_t i = 0; i < sizeof blocks / sizeof *blocks; i++) {
        uint8_t out[200];
        uint32_t n;
        struct pd_slice in = {(const uint8_t *)blocks[i].block, blocks[i].n};
        bool fine = pd_mongodb_snappy(in, true, out, 132, &n);
        assert_int_equal(fine, blocks[i].fine);
        for (uint32_t at = 0; fine && at < 132; at++)
            assert_int_equal(out[at], at & 1 ? 'b' : 'a');
        for (uint32_t cap = 0; fine && cap < 132; cap++) {
            assert_true(pd_mongodb_snappy(in, false, out, cap, &n));
            assert_int_equal(n, cap);
        }
    }
}

/* More large bodies at once than there are buffers: the oldest goes without. */
static void test_buffers(void **state)
{
    enum { CONNS = 6 };
    struct drive *d = drive_new("mongodb");
    struct bytes *asked = fresh(), *came = fresh();
    unsigned whole = 0;

    (void)state;
    both(asked, came, 100000, true, 0);
    pack(asked, ZLIB);
    for (unsigned i = 0; i < CONNS; i++) {
        drive_conn(d, i);
        drive_syn(d);
        drive_send(d, PD_C2S, asked->p, 50000);
    }
    for (unsigned i = 0; i < CONNS; i++) {
        drive_conn(d, i);
        drive_send(d, PD_C2S, asked->p + 50000, asked->n - 50000);
    }
    drive_finish(d);
    assert_int_equal(drive_count(d), CONNS);
    for (unsigned i = 0; i < CONNS; i++)
        whole += strstr(drive_line(d, i), "\"unanswered\"") && strstr(drive_line(d, i), "\"items\"");
    assert_int_equal(whole, PD_MONGODB_BUFFERS);
    assert_int_equal(drive_counter(d, PD_C_INCOMPLETE), CONNS - PD_MONGODB_BUFFERS);
    drive_free(d);
    test_free(asked);
    test_free(came);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_each),          cmocka_unit_test(test_sizes),   cmocka_unit_test(test_beyond),
        cmocka_unit_test(test_oneway),        cmocka_unit_test(test_unread),  cmocka_unit_test(test_bad),
        cmocka_unit_test(test_snappy_copies), cmocka_unit_test(test_buffers),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
