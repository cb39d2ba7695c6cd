/* sql_token.h: SQL cut into tokens, for sql.c and sql_mask.c. */
#ifndef PD_PROTOCOL_SQL_TOKEN_H
#define PD_PROTOCOL_SQL_TOKEN_H
#include "protocol/sql.h"

enum pd_sql_kind {
    PD_SQL_END,
    PD_SQL_WORD,    /* keyword or plain name */
    PD_SQL_NAME,    /* quoted name, with its quotes */
    PD_SQL_STRING,  /* with quotes and prefix; hexadecimal and bit strings too */
    PD_SQL_NUMBER,  /* without its sign */
    PD_SQL_PARAM,   /* ? $1 :name @variable */
    PD_SQL_MARK,    /* operators and punctuation, one byte each; `::` and `:=` are one token */
    PD_SQL_COMMENT, /* hints too */
    PD_SQL_FENCE    /* MySQL: beginning or end of a comment whose inside is executed */
};

struct pd_sql_token {
    const uint8_t *p;
    uint32_t len;
    uint8_t kind; /* enum pd_sql_kind */
    bool open;    /* quoted or a comment, and the text ends before its end */
};

struct pd_sql_text { /* what is still to be read */
    const uint8_t *p, *end;
    const uint8_t *name_end; /* of the last token, when it was a name: a dot there is no decimal point */
    uint8_t dialect;
    bool fenced; /* inside of an executable comment */
};

static inline struct pd_sql_text pd_sql_text(struct pd_slice sql, enum pd_sql_dialect dialect)
{
    return (struct pd_sql_text){.p = sql.p, .end = sql.p + sql.len, .dialect = (uint8_t)dialect};
}

/* The next token; white space before it is passed over. Each byte is looked at a fixed number of times at
 * most. */
void pd_sql_next(struct pd_sql_text *, struct pd_sql_token *);
/* The next that is no comment and no fence. */
void pd_sql_next_code(struct pd_sql_text *, struct pd_sql_token *);

static inline bool pd_sql_is(const struct pd_sql_token *t, char mark)
{
    return t->kind == PD_SQL_MARK && t->len == 1 && t->p[0] == (uint8_t)mark;
}

/* Is it that word? ASCII case-insensitive, given in lower case. */
static inline bool pd_sql_is_word(const struct pd_sql_token *t, struct pd_slice word)
{
    return t->kind == PD_SQL_WORD && pd_slice_eq_lower((struct pd_slice){t->p, t->len}, word);
}
#endif
