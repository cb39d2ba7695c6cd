/* sql_mask.c: a statement without its secrets, or without any values. Tokens are copied with the white space
 * between them; literals are replaced on the way. A list of literals is shortened when its parenthesis
 * closes, by going back in what was written. */
#include "protocol/sql_words.h"
#include "roundtrip/redact.h"
#include "roundtrip/schema.h"

enum { LISTS = 16 };

/* What the tokens before say of a literal that comes next. */
enum hint {
    H_NONE,
    H_NAMED, /* a name, perhaps with `=` or AS behind it: it is a secret when it is called like one */
    H_SECRET
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
    bool changed;
    uint8_t word, before; /* enum pd_sql_keyword of the token in hand, and of the one before it */
    uint8_t mark;         /* values: the token before when it is one byte, else 0 */
    /* secrets: */
    bool identified;   /* inside of IDENTIFIED BY ... */
    bool set_password; /* the statement is SET PASSWORD */
    uint8_t hint;
    struct pd_slice name; /* of H_NAMED */
    uint32_t tokens;      /* of this statement */
    /* values: */
    uint32_t depth;
    struct list lists[LISTS]; /* each cleared when it is opened */
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
static bool sounds_secret(struct pd_slice name)
{
    static const char *const parts[] = {"passw",  "secret",     "credential",   "token",
                                        "apikey", "api\x7fkey", "access\x7fkey"};

    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++)
        if (holds(name, parts[i]))
            return true;
    return pd_slice_eq_lower(name, PD_SLICE("connection"));
}

static bool joins(const struct pd_sql_token *t)
{
    return pd_sql_is(t, '=') || pd_sql_is(t, '(') || pd_sql_is(t, '>') || (t->len == 2 && t->p[1] == '=');
}

/* What this token, which is no literal, says of the next. */
static uint8_t hint_of(struct mask *m, const struct pd_sql_token *t)
{
    switch ((enum pd_sql_keyword)m->word) {
    case PD_KW_BY:
    case PD_KW_AS:
    case PD_KW_TO:
    case PD_KW_USING:
    case PD_KW_REPLACE:
        return m->identified || m->set_password ? H_SECRET : m->hint;
    case PD_KW_PASSWORD:
        return H_SECRET;
    case PD_KW_NONE:
        break;
    default:
        return H_NONE;
    }
    if (t->kind == PD_SQL_WORD || t->kind == PD_SQL_NAME) {
        if (t->p[0] == '_' && m->hint)
            return m->hint; /* a character set before a string */
        m->name = (struct pd_slice){t->p, t->len};
        return H_NAMED;
    }
    if (t->kind != PD_SQL_MARK || !joins(t))
        return H_NONE;
    return m->set_password && pd_sql_is(t, '=') ? H_SECRET : m->hint;
}

static void follow(struct mask *m, const struct pd_sql_token *t)
{
    m->hint = hint_of(m, t);
    if (pd_sql_is(t, ';')) {
        m->tokens = 0;
        m->identified = m->set_password = false;
        return;
    }
    m->tokens++;
    if (pd_sql_is(t, ','))
        m->identified = false;
    else if (m->word == PD_KW_IDENTIFIED)
        m->identified = true;
    else if (m->word == PD_KW_PASSWORD && m->tokens == 2)
        m->set_password = m->before == PD_KW_SET;
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
    return m->hint == H_SECRET || (m->hint == H_NAMED && sounds_secret(m->name)) ||
           holds((struct pd_slice){t->p, t->len}, "password=");
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

static uint32_t mask_secrets(struct mask *m)
{
    const uint8_t *copied = m->text.p;
    struct pd_sql_token t;

    for (;;) {
        pd_sql_next_code(&m->text, &t);
        bool secret = is_secret(m, &t);
        if (secret || (t.kind == PD_SQL_END && m->changed))
            put(m, copied, (size_t)(t.p - copied));
        if (t.kind == PD_SQL_END)
            return m->changed ? m->len : PD_AS_IS;
        if (secret) {
            put_redacted(m, &t);
            copied = t.p + t.len;
            m->changed = true;
        }
        m->word = (uint8_t)pd_sql_keyword(&t);
        if (t.kind != PD_SQL_STRING && t.kind != PD_SQL_NUMBER) /* strings side by side are one */
            follow(m, &t);
        m->before = m->word;
    }
}

/* --- values --- */

static struct list *top(struct mask *m)
{
    return m->depth < LISTS ? &m->lists[m->depth] : NULL;
}

static bool is_boolean(const struct mask *m)
{
    if (m->text.p < m->text.end && *m->text.p == '.')
        return false; /* the name of a table */
    return m->word == PD_KW_BOOLEAN && m->before != PD_KW_IS && m->before != PD_KW_NOT && m->mark != '.';
}

/* A number's sign, where no operand can stand before it, goes with the number. */
static bool is_sign(const struct mask *m, const struct pd_sql_token *t)
{
    struct pd_sql_text ahead = m->text;
    struct pd_sql_token next;

    if (t->kind != PD_SQL_MARK || (t->p[0] != '-' && t->p[0] != '+') || !m->mark ||
        !memchr("(,[=<>", m->mark, 6))
        return false;
    pd_sql_next(&ahead, &next);
    return next.kind == PD_SQL_NUMBER;
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
    struct list *outer = top(m);
    bool bracket = pd_sql_is(t, '['), rows = !bracket && m->before == PD_KW_IN;
    bool list = rows || (bracket ? m->before == PD_KW_ARRAY : outer && outer->rows);

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

/* Everything else: what it means for the list that it stands in. NULL and DEFAULT are no literals, but say
 * nothing that a list would need. */
static void put_plain(struct mask *m, const struct pd_sql_token *t)
{
    struct list *l = top(m);

    put(m, t->p, t->len);
    if (!l || pd_sql_is(t, ','))
        return;
    if (t->kind == PD_SQL_PARAM || m->word == PD_KW_FILLER) {
        l->filled = true;
        return;
    }
    l->flat = false;
    if (m->word == PD_KW_VALUES || m->word == PD_KW_VALUE) {
        l->rows = true;
        l->row_end = 0;
    } else if (m->word != PD_KW_ROW) {
        l->rows = false;
    }
}

static void put_token(struct mask *m, const struct pd_sql_token *t)
{
    if (t->kind == PD_SQL_STRING || t->kind == PD_SQL_NUMBER || is_boolean(m))
        put_value(m);
    else if (pd_sql_is(t, '(') || pd_sql_is(t, '['))
        open_list(m, t);
    else if (pd_sql_is(t, ')') || pd_sql_is(t, ']'))
        close_list(m, t);
    else if (!is_sign(m, t))
        put_plain(m, t);
    m->before = m->word;
    m->mark = t->len == 1 && t->kind == PD_SQL_MARK ? t->p[0] : 0;
}

/* Whether what comes is executed is not known: no list that is open here is shortened. */
static void put_fence(struct mask *m, const struct pd_sql_token *t)
{
    for (uint32_t i = 0; i < LISTS && i <= m->depth; i++)
        m->lists[i].list = m->lists[i].rows = false;
    put(m, t->p, t->len);
}

static uint32_t mask_values(struct mask *m)
{
    const uint8_t *copied = m->text.p;
    struct pd_sql_token t;

    for (;;) {
        pd_sql_next(&m->text, &t);
        put(m, copied, (size_t)(t.p - copied)); /* white space */
        if (t.kind == PD_SQL_END)
            return m->changed ? m->len : PD_AS_IS;
        copied = t.p + t.len;
        if (t.kind == PD_SQL_COMMENT) {
            if (m->len && m->out[m->len - 1] != ' ')
                put(m, " ", 1);
            m->changed = true;
        } else if (t.kind == PD_SQL_FENCE) {
            put_fence(m, &t);
        } else {
            m->word = (uint8_t)pd_sql_keyword(&t);
            put_token(m, &t);
        }
    }
}

/* May there be a secret? Only strings and hexadecimal numbers are one, and only behind words of which each
 * has one of these pairs of letters: passw, identified, secret and credential, token, ..key, connection. Most
 * texts end here. */
static bool suspicious(struct pd_slice sql)
{
    static const uint8_t first[256] = {['s'] = 1, ['S'] = 1, ['f'] = 2,  ['F'] = 2,  ['c'] = 4,  ['C'] = 4,
                                       ['o'] = 8, ['O'] = 8, ['e'] = 16, ['E'] = 16, ['n'] = 32, ['N'] = 32};
    static const uint8_t second[256] = {['s'] = 1, ['S'] = 1, ['i'] = 2,  ['I'] = 2,  ['r'] = 4,  ['R'] = 4,
                                        ['k'] = 8, ['K'] = 8, ['y'] = 16, ['Y'] = 16, ['n'] = 32, ['N'] = 32};
    uint8_t seen = 0;

    if (!sql.len || (!memchr(sql.p, '\'', sql.len) && !memchr(sql.p, '"', sql.len) &&
                     !memchr(sql.p, '$', sql.len) && !memchr(sql.p, '0', sql.len)))
        return false;
    for (uint32_t i = 0; i + 1 < sql.len; i++)
        seen |= first[sql.p[i]] & second[sql.p[i + 1]];
    return seen;
}

uint32_t pd_sql_mask(struct pd_slice sql, enum pd_sql_dialect dialect, unsigned what, char *out, uint32_t cap)
{
    struct mask m;

    memset(&m, 0, offsetof(struct mask, lists));
    m.lists[0] = (struct list){.begin = 0};
    m.text = pd_sql_text(sql, dialect);
    m.out = out;
    m.cap = cap;
    if (what & PD_MASK_VALUES) /* among them are the secrets */
        return mask_values(&m);
    return what & PD_MASK_SECRETS && suspicious(sql) ? mask_secrets(&m) : PD_AS_IS;
}
