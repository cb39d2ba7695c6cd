/* sql.h: what a statement does, and the statement without its values or secrets, from its text alone. One
 * pass over tokens, no grammar: what is not understood is left out. All functions take any bytes, keep
 * nothing, and are linear in the text's length. */
#ifndef PD_PROTOCOL_SQL_H
#define PD_PROTOCOL_SQL_H
#include "base/slice.h"

enum pd_sql_dialect { PD_SQL_MYSQL, PD_SQL_POSTGRESQL, PD_SQL_DIALECTS };

enum { PD_SQL_SUMMARY_MAX = 255 };

/* OpenTelemetry's db.query.summary: operations and their targets in the text's order, as they are written
 * there, quotes included: `SELECT users`, `INSERT a SELECT b c`, `CREATE TABLE t`. Values, aliases, common
 * table expressions, functions and names of sessions' things (savepoints, cursors) are left out. Statements
 * are joined by "; ", one that repeats the one before it is said once. cut: the text is the beginning of a
 * longer one, so that its last token is not trusted. Returns the length, at most cap and PD_SQL_SUMMARY_MAX,
 * never cut inside a name; 0: there is no statement. */
uint32_t pd_sql_summary(struct pd_slice sql, enum pd_sql_dialect, bool cut, char *out, uint32_t cap);

/* The first word, in upper case. Returns its length; 0: there is none, or it does not fit. */
uint32_t pd_sql_verb(struct pd_slice sql, enum pd_sql_dialect, char *out, uint32_t cap);

/* Does anything stand behind a semicolon, perhaps another statement? */
bool pd_sql_several(struct pd_slice sql);

/* `USE db` and nothing else: the database's name without quotes goes to out. False: it is no such statement,
 * or the name does not fit. */
bool pd_sql_use(struct pd_slice sql, enum pd_sql_dialect, char *out, uint32_t cap, uint32_t *len);

/* For pd_schema.mask. what: enum pd_mask. PD_MASK_SECRETS: passwords and keys become '[redacted]' between
 * their quotes. PD_MASK_VALUES: literals become `?`, lists of them `(?)`, rows of the same shape one row,
 * comments go; the result is never longer than sql. A literal that the text's end cuts off counts as one.
 * Returns the length written, at most cap; PD_AS_IS: nothing changes, and nothing of use was written. A text
 * with a hole in it cannot be masked: where literals begin is not known behind the hole. */
uint32_t pd_sql_mask(struct pd_slice sql, enum pd_sql_dialect, unsigned what, char *out, uint32_t cap);
#endif
