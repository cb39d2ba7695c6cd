/* line_memo.h: header lines that a worker remembers, by all their bytes, with what they say. The same ones
 * come again and again, and mostly one behind the other as before: so the one that came next then is tried
 * first. */
#ifndef PD_PROTOCOL_HTTP_LINE_MEMO_H
#define PD_PROTOCOL_HTTP_LINE_MEMO_H
#include "base/word.h"
#include "protocol/http/http.h"

enum {
    PD_HTTP_MEMO_LINE = 128, /* bytes of a line, with its end, at most */
    PD_HTTP_MEMO_SLOTS = 256
};

struct pd_http_slot {
    struct pd_http_slot *next; /* what came behind this line the last time, or NULL */
    struct pd_http_line line;  /* its texts are these bytes; size 0: none */
    uint8_t bytes[PD_HTTP_MEMO_LINE];
};

struct pd_http_memo {                      /* zeroed behind the options: nothing came yet */
    const struct pd_http_options *options; /* the worker's: what is kept of a line depends on them */
    struct pd_http_slot *first[2];         /* what came behind a start line, by direction */
    uint64_t number;                       /* of the line that was looked for last, or 0 */
    struct pd_http_slot **guess;           /* where it says what comes next */
    bool second; /* of the two slots a line may have, that is the next one to be used */
    uint32_t once[PD_HTTP_MEMO_SLOTS / 2]; /* lines that came, a number of each for each place */
    struct pd_http_slot slot[PD_HTTP_MEMO_SLOTS];
};

/* As struct pd_proto's worker_start. */
int pd_http_memo_start(void *memo, const void *options, uint64_t *memory);

/* The next line will be the first of a head. To be called before any of those below. */
static inline void pd_http_expect_first(struct pd_http_memo *m, enum pd_dir dir)
{
    m->guess = &m->first[dir];
}

/* The line that the slice begins with, when it is the one that was expected; or NULL. */
static inline struct pd_http_line *pd_http_expected(struct pd_http_memo *m, struct pd_slice in)
{
    struct pd_http_slot *slot = *m->guess;
    uint32_t n = slot ? slot->line.size : 0;

    /* A blank behind it would go on with the value. */
    if (!slot || in.len <= n || !pd_same_bytes(slot->bytes, in.p, n) || in.p[n] == ' ' || in.p[n] == '\t')
        return NULL;
    m->guess = &slot->next;
    return &slot->line;
}

/* The same for any line that is remembered. Both are valid until the next line is read. */
struct pd_http_line *pd_http_remembered(struct pd_http_memo *, struct pd_slice line);

/* The line that was just looked for and not found says this. It is remembered if it has come before. */
void pd_http_remember(struct pd_http_memo *, const struct pd_http_line *);
#endif
