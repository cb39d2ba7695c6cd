/* sql.c: what a statement does. Each level of parentheses has a part: what may come next there. A word is
 * looked up once; what it does depends on the part. Tables are told from aliases, columns and functions by
 * where they stand; what is not understood is passed over. */
#include "protocol/sql_words.h"

enum { LEVELS = 32, CTES = 16, PIECES = 4 };

/* What may come next. */
enum part {
    P_REST, /* nothing of interest */
    P_STATEMENT,
    P_QUERY,     /* a query, or anything else that stands in parentheses */
    P_CTE_QUERY, /* the same of a common table expression, which may change data */
    P_CTE_NAME,
    P_CTE,
    P_LIST,   /* FROM, after what is selected or set */
    P_TABLE,  /* a table or a subquery */
    P_FROM,   /* behind it: `,` and JOIN bring the next */
    P_OBJECT, /* the kind of an object */
    P_NAME,   /* its name */
    P_LISTED, /* behind it: `,` brings the next */
    P_BODY,   /* a query: INSERT, CREATE TABLE ... AS */
    P_SEEK,   /* any statement: EXPLAIN, PREPARE */
    P_NOTHING /* nothing to the end of the text */
};

struct level {
    uint8_t part, next; /* next: the part behind the name that is awaited */
    uint8_t verb;       /* enum pd_sql_keyword */
};

struct summary {
    struct pd_sql_text text;
    struct pd_sql_token tokens[2], *next; /* one token ahead of the one in hand */
    char *out;
    uint32_t cap, len;
    uint32_t begin, last, last_end; /* in out: of this statement, and of the one before it */
    bool full, cut, ended;
    bool dotted, equals, distinct; /* what the token before was */
    uint32_t depth, ctes;
    struct level levels[LEVELS]; /* from here on not cleared at the beginning */
    struct pd_slice cte[CTES];
};

static const struct level starts[PD_KW_COUNT] = {
    /* what an operation expects; else nothing */
    [PD_KW_SELECT] = {P_LIST, P_FROM, 0},     [PD_KW_WITH] = {P_CTE_NAME, 0, 0},
    [PD_KW_INSERT] = {P_TABLE, P_BODY, 0},    [PD_KW_REPLACE] = {P_TABLE, P_BODY, 0},
    [PD_KW_UPDATE] = {P_TABLE, P_FROM, 0},    [PD_KW_DELETE] = {P_LIST, P_FROM, 0},
    [PD_KW_MERGE] = {P_TABLE, P_FROM, 0},     [PD_KW_TABLE] = {P_TABLE, P_FROM, 0},
    [PD_KW_VALUES] = {P_REST, 0, 0},          [PD_KW_LOAD] = {P_LIST, P_REST, 0},
    [PD_KW_CREATE] = {P_OBJECT, P_REST, 0},   [PD_KW_DEFINE] = {P_OBJECT, P_LISTED, 0},
    [PD_KW_OPTIONAL] = {P_OBJECT, P_FROM, 0}, [PD_KW_CALL] = {P_NAME, P_REST, 0},
    [PD_KW_SHOW] = {P_NAME, P_REST, 0},       [PD_KW_EXPLAIN] = {P_SEEK, 0, 0},
};

/* The next token, which stays until the one after it is taken. */
static const struct pd_sql_token *take(struct summary *s)
{
    const struct pd_sql_token *t = s->next;

    s->next = s->next == s->tokens ? s->tokens + 1 : s->tokens;
    pd_sql_next_code(&s->text, s->next);
    return t;
}

/* Is the token possibly longer than what is there? */
static bool doubtful(const struct summary *s, const struct pd_sql_token *t)
{
    return s->cut && t->p + t->len == s->text.end;
}

/* Joins the pieces with dots and adds them, or nothing of them when they do not fit: then nothing more comes.
 */
static void say(struct summary *s, const struct pd_slice *pieces, uint32_t count)
{
    uint32_t before = s->len > s->begin ? 1 : s->len ? 2 : 0;
    size_t need = before + count - 1;

    for (uint32_t i = 0; i < count; i++)
        need += pieces[i].len;
    if (s->full || need > s->cap - s->len) {
        s->full = true;
        return;
    }
    memcpy(s->out + s->len, before == 2 ? "; " : " ", before);
    s->len += before;
    for (uint32_t i = 0; i < count; i++) {
        if (i)
            s->out[s->len++] = '.';
        memcpy(s->out + s->len, pieces[i].p, pieces[i].len);
        s->len += pieces[i].len;
    }
}

static bool is_name(const struct summary *s, const struct pd_sql_token *t)
{
    return t->kind == PD_SQL_WORD || (t->kind == PD_SQL_NAME && !t->open) ||
           (t->kind == PD_SQL_STRING && t->p[0] == '"' && !t->open && s->text.dialect == PD_SQL_MYSQL);
}

static bool same_name(struct pd_slice a, struct pd_slice b)
{
    if (a.len != b.len)
        return false;
    for (uint32_t i = 0; i < a.len; i++)
        if (a.p[i] != b.p[i] && ((a.p[i] ^ b.p[i]) != 0x20 || (a.p[i] | 0x20) < 'a' || (a.p[i] | 0x20) > 'z'))
            return false;
    return true;
}

static bool is_cte(const struct summary *s, struct pd_slice name)
{
    for (uint32_t i = 0; i < s->ctes; i++)
        if (same_name(s->cte[i], name))
            return true;
    return false;
}

/* The name that begins with t, up to four pieces. Said unless it is a function's where a table is awaited, or
 * a common table expression's, or may go on behind the end of the text. */
static void name(struct summary *s, struct level *l, const struct pd_sql_token *t)
{
    struct pd_slice pieces[PIECES] = {{t->p, t->len}};
    uint32_t count = 1;

    while (pd_sql_is(s->next, '.') && count < PIECES) {
        take(s);
        if (!is_name(s, s->next) || doubtful(s, s->next)) {
            s->ended = doubtful(s, s->next);
            break;
        }
        t = take(s);
        pieces[count++] = (struct pd_slice){t->p, t->len};
    }
    if (s->cut && s->next->kind == PD_SQL_END)
        s->ended = true;
    bool function = l->next == P_FROM && l->part == P_TABLE && pd_sql_is(s->next, '(');
    if (!s->ended && !function && !(count == 1 && is_cte(s, pieces[0])))
        say(s, pieces, count);
    l->part = l->next;
}

/* An operation begins on this level. */
static void operation(struct summary *s, struct level *l, const struct pd_sql_token *t, enum pd_sql_keyword w)
{
    if (w != PD_KW_WITH)
        say(s, &(struct pd_slice){t->p, t->len}, 1);
    *l = starts[w];
    l->verb = (uint8_t)w;
    if (w == PD_KW_BEGIN && pd_sql_keyword(s->next) == PD_KW_NOT)
        l->part = P_NOTHING; /* MariaDB: BEGIN NOT ATOMIC is a block, whose statements are not ours */
}

static bool begins_query(enum pd_sql_keyword w)
{
    return w == PD_KW_SELECT || w == PD_KW_WITH;
}

static bool query_word(struct summary *s, struct level *l, const struct pd_sql_token *t,
                       enum pd_sql_keyword w)
{
    bool begins = begins_query(w);

    if (l->part == P_CTE_QUERY || l->part == P_CTE || l->part == P_SEEK)
        begins |= w == PD_KW_INSERT || w == PD_KW_UPDATE || w == PD_KW_DELETE || w == PD_KW_MERGE ||
                  w == PD_KW_VALUES;
    if (l->part == P_CTE || l->part == P_SEEK)
        begins |= w == PD_KW_REPLACE;
    if (begins)
        operation(s, l, t, w);
    return begins;
}

/* The kind of an object: CREATE [OR REPLACE] [TEMPORARY] TABLE. What follows `=` is an option's value. */
static void object_word(struct summary *s, struct level *l, const struct pd_sql_token *t,
                        enum pd_sql_keyword w)
{
    bool quoted = t->kind != PD_SQL_WORD && l->verb != PD_KW_OPTIONAL; /* DEFINER = `a`@`b` */

    if (quoted || s->equals || w == PD_KW_MODIFIER || w == PD_KW_REPLACE || w == PD_KW_RECURSIVE ||
        w == PD_KW_BEFORE)
        return;
    if (w == PD_KW_TABLE || w == PD_KW_VIEW || w == PD_KW_KIND || w == PD_KW_CODE || w == PD_KW_PERSON) {
        say(s, &(struct pd_slice){t->p, t->len}, 1);
        l->part = w == PD_KW_PERSON ? P_REST : P_NAME;
        if (w == PD_KW_CODE)
            l->next = P_NOTHING;
        else if (l->verb == PD_KW_CREATE && (w == PD_KW_TABLE || w == PD_KW_VIEW))
            l->next = P_BODY;
    } else if (l->verb == PD_KW_OPTIONAL) {
        l->part = P_NAME;
        name(s, l, t);
    } else {
        l->part = P_REST;
    }
}

static void name_word(struct summary *s, struct level *l, const struct pd_sql_token *t, enum pd_sql_keyword w)
{
    if (w == PD_KW_BEFORE || w == PD_KW_NOT || w == PD_KW_TABLE || w == PD_KW_INTO ||
        (w == PD_KW_MODIFIER && l->verb == PD_KW_SHOW))
        return;
    if (begins_query(w))
        operation(s, l, t, w);
    else if (w == PD_KW_TO || w == PD_KW_FROM)
        l->part = P_REST;
    else if (w == PD_KW_VALUES && l->part == P_TABLE)
        l->part = P_REST;
    else
        name(s, l, t);
}

/* Behind a table: its alias, conditions of joins. */
static void from_word(struct summary *s, struct level *l, enum pd_sql_keyword w)
{
    switch (w) {
    case PD_KW_JOIN:
        l->part = P_TABLE;
        break;
    case PD_KW_SET:
        l->part = P_LIST;
        break;
    case PD_KW_USING: /* of a JOIN a list of columns, else tables */
        if (l->verb == PD_KW_MERGE || (l->verb == PD_KW_DELETE && !pd_sql_is(s->next, '(')))
            l->part = P_TABLE;
        break;
    case PD_KW_UNION:
        l->part = P_QUERY;
        break;
    case PD_KW_TAIL:
    case PD_KW_VALUES:
        l->part = P_REST;
        break;
    default:
        break;
    }
    l->next = P_FROM;
}

static void list_word(struct summary *s, struct level *l, enum pd_sql_keyword w)
{
    if (w == PD_KW_FROM && !s->distinct) /* IS DISTINCT FROM compares */
        l->part = P_TABLE;
    else if (w == PD_KW_UNION)
        l->part = P_QUERY;
    else if (w == PD_KW_INTO && l->verb == PD_KW_LOAD)
        l->part = P_TABLE;
    else if (w == PD_KW_TAIL && l->verb == PD_KW_UPDATE)
        l->part = P_REST;
}

static void cte_word(struct summary *s, struct level *l, const struct pd_sql_token *t, enum pd_sql_keyword w)
{
    if (w == PD_KW_RECURSIVE)
        return;
    if (s->ctes < CTES)
        s->cte[s->ctes++] = (struct pd_slice){t->p, t->len};
    l->part = P_CTE;
}

static void word(struct summary *s, struct level *l, const struct pd_sql_token *t, enum pd_sql_keyword w)
{
    switch ((enum part)l->part) {
    case P_STATEMENT:
        if (t->kind == PD_SQL_WORD)
            operation(s, l, t, w);
        break;
    case P_QUERY:
    case P_CTE_QUERY:
        if (!query_word(s, l, t, w) && w != PD_KW_BEFORE && w != PD_KW_DISTINCT)
            l->part = P_REST;
        break;
    case P_CTE:
    case P_BODY:
    case P_SEEK:
        query_word(s, l, t, w);
        break;
    case P_CTE_NAME:
        cte_word(s, l, t, w);
        break;
    case P_LIST:
        list_word(s, l, w);
        break;
    case P_FROM:
        from_word(s, l, w);
        break;
    case P_OBJECT:
        object_word(s, l, t, w);
        break;
    case P_TABLE:
    case P_NAME:
        name_word(s, l, t, w);
        break;
    case P_REST:
        if (w == PD_KW_UNION)
            l->part = P_QUERY;
        break;
    case P_LISTED:
        l->part = P_REST;
        break;
    case P_NOTHING:
        break;
    }
}

/* A statement that says the same as the one before it is not said again. */
static void statement_end(struct summary *s)
{
    uint32_t at = s->begin + (s->begin && s->len > s->begin ? 2 : 0), n = s->len - at;

    if (n && n == s->last_end - s->last && memcmp(s->out + at, s->out + s->last, n) == 0) {
        s->len = s->begin;
    } else if (n) {
        s->last = at;
        s->last_end = s->len;
    }
    s->begin = s->len;
    s->depth = s->ctes = 0;
    s->levels[0] = (struct level){.part = P_STATEMENT};
}

static void opened(struct summary *s, struct level *l)
{
    struct level inner = {.part = P_QUERY, .next = P_FROM};

    switch ((enum part)l->part) {
    case P_TABLE:
        inner.part = P_TABLE;
        l->part = P_FROM;
        break;
    case P_CTE:
        inner.part = P_CTE_QUERY;
        break;
    case P_CTE_NAME: /* WITH (fillfactor = 70) */
        l->part = P_BODY;
        break;
    case P_STATEMENT:
    case P_QUERY:
    case P_CTE_QUERY:
    case P_LISTED:
        l->part = P_REST;
        break;
    default:
        break;
    }
    if (++s->depth < LEVELS)
        s->levels[s->depth] = inner;
}

static void comma(struct level *l)
{
    if (l->part == P_FROM)
        l->part = P_TABLE;
    else if (l->part == P_LISTED)
        l->part = P_NAME;
    else if (l->part == P_CTE)
        l->part = P_CTE_NAME;
}

static void other(struct summary *s, const struct pd_sql_token *t)
{
    struct level *l = s->depth < LEVELS ? &s->levels[s->depth] : NULL;

    if (pd_sql_is(t, ')'))
        s->depth -= s->depth > 0;
    else if (pd_sql_is(t, ';'))
        statement_end(s);
    else if (!l)
        s->depth += pd_sql_is(t, '(');
    else if (pd_sql_is(t, '('))
        opened(s, l);
    else if (pd_sql_is(t, ','))
        comma(l);
    else if (l->part == P_TABLE && is_name(s, t))
        name(s, l, t);
    else if (l->part == P_TABLE && t->kind != PD_SQL_MARK)
        l->part = P_FROM;
}

uint32_t pd_sql_summary(struct pd_slice sql, enum pd_sql_dialect dialect, bool cut, char *out, uint32_t cap)
{
    struct summary s;

    memset(&s, 0, offsetof(struct summary, levels));
    s.text = pd_sql_text(sql, dialect);
    s.out = out;
    s.cut = cut;
    s.cap = cap < PD_SQL_SUMMARY_MAX ? cap : PD_SQL_SUMMARY_MAX;
    s.levels[0] = (struct level){.part = P_STATEMENT};
    s.next = s.tokens;
    pd_sql_next_code(&s.text, s.next);
    while (!s.ended && !s.full && s.levels[0].part != P_NOTHING) {
        const struct pd_sql_token *t = take(&s);
        if (t->kind == PD_SQL_END || doubtful(&s, t))
            break;
        enum pd_sql_keyword w = s.dotted ? PD_KW_NONE : pd_sql_keyword(t);
        bool dot = pd_sql_is(t, '.'), equals = pd_sql_is(t, '=');
        if ((t->kind == PD_SQL_WORD || t->kind == PD_SQL_NAME) && s.depth < LEVELS)
            word(&s, &s.levels[s.depth], t, w);
        else
            other(&s, t);
        s.dotted = dot;
        s.equals = equals;
        s.distinct = w == PD_KW_DISTINCT;
    }
    statement_end(&s);
    return s.len;
}
