/* window.c: mmap(2), with all pages at once: a fault for each few of them costs more than the map. Pages
 * behind the end of a file that somebody cuts short are the one thing that mapping makes worse than reading:
 * touching them is a SIGBUS, which pd_file_guard() turns into words. */
#include "sniffer/window.h"
#include "base/check.h"
#include "sniffer/file.h"
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#ifndef MAP_POPULATE
#define MAP_POPULATE 0 /* Linux only, and only makes it faster */
#endif

int pd_window_map(int fd, uint64_t offset, struct pd_window **out)
{
    uint64_t start = offset - offset % (uint64_t)sysconf(_SC_PAGESIZE);
    struct stat st;

    *out = NULL;
    if (fstat(fd, &st) < 0)
        return -errno;
    if ((uint64_t)st.st_size <= offset)
        return -ENODATA;
    struct pd_window *w = malloc(sizeof *w);
    if (!w)
        return -ENOMEM;
    uint64_t left = (uint64_t)st.st_size - start;
    *w = (struct pd_window){.len = left < PD_WINDOW ? (size_t)left : PD_WINDOW, .offset = start, .refs = 1};
    void *p = mmap(NULL, w->len, PROT_READ, MAP_PRIVATE | MAP_POPULATE, fd, (off_t)start);
    if (p == MAP_FAILED) {
        int error = errno;
        free(w);
        return -error;
    }
    w->p = p;
    *out = w;
    return 0;
}

struct pd_window *pd_window_hold(struct pd_window *w)
{
    w->refs++;
    return w;
}

void pd_window_drop(struct pd_window *w)
{
    if (!w)
        return;
    PD_ASSERT(w->refs > 0);
    if (--w->refs > 0)
        return;
    munmap((void *)(uintptr_t)w->p, w->len);
    free(w);
}

size_t pd_window_from(const struct pd_window *w, uint64_t offset)
{
    return w && offset >= w->offset && offset - w->offset < w->len ? w->len - (size_t)(offset - w->offset)
                                                                   : 0;
}

/* Only what may be called in a signal handler. BUS_ADRERR: no such page in the file. Anything else ends the
 * process as it would have: SA_RESETHAND has put the default back, and the access is made again. */
static void bus_error(int number, siginfo_t *info, void *context)
{
    static const char line[] =
        "packetd: a capture file was cut short or its disk failed while it was read; nothing more is read\n";

    (void)number;
    (void)context;
    if (info->si_code != BUS_ADRERR)
        return;
    ssize_t said = write(STDERR_FILENO, line, sizeof line - 1);
    (void)said;
    _exit(1);
}

void pd_file_guard(void)
{
    struct sigaction action = {.sa_sigaction = bus_error, .sa_flags = SA_SIGINFO | (int)SA_RESETHAND};

    sigemptyset(&action.sa_mask);
    (void)sigaction(SIGBUS, &action, NULL);
}
