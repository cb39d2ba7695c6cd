/* line.h: a record as one line, JSON or text. Encoders run in workers: no lock, no allocation once warm. */
#ifndef PD_EXPORTER_LINE_H
#define PD_EXPORTER_LINE_H
#include "base/buf.h"
#include "roundtrip/record.h"
#include "roundtrip/redact.h"

enum pd_format { PD_FORMAT_TEXT, PD_FORMAT_JSON, PD_FORMAT_NONE };
enum pd_time_form { PD_TIME_LOCAL, PD_TIME_UTC, PD_TIME_EPOCH, PD_TIME_DELTA };

struct pd_line_style {
    const struct pd_redact *redact;            /* NULL: show everything */
    const char *(*iface_name)(uint32_t index); /* live: prints `iface`; NULL: prints `packet` */
    bool community_id;
    bool color; /* text only */
    bool files; /* input is capture files: `packet`, not `iface` */
    uint16_t
        columns; /* text only: the terminal's width less what pd_line_time() takes; 0: nothing is shortened */
};

/* What a JSON encoder keeps from line to line, see exporter/memo.h. NULL: memory is short. */
struct pd_line_memo;
struct pd_line_memo *pd_line_memo_new(void);
void pd_line_memo_free(struct pd_line_memo *); /* NULL is ignored */

/* Appends rec as one JSON object and LF (docs: one line of JSON). When it does not fit, b->full is set and
 * nothing was appended; room is asked for as if all text needed escapes. */
void pd_line_json(struct pd_buf *b, const struct pd_rec *rec, const struct pd_line_style *,
                  struct pd_line_memo *);

/* Appends rec as one text line and LF, without its time column, which depends on the line printed before.
 * Nothing that was captured can move the cursor, change colours or turn the direction of writing. When
 * b->full is set afterwards, what was appended is no line and has to be taken back. */
void pd_line_text(struct pd_buf *b, const struct pd_rec *rec, const struct pd_line_style *);

enum { PD_TIME_TEXT = 40 };

/* Prints the time column with a blank behind it; returns its length, which is its width too. last: the time
 * of the line before, 0 for the first; only PD_TIME_DELTA looks at it. ts 0: not known. */
size_t pd_line_time(char out[PD_TIME_TEXT], uint64_t ts, enum pd_time_form, uint64_t last);
#endif
