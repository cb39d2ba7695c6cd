/* sql_memo.h: summaries that are remembered by their statements' texts. A program says the same statements
 * again and again, with other numbers in them. */
#ifndef PD_PROTOCOL_SQL_MEMO_H
#define PD_PROTOCOL_SQL_MEMO_H
#include "protocol/sql.h"

enum { PD_SQL_MEMO_SETS = 64, PD_SQL_MEMO_WAYS = 4, PD_SQL_MEMO_TEXT = 248, PD_SQL_MEMO_SUMMARY = 64 };

struct pd_sql_memo_entry {
    uint8_t len, summary_len;
    bool exact; /* it may hold numbers where they matter */
    uint8_t text[PD_SQL_MEMO_TEXT];
    char summary[PD_SQL_MEMO_SUMMARY];
};

/* Zeroed is empty. Part of a protocol's state in a worker; one for each dialect. */
struct pd_sql_memo {
    struct pd_sql_memo_entry entries[PD_SQL_MEMO_SETS][PD_SQL_MEMO_WAYS];
    uint8_t victim[PD_SQL_MEMO_SETS]; /* the way that is given up next */
};

/* The same as pd_sql_summary(). */
uint32_t pd_sql_memo_summary(struct pd_sql_memo *, struct pd_slice sql, enum pd_sql_dialect, bool cut,
                             char *out, uint32_t cap);
#endif
