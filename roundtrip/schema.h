/* schema.h: a protocol's fields as a table. It is all that processors and exporters ever see of a protocol:
 * JSON keys, labels, span attributes, columns, help and docs are read from it. */
#ifndef PD_ROUNDTRIP_SCHEMA_H
#define PD_ROUNDTRIP_SCHEMA_H
#include "base/addr.h"
#include "base/slice.h"

/* A bounded copy in a record's arena. s is NULL when the field was not seen. len is what was kept, full what
 * the wire carried; holed means that bytes inside were lost; constant, that s points to a constant of this
 * program, not into an arena. Not NUL-terminated. */
struct pd_text {
    const char *s;
    uint32_t full;
    uint16_t len;
    bool holed, constant;
};

/* What was kept of it. */
static inline struct pd_slice pd_text_bytes(const struct pd_text *t)
{
    return (struct pd_slice){(const uint8_t *)t->s, t->len};
}

/* A literal as a text, in an initializer. */
#define PD_TEXT_OF(literal)                                                                                  \
    {                                                                                                        \
        .s = "" literal, .full = sizeof(literal) - 1, .len = sizeof(literal) - 1, .constant = true           \
    }

/* A number, or nothing. All zero is "not seen". */
struct pd_int {
    int64_t v;
    bool seen;
};

enum pd_bool { PD_UNSEEN, PD_FALSE, PD_TRUE };

/* A list in a record's arena; nodes are of one of the kinds below. full counts what the wire carried. */
struct pd_list {
    void *first, *last;
    uint64_t names; /* HEADERS: a set of bits for names, to know at once that one is new */
    uint16_t count, full;
    bool repeats; /* HEADERS: some name stands more than once */
};

struct pd_item { /* LIST */
    struct pd_item *next;
    struct pd_text text;
};

struct pd_pair {
    struct pd_text name, value; /* the name is in lower case */
    uint64_t names;             /* the kept name's bits in the set of a list's names */
    uint32_t hash;              /* of the kept name, which others may have too */
    bool shared;                /* it is a struct pd_shared's (shared.h), not the record's own */
};

struct pd_header { /* HEADERS */
    struct pd_header *next;
    struct pd_pair *pair;
    bool again; /* an earlier node has the same name */
};

struct pd_object { /* OBJECTS; the struct that the field's sub-table describes follows */
    struct pd_object *next;
    _Alignas(8) unsigned char data[];
};

enum pd_side { PD_REQUEST, PD_RESPONSE };
enum pd_type { PD_TEXT, PD_INT, PD_BOOL, PD_LIST, PD_HEADERS, PD_OBJECTS };

enum pd_role {
    PD_LABEL = 1,      /* may be a metric's label: a bounded set of values */
    PD_ATTRIBUTE = 2,  /* goes into spans */
    PD_LOG = 4,        /* goes into lines */
    PD_METRIC = 8,     /* a histogram of its own */
    PD_ASKED = 16,     /* part of the text line's "what was asked", in table order */
    PD_CAME = 32,      /* part of its "what came" */
    PD_HIDDEN = 64,    /* never in a line */
    PD_QUERY = 128,    /* a URL's query: values of secret-looking keys are redacted */
    PD_JOINED = 256,   /* text line: no blank between this and the column before (host, path) */
    PD_MASKED = 512,   /* a text with secrets or values in it: shown as the schema's mask() has it */
    PD_STAND_IN = 1024 /* shown while what another field would say is not known */
};

enum pd_mask {
    PD_MASK_SECRETS = 1, /* passwords and keys become PD_REDACTED */
    PD_MASK_VALUES = 2   /* literals become `?` */
};
#define PD_REDACTED "[redacted]" /* what stands in place of a secret */
enum { PD_MASKED_MAX = 1024, PD_MASK_CAP = 2 * PD_MASKED_MAX + 64 };
#define PD_AS_IS UINT32_MAX

struct pd_field {
    const char *name; /* JSON key, config name, label; NULL ends a table */
    const char *otel; /* OpenTelemetry attribute, or NULL */
    const char *help; /* one line for the docs */
    uint8_t side, type;
    uint16_t roles;
    uint16_t off;               /* offsetof in the protocol's record struct */
    const struct pd_field *sub; /* OBJECTS: their fields */
};

struct pd_rec;

struct pd_schema {
    const char *proto; /* "http": folder, config key, metric prefix and test prefix alike */
    const char *help;  /* what it is, a few words */
    const struct pd_field *fields;
    uint16_t rec_size;  /* sizeof the protocol's record struct */
    uint16_t arena_max; /* bytes of texts and lists a record may hold */
    /* True when the response says failure; *error then is a short text for the line (in the record or
     * static). */
    bool (*failed)(const struct pd_rec *, struct pd_text *error);
    /* What may be shown of a PD_MASKED text, which holds at most PD_MASKED_MAX bytes. what: enum pd_mask.
     * Writes it to out, cap bytes (PD_MASK_CAP or more), and returns its length; what does not fit is left
     * away. PD_AS_IS: there is nothing to hide. */
    uint32_t (*mask)(const struct pd_rec *, const struct pd_field *, unsigned what, char *out, uint32_t cap);
};
#endif
