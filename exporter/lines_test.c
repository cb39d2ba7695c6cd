/* lines_test.c: the order of lines, the files they end up in, and what happens when writing does not work. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
// clang-format off
#include <cmocka.h>
// clang-format on
#include "exporter/lines.h"
#include "exporter/toy_test.h"
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

enum { CHUNK_LIMIT = 1 << 20 };

struct fixture {
    struct pd_store store;
    struct pd_rec *rec;
    char dir[64], path[80];
    struct pd_lines *lines;
    struct pd_chunk_out chunk[3];
};

static int set_up(void **state)
{
    struct fixture *f = calloc(1, sizeof *f);

    *state = f;
    signal(SIGPIPE, SIG_IGN);
    strcpy(f->dir, "/tmp/packetd-lines-XXXXXX");
    if (!f || toy_store(&f->store) < 0 || !mkdtemp(f->dir))
        return -1;
    snprintf(f->path, sizeof f->path, "%s/out", f->dir);
    for (int i = 0; i < 3; i++)
        if (pd_chunk_out_init(&f->chunk[i], CHUNK_LIMIT) < 0)
            return -1;
    f->rec = toy_record(&f->store);
    return 0;
}

static const char *numbered(const struct fixture *f, unsigned n)
{
    static char path[100];

    snprintf(path, sizeof path, n ? "%s.%u" : "%s", f->path, n);
    return path;
}

static int tear_down(void **state)
{
    struct fixture *f = *state;

    pd_lines_free(f->lines);
    for (int i = 0; i < 3; i++)
        pd_chunk_out_free(&f->chunk[i]);
    pd_store_free(&f->store);
    for (unsigned n = 0; n < 20; n++)
        (void)unlink(numbered(f, n));
    int r = rmdir(f->dir);
    free(f);
    return r;
}

static void open_lines(struct fixture *f, struct pd_lines_config config)
{
    char err[200] = "";

    config.path = f->path;
    f->lines = pd_lines_new(&config, err, sizeof err);
    assert_string_equal(err, "");
    assert_non_null(f->lines);
}

static const struct pd_lines_config to_file = {.format = {PD_FORMAT_NONE, PD_FORMAT_JSON}};
static const struct pd_lines_config to_stdout = {.format = {PD_FORMAT_JSON, PD_FORMAT_NONE}};

/* A record that is known again by its status code. */
static void encode(struct fixture *f, int chunk, uint64_t major, uint64_t minor, int64_t number)
{
    struct toy *t = pd_fields(f->rec);

    pd_int_set(&t->code, number);
    pd_lines_encode(f->lines, &f->chunk[chunk], f->rec, major, minor);
}

static int write_chunks(struct fixture *f)
{
    struct pd_chunk_out *all[] = {&f->chunk[0], &f->chunk[1], &f->chunk[2]};
    int r = pd_lines_write(f->lines, all, 3);

    for (int i = 0; i < 3; i++)
        pd_chunk_out_clear(&f->chunk[i]);
    return r;
}

/* The file's status codes, and that it holds nothing but whole lines; -1 ends. */
static size_t codes_in(const char *path, int *code, size_t max)
{
    FILE *file = fopen(path, "r");
    char line[2000];
    size_t n = 0;

    assert_non_null(file);
    while (fgets(line, sizeof line, file)) {
        const char *at = strstr(line, "\"status_code\":");
        assert_int_equal(line[0], '{');
        assert_int_equal(line[strlen(line) - 1], '\n');
        assert_true(at && n < max);
        code[n++] = (int)strtol(at + strlen("\"status_code\":"), NULL, 10);
    }
    fclose(file);
    return n;
}

static void assert_codes(const char *path, const int *expected, size_t count)
{
    int code[200];

    assert_int_equal(codes_in(path, code, 200), count);
    for (size_t i = 0; i < count; i++)
        assert_int_equal(code[i], expected[i]);
}

#define CODES(path, ...)                                                                                     \
    assert_codes(path, (const int[]){__VA_ARGS__}, sizeof(int[]){__VA_ARGS__} / sizeof(int))

static void merges_by_place(void **state)
{
    struct fixture *f = *state;

    open_lines(f, to_file);
    encode(f, 0, 3, 0, 3);
    encode(f, 0, 9, 0, 9);
    encode(f, 1, 2, 7, 2);
    encode(f, 1, 4, 5, 41);
    encode(f, 1, 4, 5, 42); /* equal places keep their order */
    encode(f, 2, 4, 4, 40);
    encode(f, 2, 4, 5, 43); /* and that of the chunks */
    encode(f, 2, 4, 6, 44);
    assert_int_equal(write_chunks(f), 0);
    encode(f, 2, 1, 0, 100); /* the next batch comes behind, whatever it holds */
    assert_int_equal(write_chunks(f), 0);
    assert_int_equal(pd_lines_written(f->lines), 9);
    assert_int_equal(pd_lines_flush(f->lines), 0);
    CODES(f->path, 2, 3, 40, 41, 42, 43, 44, 9, 100);
}

/* A tick's records come in any order; all orders of places with repeats, sorted stably. */
static void sorts_what_is_out_of_order(void **state)
{
    struct fixture *f = *state;
    uint64_t random = 42;
    int expected[150], n = 0;
    unsigned place[150];

    open_lines(f, to_file);
    for (int i = 0; i < 150; i++) {
        random = random * UINT64_C(6364136223846793005) + 1442695040888963407;
        place[i] = (unsigned)(random >> 60);
        encode(f, 0, place[i] / 4, place[i] % 4, i);
    }
    for (unsigned p = 0; p < 16; p++)
        for (int i = 0; i < 150; i++)
            if (place[i] == p)
                expected[n++] = i;
    assert_int_equal(write_chunks(f), 0);
    assert_int_equal(pd_lines_flush(f->lines), 0);
    assert_codes(f->path, expected, 150);
}

static void stops_at_count(void **state)
{
    struct fixture *f = *state;
    struct pd_lines_config config = to_file;

    config.count = 3;
    open_lines(f, config);
    encode(f, 0, 1, 0, 1);
    encode(f, 1, 2, 0, 2);
    assert_int_equal(write_chunks(f), 0);
    encode(f, 0, 3, 0, 3);
    encode(f, 1, 4, 0, 4);
    assert_int_equal(write_chunks(f), 1);
    encode(f, 0, 5, 0, 5);
    assert_int_equal(write_chunks(f), 1);
    assert_int_equal(pd_lines_flush(f->lines), 1);
    CODES(f->path, 1, 2, 3);
}

static void counts_without_any_output(void **state)
{
    struct fixture *f = *state;
    struct pd_lines_config config = {.format = {PD_FORMAT_NONE, PD_FORMAT_NONE}, .count = 2};

    open_lines(f, config);
    encode(f, 0, 1, 0, 1);
    assert_int_equal(write_chunks(f), 0);
    encode(f, 0, 2, 0, 2);
    assert_int_equal(write_chunks(f), 1);
    assert_int_equal(pd_lines_written(f->lines), 2);
    assert_int_equal(access(f->path, F_OK), -1);
}

static void a_full_chunk_drops_whole_records(void **state)
{
    struct fixture *f = *state;
    struct pd_chunk_out small, *chunks[] = {&small};

    open_lines(f, to_file);
    assert_int_equal(pd_chunk_out_init(&small, 6000), 0);
    for (int i = 0; i < 10; i++) {
        pd_int_set(&((struct toy *)pd_fields(f->rec))->code, i);
        pd_lines_encode(f->lines, &small, f->rec, (uint64_t)i, 0);
    }
    assert_true(small.count > 0 && small.count < 10);
    assert_int_equal(small.count + small.dropped, 10);
    int kept = (int)small.count;
    assert_int_equal(pd_lines_write(f->lines, chunks, 1), 0);
    pd_chunk_out_clear(&small);
    assert_int_equal(small.dropped, 0);
    pd_lines_encode(f->lines, &small, f->rec, 11, 0);
    assert_int_equal(small.count, 1);
    pd_chunk_out_free(&small);
    assert_int_equal(pd_lines_flush(f->lines), 0);
    int code[10];
    assert_int_equal(codes_in(f->path, code, 10), kept);
}

static uint64_t size_of(const char *path)
{
    struct stat st;

    assert_int_equal(stat(path, &st), 0);
    return (uint64_t)st.st_size;
}

static void rotates_between_lines(void **state)
{
    struct fixture *f = *state;
    struct pd_lines_config config = to_file;

    config.rotate_size = 900; /* three lines of somewhat less than 300 bytes */
    config.rotate_count = 2;
    open_lines(f, config);
    for (int i = 10; i < 23; i++)
        encode(f, 0, (uint64_t)i, 0, i);
    assert_int_equal(write_chunks(f), 0);
    pd_lines_free(f->lines);
    f->lines = NULL;
    CODES(f->path, 22);
    CODES(numbered(f, 1), 19, 20, 21);
    CODES(numbered(f, 2), 16, 17, 18);
    assert_int_equal(access(numbered(f, 3), F_OK), -1);
    assert_true(size_of(numbered(f, 1)) <= 900);

    open_lines(f, config); /* what was there counts, and is appended to */
    for (int i = 23; i < 26; i++) {
        encode(f, 0, (uint64_t)i, 0, i);
        assert_int_equal(write_chunks(f), 0);
    }
    assert_int_equal(pd_lines_flush(f->lines), 0);
    CODES(f->path, 25);
    CODES(numbered(f, 1), 22, 23, 24);
    CODES(numbered(f, 2), 19, 20, 21);
}

static void says_what_cannot_be_opened(void **state)
{
    struct fixture *f = *state;
    struct pd_lines_config config = to_file;
    char err[200], expected[200];

    config.path = f->dir;
    assert_null(pd_lines_new(&config, err, sizeof err));
    snprintf(expected, sizeof expected, "cannot open %s for writing: Is a directory", f->dir);
    assert_string_equal(err, expected);
}

/* Standard output becomes fd; returns what puts it back. */
static int redirect(int from, int to)
{
    fflush(stdout);
    int saved = dup(from);

    assert_true(saved >= 0);
    assert_int_equal(dup2(to, from), from);
    return saved;
}

static void restore(int fd, int saved)
{
    fflush(stdout);
    assert_int_equal(dup2(saved, fd), fd);
    close(saved);
}

static void a_reader_that_goes_away(void **state)
{
    struct fixture *f = *state;
    int pipe_fd[2];

    assert_int_equal(pipe(pipe_fd), 0);
    open_lines(f, to_stdout);
    int saved = redirect(STDOUT_FILENO, pipe_fd[1]);
    close(pipe_fd[1]);
    encode(f, 0, 1, 0, 1);
    int written = write_chunks(f), flushed = pd_lines_flush(f->lines);
    close(pipe_fd[0]);
    encode(f, 0, 2, 0, 2);
    int written2 = write_chunks(f), flushed2 = pd_lines_flush(f->lines);
    encode(f, 0, 3, 0, 3);
    int written3 = write_chunks(f);
    restore(STDOUT_FILENO, saved);
    assert_int_equal(written, 0);
    assert_int_equal(flushed, 0);
    assert_int_equal(written2, 0);
    assert_int_equal(flushed2, -EPIPE);
    assert_int_equal(written3, -EPIPE);
}

/* One line on stderr, once; the other way out goes on. */
static void a_full_disk_is_told_once(void **state)
{
    struct fixture *f = *state;
    struct pd_lines_config config = {.format = {PD_FORMAT_JSON, PD_FORMAT_JSON}, .path = f->path};
    int full = open("/dev/full", O_WRONLY), told[2];
    char text[500];

    assert_true(full >= 0);
    assert_int_equal(pipe(told), 0);
    open_lines(f, config);
    int saved_out = redirect(STDOUT_FILENO, full), saved_err = redirect(STDERR_FILENO, told[1]), r[6], n = 0;
    for (int i = 0; i < 3; i++) {
        encode(f, 0, (uint64_t)i, 0, i);
        r[n++] = write_chunks(f);
        r[n++] = pd_lines_flush(f->lines);
    }
    restore(STDOUT_FILENO, saved_out);
    restore(STDERR_FILENO, saved_err);
    close(told[1]);
    close(full);
    ssize_t got = read(told[0], text, sizeof text - 1);
    close(told[0]);
    assert_true(got > 0);
    text[got] = '\0';
    assert_string_equal(text,
                        "packetd: cannot write to standard output: No space left on device; nothing more is "
                        "written there\n");
    assert_int_equal(r[0], 0);
    for (int i = 1; i < n; i++)
        assert_int_equal(r[i], -ENOSPC);
    CODES(f->path, 0, 1, 2);
}

static void text_gets_its_time(void **state)
{
    struct fixture *f = *state;
    struct pd_lines_config config = {.format = {PD_FORMAT_NONE, PD_FORMAT_TEXT}, .time = PD_TIME_DELTA};
    static const char *const begin[] = {"      +0.000000 toy ", "      +0.000002 toy ",
                                        "      -0.000001 toy "};
    char line[300];

    open_lines(f, config);
    f->rec->first_req = TOY_TIME;
    encode(f, 0, 1, 0, 200);
    f->rec->first_req = TOY_TIME + 2000;
    encode(f, 1, 2, 0, 200);
    f->rec->first_req = TOY_TIME + 1000;
    encode(f, 0, 3, 0, 200);
    assert_int_equal(write_chunks(f), 0);
    assert_int_equal(pd_lines_flush(f->lines), 0);
    FILE *file = fopen(f->path, "r");
    assert_non_null(file);
    for (int i = 0; i < 3; i++) {
        assert_non_null(fgets(line, sizeof line, file));
        assert_memory_equal(line, begin[i], strlen(begin[i]));
    }
    assert_null(fgets(line, sizeof line, file));
    fclose(file);
}

/* Text to standard output and JSON to a file, from the same records. */
static void two_ways_out(void **state)
{
    struct fixture *f = *state;
    struct pd_lines_config config = {.format = {PD_FORMAT_TEXT, PD_FORMAT_JSON}, .time = PD_TIME_EPOCH};
    int pipe_fd[2];
    char text[2000];

    assert_int_equal(pipe(pipe_fd), 0);
    open_lines(f, config);
    int saved = redirect(STDOUT_FILENO, pipe_fd[1]);
    close(pipe_fd[1]);
    encode(f, 0, 2, 0, 201);
    encode(f, 1, 1, 0, 202);
    int r = write_chunks(f) | pd_lines_flush(f->lines);
    restore(STDOUT_FILENO, saved);
    ssize_t n = read(pipe_fd[0], text, sizeof text - 1);
    close(pipe_fd[0]);
    assert_int_equal(r, 0);
    assert_true(n > 0);
    text[n] = '\0';
    const char *first = strstr(text, " 202 ok "), *second = strstr(text, " 201 ok ");
    assert_true(first && second && first < second);
    assert_memory_equal(text, "1795187828.603123 toy ", 22);
    CODES(f->path, 202, 201);
}

#define T(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        T(merges_by_place),
        T(sorts_what_is_out_of_order),
        T(stops_at_count),
        T(counts_without_any_output),
        T(a_full_chunk_drops_whole_records),
        T(rotates_between_lines),
        T(says_what_cannot_be_opened),
        T(a_reader_that_goes_away),
        T(a_full_disk_is_told_once),
        T(text_gets_its_time),
        T(two_ways_out),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
