/* sql_verb.c: what the first words of a statement say. */
#include "protocol/sql_token.h"

uint32_t pd_sql_verb(struct pd_slice sql, enum pd_sql_dialect dialect, char *out, uint32_t cap)
{
    struct pd_sql_text text = pd_sql_text(sql, dialect);
    struct pd_sql_token t;

    do
        pd_sql_next_code(&text, &t);
    while (pd_sql_is(&t, '(') || pd_sql_is(&t, '{') || pd_sql_is(&t, ';'));
    if (t.kind != PD_SQL_WORD || t.len > cap)
        return 0;
    for (uint32_t i = 0; i < t.len; i++)
        out[i] = (char)(t.p[i] >= 'a' && t.p[i] <= 'z' ? t.p[i] & ~0x20 : t.p[i]);
    return t.len;
}

bool pd_sql_several(struct pd_slice sql)
{
    const uint8_t *end = sql.len ? memchr(sql.p, ';', sql.len) : NULL;

    return end && end + 1 < sql.p + sql.len;
}

/* Without its quotes; doubled ones count once. */
static bool unquote(const struct pd_sql_token *t, char *out, uint32_t cap, uint32_t *len)
{
    uint32_t n = 0, i = t->kind != PD_SQL_WORD, end = t->len - i;

    if (t->open)
        return false;
    for (; i < end; i++) {
        if (n == cap)
            return false;
        out[n++] = (char)t->p[i];
        i += t->kind != PD_SQL_WORD && t->p[i] == t->p[0];
    }
    *len = n;
    return n > 0;
}

bool pd_sql_use(struct pd_slice sql, enum pd_sql_dialect dialect, char *out, uint32_t cap, uint32_t *len)
{
    struct pd_sql_text text = pd_sql_text(sql, dialect);
    struct pd_sql_token t, name;

    pd_sql_next_code(&text, &t);
    if (!pd_sql_is_word(&t, PD_SLICE("use")))
        return false;
    pd_sql_next_code(&text, &name);
    if (name.kind != PD_SQL_WORD && (name.kind != PD_SQL_NAME || (name.p[0] | 0x20) == 'u'))
        return false;
    do
        pd_sql_next_code(&text, &t);
    while (pd_sql_is(&t, ';'));
    return t.kind == PD_SQL_END && unquote(&name, out, cap, len);
}
