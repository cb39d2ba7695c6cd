/* file_test.c: pcap files, gzip, pipes, filters, and what is said about files that are none. */
#include "sniffer/file_fixture.h"
#include <errno.h>
#include <fcntl.h>
#include <pcap/pcap.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <unistd.h>
#ifdef PD_ZLIB
#include <zlib.h>
#endif

#include <cmocka.h>

enum { ETHERNET = 1, RAW_IP = 101 };

/* Two packets, the second cut by its snap length. */
static void variant(bool big, uint32_t magic, uint64_t unit, size_t extra)
{
    struct maker m;

    make_pcap(&m, big, magic, RAW_IP | 0x54000000); /* with a frame check sequence of 4 bytes */
    make_record(&m, EPOCH, 999999, PACKET_HEAD, PACKET_HEAD);
    make_zeros(&m, extra);
    make_packet(&m, 1, 53, 0);
    make_record(&m, UINT32_MAX, 5, PACKET_HEAD, 1000);
    make_zeros(&m, extra);
    make_packet(&m, 2, 53, 0);
    struct result *r = read_bytes(m.buf.p, m.buf.len, NULL);
    assert_int_equal(r->status, 0);
    assert_string_equal(r->err, "");
    assert_int_equal(r->count, 2);
    assert_int_equal(r->seen[0].number, 1);
    assert_int_equal(r->seen[0].ordinal, 1);
    assert_int_equal(r->seen[0].iface, 0);
    assert_int_equal(r->seen[0].ts, EPOCH * 1000000000ull + 999999 * unit);
    assert_int_equal(r->seen[1].ts, UINT32_MAX * 1000000000ull + 5 * unit);
    assert_int_equal(r->seen[1].len, 4);
    assert_int_equal(r->seen[1].wire_len, 1000 - 28);
    assert_int_equal(r->stats.n[PD_S_PACKETS], 2);
    assert_int_equal(r->stats.n[PD_S_BYTES], 2 * PACKET_HEAD);
    assert_int_equal(r->stats.n[PD_S_CUT], 1);
    free(r);
    pd_buf_free(&m.buf);
}

static void variants(void **state)
{
    (void)state;
    for (int big = 0; big < 2; big++) {
        variant(big, 0xa1b2c3d4, 1000, 0);
        variant(big, 0xa1b23c4d, 1, 0);
        variant(big, 0xa1b2cd34, 1000, 8);
    }
}

static void cut_at_every_length(void **state)
{
    struct maker m;

    (void)state;
    make_pcap(&m, false, 0xa1b2c3d4, RAW_IP);
    make_pcap_packet(&m, 1, 0);
    size_t first = m.buf.len;
    make_pcap_packet(&m, 2, 8);
    for (size_t n = 0; n <= m.buf.len; n++) {
        struct result *r = read_bytes(m.buf.p, n, NULL);
        assert_int_equal(r->status, n < 24 ? -ENOENT : 0);
        assert_int_equal(r->count, n < first ? 0 : n < m.buf.len ? 1 : 2);
        bool whole = n == 24 || n == first || n == m.buf.len;
        assert_int_equal(r->err[0] == '\0', whole);
        if (n > first && !whole)
            assert_non_null(strstr(r->err, "ends in the middle of a record, after packet 1"));
        free(r);
    }
    pd_buf_free(&m.buf);
}

static void impossible_lengths(void **state)
{
    static const uint32_t lengths[] = {262145, 0x7fffffff, UINT32_MAX};
    struct maker m;

    (void)state;
    for (size_t i = 0; i < sizeof lengths / sizeof lengths[0]; i++) {
        make_pcap(&m, false, 0xa1b2c3d4, RAW_IP);
        make_pcap_packet(&m, 1, 0);
        make_record(&m, EPOCH, 0, lengths[i], lengths[i]);
        make_packet(&m, 2, 53, 0);
        struct result *r = read_bytes(m.buf.p, m.buf.len, NULL);
        assert_int_equal(r->status, 0);
        assert_int_equal(r->count, 1);
        assert_non_null(strstr(r->err, "damaged after packet 1"));
        free(r);
        pd_buf_free(&m.buf);
    }
}

/* Sizes that jump about: none, small runs longer than a batch, the largest. */
static size_t size_of(uint32_t number)
{
    if (number % 997 == 0)
        return 262144 - PACKET_HEAD;
    return number / 700 % 2 ? number % 40 : number * 131 % 9000;
}

static void many(struct maker *m, uint32_t count)
{
    make_pcap(m, true, 0xa1b23c4d, RAW_IP);
    for (uint32_t i = 1; i <= count; i++)
        make_pcap_packet(m, i, size_of(i));
}

static void assert_many(const struct result *r, uint32_t count)
{
    assert_int_equal(r->status, 0);
    assert_string_equal(r->err, "");
    assert_int_equal(r->count, count);
    for (uint32_t i = 1; i <= count; i++) {
        const struct seen *seen = &r->seen[i - 1];
        assert_int_equal(seen->number, i);
        assert_int_equal(seen->ordinal, i);
        assert_int_equal(seen->ts, (EPOCH + (uint64_t)i) * 1000000000 + i);
        assert_int_equal(seen->len, size_of(i) + 4);
    }
}

static void batches(void **state)
{
    static const size_t pieces[] = {100000, 4096, 777};
    struct maker m;

    (void)state;
    many(&m, 3000);
    struct result *r = read_bytes(m.buf.p, m.buf.len, NULL);
    assert_many(r, 3000);
    free(r);
    for (size_t i = 0; i < sizeof pieces / sizeof pieces[0]; i++) {
        r = read_pipe(m.buf.p, m.buf.len, pieces[i]);
        assert_many(r, 3000);
        free(r);
    }
    pd_buf_free(&m.buf);
    many(&m, 20);
    r = read_pipe(m.buf.p, m.buf.len, 1);
    assert_many(r, 20);
    free(r);
    pd_buf_free(&m.buf);
}

/* Blocks of one file in several batches in turn: a worker may still look at the one before. */
static void batches_in_turn(void **state)
{
    struct pd_batch *batch[3];
    struct pd_sniff_stats stats = {{0}};
    struct maker m;
    char err[128];
    uint64_t ordinal = 0;
    int more = 1;

    (void)state;
    many(&m, 1500);
    char *path = make_file(m.buf.p, m.buf.len);
    struct pd_file *file = pd_file_open(path, err, sizeof err);
    assert_non_null(file);
    for (int i = 0; i < 3; i++)
        assert_non_null(batch[i] = pd_batch_new());
    for (int turn = 0; more > 0; turn++) {
        more = pd_file_read(file, batch[turn % 3], &ordinal, &stats, err, sizeof err);
        for (int i = 0; i < 3 && i <= turn; i++) {
            for (uint32_t k = 0; k < batch[i]->count; k++) {
                const struct pd_packet *seen = &batch[i]->packet[k];
                assert_int_equal(pd_be32(seen->payload.p), seen->ordinal);
            }
        }
    }
    assert_int_equal(ordinal, 1500);
    for (int i = 0; i < 3; i++)
        pd_batch_free(batch[i]);
    pd_file_close(file);
    unlink(path);
    free(path);
    pd_buf_free(&m.buf);
}

static void give(int fd, const struct maker *m, size_t from, size_t to)
{
    assert_true(write(fd, m->buf.p + from, to - from) == (ssize_t)(to - from));
}

static void ignore(int number)
{
    (void)number;
}

/* The writer stays: each packet comes out as soon as it is whole; a signal brings the reader back. */
static void growing_pipe(void **state)
{
    const struct itimerval soon = {{0, 20000}, {0, 20000}}, never = {{0, 0}, {0, 0}};
    struct sigaction action = {.sa_handler = ignore}, before;
    struct pd_batch *batch = pd_batch_new();
    struct pd_sniff_stats stats = {{0}};
    struct maker m;
    char err[128];
    uint64_t ordinal = 0;
    int fd[2];

    (void)state;
    make_pcap(&m, false, 0xa1b2c3d4, RAW_IP);
    make_pcap_packet(&m, 1, 0);
    size_t first = m.buf.len;
    make_pcap_packet(&m, 2, 0);
    size_t second = m.buf.len;
    make_pcap_packet(&m, 3, 0);
    assert_int_equal(pipe(fd), 0);
    give(fd[1], &m, 0, first + 20);
    assert_int_equal(dup2(fd[0], STDIN_FILENO), STDIN_FILENO);
    struct pd_file *file = pd_file_open("-", err, sizeof err);
    assert_non_null(file);
    assert_int_equal(pd_file_read(file, batch, &ordinal, &stats, err, sizeof err), 1);
    assert_int_equal(batch->count, 1);
    assert_int_equal(pd_file_fd(file), STDIN_FILENO);
    give(fd[1], &m, first + 20, second);
    assert_int_equal(pd_file_read(file, batch, &ordinal, &stats, err, sizeof err), 1);
    assert_int_equal(batch->count, 1);
    assert_int_equal(pd_be32(batch->packet[0].payload.p), 2);
    sigaction(SIGALRM, &action, &before);
    setitimer(ITIMER_REAL, &soon, NULL);
    assert_int_equal(pd_file_read(file, batch, &ordinal, &stats, err, sizeof err), 1);
    setitimer(ITIMER_REAL, &never, NULL);
    sigaction(SIGALRM, &before, NULL);
    assert_int_equal(batch->count, 0);
    give(fd[1], &m, second, m.buf.len);
    assert_int_equal(pd_file_read(file, batch, &ordinal, &stats, err, sizeof err), 1);
    assert_int_equal(batch->packet[0].ordinal, 3);
    close(fd[1]);
    assert_int_equal(pd_file_read(file, batch, &ordinal, &stats, err, sizeof err), 0);
    assert_string_equal(err, "");
    close(fd[0]);
    pd_file_close(file);
    pd_batch_free(batch);
    pd_buf_free(&m.buf);
}

static void filters(void **state)
{
    const struct read_options port = {.filter = "udp port 99"}, wrong = {.filter = "port and port"};
    struct maker m;

    (void)state;
    make_pcap(&m, false, 0xa1b2c3d4, RAW_IP);
    make_pcap_packet(&m, 1, 0);
    make_record(&m, EPOCH, 0, PACKET_HEAD, PACKET_HEAD);
    make_packet(&m, 2, 99, 0);
    struct result *r = read_bytes(m.buf.p, m.buf.len, &port);
    assert_int_equal(r->count, 2);
    assert_int_equal(r->seen[0].transport, 0);
    assert_int_equal(r->seen[0].len, 0);
    assert_int_equal(r->seen[0].ts, (EPOCH + 1) * 1000000000ull + 1000);
    assert_int_equal(r->seen[1].transport, PD_UDP);
    assert_int_equal(r->seen[1].ordinal, 2);
    assert_int_equal(r->stats.n[PD_S_FILTERED], 1);
    assert_int_equal(r->stats.n[PD_S_PACKETS], 1);
    free(r);
    r = read_bytes(m.buf.p, m.buf.len, &wrong);
    assert_int_equal(r->status, -EINVAL);
    assert_non_null(strstr(r->err, "filter 'port and port'"));
    assert_non_null(strstr(r->err, "(link type RAW (101))"));
    free(r);
    pd_buf_free(&m.buf);
}

/* UDP to port 53 behind `tags` VLAN tags, then to port 99. */
static void tagged_pair(struct maker *m, unsigned tags)
{
    static const uint8_t macs[12], outer[] = {0x88, 0xa8, 0, 7}, inner[] = {0x81, 0x00, 0, 8},
                                   type[] = {8, 0};

    for (uint16_t port = 53; port <= 99; port = (uint16_t)(port + 46)) {
        uint32_t length = 14 + 4 * tags + PACKET_HEAD;
        make_record(m, EPOCH, 0, length, length);
        pd_buf_add(&m->buf, macs, sizeof macs);
        if (tags > 1)
            pd_buf_add(&m->buf, outer, sizeof outer);
        if (tags > 0)
            pd_buf_add(&m->buf, inner, sizeof inner);
        pd_buf_add(&m->buf, type, sizeof type);
        make_packet(m, port, port, 0);
    }
}

/* As live: what stands behind tags is found, and a "not" is no way in for all that is tagged. */
static void filters_behind_tags(void **state)
{
    static const struct {
        const char *filter;
        uint32_t passes[6]; /* of ports 53 and 99 behind 0, 1, 2 tags */
    } tests[] = {
        {"udp port 53", {1, 0, 1, 0, 1, 0}},          {"not udp port 53", {0, 1, 0, 1, 0, 1}},
        {"vlan and udp port 53", {0, 0, 1, 0, 0, 0}}, {"vlan 7", {0, 0, 0, 0, 1, 1}},
        {"ether proto 0x8100", {0, 0, 1, 1, 0, 0}},
    };
    struct maker m;

    (void)state;
    make_pcap(&m, false, 0xa1b2c3d4, ETHERNET);
    for (unsigned tags = 0; tags <= 2; tags++)
        tagged_pair(&m, tags);
    for (size_t i = 0; i < sizeof tests / sizeof tests[0]; i++) {
        const struct read_options options = {.filter = tests[i].filter};
        struct result *r = read_bytes(m.buf.p, m.buf.len, &options);
        assert_int_equal(r->status, 0);
        assert_int_equal(r->count, 6);
        for (int k = 0; k < 6; k++) {
            if (r->seen[k].transport != (tests[i].passes[k] ? PD_UDP : 0))
                fail_msg("'%s', packet %d", tests[i].filter, k);
        }
        free(r);
    }
    pd_buf_free(&m.buf);
}

static void snap_length(void **state)
{
    const struct read_options options = {.snaplen = 30};
    struct maker m;

    (void)state;
    make_pcap(&m, false, 0xa1b2c3d4, RAW_IP);
    make_pcap_packet(&m, 1, 100);
    struct result *r = read_bytes(m.buf.p, m.buf.len, &options);
    assert_int_equal(r->count, 1);
    assert_int_equal(r->seen[0].len, 2);
    assert_int_equal(r->seen[0].wire_len, 104);
    assert_int_equal(r->stats.n[PD_S_CUT], 1);
    assert_int_equal(r->stats.n[PD_S_BYTES], 30);
    free(r);
    pd_buf_free(&m.buf);
}

static void several_in_a_row(void **state)
{
    struct result *r = calloc(1, sizeof *r);
    struct maker m;

    (void)state;
    many(&m, 10);
    char *path = make_file(m.buf.p, m.buf.len);
    read_path(r, path, NULL);
    read_path(r, path, NULL);
    assert_int_equal(r->count, 20);
    assert_int_equal(r->seen[19].ordinal, 20);
    unlink(path);
    free(path);
    free(r);
    pd_buf_free(&m.buf);
}

static void assert_refused(const void *p, size_t n, const char *what)
{
    struct result *r = read_bytes(p, n, NULL);

    assert_int_equal(r->status, -ENOENT);
    assert_non_null(strstr(r->err, "/tmp/packetd-test-"));
    if (!strstr(r->err, what))
        fail_msg("'%s' does not say '%s'", r->err, what);
    free(r);
}

static void refused(void **state)
{
    struct result r = {.count = 0};
    struct maker m;

    (void)state;
    assert_refused("", 0, "not a capture file (it is empty)");
    assert_refused("#!/bin/sh", 9, "not a capture file");
    assert_refused("{\"time\":\"2026-11-20T15:17:08Z\",\"proto\":\"http\"}", 46, "not a capture file");
    assert_refused("\x28\xb5\x2f\xfd....................", 24, "zstd -dc FILE");
    make_pcap(&m, false, 0xa1b2c3d4, 105);
    assert_refused(m.buf.p, m.buf.len, "link type IEEE802_11 (105) is not known");
    pd_buf_free(&m.buf);
    read_path(&r, "/nonexistent/x.pcap", NULL);
    assert_string_equal(r.err, "/nonexistent/x.pcap: no such file");
    read_path(&r, "/tmp", NULL);
    assert_string_equal(r.err, "/tmp: Is a directory");
}

#ifdef PD_ZLIB
static size_t pack(uint8_t *to, size_t size, const char *p, size_t n)
{
    z_stream z = {
        .next_in = (Bytef *)(uintptr_t)p, .avail_in = (uInt)n, .next_out = to, .avail_out = (uInt)size};

    assert_int_equal(deflateInit2(&z, 6, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY), Z_OK);
    assert_int_equal(deflate(&z, Z_FINISH), Z_STREAM_END);
    deflateEnd(&z);
    return size - z.avail_out;
}

static void gzip(void **state)
{
    enum { ROOM = 1 << 20 };
    uint8_t *packed = malloc(ROOM);
    struct maker m;

    (void)state;
    many(&m, 1000);
    size_t n = pack(packed, ROOM, m.buf.p, m.buf.len);
    struct result *r = read_bytes(packed, n, NULL);
    assert_many(r, 1000);
    free(r);
    r = read_pipe(packed, n, 333);
    assert_many(r, 1000);
    free(r);
    r = read_bytes(packed, n - 9, NULL); /* without its end */
    assert_int_equal(r->status, 0);
    assert_true(r->count > 900);
    assert_non_null(strstr(r->err, "ends in the middle of its gzip data"));
    free(r);
    packed[n / 2] ^= 0xff;
    packed[n / 2 + 1] ^= 0xff;
    r = read_bytes(packed, n, NULL);
    assert_true(r->count < 1000);
    assert_true(r->err[0]);
    free(r);
    n = pack(packed, ROOM, m.buf.p, 5000); /* two members, and zeros as tapes have them */
    n += pack(packed + n, ROOM - n, m.buf.p + 5000, m.buf.len - 5000);
    memset(packed + n, 0, 512);
    r = read_bytes(packed, n + 512, NULL);
    assert_many(r, 1000);
    free(r);
    free(packed);
    pd_buf_free(&m.buf);
}

/* All that has arrived comes out before the reader is told to wait for more, although it is unpacked to many
 * times its size. */
static void gzip_pipe_that_stays(void **state)
{
    struct pd_batch *batch = pd_batch_new();
    struct pd_sniff_stats stats = {{0}};
    uint8_t packed[60000];
    struct maker m;
    char err[128];
    uint64_t ordinal = 0;
    int fd[2];

    (void)state;
    many(&m, 990);
    size_t n = pack(packed, sizeof packed, m.buf.p, m.buf.len);
    assert_int_equal(pipe(fd), 0);
    assert_true(write(fd[1], packed, n) == (ssize_t)n);
    assert_int_equal(dup2(fd[0], STDIN_FILENO), STDIN_FILENO);
    struct pd_file *file = pd_file_open("-", err, sizeof err);
    assert_non_null(file);
    while (pd_file_fd(file) < 0)
        assert_int_equal(pd_file_read(file, batch, &ordinal, &stats, err, sizeof err), 1);
    assert_int_equal(pd_file_fd(file), STDIN_FILENO);
    assert_int_equal(ordinal, 990);
    close(fd[0]);
    close(fd[1]);
    pd_file_close(file);
    pd_batch_free(batch);
    pd_buf_free(&m.buf);
}
#endif

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(variants),
        cmocka_unit_test(cut_at_every_length),
        cmocka_unit_test(impossible_lengths),
        cmocka_unit_test(batches),
        cmocka_unit_test(batches_in_turn),
        cmocka_unit_test(growing_pipe),
        cmocka_unit_test(filters),
        cmocka_unit_test(filters_behind_tags),
        cmocka_unit_test(snap_length),
        cmocka_unit_test(several_in_a_row),
        cmocka_unit_test(refused),
#ifdef PD_ZLIB
        cmocka_unit_test(gzip),
        cmocka_unit_test(gzip_pipe_that_stays),
#endif
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
