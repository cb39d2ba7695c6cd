/* json.h: the pieces of JSON. They write through a bare pointer and return the end: the caller has made room,
 * once for many pieces. Copies have a constant size where they can, so up to PD_JSON_SLACK bytes behind what
 * a piece returns may be overwritten. Every member is written with a comma behind it; closing an object or a
 * list turns the last comma into its bracket. */
#ifndef PD_EXPORTER_JSON_H
#define PD_EXPORTER_JSON_H
#include "base/buf.h"
#include "base/slice.h"
#include "exporter/plain.h"

enum {
    PD_JSON_BLOCK = 256,    /* bytes of text that one call takes */
    PD_JSON_ESCAPE = 6,     /* a byte of text becomes at most so many */
    PD_JSON_SLACK = 64,     /* room for punctuation, and for what is overwritten behind it */
    PD_JSON_NUMBER = 32,    /* the longest number with its comma */
    PD_JSON_SECOND_LEN = 20 /* "2026-11-20T15:17:08." */
};

/* Room for a string of n <= PD_JSON_BLOCK bytes. */
static inline size_t pd_json_room(size_t n)
{
    return n * PD_JSON_ESCAPE + PD_JSON_SLACK;
}

/* A short constant text, rendered once: `"status_code":`. */
struct pd_piece {
    char s[31];
    uint8_t len;
};

/* Renders before, text and after; they must fit (asserted) and need no escapes. */
void pd_piece_set(struct pd_piece *, const char *before, const char *text, const char *after);

static inline char *pd_piece_put(char *to, const struct pd_piece *p)
{
    memcpy(to, p, sizeof *p); /* a constant size is two moves; what is too much is overwritten */
    return to + p->len;
}

/* The text's characters that begin within its first PD_JSON_BLOCK bytes, without quotes; *s loses them.
 * Control characters, C1 and DEL too, are escaped; what is not UTF-8 becomes U+FFFD. */
char *pd_json_inside(char *to, struct pd_slice *s);

/* The rest of a string from its byte n on, with its quote and comma. */
char *pd_json_string_end(char *to, struct pd_slice text, uint32_t n);

/* `"text",` of at most PD_JSON_BLOCK bytes. */
PD_INLINE char *pd_json_string(char *to, struct pd_slice text)
{
    *to++ = '"';
    uint32_t n = pd_plain_copy(to, text.p, text.len);
    to += n;
    if (n < text.len)
        return pd_json_string_end(to, text, n);
    to[0] = '"';
    to[1] = ',';
    return to + 2;
}

/* Numbers with a comma behind them. */
static inline char *pd_json_u64(char *to, uint64_t v)
{
    to = v < 1000 ? pd_print_few(to, (uint32_t)v) : pd_print_u64(to, v); /* most are small */
    *to = ',';
    return to + 1;
}

char *pd_json_i64(char *to, int64_t v);
/* ns as decimal seconds, without zeros at the end. */
char *pd_json_seconds(char *to, uint64_t ns);

/* Nine digits, no comma. */
static inline char *pd_json_nanos(char *to, uint32_t ns)
{
    uint32_t us = ns / 1000;

    to = pd_print_triple(pd_print_triple(to, us / 1000), us % 1000);
    return pd_print_triple(to, ns % 1000);
}

/* `2026-11-20T15:17:08.`: PD_JSON_SECOND_LEN bytes, no NUL. */
void pd_json_second(char *to, uint64_t seconds);

static inline char *pd_json_close(char *to, char bracket)
{
    if (to[-1] == ',')
        to--;
    to[0] = bracket;
    to[1] = ',';
    return to + 2;
}
#endif
