/* sql_mask.c: a statement without its secrets, or without any values. Tokens are copied with the white space
 * between them; literals are replaced on the way. A list of literals is shortened when its parenthesis
 * closes, by going back in what was written. */
#include "protocol/sql_token.h"
#include "roundtrip/redact.h"
#include "roundtrip/schema.h"

enum { LISTS = 16 };

enum hint { /* what the tokens before say of a literal that comes next */
            H_NONE,
            H_NAME,  /* something that is called like a secret */
            H_SECRET /* and `=`, `(`, BY: it is one */
};

struct list {                    /* an open parenthesis or bracket */
    uint32_t begin;              /* where it stands in out */
    uint32_t row_begin, row_end; /* in out: the row before */
    bool list;                   /* of IN, of VALUES, of ARRAY, or a row of them */
    bool rows;                   /* what stands in parentheses here is a row */
    bool flat, filled;           /* there is nothing but values; there are some */
};

struct mask {
    struct pd_sql_text text;
    char *out;
    uint32_t cap, len;
    bool values, secrets, changed;
    bool identified;   /* inside of IDENTIFIED BY ... */
    bool set_password; /* the statement is SET PASSWORD */
    uint8_t hint;
    uint32_t tokens; /* of this statement */
    uint32_t depth;
    struct pd_sql_token before; /* the last token that is no comment */
    struct list lists[LISTS];
};

static void put(struct mask *m, const void *p, size_t n)
{
    if (n > m->cap - m->len)
        n = m->cap - m->len;
    memcpy(m->out + m->len, p, n);
    m->len += (uint32_t)n;
}

/* --- secrets --- */

static bool holds(struct pd_slice text, const char *part)
{
    size_t n = strlen(part);

    for (uint32_t i = 0; i + n <= text.len; i++) {
        size_t k = 0;
        while (k < n && (text.p[i + k] | 0x20) == part[k])
            k++;
        if (k == n)
            return true;
    }
    return false;
}

/* Names of options, columns and functions. Underscores are 0x7f when made lower case like letters. */
static bool sounds_secret(const struct pd_sql_token *t)
{
    static const char *const parts[] = {"passw",  "secret",     "credential",   "token",
                                        "apikey", "api\x7fkey", "access\x7fkey"};
    struct pd_slice text = {t->p, t->len};

    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++)
        if (holds(text, parts[i]))
            return true;
    return pd_slice_eq_lower(text, PD_SLICE("connection"));
}

static bool is_any(const struct pd_sql_token *t, const struct pd_slice *words, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (pd_sql_is_word(t, words[i]))
            return true;
    return false;
}

static bool joins(const struct pd_sql_token *t)
{
    return pd_sql_is(t, '=') || pd_sql_is(t, '(') || pd_sql_is(t, '>') || (t->len == 2 && t->p[1] == '=');
}

/* What this token, which is no literal, says of the next. */
static uint8_t hint_of(struct mask *m, const struct pd_sql_token *t)
{
    static const struct pd_slice by[] = {{(const uint8_t *)"by", 2},
                                         {(const uint8_t *)"as", 2},
                                         {(const uint8_t *)"to", 2},
                                         {(const uint8_t *)"using", 5},
                                         {(const uint8_t *)"replace", 7}};

    if (t->kind == PD_SQL_WORD && t->p[0] == '_' && m->hint == H_SECRET)
        return H_SECRET; /* a character set before a string */
    if (is_any(t, by, sizeof by / sizeof *by))
        return m->hint || m->identified || m->set_password ? H_SECRET : H_NONE;
    if (t->kind == PD_SQL_WORD || t->kind == PD_SQL_NAME)
        return sounds_secret(t) ? H_NAME : H_NONE;
    if (t->kind == PD_SQL_MARK && joins(t))
        return m->hint || (m->set_password && pd_sql_is(t, '=')) ? H_SECRET : H_NONE;
    return H_NONE;
}

static void follow(struct mask *m, const struct pd_sql_token *t)
{
    m->hint = hint_of(m, t);
    if (pd_sql_is(t, ';'))
        m->tokens = 0;
    else
        m->tokens++;
    if (pd_sql_is(t, ';') || pd_sql_is(t, ','))
        m->identified = false;
    else if (pd_sql_is_word(t, PD_SLICE("identified")))
        m->identified = true;
    if (m->tokens == 0)
        m->set_password = false;
    else if (m->tokens == 2 && pd_sql_is_word(t, PD_SLICE("password")))
        m->set_password = pd_sql_is_word(&m->before, PD_SLICE("set"));
}

static bool is_hex(const struct pd_sql_token *t)
{
    return t->kind == PD_SQL_NUMBER && t->len > 2 && t->p[0] == '0' && (t->p[1] | 0x20) == 'x';
}

/* A string that is a secret by what stands before it, or that holds one: 'host=a password=b'. */
static bool is_secret(const struct mask *m, const struct pd_sql_token *t)
{
    if (t->kind != PD_SQL_STRING && !is_hex(t))
        return false;
    return m->hint != H_NONE || holds((struct pd_slice){t->p, t->len}, "password=");
}

/* Keeps quotes and prefix: E'[redacted]'. */
static void put_redacted(struct mask *m, const struct pd_sql_token *t)
{
    uint32_t prefix = 0;

    if (t->kind == PD_SQL_NUMBER) {
        put(m, PD_REDACTED, sizeof PD_REDACTED - 1);
        return;
    }
    while (t->p[prefix] != '\'' && t->p[prefix] != '"' && t->p[prefix] != '$')
        prefix++;
    if (t->p[prefix] == '$') /* the tag */
        do
            prefix++;
        while (t->p[prefix] != '$');
    put(m, t->p, prefix + 1);
    put(m, PD_REDACTED, sizeof PD_REDACTED - 1);
    if (!t->open)
        put(m, t->p + (t->p[0] == '$' ? 0 : prefix), t->p[0] == '$' ? prefix + 1 : 1);
}

/* --- values --- */

static struct list *top(struct mask *m)
{
    return m->depth < LISTS ? &m->lists[m->depth] : NULL;
}

static bool is_boolean(const struct mask *m, const struct pd_sql_token *t)
{
    static const struct pd_slice truth[] = {{(const uint8_t *)"true", 4}, {(const uint8_t *)"false", 5}};
    static const struct pd_slice test[] = {{(const uint8_t *)"is", 2}, {(const uint8_t *)"not", 3}};

    return is_any(t, truth, 2) && !is_any(&m->before, test, 2) && !pd_sql_is(&m->before, '.');
}

/* NULL and DEFAULT are no literals, but say nothing that a list would need. */
static bool is_filler(const struct pd_sql_token *t)
{
    static const struct pd_slice words[] = {{(const uint8_t *)"null", 4}, {(const uint8_t *)"default", 7}};

    return t->kind == PD_SQL_PARAM || is_any(t, words, 2);
}

/* A number's sign, where no operand can stand before it, goes with the number. */
static bool is_sign(const struct mask *m, const struct pd_sql_token *t)
{
    struct pd_sql_text ahead = m->text;

    if (t->kind != PD_SQL_MARK || (t->p[0] != '-' && t->p[0] != '+') || m->before.kind != PD_SQL_MARK ||
        !memchr("(,[=<>", m->before.p[0], 6))
        return false;
    return pd_sql_next(&ahead).kind == PD_SQL_NUMBER;
}

static void put_value(struct mask *m)
{
    struct list *l = top(m);

    put(m, "?", 1);
    m->changed = true;
    if (l)
        l->filled = true;
}

static void open_list(struct mask *m, const struct pd_sql_token *t)
{
    static const struct pd_slice of_list[] = {{(const uint8_t *)"in", 2}};
    static const struct pd_slice of_array[] = {{(const uint8_t *)"array", 5}};
    struct list *outer = top(m);
    bool bracket = pd_sql_is(t, '[');

    if (outer && !pd_sql_is(&m->before, ',') && !outer->rows)
        outer->flat = false;
    bool rows = !bracket && is_any(&m->before, of_list, 1);
    bool list = rows || (outer && outer->rows && !bracket) || (bracket && is_any(&m->before, of_array, 1));
    if (outer)
        outer->flat = false;
    if (++m->depth < LISTS)
        m->lists[m->depth] = (struct list){.begin = m->len, .list = list, .rows = rows, .flat = true};
    put(m, t->p, t->len);
}

static void close_list(struct mask *m, const struct pd_sql_token *t)
{
    struct list *l = top(m), *outer;

    if (m->depth == 0 || !l) {
        m->depth -= m->depth > 0;
        put(m, t->p, t->len);
        return;
    }
    if (l->list && l->flat && l->filled && m->len > l->begin + 2) {
        m->len = l->begin + 1;
        put(m, "?", 1);
        m->changed = true;
    }
    put(m, t->p, t->len);
    m->depth--;
    outer = top(m);
    if (!outer->rows)
        return;
    uint32_t n = m->len - l->begin;
    if (outer->row_end && n == outer->row_end - outer->row_begin &&
        memcmp(m->out + outer->row_begin, m->out + l->begin, n) == 0) {
        m->len = outer->row_end;
        m->changed = true;
    } else {
        outer->row_begin = l->begin;
        outer->row_end = m->len;
    }
}

/* Everything else: what it means for the list that it stands in. */
static void put_plain(struct mask *m, const struct pd_sql_token *t)
{
    static const struct pd_slice values[] = {{(const uint8_t *)"values", 6}, {(const uint8_t *)"value", 5}};
    static const struct pd_slice row[] = {{(const uint8_t *)"row", 3}};
    struct list *l = top(m);

    if (l && is_filler(t)) {
        l->filled = true;
    } else if (l && !pd_sql_is(t, ',')) {
        l->flat = false;
        if (is_any(t, values, 2)) {
            l->rows = true;
            l->row_end = 0;
        } else if (!is_any(t, row, 1)) {
            l->rows = false;
        }
    }
    put(m, t->p, t->len);
}

static void put_token(struct mask *m, const struct pd_sql_token *t)
{
    bool literal = t->kind == PD_SQL_STRING || t->kind == PD_SQL_NUMBER;

    if (m->secrets && !m->values && is_secret(m, t)) {
        put_redacted(m, t);
        m->changed = true;
        return;
    }
    if (!m->values)
        put(m, t->p, t->len);
    else if (literal || is_boolean(m, t))
        put_value(m);
    else if (pd_sql_is(t, '(') || pd_sql_is(t, '['))
        open_list(m, t);
    else if (pd_sql_is(t, ')') || pd_sql_is(t, ']'))
        close_list(m, t);
    else if (!is_sign(m, t))
        put_plain(m, t);
    if (!literal) /* strings side by side are one */
        follow(m, t);
}

/* May there be a secret? Only strings and hexadecimal numbers hold one. */
static bool suspicious(struct pd_slice sql)
{
    return sql.len && (memchr(sql.p, '\'', sql.len) || memchr(sql.p, '"', sql.len) ||
                       memchr(sql.p, '$', sql.len) || memmem(sql.p, sql.len, "0x", 2));
}

uint32_t pd_sql_mask(struct pd_slice sql, enum pd_sql_dialect dialect, unsigned what, char *out, uint32_t cap)
{
    struct mask m = {.text = pd_sql_text(sql, dialect), .out = out, .cap = cap};
    const uint8_t *copied = sql.p;

    m.values = what & PD_MASK_VALUES;
    m.secrets = what & PD_MASK_SECRETS;
    if (!m.values && (!m.secrets || !suspicious(sql)))
        return PD_AS_IS;
    for (;;) {
        struct pd_sql_token t = pd_sql_next(&m.text);
        put(&m, copied, (size_t)(t.p - copied));
        if (t.kind == PD_SQL_END)
            break;
        copied = t.p + t.len;
        if (t.kind == PD_SQL_COMMENT && m.values) {
            if (m.len && m.out[m.len - 1] != ' ')
                put(&m, " ", 1);
            m.changed = true;
        } else if (t.kind == PD_SQL_COMMENT || t.kind == PD_SQL_FENCE) {
            put(&m, t.p, t.len);
        } else {
            put_token(&m, &t);
            m.before = t;
        }
    }
    return m.changed ? m.len : PD_AS_IS;
}
