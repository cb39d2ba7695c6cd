/* text.h: what the encoders share: reading UTF-8 that may be none, queries with secrets in them, dates. */
#ifndef PD_EXPORTER_TEXT_H
#define PD_EXPORTER_TEXT_H
#include "roundtrip/record.h"
#include "roundtrip/redact.h"

#define PD_UTF8_BAD UINT32_MAX

/* The code point at *at, which moves behind it. Bytes that are not UTF-8 (RFC 3629) give PD_UTF8_BAD once for
 * each longest run that begins like a character. *at < end. */
uint32_t pd_utf8_next(const uint8_t **at, const uint8_t *end);

/* The slice without the part of a character that shortening to a bound left at the end. */
struct pd_slice pd_utf8_trim(struct pd_slice);

/* The text's bytes, whole characters only. */
static inline struct pd_slice pd_text_slice(const struct pd_text *t)
{
    struct pd_slice s = pd_text_bytes(t);

    return t->len == t->full ? s : pd_utf8_trim(s);
}

/* Cuts the next piece that may be shown off a URL's query; false when nothing is left. *secret: behind the
 * piece stood a value that is not to be shown, of a key that looks like a secret; it was cut off too. Keys
 * are looked at with their percent escapes undone. redact may be NULL. */
bool pd_query_next(struct pd_slice *query, const struct pd_redact *redact, struct pd_slice *piece,
                   bool *secret);

/* What may be shown of a PD_MASKED text: the text's bytes, or a copy in `room` without its secrets. redact
 * may be NULL: then everything. */
struct pd_slice pd_masked(const struct pd_rec *, const struct pd_field *, const struct pd_text *,
                          const struct pd_redact *, char room[PD_MASK_CAP]);

struct pd_date {
    uint32_t year;
    uint8_t month, day, hour, minute, second; /* month and day from 1 */
};

/* UTC, proleptic Gregorian. Takes no lock, as gmtime_r() does. */
void pd_date_from(struct pd_date *, uint64_t seconds);

/* Prints the decimal digits of v, `width` of them, zeros in front. Returns the end. */
char *pd_digits(char *to, uint64_t v, unsigned width);

/* The time that a line carries: the request's first byte, else the earliest that was seen, else 0. */
uint64_t pd_rec_time(const struct pd_rec *);

/* ns from the request's first byte to the response's last; false when an end was not seen. */
bool pd_rec_duration(const struct pd_rec *, uint64_t *ns);
/* ns from the request's last byte to the response's first; false also when the response began earlier. */
bool pd_rec_wait(const struct pd_rec *, uint64_t *ns);

/* Status words as printed: "ok", "error", ... */
extern const char *const pd_status_names[PD_STATUS_COUNT];

/* False when no response may be shown. A one-way message may have fields of a response: a multicast answer
 * has. */
bool pd_rec_has_response(const struct pd_rec *);
#endif
