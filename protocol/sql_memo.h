/* sql_memo.h: what is found out from a statement's text, remembered by that text. A program says the same
 * statements again and again, with other numbers in them. */
#ifndef PD_PROTOCOL_SQL_MEMO_H
#define PD_PROTOCOL_SQL_MEMO_H
#include "protocol/sql.h"

enum { PD_SQL_MEMO_SETS = 64, PD_SQL_MEMO_WAYS = 4, PD_SQL_MEMO_TEXT = 1024, PD_SQL_VERB_MAX = 24 };

struct pd_sql_facts {
    struct pd_slice summary; /* as pd_sql_summary() says it, with all the room that it may want */
    struct pd_slice verb;    /* as pd_sql_verb() says it; a longer one than PD_SQL_VERB_MAX is none */
    bool several;            /* as pd_sql_several() says */
    bool clean;              /* pd_sql_mask() leaves all as it is when asked for PD_MASK_SECRETS */
};

struct pd_sql_memo_entry {
    struct pd_sql_facts facts;
    uint64_t stamp; /* of no other text, not even in the other dialect's memo */
    uint16_t len;   /* of the text */
    bool cut;       /* the text is the beginning of a longer one */
    bool exact;     /* it may hold numbers where they matter */
    char verb[PD_SQL_VERB_MAX], summary[PD_SQL_SUMMARY_MAX];
    uint8_t text[PD_SQL_MEMO_TEXT];
};

/* Zeroed is empty. Part of a protocol's state in a worker; one for each dialect. */
struct pd_sql_memo {
    uint64_t keys[PD_SQL_MEMO_SETS][PD_SQL_MEMO_WAYS]; /* 0: nothing is there */
    uint8_t victim[PD_SQL_MEMO_SETS];                  /* the way that is given up next */
    struct pd_sql_memo_entry *latest;                  /* that was asked for, or NULL */
    uint64_t stamps;                                   /* so many were given */
    struct pd_sql_memo_entry entries[PD_SQL_MEMO_SETS][PD_SQL_MEMO_WAYS];
    struct pd_sql_memo_entry other; /* for a text that is not remembered */
};

/* cut: as for pd_sql_summary(). What is returned is valid until the memo is asked again. */
const struct pd_sql_facts *pd_sql_memo_facts(struct pd_sql_memo *, struct pd_slice sql, enum pd_sql_dialect,
                                             bool cut);

/* The same of a text that stays, with a word beside it that is 0 at first: there it is noted where the facts
 * are. */
const struct pd_sql_facts *pd_sql_memo_noted(struct pd_sql_memo *, struct pd_slice sql, enum pd_sql_dialect,
                                             bool cut, uint64_t *note);
#endif
