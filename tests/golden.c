/* golden.c: the records of a capture are those written down beside it, byte for byte: from a worker, from the
 * program with any number of workers; and the second time without asking for memory. */
#include "base/check.h"
#include "tests/inherit.h"
#include "tests/memory.h"
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

static char *read_fd(int fd)
{
    size_t len = 0, cap = 1 << 16;
    char *text = malloc(cap);

    for (;;) {
        PD_ASSERT(text);
        ssize_t n = read(fd, text + len, cap - 1 - len);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            break;
        len += (size_t)n;
        if (cap - 1 - len == 0)
            text = realloc(text, cap *= 2);
    }
    text[len] = 0;
    return text;
}

/* The text of NAME.jsonl, NULL when there is none. */
static char *expected(const struct bench *b)
{
    char name[600];

    snprintf(name, sizeof name, "%s.jsonl", b->capture->stem);
    int fd = open(name, O_RDONLY | O_CLOEXEC);
    if (fd < 0) {
        fprintf(stderr, "%s: %s\n", name, strerror(errno));
        return NULL;
    }
    char *text = read_fd(fd);
    close(fd);
    return text;
}

static size_t line_length(const char *text)
{
    const char *end = strchr(text, '\n');

    return end ? (size_t)(end - text) : strlen(text);
}

/* Says which line is the first to differ. */
static bool same(const char *what, const char *want, const char *got)
{
    if (strcmp(want, got) == 0)
        return true;
    for (size_t number = 1; *want || *got; number++) {
        size_t w = line_length(want), g = line_length(got);
        if (w != g || memcmp(want, got, w) != 0) {
            fprintf(stderr, "%s: line %zu\n  expected: %.*s\n  printed:  %.*s\n", what, number, (int)w, want,
                    (int)g, got);
            return false;
        }
        want += w + (want[w] == '\n');
        got += g + (got[g] == '\n');
    }
    fprintf(stderr, "%s: the last line feed is missing\n", what);
    return false;
}

bool inherit_golden(const struct bench *b)
{
    struct replay r;
    struct pd_buf all;
    char *want = expected(b);

    if (!want)
        return false;
    replay_init(&r, b->setup, true);
    for (size_t i = 0; i < b->capture->count; i++)
        replay_packet(&r, &b->capture->packet[i]);
    replay_finish(&r);
    pd_buf_init(&all, SIZE_MAX / 2);
    for (size_t i = 0; i < r.count; i++) {
        pd_buf_str(&all, r.line[i].text);
        pd_buf_char(&all, '\n');
    }
    pd_buf_char(&all, 0);
    bool ok = same(b->capture->stem, want, all.p);
    pd_buf_free(&all);
    replay_free(&r);
    free(want);
    return ok;
}

static char *run_program(const struct bench *b, const char *workers, int *status)
{
    int ends[2];

    PD_ASSERT(pipe(ends) == 0);
    pid_t pid = fork();
    PD_ASSERT(pid >= 0);
    if (pid == 0) {
        dup2(ends[1], STDOUT_FILENO);
        close(ends[0]);
        close(ends[1]);
        execl(b->packetd, b->packetd, "log", "-q", "--format", "json", "--workers", workers, b->capture->path,
              (char *)NULL);
        _exit(127);
    }
    close(ends[1]);
    char *text = read_fd(ends[0]);
    close(ends[0]);
    PD_ASSERT(waitpid(pid, status, 0) == pid);
    return text;
}

bool inherit_workers(const struct bench *b)
{
    static const char *const workers[] = {"1", "2", "4"};
    char *want = expected(b), what[600];
    bool ok = want && b->packetd;

    for (size_t i = 0; ok && i < sizeof workers / sizeof *workers; i++) {
        int status = 0;
        char *got = run_program(b, workers[i], &status);
        snprintf(what, sizeof what, "%s with %s workers", b->capture->stem, workers[i]);
        ok = same(what, want, got);
        if (!WIFEXITED(status) || WEXITSTATUS(status) != 0) {
            fprintf(stderr, "%s: status %d\n", what, status);
            ok = false;
        }
        free(got);
    }
    free(want);
    return ok;
}

/* The capture once more, `round` spans later, so that time goes on and old connections are forgotten. */
static void again(const struct bench *b, struct replay *r, uint64_t round)
{
    const struct capture *c = b->capture;
    uint64_t span = b->setup->idle * 2;

    for (size_t i = 0; i < c->count; i++)
        if (c->packet[i].ts > c->packet[0].ts &&
            c->packet[i].ts - c->packet[0].ts + b->setup->idle * 2 > span)
            span = c->packet[i].ts - c->packet[0].ts + b->setup->idle * 2;
    for (size_t i = 0; i < c->count; i++) {
        struct pd_packet p = c->packet[i];
        p.ts += round * span;
        p.ordinal += round * c->count;
        replay_packet(r, &p);
    }
}

bool inherit_malloc(const struct bench *b)
{
    enum { WARM_UP = 2 };
    struct replay r;

    replay_init(&r, b->setup, true);
    r.discard = true;
    for (uint64_t round = 0; round < WARM_UP; round++)
        again(b, &r, round);
    size_t before = memory_calls();
    again(b, &r, WARM_UP);
    size_t calls = memory_calls() - before;
    replay_free(&r);
    if (calls)
        fprintf(stderr, "%s: memory was asked for %zu times after the warm-up\n", b->capture->stem, calls);
    return calls == 0;
}
