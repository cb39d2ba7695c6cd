/* sql_words.h: the words that sql.c and sql_mask.c act on. Words that mean the same here are one. */
#ifndef PD_PROTOCOL_SQL_WORDS_H
#define PD_PROTOCOL_SQL_WORDS_H
#include "protocol/sql_token.h"

enum pd_sql_keyword {
    PD_KW_NONE,
    PD_KW_SELECT,
    PD_KW_WITH,
    PD_KW_INSERT,
    PD_KW_REPLACE,
    PD_KW_UPDATE,
    PD_KW_DELETE,
    PD_KW_MERGE,
    PD_KW_TABLE,
    PD_KW_VALUES,
    PD_KW_LOAD,
    PD_KW_BEGIN,
    PD_KW_CREATE,
    PD_KW_DEFINE,   /* DROP: a kind of object follows, then its name */
    PD_KW_OPTIONAL, /* TRUNCATE: the kind may be left out */
    PD_KW_CALL,     /* USE too: a name follows */
    PD_KW_SHOW,
    PD_KW_EXPLAIN, /* PREPARE: another statement follows somewhere */
    PD_KW_KIND,    /* INDEX: a kind of object */
    PD_KW_VIEW,
    PD_KW_CODE,   /* FUNCTION: the rest of the text is its body */
    PD_KW_PERSON, /* USER: its name is not said, or there is none */
    PD_KW_FROM,
    PD_KW_JOIN,
    PD_KW_SET,
    PD_KW_USING,
    PD_KW_UNION,
    PD_KW_TAIL, /* WHERE: ends a list of tables */
    PD_KW_INTO,
    PD_KW_TO,
    PD_KW_NOT,
    PD_KW_DISTINCT,
    PD_KW_BEFORE,   /* ONLY: may stand before a name */
    PD_KW_MODIFIER, /* TEMPORARY: may stand before a kind */
    PD_KW_RECURSIVE,
    PD_KW_AS,
    PD_KW_BY,
    PD_KW_IN,
    PD_KW_IS,
    PD_KW_ROW,
    PD_KW_VALUE,
    PD_KW_ARRAY,
    PD_KW_BOOLEAN, /* TRUE */
    PD_KW_FILLER,  /* NULL, DEFAULT: stand where values do */
    PD_KW_IDENTIFIED,
    PD_KW_PASSWORD,
    PD_KW_COUNT
};

/* ASCII case-insensitive; PD_KW_NONE for what is no such word. */
enum pd_sql_keyword pd_sql_keyword(const struct pd_sql_token *);
#endif
