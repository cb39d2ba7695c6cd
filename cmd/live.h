/* live.h: a live run, seen from the command. */
#ifndef PD_CMD_LIVE_H
#define PD_CMD_LIVE_H
#include "cmd/run.h"

struct pd_listener;

/* Opens the sources of all workers; run->workers becomes what the engine can have. NULL after one line on
 * standard error. */
struct pd_listener *pd_listener_open(struct pd_run *);
/* Captures until a signal, --count, --duration, an error, or until nobody reads standard output. Returns the
 * exit status; what failed was said. run->lines is open, run->signals are started. */
int pd_listener_run(struct pd_listener *);
void pd_listener_close(struct pd_listener *);
#endif
