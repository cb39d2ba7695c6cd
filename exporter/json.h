/* json.h: the pieces of JSON. Every member is written with a comma behind it; closing an object or a list
 * turns the last comma into its bracket. What does not fit sets b->full, and the whole line has to be taken
 * back. */
#ifndef PD_EXPORTER_JSON_H
#define PD_EXPORTER_JSON_H
#include "base/buf.h"
#include "base/slice.h"

/* `"key":`. Keys come from tables and need no escapes; at most PD_JSON_KEY_MAX bytes (asserted). */
enum { PD_JSON_KEY_MAX = 64 };
void pd_json_key(struct pd_buf *b, const char *key);

/* `"text",`: control characters, C1 and DEL too, are escaped; what is not UTF-8 becomes U+FFFD. */
void pd_json_string(struct pd_buf *b, struct pd_slice text);

/* The same without quotes and comma, for a string that is made of several parts. */
void pd_json_inside(struct pd_buf *b, struct pd_slice text);

/* `"name":["value"` and a comma, which the caller closes, or adds more values behind. */
void pd_json_header(struct pd_buf *b, struct pd_slice name, struct pd_slice value);

void pd_json_u64(struct pd_buf *b, uint64_t v);
void pd_json_i64(struct pd_buf *b, int64_t v);

/* ns as decimal seconds, without zeros at the end. */
void pd_json_seconds(struct pd_buf *b, uint64_t ns);

/* `"time":"2026-11-20T15:17:08.603123456Z",` */
void pd_json_time(struct pd_buf *b, uint64_t ts);

/* Closes what was opened at `start`, the length of b before its first member, with ']' or '}'. */
static inline void pd_json_close(struct pd_buf *b, size_t start, char bracket)
{
    if (!pd_buf_room(b, 2))
        return;
    if (b->len > start)
        b->len--; /* the last member's comma */
    b->p[b->len++] = bracket;
    b->p[b->len++] = ',';
}
#endif
