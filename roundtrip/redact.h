/* redact.h: which names look like secrets. Their values never reach an output unless asked for. */
#ifndef PD_ROUNDTRIP_REDACT_H
#define PD_ROUNDTRIP_REDACT_H
#include "roundtrip/schema.h"

struct pd_redact;

/* The names that are redacted when nothing else is said: NULL-terminated, lower case, parts of a name. */
extern const char *const pd_redact_defaults[];

/* A matcher for names that hold one of these parts, ASCII case-insensitive. NULL when memory is short or the
 * parts are more than 2,048 bytes together. One table look-up a byte when asked. Caller frees. */
struct pd_redact *pd_redact_new(const char *const *parts);
void pd_redact_free(struct pd_redact *);

bool pd_redact_name(const struct pd_redact *, struct pd_slice name);
#endif
