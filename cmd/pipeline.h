/* pipeline.h: a replay's batches on their way through its workers: threads, or with one worker the caller's
 * own. The caller fills and writes, in turns: while ((batch = pd_pipeline_next(p, &returned)) && fill(batch))
 * pd_pipeline_submit(p); */
#ifndef PD_CMD_PIPELINE_H
#define PD_CMD_PIPELINE_H
#include "cmd/run.h"

struct pd_pipeline;

/* Makes run->workers workers. NULL after one line on standard error. */
struct pd_pipeline *pd_pipeline_new(struct pd_run *);

/* An empty batch. When all are in use it waits for the oldest and writes its lines; *returned is what
 * pd_lines_write() returned then, else 0. */
struct pd_batch *pd_pipeline_next(struct pd_pipeline *, int *returned);
/* The batch of pd_pipeline_next() is full: the workers may begin. */
void pd_pipeline_submit(struct pd_pipeline *);
/* Waits for all that was submitted and writes it. Returns as pd_lines_write(). Workers rest until the next
 * submit: their tallies may be read. */
int pd_pipeline_drain(struct pd_pipeline *);
/* After a drain: the input ends with that packet; writes what was outstanding. Returns as pd_lines_write().
 */
int pd_pipeline_finish(struct pd_pipeline *, uint64_t last_ordinal);
/* Stops the threads; what they have not passed is dropped. Nothing may be submitted any more. */
void pd_pipeline_rest(struct pd_pipeline *);
/* The workers' tallies together; the workers must rest: after a drain, a finish, a rest. */
void pd_pipeline_totals(const struct pd_pipeline *, struct pd_totals *);
void pd_pipeline_free(struct pd_pipeline *);
#endif
