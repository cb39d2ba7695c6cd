/* window_test.c: files that are mapped: windows and who holds them, files that grow or shrink meanwhile. */
#include "sniffer/file_fixture.h"
#include "sniffer/window.h"
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

enum { RAW_IP = 101, PAGE = 65536 /* a multiple of every page size there is */ };

static void maps_what_is_there(void **state)
{
    size_t n = PD_WINDOW + PAGE + 10;
    uint8_t *bytes = malloc(n);
    struct pd_window *w;

    (void)state;
    for (size_t i = 0; i < n; i++)
        bytes[i] = (uint8_t)(i * 31 >> 8);
    char *path = make_file(bytes, n);
    int fd = open(path, O_RDONLY);
    assert_true(fd >= 0);
    assert_int_equal(pd_window_map(fd, 24, &w), 0);
    assert_int_equal(w->offset, 0);
    assert_int_equal(w->len, PD_WINDOW);
    assert_int_equal(pd_window_from(w, 24), PD_WINDOW - 24);
    assert_int_equal(pd_window_from(w, PD_WINDOW - 1), 1);
    assert_int_equal(pd_window_from(w, PD_WINDOW), 0);
    assert_memory_equal(w->p, bytes, PD_WINDOW);
    pd_window_drop(pd_window_hold(w));
    assert_memory_equal(w->p, bytes, 100); /* there is a reference left */
    pd_window_drop(w);

    size_t middle = PD_WINDOW + PAGE - 5;
    assert_int_equal(pd_window_map(fd, middle, &w), 0);
    assert_true(w->offset <= middle && middle - w->offset < PAGE);
    assert_int_equal(pd_window_from(w, middle), 15);
    assert_int_equal(pd_window_from(w, w->offset - 1), 0);
    assert_memory_equal(w->p + (middle - w->offset), bytes + middle, 15);
    pd_window_drop(w);
    assert_int_equal(pd_window_map(fd, n, &w), -ENODATA);
    assert_null(w);
    assert_int_equal(pd_window_map(fd, n + PD_WINDOW, &w), -ENODATA);
    assert_int_equal(pd_window_from(NULL, 0), 0);
    pd_window_drop(NULL);
    close(fd);
    unlink(path);
    free(path);
    free(bytes);
}

/* A capture file on the disk, and what reads it. */
struct reading {
    char *path;
    struct pd_file *file;
    struct pd_batch *batch;
    struct pd_sniff_stats stats;
    uint64_t ordinal;
    char err[256];
};

static void start_reading(struct reading *r, const void *p, size_t n)
{
    *r = (struct reading){.path = make_file(p, n), .batch = pd_batch_new()};
    assert_non_null(r->batch);
    r->file = pd_file_open(r->path, r->err, sizeof r->err);
    assert_non_null(r->file);
}

static int read_one(struct reading *r)
{
    return pd_file_read(r->file, r->batch, &r->ordinal, &r->stats, r->err, sizeof r->err);
}

static void end_reading(struct reading *r)
{
    pd_file_close(r->file);
    pd_batch_free(r->batch);
    unlink(r->path);
    free(r->path);
}

static void append(const char *path, const struct maker *m, size_t from, size_t to)
{
    int fd = open(path, O_WRONLY | O_APPEND);

    assert_true(fd >= 0);
    assert_true(write(fd, m->buf.p + from, to - from) == (ssize_t)(to - from));
    close(fd);
}

/* A file that is being written: what is there when it is looked at counts. */
static void grows(void **state)
{
    struct reading r;
    struct maker m;

    (void)state;
    make_pcap(&m, false, 0xa1b2c3d4, RAW_IP);
    make_pcap_packet(&m, 1, 100);
    size_t first = m.buf.len;
    make_pcap_packet(&m, 2, 100);
    make_pcap_packet(&m, 3, 200000);
    start_reading(&r, m.buf.p, first + 20);
    assert_int_equal(pd_file_fd(r.file), -1);
    assert_int_equal(read_one(&r), 1);
    assert_int_equal(r.batch->count, 1);
    append(r.path, &m, first + 20, m.buf.len);
    uint32_t seen = 0;
    while (read_one(&r) > 0)
        seen += r.batch->count;
    assert_int_equal(seen, 2);
    assert_int_equal(r.ordinal, 3);
    assert_string_equal(r.err, "");
    end_reading(&r);
    pd_buf_free(&m.buf);
}

static void many(struct maker *m, uint32_t count)
{
    make_pcap(m, false, 0xa1b2c3d4, RAW_IP);
    for (uint32_t i = 1; i <= count; i++)
        make_pcap_packet(m, i, 5000);
}

/* A batch keeps its packets when the file is closed, whichever window they are in. */
static void outlives_its_file(void **state)
{
    struct pd_batch *kept[3];
    struct reading r;
    struct maker m;

    (void)state;
    many(&m, 1000);
    start_reading(&r, m.buf.p, m.buf.len);
    for (int i = 0; i < 3; i++) {
        for (int skip = 0; skip < 6; skip++)
            assert_int_equal(read_one(&r), 1);
        kept[i] = r.batch;
        assert_non_null(r.batch = pd_batch_new());
    }
    assert_ptr_not_equal(kept[0]->window, kept[2]->window);
    end_reading(&r);
    for (int i = 0; i < 3; i++) {
        assert_true(kept[i]->count > 0);
        for (uint32_t k = 0; k < kept[i]->count; k++)
            assert_int_equal(pd_be32(kept[i]->packet[k].payload.p), kept[i]->packet[k].ordinal);
        pd_batch_free(kept[i]);
    }
    pd_buf_free(&m.buf);
}

/* Cut behind what was mapped: the rest is missing, as if it had never been there. */
static void shrinks_ahead(void **state)
{
    struct reading r;
    struct maker m;
    int more;

    (void)state;
    many(&m, 1000);
    start_reading(&r, m.buf.p, m.buf.len);
    assert_int_equal(read_one(&r), 1);
    assert_int_equal(truncate(r.path, PD_WINDOW + 100), 0);
    while ((more = read_one(&r)) > 0)
        ;
    assert_int_equal(more, 0);
    assert_int_equal(r.ordinal, (PD_WINDOW + 100 - 24) / (16 + PACKET_HEAD + 5000));
    assert_non_null(strstr(r.err, "ends in the middle of a record"));
    end_reading(&r);
    pd_buf_free(&m.buf);
}

/* The process that reads a file which is emptied under its hands: tells on `to` and ends. */
static _Noreturn void read_emptied(const char *path, int to)
{
    char err[256];
    uint64_t ordinal = 0;
    struct pd_sniff_stats stats = {{0}};
    struct pd_batch *batch = pd_batch_new();
    struct pd_file *file = pd_file_open(path, err, sizeof err);

    dup2(to, STDERR_FILENO);
    pd_file_guard();
    if (!file || !batch || pd_file_read(file, batch, &ordinal, &stats, err, sizeof err) != 1)
        _exit(50);
    if (truncate(path, 0) < 0)
        _exit(51);
    while (pd_file_read(file, batch, &ordinal, &stats, err, sizeof err) > 0)
        ;
    _exit(52);
}

static void shrinks_under_the_hands(void **state)
{
    struct maker m;
    char said[256] = "";
    int fd[2], status = 0;

    (void)state;
    many(&m, 400);
    char *path = make_file(m.buf.p, m.buf.len);
    assert_int_equal(pipe(fd), 0);
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0)
        read_emptied(path, fd[1]);
    close(fd[1]);
    assert_true(read(fd[0], said, sizeof said - 1) > 0);
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), 1);
    assert_non_null(strstr(said, "packetd: a capture file was cut short"));
    assert_ptr_equal(strchr(said, '\n'), said + strlen(said) - 1);
    close(fd[0]);
    unlink(path);
    free(path);
    pd_buf_free(&m.buf);
}

/* Standard input that is a file, and not read from its beginning. */
static void begins_later(void **state)
{
    struct result *r = calloc(1, sizeof *r);
    struct maker m;

    (void)state;
    make_begin(&m, false);
    make_zeros(&m, 4321);
    size_t head = m.buf.len;
    struct maker capture;
    many(&capture, 600);
    pd_buf_add(&m.buf, capture.buf.p, capture.buf.len);
    char *path = make_file(m.buf.p, m.buf.len);
    int fd = open(path, O_RDONLY);
    assert_true(lseek(fd, (off_t)head, SEEK_SET) == (off_t)head);
    assert_int_equal(dup2(fd, STDIN_FILENO), STDIN_FILENO);
    close(fd);
    read_path(r, "-", NULL);
    assert_int_equal(r->status, 0);
    assert_string_equal(r->err, "");
    assert_int_equal(r->count, 600);
    for (uint32_t i = 0; i < 600; i++)
        assert_int_equal(r->seen[i].number, i + 1);
    unlink(path);
    free(path);
    free(r);
    pd_buf_free(&capture.buf);
    pd_buf_free(&m.buf);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(maps_what_is_there),      cmocka_unit_test(grows),
        cmocka_unit_test(outlives_its_file),       cmocka_unit_test(shrinks_ahead),
        cmocka_unit_test(shrinks_under_the_hands), cmocka_unit_test(begins_later),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
