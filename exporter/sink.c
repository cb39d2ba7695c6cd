/* sink.c: writing that finishes what it began, whatever write(2) does in between. */
#include "exporter/sink.h"
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { BUFFER_BYTES = 64 * 1024, NAME_MAX_BYTES = 4096 };

static const char *name_of(const struct pd_sink *s)
{
    return s->path ? s->path : "standard output";
}

int pd_sink_stdout(struct pd_sink *s)
{
    *s = (struct pd_sink){.fd = STDOUT_FILENO, .buffer = malloc(BUFFER_BYTES)};
    return s->buffer ? 0 : -ENOMEM;
}

/* Opens the current file and learns its size. */
static int open_current(struct pd_sink *s)
{
    struct stat st;

    s->fd = open(s->path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    if (s->fd < 0)
        return -errno;
    bool regular = fstat(s->fd, &st) == 0 && S_ISREG(st.st_mode);
    s->size = regular ? (uint64_t)st.st_size : 0;
    s->rotate_at = regular && s->rotate_size ? s->rotate_size : UINT64_MAX;
    return 0;
}

int pd_sink_file(struct pd_sink *s, const char *path, uint64_t rotate_size, unsigned rotate_count)
{
    *s = (struct pd_sink){.fd = -1, .rotate_size = rotate_size, .rotate_count = rotate_count};
    s->buffer = malloc(BUFFER_BYTES);
    s->path = strdup(path);
    int r = s->buffer && s->path ? open_current(s) : -ENOMEM;
    if (r < 0)
        pd_sink_close(s);
    return r;
}

static void fail(struct pd_sink *s, int error)
{
    s->error = -error;
    s->used = 0;
    if (error != EPIPE)
        fprintf(stderr, "packetd: cannot write to %s: %s; nothing more is written there\n", name_of(s),
                strerror(error));
}

static void write_all(struct pd_sink *s, const char *p, size_t n)
{
    while (n > 0 && !s->error) {
        ssize_t done = write(s->fd, p, n);
        if (done >= 0) {
            p += done;
            n -= (size_t)done;
        } else if (errno == EAGAIN) {
            struct pollfd wait = {.fd = s->fd, .events = POLLOUT};
            (void)poll(&wait, 1, -1); /* whatever it says, write() tells what is wrong */
        } else if (errno != EINTR) {
            fail(s, errno);
        }
    }
}

int pd_sink_flush(struct pd_sink *s)
{
    if (s->fd >= 0 && !s->error) {
        write_all(s, s->buffer, s->used);
        s->used = 0;
    }
    return s->error;
}

void pd_sink_add(struct pd_sink *s, const char *p, size_t n)
{
    if (s->error)
        return;
    s->size += n;
    if (s->used + n > BUFFER_BYTES)
        (void)pd_sink_flush(s);
    if (n > BUFFER_BYTES / 2) {
        (void)pd_sink_flush(s);
        write_all(s, p, n);
    } else if (!s->error) {
        memcpy(s->buffer + s->used, p, n);
        s->used += n;
    }
}

bool pd_sink_is_full(const struct pd_sink *s, uint64_t pending, uint64_t n)
{
    /* A line longer than a file may be gets a file of its own. */
    return s->path && s->size + pending > 0 && s->size + pending + n > s->rotate_at;
}

static bool numbered(char out[NAME_MAX_BYTES], const char *path, unsigned number)
{
    int n = number ? snprintf(out, NAME_MAX_BYTES, "%s.%u", path, number)
                   : snprintf(out, NAME_MAX_BYTES, "%s", path);

    return n > 0 && n < NAME_MAX_BYTES;
}

/* path.9 to path.10, ..., path to path.1. Those that are not there are no error: not yet, or someone took
 * them. */
static int shift_files(const struct pd_sink *s)
{
    char from[NAME_MAX_BYTES], to[NAME_MAX_BYTES];

    if (s->rotate_count == 0)
        return unlink(s->path) == 0 || errno == ENOENT ? 0 : -errno;
    for (unsigned i = s->rotate_count; i > 0; i--) {
        if (!numbered(from, s->path, i - 1) || !numbered(to, s->path, i))
            return -ENAMETOOLONG;
        if (rename(from, to) < 0 && errno != ENOENT)
            return -errno;
    }
    return 0;
}

void pd_sink_rotate(struct pd_sink *s)
{
    if (pd_sink_flush(s) < 0)
        return;
    int r = shift_files(s);
    if (r < 0) {
        /* A file that grows too large is better than lines that are lost. */
        if (!s->complained)
            fprintf(stderr, "packetd: cannot rotate %s: %s; it goes on growing\n", s->path, strerror(-r));
        s->complained = true;
        s->rotate_at = s->size + s->rotate_size;
        return;
    }
    close(s->fd);
    r = open_current(s);
    if (r < 0)
        fail(s, -r);
}

void pd_sink_close(struct pd_sink *s)
{
    (void)pd_sink_flush(s);
    if (s->path && s->fd >= 0)
        close(s->fd);
    free(s->buffer);
    free(s->path);
    *s = (struct pd_sink){.fd = -1};
}
