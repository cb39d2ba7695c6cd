/* signals.h: how a run is told to stop, and how its main thread is woken. A thread of its own waits for
 * signals, so that no handler and no global is needed, and a main thread that hangs in a write still hears
 * them. */
#ifndef PD_CMD_SIGNALS_H
#define PD_CMD_SIGNALS_H
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>

struct pd_signals {
    pthread_t thread;
    int wake[2];         /* a pipe: whoever has news for the main thread writes a byte */
    atomic_bool stop;    /* SIGINT or SIGTERM came. Set by the signal thread, read by all; orders nothing */
    atomic_bool summary; /* SIGUSR1 came. Set by the signal thread, taken by the main thread */
};

/* Blocks SIGINT, SIGTERM and SIGUSR1 in this thread and those it makes, ignores SIGPIPE. 0 or -errno. After
 * the first SIGINT or SIGTERM the second one kills, unless it comes within 100 ms. */
int pd_signals_start(struct pd_signals *);
void pd_signals_end(struct pd_signals *);

/* Wakes the main thread. Never blocks; any thread. */
void pd_signals_wake(struct pd_signals *);

/* Main thread: waits until it is woken, until fd can be read or fails, or until the other end of `out` is
 * closed
 * (-1: none of these), at most timeout_ms (-1: for ever). */
enum pd_woken { PD_WOKEN = 1, PD_READABLE = 2, PD_HUNG_UP = 4 };
unsigned pd_signals_wait(struct pd_signals *, int fd, int out, int timeout_ms);
#endif
