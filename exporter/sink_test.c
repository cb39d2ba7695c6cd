/* sink_test.c: files that rotate, and writes that take more than one try. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
// clang-format off
#include <cmocka.h>
// clang-format on
#include "exporter/sink.h"
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

enum { FILES = 8 };

static char dir[64], path[80];

static const char *numbered(unsigned n)
{
    static char name[100];

    snprintf(name, sizeof name, n ? "%s.%u" : "%s", path, n);
    return name;
}

static int set_up(void **state)
{
    (void)state;
    signal(SIGPIPE, SIG_IGN);
    strcpy(dir, "/tmp/packetd-sink-XXXXXX");
    if (!mkdtemp(dir))
        return -1;
    snprintf(path, sizeof path, "%s/out", dir);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    for (unsigned n = 0; n < FILES; n++)
        (void)unlink(numbered(n));
    return rmdir(dir);
}

static void assert_holds(unsigned n, const char *text)
{
    char got[100] = "";
    FILE *file = fopen(numbered(n), "r");

    assert_non_null(file);
    got[fread(got, 1, sizeof got - 1, file)] = '\0';
    fclose(file);
    assert_string_equal(got, text);
}

static bool exists(unsigned n)
{
    return access(numbered(n), F_OK) == 0;
}

/* As the writer does it: rotation is asked for before each line. */
static void add(struct pd_sink *s, const char *line)
{
    if (pd_sink_is_full(s, 0, strlen(line)))
        pd_sink_rotate(s);
    pd_sink_add(s, line, strlen(line));
}

static void rotates_and_forgets(void **state)
{
    struct pd_sink s;
    static const char *const lines[] = {"11\n", "22\n", "33\n", "44\n", "55\n", "a long one\n", "66\n"};

    (void)state;
    assert_int_equal(pd_sink_file(&s, path, 6, 3), 0);
    for (int i = 0; i < 7; i++)
        add(&s, lines[i]);
    assert_int_equal(pd_sink_flush(&s), 0);
    assert_holds(0, "66\n");
    assert_holds(1, "a long one\n"); /* longer than a file may be: one of its own */
    assert_holds(2, "55\n");
    assert_holds(3, "33\n44\n");
    assert_false(exists(4)); /* 11 and 22 are gone */
    pd_sink_close(&s);
}

static void may_keep_none_or_never_rotate(void **state)
{
    struct pd_sink s;

    (void)state;
    assert_int_equal(pd_sink_file(&s, path, 3, 0), 0);
    add(&s, "11\n");
    add(&s, "22\n");
    pd_sink_close(&s);
    assert_holds(0, "22\n");
    assert_false(exists(1));
    assert_int_equal(pd_sink_file(&s, path, 0, 5), 0);
    add(&s, "33\n");
    pd_sink_close(&s);
    assert_holds(0, "22\n33\n");
}

/* Someone else took the file away, as logrotate does: a new one is begun. */
static void a_file_taken_away(void **state)
{
    struct pd_sink s;

    (void)state;
    assert_int_equal(pd_sink_file(&s, path, 3, 2), 0);
    add(&s, "11\n");
    assert_int_equal(pd_sink_flush(&s), 0);
    assert_int_equal(unlink(path), 0);
    add(&s, "22\n");
    pd_sink_close(&s);
    assert_holds(0, "22\n");
    assert_false(exists(1));
}

/* No rotation possible: the lines matter more than the size. */
static void a_rotation_that_fails(void **state)
{
    struct pd_sink s;
    int told[2];
    char text[300], expected[300];

    (void)state;
    assert_int_equal(pipe(told), 0);
    assert_int_equal(pd_sink_file(&s, path, 3, 1), 0);
    assert_int_equal(mkdir(numbered(1), 0700), 0); /* a file cannot be renamed to a directory */
    int saved = dup(STDERR_FILENO);
    dup2(told[1], STDERR_FILENO);
    for (int i = 0; i < 5; i++)
        add(&s, "11\n");
    dup2(saved, STDERR_FILENO);
    close(saved);
    close(told[1]);
    ssize_t n = read(told[0], text, sizeof text - 1);
    close(told[0]);
    int flushed = pd_sink_flush(&s);
    pd_sink_close(&s);
    assert_int_equal(rmdir(numbered(1)), 0);
    assert_int_equal(flushed, 0);
    assert_true(n > 0);
    text[n] = '\0';
    snprintf(expected, sizeof expected, "packetd: cannot rotate %s: Is a directory; it goes on growing\n",
             path);
    assert_string_equal(text, expected); /* once */
    assert_holds(0, "11\n11\n11\n11\n11\n");
}

static void files_are_private(void **state)
{
    struct pd_sink s;
    struct stat st;
    mode_t old = umask(0);

    (void)state;
    assert_int_equal(pd_sink_file(&s, path, 0, 0), 0);
    umask(old);
    assert_int_equal(stat(path, &st), 0);
    assert_int_equal(st.st_mode & 0777, 0600);
    pd_sink_close(&s);
}

static void what_is_no_file_is_not_rotated(void **state)
{
    struct pd_sink s;

    (void)state;
    assert_int_equal(pd_sink_file(&s, "/dev/null", 3, 1), 0);
    for (int i = 0; i < 5; i++) {
        assert_false(pd_sink_is_full(&s, 0, 100));
        add(&s, "11\n");
    }
    assert_int_equal(pd_sink_flush(&s), 0);
    pd_sink_close(&s);
    assert_int_equal(pd_sink_file(&s, dir, 3, 1), -EISDIR);
}

/* Checks that what comes out of a pipe counts up, as slowly as a terminal that cannot keep up. */
static void slow_reader(int from)
{
    unsigned char piece[1500], next = 0;
    size_t total = 0;

    for (ssize_t n; (n = read(from, piece, sizeof piece)) > 0;) {
        for (ssize_t i = 0; i < n; i++)
            if (piece[i] != next++)
                _exit(1);
        total += (size_t)n;
        (void)poll(NULL, 0, 1);
    }
    _exit(total == 300000 ? 0 : 2);
}

/* A pipe that does not block takes a part, then nothing for a while: all arrives, small pieces and large
 * ones. */
static void partial_writes_are_finished(void **state)
{
    static const size_t piece[] = {1, 100, 3000, 40000, 70000, 7, 5000, 33000};
    static unsigned char bytes[300000];
    struct pd_sink s;
    int fd[2], status;
    size_t at = 0;

    (void)state;
    for (size_t i = 0; i < sizeof bytes; i++)
        bytes[i] = (unsigned char)i;
    assert_int_equal(pipe(fd), 0);
    assert_true(fcntl(fd[1], F_SETPIPE_SZ, 4096) > 0);
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        close(fd[1]);
        slow_reader(fd[0]);
    }
    close(fd[0]);
    assert_int_equal(fcntl(fd[1], F_SETFL, O_NONBLOCK), 0);
    assert_int_equal(pd_sink_stdout(&s), 0);
    s.fd = fd[1];
    for (unsigned i = 0; at < sizeof bytes; i++) {
        size_t n = piece[i % 8] < sizeof bytes - at ? piece[i % 8] : sizeof bytes - at;
        pd_sink_add(&s, (const char *)bytes + at, n);
        at += n;
    }
    assert_int_equal(pd_sink_flush(&s), 0);
    pd_sink_close(&s);
    close(fd[1]);
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(status, 0);
}

#define T(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        T(rotates_and_forgets),         T(may_keep_none_or_never_rotate),
        T(a_file_taken_away),           T(a_rotation_that_fails),
        T(files_are_private),           T(what_is_no_file_is_not_rotated),
        T(partial_writes_are_finished),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
