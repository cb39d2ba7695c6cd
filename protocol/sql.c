/* sql.c: what a statement does. Each level of parentheses has a part: what may come next there. A word is
 * looked up once; what it does depends on the part. Tables are told from aliases, columns and functions by
 * where they stand; what is not understood is passed over. */
#include "protocol/sql_token.h"

enum { LEVELS = 32, CTES = 16, PIECES = 4, WORD_MAX = 13, WORDS = 12 };

enum word { /* what a keyword means here */
            W_NONE,
            W_SELECT,
            W_WITH,
            W_INSERT,
            W_REPLACE,
            W_UPDATE,
            W_DELETE,
            W_MERGE,
            W_TABLE,
            W_VALUES,
            W_LOAD,
            W_BEGIN,
            W_CREATE,
            W_DEFINE,   /* DROP: a kind of object follows, then its name */
            W_OPTIONAL, /* TRUNCATE: the kind may be left out */
            W_CALL,     /* a name follows */
            W_SHOW,
            W_EXPLAIN, /* another statement follows somewhere */
            W_KIND,    /* INDEX: a kind of object */
            W_VIEW,
            W_CODE,   /* FUNCTION: the rest of the text is its body */
            W_PERSON, /* USER: its name is not said, or there is none */
            W_FROM,
            W_JOIN,
            W_SET,
            W_USING,
            W_UNION,
            W_TAIL, /* WHERE: ends a list of tables */
            W_INTO,
            W_TO,
            W_NOT,
            W_BEFORE,   /* ONLY: may stand before a name */
            W_MODIFIER, /* TEMPORARY: may stand before a kind */
            W_RECURSIVE,
            W_COUNT
};

enum part {         /* what may come next */
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

struct keyword {
    char text[WORD_MAX + 1];
    uint8_t word;
};

struct level {
    uint8_t part, next; /* next: the part behind the name that is awaited */
    uint8_t verb;       /* enum word */
};

struct summary {
    struct pd_sql_text text;
    char *out;
    uint32_t cap, len;
    uint32_t begin, last, last_end; /* in out: of this statement, and of the one before it */
    bool full, cut, ended;
    bool dotted, equals, distinct; /* what the token before was */
    uint32_t depth, ctes;
    struct level levels[LEVELS];
    struct pd_slice cte[CTES];
};

/* clang-format off */
static const struct keyword keywords['z' - 'a' + 1][WORDS] = { /* by first letter */
    {{"as", W_NONE}, {"and", W_NONE}, {"all", W_BEFORE}, {"alter", W_DEFINE}, {"analyze", W_OPTIONAL},
     {"algorithm", W_MODIFIER}, {"aggregate", W_MODIFIER}},
    {{"by", W_NONE}, {"begin", W_BEGIN}},
    {{"call", W_CALL}, {"create", W_CREATE}, {"copy", W_CALL}, {"check", W_OPTIONAL}, {"checksum", W_OPTIONAL},
     {"cluster", W_OPTIONAL}, {"concurrently", W_BEFORE}, {"collation", W_KIND}},
    {{"desc", W_CALL}, {"delete", W_DELETE}, {"distinct", W_BEFORE}, {"drop", W_DEFINE}, {"database", W_KIND},
     {"declare", W_EXPLAIN}, {"describe", W_CALL}, {"definer", W_MODIFIER}, {"delayed", W_BEFORE}, {"domain", W_KIND}},
    {{"exists", W_BEFORE}, {"explain", W_EXPLAIN}, {"execute", W_CALL}, {"exec", W_CALL}, {"except", W_UNION},
     {"event", W_CODE}, {"extension", W_KIND}},
    {{"from", W_FROM}, {"for", W_TAIL}, {"fetch", W_TAIL}, {"full", W_BEFORE}, {"function", W_CODE},
     {"foreign", W_MODIFIER}, {"freeze", W_BEFORE}, {"fulltext", W_MODIFIER}},
    {{"group", W_TAIL}, {"global", W_MODIFIER}},
    {{"having", W_TAIL}, {"handler", W_CALL}, {"high_priority", W_BEFORE}},
    {{"in", W_NONE}, {"is", W_NONE}, {"into", W_INTO}, {"insert", W_INSERT}, {"if", W_BEFORE}, {"ignore", W_BEFORE},
     {"index", W_KIND}, {"intersect", W_UNION}, {"invoker", W_MODIFIER}},
    {{"join", W_JOIN}},
    {{{0}, 0}},
    {{"limit", W_TAIL}, {"like", W_NONE}, {"left", W_NONE}, {"lock", W_OPTIONAL}, {"local", W_MODIFIER},
     {"load", W_LOAD}, {"lateral", W_BEFORE}, {"low_priority", W_BEFORE}},
    {{"merge", W_MERGE}, {"materialized", W_MODIFIER}},
    {{"not", W_NOT}, {"null", W_NONE}},
    {{"on", W_BEFORE}, {"or", W_MODIFIER}, {"order", W_TAIL}, {"only", W_BEFORE}, {"offset", W_TAIL},
     {"optimize", W_OPTIONAL}, {"offline", W_MODIFIER}, {"online", W_MODIFIER}},
    {{"prepare", W_EXPLAIN}, {"procedure", W_CODE}, {"package", W_CODE}, {"policy", W_CODE}, {"publication", W_KIND}},
    {{{0}, 0}},
    {{"returning", W_TAIL}, {"replace", W_REPLACE}, {"recursive", W_RECURSIVE}, {"rename", W_DEFINE},
     {"refresh", W_DEFINE}, {"reindex", W_DEFINE}, {"repair", W_OPTIONAL}, {"role", W_PERSON}, {"rule", W_CODE}},
    {{"select", W_SELECT}, {"set", W_SET}, {"show", W_SHOW}, {"start", W_DEFINE}, {"straight_join", W_JOIN},
     {"schema", W_KIND}, {"sequence", W_KIND}, {"server", W_KIND}, {"session", W_MODIFIER}, {"sql", W_MODIFIER},
     {"security", W_MODIFIER}, {"spatial", W_MODIFIER}},
    {{"table", W_TABLE}, {"to", W_TO}, {"tables", W_TABLE}, {"truncate", W_OPTIONAL}, {"temporary", W_MODIFIER},
     {"temp", W_MODIFIER}, {"trigger", W_CODE}, {"transaction", W_PERSON}, {"type", W_KIND}, {"tablespace", W_KIND}},
    {{"update", W_UPDATE}, {"using", W_USING}, {"union", W_UNION}, {"use", W_CALL}, {"user", W_PERSON},
     {"unique", W_MODIFIER}, {"unlogged", W_MODIFIER}},
    {{"values", W_VALUES}, {"view", W_VIEW}, {"vacuum", W_OPTIONAL}, {"verbose", W_BEFORE}},
    {{"where", W_TAIL}, {"with", W_WITH}, {"window", W_TAIL}},
};
/* clang-format on */

static const struct level starts[W_COUNT] = {
    /* what an operation expects; else nothing */
    [W_SELECT] = {P_LIST, P_FROM, 0},     [W_WITH] = {P_CTE_NAME, 0, 0},
    [W_INSERT] = {P_TABLE, P_BODY, 0},    [W_REPLACE] = {P_TABLE, P_BODY, 0},
    [W_UPDATE] = {P_TABLE, P_FROM, 0},    [W_DELETE] = {P_LIST, P_FROM, 0},
    [W_MERGE] = {P_TABLE, P_FROM, 0},     [W_TABLE] = {P_TABLE, P_FROM, 0},
    [W_VALUES] = {P_REST, 0, 0},          [W_LOAD] = {P_LIST, P_REST, 0},
    [W_CREATE] = {P_OBJECT, P_REST, 0},   [W_DEFINE] = {P_OBJECT, P_LISTED, 0},
    [W_OPTIONAL] = {P_OBJECT, P_FROM, 0}, [W_CALL] = {P_NAME, P_REST, 0},
    [W_SHOW] = {P_NAME, P_REST, 0},       [W_EXPLAIN] = {P_SEEK, 0, 0},
};

static enum word look_up(const struct pd_sql_token *t)
{
    char lower[WORD_MAX];

    if (t->kind != PD_SQL_WORD || t->len > WORD_MAX || t->len < 2)
        return W_NONE;
    for (uint32_t i = 0; i < t->len; i++)
        lower[i] = (char)(t->p[i] >= 'A' && t->p[i] <= 'Z' ? t->p[i] | 0x20 : t->p[i]);
    if (lower[0] < 'a' || lower[0] > 'z')
        return W_NONE;
    for (const struct keyword *k = keywords[lower[0] - 'a']; k < keywords[lower[0] - 'a'] + WORDS; k++)
        if (memcmp(k->text, lower, t->len) == 0 && k->text[t->len] == '\0')
            return k->word;
    return W_NONE;
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
static void name(struct summary *s, struct level *l, struct pd_sql_token t)
{
    struct pd_slice pieces[PIECES] = {{t.p, t.len}};
    uint32_t count = 1;
    struct pd_sql_text ahead = s->text;
    struct pd_sql_token next = pd_sql_next_code(&ahead);

    while (pd_sql_is(&next, '.') && count < PIECES) {
        s->text = ahead;
        t = pd_sql_next_code(&ahead);
        if (!is_name(s, &t) || doubtful(s, &t)) {
            s->ended |= s->cut && ahead.p == ahead.end;
            break;
        }
        pieces[count++] = (struct pd_slice){t.p, t.len};
        s->text = ahead;
        next = pd_sql_next_code(&ahead);
    }
    if (s->cut && next.kind == PD_SQL_END)
        s->ended = true;
    bool function = l->next == P_FROM && l->part == P_TABLE && pd_sql_is(&next, '(');
    if (!s->ended && !function && !(count == 1 && is_cte(s, pieces[0])))
        say(s, pieces, count);
    l->part = l->next;
}

/* An operation begins on this level. */
static void operation(struct summary *s, struct level *l, const struct pd_sql_token *t, enum word w)
{
    if (w != W_WITH)
        say(s, &(struct pd_slice){t->p, t->len}, 1);
    *l = starts[w];
    l->verb = (uint8_t)w;
    if (w == W_BEGIN) { /* MariaDB: BEGIN NOT ATOMIC is a block, whose statements are not ours */
        struct pd_sql_text ahead = s->text;
        struct pd_sql_token next = pd_sql_next_code(&ahead);
        if (look_up(&next) == W_NOT)
            l->part = P_NOTHING;
    }
}

static bool begins_query(enum word w)
{
    return w == W_SELECT || w == W_WITH;
}

static bool query_word(struct summary *s, struct level *l, const struct pd_sql_token *t, enum word w)
{
    bool begins = begins_query(w);

    if (l->part == P_CTE_QUERY || l->part == P_CTE || l->part == P_SEEK)
        begins |= w == W_INSERT || w == W_UPDATE || w == W_DELETE || w == W_MERGE || w == W_VALUES;
    if (l->part == P_CTE || l->part == P_SEEK)
        begins |= w == W_REPLACE;
    if (begins)
        operation(s, l, t, w);
    return begins;
}

/* The kind of an object: CREATE [OR REPLACE] [TEMPORARY] TABLE. What follows `=` is an option's value. */
static void object_word(struct summary *s, struct level *l, const struct pd_sql_token *t, enum word w)
{
    bool quoted = t->kind != PD_SQL_WORD && l->verb != W_OPTIONAL; /* DEFINER = `a`@`b` */

    if (quoted || s->equals || w == W_MODIFIER || w == W_REPLACE || w == W_RECURSIVE || w == W_BEFORE)
        return;
    if (w == W_TABLE || w == W_VIEW || w == W_KIND || w == W_CODE || w == W_PERSON) {
        say(s, &(struct pd_slice){t->p, t->len}, 1);
        l->part = w == W_PERSON ? P_REST : P_NAME;
        if (w == W_CODE)
            l->next = P_NOTHING;
        else if (l->verb == W_CREATE && (w == W_TABLE || w == W_VIEW))
            l->next = P_BODY;
    } else if (l->verb == W_OPTIONAL) {
        l->part = P_NAME;
        name(s, l, *t);
    } else {
        l->part = P_REST;
    }
}

static void name_word(struct summary *s, struct level *l, const struct pd_sql_token *t, enum word w)
{
    if (w == W_BEFORE || w == W_NOT || w == W_TABLE || w == W_INTO || (w == W_MODIFIER && l->verb == W_SHOW))
        return;
    if (begins_query(w))
        operation(s, l, t, w);
    else if (w == W_TO || w == W_FROM)
        l->part = P_REST;
    else if (w == W_VALUES && l->part == P_TABLE)
        l->part = P_REST;
    else
        name(s, l, *t);
}

/* Behind a table: its alias, conditions of joins. */
static void from_word(struct summary *s, struct level *l, enum word w)
{
    struct pd_sql_text ahead = s->text;
    struct pd_sql_token next;

    switch (w) {
    case W_JOIN:
        l->part = P_TABLE;
        break;
    case W_SET:
        l->part = P_LIST;
        break;
    case W_USING: /* of a JOIN a list of columns, else tables */
        next = pd_sql_next_code(&ahead);
        if (l->verb == W_MERGE || (l->verb == W_DELETE && !pd_sql_is(&next, '(')))
            l->part = P_TABLE;
        break;
    case W_UNION:
        l->part = P_QUERY;
        break;
    case W_TAIL:
    case W_VALUES:
        l->part = P_REST;
        break;
    default:
        break;
    }
    l->next = P_FROM;
}

static void list_word(struct summary *s, struct level *l, enum word w)
{
    if (w == W_FROM && !s->distinct) /* IS DISTINCT FROM compares */
        l->part = P_TABLE;
    else if (w == W_UNION)
        l->part = P_QUERY;
    else if (w == W_INTO && l->verb == W_LOAD)
        l->part = P_TABLE;
    else if (w == W_TAIL && l->verb == W_UPDATE)
        l->part = P_REST;
}

static void cte_word(struct summary *s, struct level *l, const struct pd_sql_token *t, enum word w)
{
    if (w == W_RECURSIVE)
        return;
    if (s->ctes < CTES)
        s->cte[s->ctes++] = (struct pd_slice){t->p, t->len};
    l->part = P_CTE;
}

static void word(struct summary *s, struct level *l, const struct pd_sql_token *t)
{
    enum word w = s->dotted ? W_NONE : look_up(t);

    switch ((enum part)l->part) {
    case P_STATEMENT:
        if (t->kind == PD_SQL_WORD)
            operation(s, l, t, w);
        break;
    case P_QUERY:
    case P_CTE_QUERY:
        if (!query_word(s, l, t, w) && w != W_BEFORE)
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
        if (w == W_UNION)
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
        name(s, l, *t);
    else if (l->part == P_TABLE && t->kind != PD_SQL_MARK)
        l->part = P_FROM;
}

uint32_t pd_sql_summary(struct pd_slice sql, enum pd_sql_dialect dialect, bool cut, char *out, uint32_t cap)
{
    struct summary s = {.text = pd_sql_text(sql, dialect), .out = out, .cut = cut};

    s.cap = cap < PD_SQL_SUMMARY_MAX ? cap : PD_SQL_SUMMARY_MAX;
    s.levels[0].part = P_STATEMENT;
    while (!s.ended && !s.full && s.levels[0].part != P_NOTHING) {
        struct pd_sql_token t = pd_sql_next_code(&s.text);
        if (t.kind == PD_SQL_END || doubtful(&s, &t))
            break;
        if ((t.kind == PD_SQL_WORD || t.kind == PD_SQL_NAME) && s.depth < LEVELS)
            word(&s, &s.levels[s.depth], &t);
        else
            other(&s, &t);
        s.dotted = pd_sql_is(&t, '.');
        s.equals = pd_sql_is(&t, '=');
        s.distinct = pd_sql_is_word(&t, PD_SLICE("distinct"));
    }
    statement_end(&s);
    return s.len;
}
