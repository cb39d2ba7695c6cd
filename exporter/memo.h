/* memo.h: what an encoder has worked out once and will need again: a schema's keys, addresses as text, which
 * header names are secret, the second that it is. All of it follows from what is encoded: a memo changes how
 * fast a line is made, never the line. One thread at a time. */
#ifndef PD_EXPORTER_MEMO_H
#define PD_EXPORTER_MEMO_H
#include "exporter/json.h"
#include "exporter/line.h"

enum {
    PD_MEMO_SLOTS = 128,
    PD_MEMO_ENDS = 256,
    PD_MEMO_CONSTANTS = 256,
    PD_MEMO_FIELDS = 64, /* that a schema has in lines, at most */
    PD_STEP_QUERY = 32,
    PD_STEP_MASKED,
    PD_STEP_END
};

/* Room for a key and a number each, and for one that stands alone. */
enum { PD_MEMO_KEPT = (PD_MEMO_FIELDS + 1) * (sizeof(struct pd_piece) + PD_JSON_NUMBER) };

/* One field as the encoder meets it. */
struct pd_step {
    struct pd_piece key; /* `"status_code":` */
    uint64_t mark;       /* its bit among the fields that were cut; 0 for those beyond the 64th */
    union {
        const struct pd_step *sub;    /* OBJECTS: their fields */
        const struct pd_field *field; /* PD_STEP_MASKED: what the mask is asked for */
    };
    uint16_t off;
    uint8_t kind; /* enum pd_type, PD_STEP_QUERY, PD_STEP_MASKED, or PD_STEP_END behind the last */
};

/* A schema's fields that go into lines, by side, in the order of its table. */
struct pd_plan {
    struct pd_plan *next;
    const struct pd_schema *schema;
    const struct pd_step *side[2];
    struct pd_piece proto; /* `"proto":"http",` */
    struct pd_step step[];
};

struct pd_memo_end {
    struct pd_end end;
    uint8_t len;   /* 0: nothing here */
    char text[77]; /* `{"address":"127.0.0.1","port":80},` */
};

struct pd_memo_name {
    const struct pd_redact *redact; /* whose verdict it is */
    uint8_t len;                    /* of the name; 0: nothing here */
    bool secret;
    char text[54]; /* `"content-type":[` */
};

/* A field with a constant for its text, of which a program has few. */
struct pd_memo_constant {
    const struct pd_step *step;
    const char *s;          /* the constant itself; NULL: nothing here */
    struct pd_piece member; /* `"class":"IN",` */
};

enum { PD_MEMO_QUOTES = 4, PD_MEMO_NAME_MAX = 54 - PD_MEMO_QUOTES };

struct pd_line_memo {
    struct pd_plan *plans;
    uint64_t second;       /* of begin */
    struct pd_piece begin; /* `{"time":"2026-11-20T15:17:08.` */
    struct pd_piece status[PD_STATUS_COUNT];
    struct pd_memo_end end[PD_MEMO_ENDS];
    struct pd_memo_name name[PD_MEMO_SLOTS];
    struct pd_memo_constant constant[PD_MEMO_CONSTANTS];
    /* Where a line goes on that found no room: whatever is written at once fits, and nobody reads it. */
    char spare[1 + PD_MEMO_KEPT + 2 * PD_JSON_SLACK + 2 * PD_JSON_BLOCK * PD_JSON_ESCAPE];
};

/* The schema's plan, made when it is not there yet; NULL when memory is short. */
const struct pd_plan *pd_memo_plan(struct pd_line_memo *, const struct pd_schema *);

/* The line's beginning for that second. */
const struct pd_piece *pd_memo_second(struct pd_line_memo *, uint64_t second);

const struct pd_memo_end *pd_memo_end(struct pd_line_memo *, const struct pd_end *);

/* NULL when the name was shortened, needs escapes or is too long, and so has to be looked at each time.
 * redact may be NULL. */
const struct pd_memo_name *pd_memo_name(struct pd_line_memo *, const struct pd_redact *redact,
                                        const struct pd_pair *);

/* pd_memo_constant() where the place is free or another's. */
PD_COLD const struct pd_piece *pd_memo_new_constant(struct pd_memo_constant *, const struct pd_step *,
                                                    const struct pd_text *);

/* The member that the step makes of a constant text; NULL when it is too long or another has its place, who
 * keeps it: there are no more constants than the program has. Inlined: it takes less than a call would. */
static inline const struct pd_piece *pd_memo_constant(struct pd_line_memo *m, const struct pd_step *step,
                                                      const struct pd_text *t)
{
    uint64_t mixed = ((uintptr_t)step ^ (uintptr_t)t->s) * UINT64_C(0x9e3779b97f4a7c15);
    struct pd_memo_constant *slot = &m->constant[mixed >> 32 & (PD_MEMO_CONSTANTS - 1)];

    return slot->s == t->s && slot->step == step ? &slot->member : pd_memo_new_constant(slot, step, t);
}
#endif
