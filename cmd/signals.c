/* signals.c: signals as flags and a pipe. */
#include "cmd/signals.h"
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <time.h>
#include <unistd.h>

static const int watched[] = {SIGINT, SIGTERM, SIGUSR1};
enum { WATCHED = sizeof watched / sizeof *watched, ECHO_NS = 100 * 1000 * 1000 };

void pd_signals_wake(struct pd_signals *s)
{
    char byte = 0;

    /* A full pipe wakes as well. */
    if (write(s->wake[1], &byte, 1) < 0)
        return;
}

/* From here on SIGINT and SIGTERM kill. The same wish told twice at once, as timeout(1) tells it to its child
 * and to its group, is still one. */
static void arm(void)
{
    const struct timespec echo = {.tv_nsec = ECHO_NS}, now = {0};
    sigset_t deadly;

    sigemptyset(&deadly);
    sigaddset(&deadly, SIGINT);
    sigaddset(&deadly, SIGTERM);
    nanosleep(&echo, NULL);
    while (sigtimedwait(&deadly, NULL, &now) > 0)
        ;
    pthread_sigmask(SIG_UNBLOCK, &deadly, NULL);
}

static void *listen_for(void *arg)
{
    struct pd_signals *s = arg;
    sigset_t set;
    int which;

    sigemptyset(&set);
    for (int i = 0; i < WATCHED; i++)
        sigaddset(&set, watched[i]);
    for (;;) {
        if (sigwait(&set, &which) != 0)
            continue;
        bool summary = which == SIGUSR1;
        atomic_store(summary ? &s->summary : &s->stop, true);
        pd_signals_wake(s);
        if (summary)
            continue;
        arm();
        sigdelset(&set, SIGINT);
        sigdelset(&set, SIGTERM);
    }
    return NULL;
}

static int open_pipe(int wake[2])
{
    if (pipe(wake) < 0)
        return -errno;
    for (int i = 0; i < 2; i++) {
        fcntl(wake[i], F_SETFD, FD_CLOEXEC);
        fcntl(wake[i], F_SETFL, O_NONBLOCK);
    }
    return 0;
}

int pd_signals_start(struct pd_signals *s)
{
    sigset_t set;

    *s = (struct pd_signals){0};
    int err = open_pipe(s->wake);
    if (err)
        return err;
    sigemptyset(&set);
    for (int i = 0; i < WATCHED; i++) {
        /* A shell starts its background jobs with SIGINT ignored; whoever sends one here means it. */
        signal(watched[i], SIG_DFL);
        sigaddset(&set, watched[i]);
    }
    signal(SIGPIPE, SIG_IGN);
    pthread_sigmask(SIG_BLOCK, &set, NULL);
    err = -pthread_create(&s->thread, NULL, listen_for, s);
    if (err) {
        close(s->wake[0]);
        close(s->wake[1]);
    }
    return err;
}

void pd_signals_end(struct pd_signals *s)
{
    pthread_cancel(s->thread);
    pthread_join(s->thread, NULL);
    close(s->wake[0]);
    close(s->wake[1]);
}

unsigned pd_signals_wait(struct pd_signals *s, int fd, int out, int timeout_ms)
{
    struct pollfd on[] = {{.fd = s->wake[0], .events = POLLIN}, {.fd = fd, .events = POLLIN}, {.fd = out}};
    char bytes[64];
    unsigned woken = 0;

    if (poll(on, sizeof on / sizeof *on, timeout_ms) <= 0)
        return 0;
    if (on[0].revents) {
        while (read(s->wake[0], bytes, sizeof bytes) == (ssize_t)sizeof bytes)
            ;
        woken |= PD_WOKEN;
    }
    if (on[1].revents)
        woken |= PD_READABLE;
    if (on[2].revents & (POLLERR | POLLHUP))
        woken |= PD_HUNG_UP;
    return woken;
}
