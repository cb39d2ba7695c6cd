/* sql_words.c: the table of words, by first letter, those that come often first. */
#include "protocol/sql_words.h"

enum { WORD_MAX = 13, WORDS = 12 };

struct keyword {
    uint8_t text[16]; /* padded with zeros, so that comparing takes two steps; `_` is 0x7f as in lower() */
    uint8_t word;
};

/* clang-format off */
static const struct keyword keywords['z' - 'a' + 1][WORDS] = {
    ['a' - 'a'] = {{"as", PD_KW_AS}, {"aggregate", PD_KW_MODIFIER}, {"algorithm", PD_KW_MODIFIER},
        {"all", PD_KW_BEFORE}, {"alter", PD_KW_DEFINE}, {"analyze", PD_KW_OPTIONAL},
        {"array", PD_KW_ARRAY}},
    ['b' - 'a'] = {{"begin", PD_KW_BEGIN}, {"by", PD_KW_BY}},
    ['c' - 'a'] = {{"create", PD_KW_CREATE}, {"call", PD_KW_CALL}, {"check", PD_KW_OPTIONAL},
        {"checksum", PD_KW_OPTIONAL}, {"cluster", PD_KW_OPTIONAL}, {"collation", PD_KW_KIND},
        {"concurrently", PD_KW_BEFORE}, {"copy", PD_KW_CALL}},
    ['d' - 'a'] = {{"desc", PD_KW_CALL}, {"delete", PD_KW_DELETE}, {"distinct", PD_KW_DISTINCT},
        {"default", PD_KW_FILLER}, {"database", PD_KW_KIND}, {"declare", PD_KW_EXPLAIN},
        {"definer", PD_KW_MODIFIER}, {"delayed", PD_KW_BEFORE}, {"describe", PD_KW_CALL},
        {"domain", PD_KW_KIND}, {"drop", PD_KW_DEFINE}},
    ['e' - 'a'] = {{"event", PD_KW_CODE}, {"except", PD_KW_UNION}, {"exec", PD_KW_CALL},
        {"execute", PD_KW_CALL}, {"exists", PD_KW_BEFORE}, {"explain", PD_KW_EXPLAIN},
        {"extension", PD_KW_KIND}},
    ['f' - 'a'] = {{"from", PD_KW_FROM}, {"for", PD_KW_TAIL}, {"false", PD_KW_BOOLEAN},
        {"fetch", PD_KW_TAIL}, {"foreign", PD_KW_MODIFIER}, {"freeze", PD_KW_BEFORE},
        {"full", PD_KW_BEFORE}, {"fulltext", PD_KW_MODIFIER}, {"function", PD_KW_CODE}},
    ['g' - 'a'] = {{"group", PD_KW_TAIL}, {"global", PD_KW_MODIFIER}},
    ['h' - 'a'] = {{"handler", PD_KW_CALL}, {"having", PD_KW_TAIL}, {"high\x7fpriority", PD_KW_BEFORE}},
    ['i' - 'a'] = {{"in", PD_KW_IN}, {"is", PD_KW_IS}, {"into", PD_KW_INTO}, {"insert", PD_KW_INSERT},
        {"identified", PD_KW_IDENTIFIED}, {"if", PD_KW_BEFORE}, {"ignore", PD_KW_BEFORE},
        {"index", PD_KW_KIND}, {"intersect", PD_KW_UNION}, {"invoker", PD_KW_MODIFIER}},
    ['j' - 'a'] = {{"join", PD_KW_JOIN}},
    ['l' - 'a'] = {{"limit", PD_KW_TAIL}, {"lateral", PD_KW_BEFORE}, {"load", PD_KW_LOAD},
        {"local", PD_KW_MODIFIER}, {"lock", PD_KW_OPTIONAL}, {"low\x7fpriority", PD_KW_BEFORE}},
    ['m' - 'a'] = {{"materialized", PD_KW_MODIFIER}, {"merge", PD_KW_MERGE}},
    ['n' - 'a'] = {{"null", PD_KW_FILLER}, {"not", PD_KW_NOT}},
    ['o' - 'a'] = {{"on", PD_KW_BEFORE}, {"order", PD_KW_TAIL}, {"or", PD_KW_MODIFIER},
        {"offline", PD_KW_MODIFIER}, {"offset", PD_KW_TAIL}, {"online", PD_KW_MODIFIER},
        {"only", PD_KW_BEFORE}, {"optimize", PD_KW_OPTIONAL}},
    ['p' - 'a'] = {{"package", PD_KW_CODE}, {"password", PD_KW_PASSWORD}, {"policy", PD_KW_CODE},
        {"prepare", PD_KW_EXPLAIN}, {"procedure", PD_KW_CODE}, {"publication", PD_KW_KIND}},
    ['r' - 'a'] = {{"recursive", PD_KW_RECURSIVE}, {"refresh", PD_KW_DEFINE}, {"reindex", PD_KW_DEFINE},
        {"rename", PD_KW_DEFINE}, {"repair", PD_KW_OPTIONAL}, {"replace", PD_KW_REPLACE},
        {"returning", PD_KW_TAIL}, {"role", PD_KW_PERSON}, {"row", PD_KW_ROW}, {"rule", PD_KW_CODE}},
    ['s' - 'a'] = {{"select", PD_KW_SELECT}, {"set", PD_KW_SET}, {"schema", PD_KW_KIND},
        {"security", PD_KW_MODIFIER}, {"sequence", PD_KW_KIND}, {"server", PD_KW_KIND},
        {"session", PD_KW_MODIFIER}, {"show", PD_KW_SHOW}, {"spatial", PD_KW_MODIFIER},
        {"sql", PD_KW_MODIFIER}, {"start", PD_KW_DEFINE}, {"straight\x7fjoin", PD_KW_JOIN}},
    ['t' - 'a'] = {{"to", PD_KW_TO}, {"table", PD_KW_TABLE}, {"tables", PD_KW_TABLE},
        {"tablespace", PD_KW_KIND}, {"temp", PD_KW_MODIFIER}, {"temporary", PD_KW_MODIFIER},
        {"transaction", PD_KW_PERSON}, {"trigger", PD_KW_CODE}, {"true", PD_KW_BOOLEAN},
        {"truncate", PD_KW_OPTIONAL}, {"type", PD_KW_KIND}},
    ['u' - 'a'] = {{"update", PD_KW_UPDATE}, {"using", PD_KW_USING}, {"union", PD_KW_UNION},
        {"unique", PD_KW_MODIFIER}, {"unlogged", PD_KW_MODIFIER}, {"use", PD_KW_CALL},
        {"user", PD_KW_PERSON}},
    ['v' - 'a'] = {{"values", PD_KW_VALUES}, {"vacuum", PD_KW_OPTIONAL}, {"value", PD_KW_VALUE},
        {"verbose", PD_KW_BEFORE}, {"view", PD_KW_VIEW}},
    ['w' - 'a'] = {{"where", PD_KW_TAIL}, {"with", PD_KW_WITH}, {"window", PD_KW_TAIL}},
};
/* clang-format on */

/* Up to eight bytes of a text as a number, the first one lowest, zeros behind them; parts that overlap are
 * the same bits. Letters become lower case and `_` 0x7f, which no other byte of a name does. */
static uint64_t lower(const uint8_t *p, uint32_t n)
{
    uint64_t blanks = 0x2020202020202020 >> 8 * (8 - n);

    if (n == 8)
        return pd_le64(p) | blanks;
    if (n >= 4)
        return pd_le32(p) | (uint64_t)pd_le32(p + n - 4) << 8 * (n - 4) | blanks;
    return p[0] | (uint64_t)p[n / 2] << 8 * (n / 2) | (uint64_t)p[n - 1] << 8 * (n - 1) | blanks;
}

enum pd_sql_keyword pd_sql_keyword(const struct pd_sql_token *t)
{
    uint64_t low, high = 0;
    uint32_t n = t->len;

    if (t->kind != PD_SQL_WORD || n > WORD_MAX || n < 2)
        return PD_KW_NONE;
    low = lower(t->p, n < 8 ? n : 8);
    if (n > 8)
        high = lower(t->p + 8, n - 8);
    uint32_t letter = (uint32_t)(low & 0xff) - 'a';
    if (letter > 'z' - 'a')
        return PD_KW_NONE;
    for (const struct keyword *k = keywords[letter]; k->word && k < keywords[letter] + WORDS; k++)
        if (pd_le64(k->text) == low && pd_le64(k->text + 8) == high)
            return k->word;
    return PD_KW_NONE;
}
