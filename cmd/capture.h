/* capture.h: one worker of a live run: a thread with its packet source, its connections, and a ring of chunks
 * towards the main thread, which writes. The thread never waits for the main thread while it captures: when
 * the ring is full, records are dropped and counted. */
#ifndef PD_CMD_CAPTURE_H
#define PD_CMD_CAPTURE_H
#include "cmd/run.h"
#include "exporter/lines.h"
#include "sniffer/live.h"

struct pd_capture;

/* Opens the source. NULL after one line on standard error. */
struct pd_capture *pd_capture_new(struct pd_run *, const struct pd_live_engine *,
                                  const struct pd_live_config *, unsigned index);
/* After a pd_capture_join(), or without a start. */
void pd_capture_free(struct pd_capture *);

/* The thread begins; run->lines is open. 0, or the exit status after one line on standard error. */
int pd_capture_start(struct pd_capture *);
/* Asks the thread to end: it finishes what is outstanding and waits for room in its ring, unless the main
 * thread gave up writing. */
void pd_capture_stop(struct pd_capture *, bool give_up);
/* Has it ended, by itself or asked? All its chunks are in the ring then. */
bool pd_capture_ended(const struct pd_capture *);
void pd_capture_join(struct pd_capture *);
/* Why it ended by itself, or NULL. */
const char *pd_capture_error(const struct pd_capture *);

/* The oldest chunk in the ring, or NULL. It is the main thread's until it gives it back. */
struct pd_chunk_out *pd_capture_chunk(struct pd_capture *);
void pd_capture_give_back(struct pd_capture *);

/* Asks for its counts, as they are within the next 100 ms; the main thread is woken when they are there. */
void pd_capture_ask(struct pd_capture *);
/* Adds the counts last asked for to totals; false when they are not there yet. */
bool pd_capture_answer(struct pd_capture *, struct pd_totals *);
#endif
