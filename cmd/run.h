/* run.h: one run of `packetd log`: what its parts share. log.c sets it up, replay.c or live.c drives it. */
#ifndef PD_CMD_RUN_H
#define PD_CMD_RUN_H
#include "cmd/args.h"
#include "cmd/signals.h"
#include "protocol/worker.h"
#include "sniffer/source.h"

struct pd_totals { /* what the summary says, added up over workers */
    struct pd_sniff_stats sniff;
    struct pd_tally tally;
    uint64_t unwritten; /* records that found no room on their way out */
};

struct pd_run {
    const struct pd_args *args;
    struct pd_setup setup;
    struct pd_lines *lines;
    struct pd_signals signals;
    struct pd_totals totals;
    unsigned workers;
    bool started; /* packets were asked for: there is something to sum up */
    bool quietly; /* the reader of standard output went away: say no more */
};

/* Takes up what pd_lines_write() or pd_lines_flush() returned: true when the run is to end; *status then may
 * become PD_EXIT_FAILED. */
bool pd_run_wrote(struct pd_run *, int returned, int *status);

/* The summary on standard error. */
void pd_summary_print(const struct pd_setup *, const struct pd_totals *);
/* Roundtrips of all protocols, whatever became of them. */
uint64_t pd_summary_roundtrips(const struct pd_tally *);
/* "1,204 packets understood by no protocol: 443 TLS (SNI api.example.com) 96 %, 22 4 %", without LF, into
 * text. */
void pd_summary_unknown(const struct pd_tally *, char *text, size_t size);
/* v with commas, "1,204", in one of a few buffers of the caller. */
enum { PD_COUNT_TEXT = 32 };
const char *pd_count_print(char text[PD_COUNT_TEXT], uint64_t v);
#endif
