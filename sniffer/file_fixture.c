/* file_fixture.c: see file_fixture.h. */
#include "sniffer/file_fixture.h"
#include "sniffer/frame_fixture.h"
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

void make_begin(struct maker *m, bool big)
{
    pd_buf_init(&m->buf, 64u << 20);
    m->big = big;
}

void make_u32(struct maker *m, uint32_t v)
{
    for (int i = 0; i < 4; i++)
        pd_buf_char(&m->buf, (char)(v >> (m->big ? 24 - i * 8 : i * 8)));
}

void make_u16(struct maker *m, uint16_t v)
{
    for (int i = 0; i < 2; i++)
        pd_buf_char(&m->buf, (char)(v >> (m->big ? 8 - i * 8 : i * 8)));
}

void make_zeros(struct maker *m, size_t n)
{
    while (n-- > 0)
        pd_buf_char(&m->buf, 0);
}

void make_packet(struct maker *m, uint32_t number, uint16_t port, size_t n)
{
    /* Lengths of 0 are taken from the frame, so that packets may be larger than IP allows. */
    const uint8_t head[] = {IPV4(0, 0, PD_UDP), UDP(port, 0), BE16(number >> 16), BE16(number & 0xffff)};

    assert_int_equal(sizeof head, PACKET_HEAD);
    pd_buf_add(&m->buf, head, sizeof head);
    make_zeros(m, n);
}

void make_pcap(struct maker *m, bool big, uint32_t magic, uint32_t linktype)
{
    make_begin(m, big);
    make_u32(m, magic);
    make_u16(m, 2); /* version */
    make_u16(m, 4);
    make_u32(m, 0); /* time zone */
    make_u32(m, 0); /* accuracy */
    make_u32(m, 262144);
    make_u32(m, linktype);
}

void make_record(struct maker *m, uint32_t seconds, uint32_t fraction, uint32_t captured, uint32_t length)
{
    make_u32(m, seconds);
    make_u32(m, fraction);
    make_u32(m, captured);
    make_u32(m, length);
}

void make_pcap_packet(struct maker *m, uint32_t number, size_t n)
{
    uint32_t length = (uint32_t)(PACKET_HEAD + n);

    make_record(m, EPOCH + number, number, length, length);
    make_packet(m, number, 53, n);
}

char *make_file(const void *p, size_t n)
{
    char *path = strdup("/tmp/packetd-test-XXXXXX");
    int fd = mkstemp(path);

    assert_true(fd >= 0);
    assert_true(write(fd, p, n) == (ssize_t)n);
    close(fd);
    return path;
}

static void remember(struct result *r, const struct pd_packet *packet)
{
    assert_true(r->count < SEEN_MAX);
    struct seen *seen = &r->seen[r->count++];
    *seen = (struct seen){.ts = packet->ts,
                          .ordinal = packet->ordinal,
                          .iface = packet->link.iface,
                          .len = packet->payload.len,
                          .wire_len = packet->wire_len,
                          .transport = packet->transport};
    if (packet->payload.len >= 4)
        seen->number = pd_be32(packet->payload.p);
    for (uint32_t i = 4; i < packet->payload.len; i++)
        assert_int_equal(packet->payload.p[i], 0);
}

void read_path(struct result *r, const char *path, const struct read_options *options)
{
    struct pd_file *file = pd_file_open(path, r->err, sizeof r->err);
    struct pd_batch *batch = pd_batch_new();

    assert_non_null(batch);
    r->status = -ENOENT;
    if (file && options && options->filter) {
        r->status = pd_file_filter(file, options->filter, r->err, sizeof r->err);
        if (r->status < 0) {
            pd_file_close(file);
            file = NULL;
        }
    }
    if (file) {
        pd_file_snaplen(file, options ? options->snaplen : 0);
        do {
            r->status = pd_file_read(file, batch, &r->ordinal, &r->stats, r->err, sizeof r->err);
            for (uint32_t i = 0; i < batch->count; i++)
                remember(r, &batch->packet[i]);
        } while (r->status > 0);
        char later[64];
        assert_int_equal(pd_file_read(file, batch, &r->ordinal, &r->stats, later, sizeof later), 0);
        assert_int_equal(batch->count, 0);
    }
    pd_file_close(file);
    pd_batch_free(batch);
}

struct result *read_bytes(const void *p, size_t n, const struct read_options *options)
{
    struct result *r = calloc(1, sizeof *r);
    char *path = make_file(p, n);

    assert_non_null(r);
    read_path(r, path, options);
    unlink(path);
    free(path);
    return r;
}

static _Noreturn void write_pieces(int fd, const uint8_t *p, size_t n, size_t piece)
{
    while (n > 0) {
        size_t some = n < piece ? n : piece;
        ssize_t wrote = write(fd, p, some);
        if (wrote <= 0)
            break;
        p += wrote;
        n -= (size_t)wrote;
    }
    _exit(n != 0);
}

struct result *read_pipe(const void *p, size_t n, size_t piece)
{
    struct result *r = calloc(1, sizeof *r);
    int fd[2], status = 1;

    assert_non_null(r);
    assert_int_equal(pipe(fd), 0);
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        close(fd[0]);
        write_pieces(fd[1], p, n, piece);
    }
    close(fd[1]);
    assert_int_equal(dup2(fd[0], STDIN_FILENO), STDIN_FILENO);
    close(fd[0]);
    read_path(r, "-", NULL);
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(status, 0);
    return r;
}
