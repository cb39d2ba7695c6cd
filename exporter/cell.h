/* cell.h: one column of a text line: characters of a known width, safe to show in a terminal. */
#ifndef PD_EXPORTER_CELL_H
#define PD_EXPORTER_CELL_H
#include "base/slice.h"

enum { PD_CELL_BYTES = 1024 };
#define PD_ELLIPSIS "\xe2\x80\xa6" /* U+2026 */

struct pd_cell {
    unsigned len, last;   /* bytes; where the last character begins */
    unsigned width, most; /* columns; at most */
    bool full;            /* something was left out; an ellipsis stands at the end */
    char s[PD_CELL_BYTES];
};

/* An empty cell of at most `most` > 0 columns. Each character counts as one. */
static inline void pd_cell_start(struct pd_cell *c, unsigned most)
{
    c->len = c->last = c->width = 0;
    c->most = most;
    c->full = false;
}

/* One character of `bytes` bytes, trusted. When it does not fit, the one before it becomes an ellipsis, and
 * no more follows. */
void pd_cell_put(struct pd_cell *, const char *s, unsigned bytes);

/* Trusted printable ASCII. */
void pd_cell_ascii(struct pd_cell *, const char *s);

/* Bytes of any kind: what a terminal would act upon is shown as an escape, what is not UTF-8 as U+FFFD. */
void pd_cell_text(struct pd_cell *, struct pd_slice);

void pd_cell_i64(struct pd_cell *, int64_t v);

/* Sizes in bytes and durations in ns for people, with two or three digits: "1.2 kB", "12 kB", "546 \u00b5s".
 */
void pd_cell_size(struct pd_cell *, uint64_t bytes);
void pd_cell_duration(struct pd_cell *, uint64_t ns);
#endif
