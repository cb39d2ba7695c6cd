/* replay.h: a run over capture files, seen from the command. */
#ifndef PD_CMD_REPLAY_H
#define PD_CMD_REPLAY_H
#include "cmd/run.h"

struct pd_replay;

/* Opens the first file, and looks at those behind it that can be read twice, so that a bad one is known
 * before anything is printed. NULL after one line on standard error. */
struct pd_replay *pd_replay_open(struct pd_run *);
/* Reads to the end, or until a signal, --count, --duration, an error, or nobody reads standard output.
 * Returns the exit status; what failed was said. run->lines is open, run->signals are started. */
int pd_replay_run(struct pd_replay *);
void pd_replay_close(struct pd_replay *);
#endif
