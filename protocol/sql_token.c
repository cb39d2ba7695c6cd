/* sql_token.c: a table says what each byte begins, another has the function that reads on from there. Where
 * the dialects differ, the difference is said at the function: MySQL: MySQL 8.4 Reference Manual, 11.1
 * to 11.7; PostgreSQL: PostgreSQL 17 Documentation, 4.1. */
#include "protocol/sql_token.h"

/* What a byte is. */
enum byte_class {
    OTHER,
    SPACE,
    QUOTE,
    DOUBLE,
    BACKTICK,
    DASH,
    HASH,
    SLASH,
    STAR,
    COLON,
    AT,
    QUESTION,
    DOT,
    LETTER, /* from here on: may stand inside of a name */
    DIGIT,
    DOLLAR,
    CLASSES
};

/* clang-format off */
#define ROW16(x) x, x, x, x, x, x, x, x, x, x, x, x, x, x, x, x
static const uint8_t classes[256] = {
    SPACE, OTHER, OTHER, OTHER, OTHER, OTHER, OTHER, OTHER, OTHER, SPACE, SPACE, SPACE, SPACE, SPACE, OTHER, OTHER,
    ROW16(OTHER),
    SPACE, OTHER, DOUBLE, HASH, DOLLAR, OTHER, OTHER, QUOTE, OTHER, OTHER, STAR, OTHER, OTHER, DASH, DOT, SLASH,
    DIGIT, DIGIT, DIGIT, DIGIT, DIGIT, DIGIT, DIGIT, DIGIT, DIGIT, DIGIT, COLON, OTHER, OTHER, OTHER, OTHER, QUESTION,
    AT, LETTER, LETTER, LETTER, LETTER, LETTER, LETTER, LETTER, LETTER, LETTER, LETTER, LETTER, LETTER, LETTER, LETTER, LETTER,
    LETTER, LETTER, LETTER, LETTER, LETTER, LETTER, LETTER, LETTER, LETTER, LETTER, LETTER, OTHER, OTHER, OTHER, OTHER, LETTER,
    BACKTICK, LETTER, LETTER, LETTER, LETTER, LETTER, LETTER, LETTER, LETTER, LETTER, LETTER, LETTER, LETTER, LETTER, LETTER, LETTER,
    LETTER, LETTER, LETTER, LETTER, LETTER, LETTER, LETTER, LETTER, LETTER, LETTER, LETTER, OTHER, OTHER, OTHER, OTHER, OTHER,
    ROW16(LETTER), ROW16(LETTER), ROW16(LETTER), ROW16(LETTER),
    ROW16(LETTER), ROW16(LETTER), ROW16(LETTER), ROW16(LETTER),
};
/* clang-format on */

static bool in_name(uint8_t c)
{
    return classes[c] >= LETTER;
}

/* The byte n behind p, or 0 at the end. */
static uint8_t at(const struct pd_sql_text *s, const uint8_t *p, uint32_t n)
{
    return n < (size_t)(s->end - p) ? p[n] : 0;
}

static const uint8_t *name_end(const struct pd_sql_text *s, const uint8_t *p)
{
    while (p < s->end && in_name(*p))
        p++;
    return p;
}

/* Behind the quote that closes what p stands in; doubled quotes do not. NULL: there is none. */
static const uint8_t *quoted_end(const struct pd_sql_text *s, const uint8_t *p, uint8_t quote, bool backslash)
{
    while (p < s->end) {
        uint8_t c = *p++;
        if (c == '\\' && backslash) {
            p += p < s->end;
        } else if (c == quote) {
            if (at(s, p, 0) != quote)
                return p;
            p++;
        }
    }
    return NULL;
}

static void quoted(struct pd_sql_text *s, struct pd_sql_token *t, uint32_t prefix, bool backslash)
{
    const uint8_t *end = quoted_end(s, t->p + prefix + 1, t->p[prefix], backslash);

    t->open = !end;
    s->p = end ? end : s->end;
}

/* E'' B'' X'' N'' and U&'' U&"". Only E'' has backslashes in PostgreSQL; in MySQL all but X'' and B'' have,
 * where none can stand. Returns false when the word is no prefix. */
static bool prefixed(struct pd_sql_text *s, struct pd_sql_token *t)
{
    bool mysql = s->dialect == PD_SQL_MYSQL;
    uint8_t letter = t->p[0] | 0x20;

    if (at(s, t->p, 1) == '\'' &&
        (letter == 'n' || letter == 'x' || letter == 'b' || (letter == 'e' && !mysql))) {
        t->kind = PD_SQL_STRING;
        quoted(s, t, 1, mysql || letter == 'e');
        return true;
    }
    if (!mysql && letter == 'u' && at(s, t->p, 1) == '&' &&
        (at(s, t->p, 2) == '\'' || at(s, t->p, 2) == '"')) {
        t->kind = t->p[2] == '"' ? PD_SQL_NAME : PD_SQL_STRING;
        quoted(s, t, 2, false);
        return true;
    }
    return false;
}

static void scan_word(struct pd_sql_text *s, struct pd_sql_token *t)
{
    s->p = name_end(s, t->p + 1);
    if (s->p > t->p + 1 || !prefixed(s, t))
        t->kind = PD_SQL_WORD;
}

/* Behind digits, a fraction and an exponent with its sign; letters belong to it too: 0x1f, 1e9, 2020_logs. */
static const uint8_t *number_end(const struct pd_sql_text *s, const uint8_t *p)
{
    bool fraction = false, letters = false;

    for (; p < s->end; p++) {
        if (*p == '.' && !fraction && !letters)
            fraction = true;
        else if ((*p == '+' || *p == '-') && letters && (p[-1] | 0x20) == 'e' &&
                 classes[at(s, p, 1)] == DIGIT)
            continue;
        else if (!in_name(*p))
            break;
        else
            letters |= classes[*p] != DIGIT && *p != '_';
    }
    return p;
}

/* MySQL: a name may begin with digits. Digits alone, 1e9, 0x1f and 0b1 are none. */
static bool names_number(const uint8_t *p, const uint8_t *end)
{
    const uint8_t *q = p;

    while (q < end && (classes[*q] == DIGIT || *q == '.'))
        q++;
    if (q == end || (*p == '0' && q == p + 1 && ((*q | 0x20) == 'x' || (*q | 0x20) == 'b')))
        return false;
    if ((*q | 0x20) != 'e' || q + 1 == end)
        return true;
    for (q++; q < end; q++)
        if (classes[*q] != DIGIT && *q != '+' && *q != '-')
            return true;
    return false;
}

static void scan_number(struct pd_sql_text *s, struct pd_sql_token *t)
{
    s->p = number_end(s, t->p);
    t->kind = s->dialect == PD_SQL_MYSQL && names_number(t->p, s->p) ? PD_SQL_WORD : PD_SQL_NUMBER;
}

/* PostgreSQL: $1 and $tag$text$tag$. MySQL: a letter. */
static void scan_dollar(struct pd_sql_text *s, struct pd_sql_token *t)
{
    const uint8_t *p = t->p + 1;

    if (s->dialect == PD_SQL_MYSQL) {
        t->kind = PD_SQL_WORD;
        s->p = name_end(s, p);
        return;
    }
    if (classes[at(s, p, 0)] == DIGIT) {
        t->kind = PD_SQL_PARAM;
        while (p < s->end && classes[*p] == DIGIT)
            p++;
        s->p = p;
        return;
    }
    while (p < s->end && (classes[*p] == LETTER || classes[*p] == DIGIT))
        p++;
    if (at(s, p, 0) != '$')
        return;
    t->kind = PD_SQL_STRING;
    size_t tag = (size_t)(++p - t->p);
    const uint8_t *end = memmem(p, (size_t)(s->end - p), t->p, tag);
    t->open = !end;
    s->p = end ? end + tag : s->end;
}

static void scan_quote(struct pd_sql_text *s, struct pd_sql_token *t)
{
    t->kind = PD_SQL_STRING;
    quoted(s, t, 0, s->dialect == PD_SQL_MYSQL);
}

/* A name in PostgreSQL; in MySQL a string, unless the session says otherwise. */
static void scan_double(struct pd_sql_text *s, struct pd_sql_token *t)
{
    t->kind = s->dialect == PD_SQL_MYSQL ? PD_SQL_STRING : PD_SQL_NAME;
    quoted(s, t, 0, s->dialect == PD_SQL_MYSQL);
}

static void scan_backtick(struct pd_sql_text *s, struct pd_sql_token *t)
{
    if (s->dialect != PD_SQL_MYSQL)
        return;
    t->kind = PD_SQL_NAME;
    quoted(s, t, 0, false);
}

static void to_line_end(struct pd_sql_text *s, struct pd_sql_token *t)
{
    const uint8_t *end = memchr(t->p, '\n', (size_t)(s->end - t->p));

    t->kind = PD_SQL_COMMENT;
    t->open = !end;
    s->p = end ? end : s->end;
}

/* MySQL wants white space behind `--`. */
static void scan_dash(struct pd_sql_text *s, struct pd_sql_token *t)
{
    uint8_t next = at(s, t->p, 2);

    if (at(s, t->p, 1) == '-' && (s->dialect != PD_SQL_MYSQL || next <= ' ' || next == 0x7f))
        to_line_end(s, t);
}

static void scan_hash(struct pd_sql_text *s, struct pd_sql_token *t)
{
    if (s->dialect == PD_SQL_MYSQL)
        to_line_end(s, t);
}

/* Comments nest in PostgreSQL. In MySQL the inside of / *! * / and MariaDB's / *M! * / is executed; up to six
 * digits behind the mark are a version. */
static void scan_slash(struct pd_sql_text *s, struct pd_sql_token *t)
{
    const uint8_t *p = t->p + 2;
    uint32_t depth = 1;

    if (at(s, t->p, 1) != '*')
        return;
    if (s->dialect == PD_SQL_MYSQL && (at(s, p, 0) == '!' || (at(s, p, 0) == 'M' && at(s, p, 1) == '!'))) {
        t->kind = PD_SQL_FENCE;
        s->fenced = true;
        p += *p == 'M' ? 2 : 1;
        for (int i = 0; i < 6 && classes[at(s, p, 0)] == DIGIT; i++)
            p++;
        s->p = p;
        return;
    }
    t->kind = PD_SQL_COMMENT;
    for (; p < s->end && depth; p++) {
        if (*p == '*' && at(s, p, 1) == '/') {
            depth--;
            p++;
        } else if (*p == '/' && at(s, p, 1) == '*' && s->dialect == PD_SQL_POSTGRESQL) {
            depth++;
            p++;
        }
    }
    t->open = depth;
    s->p = p;
}

static void scan_star(struct pd_sql_text *s, struct pd_sql_token *t)
{
    if (!s->fenced || at(s, t->p, 1) != '/')
        return;
    t->kind = PD_SQL_FENCE;
    s->fenced = false;
    s->p = t->p + 2;
}

static void scan_colon(struct pd_sql_text *s, struct pd_sql_token *t)
{
    uint8_t next = at(s, t->p, 1);

    if (next == ':' || next == '=') {
        s->p = t->p + 2;
    } else if (classes[next] == LETTER) {
        t->kind = PD_SQL_PARAM;
        s->p = name_end(s, t->p + 1);
    }
}

/* MySQL: @variable and @@variable. An operator in PostgreSQL. */
static void scan_at(struct pd_sql_text *s, struct pd_sql_token *t)
{
    const uint8_t *p = t->p + 1 + (at(s, t->p, 1) == '@');

    if (s->dialect == PD_SQL_MYSQL && p < s->end && in_name(*p)) {
        t->kind = PD_SQL_PARAM;
        s->p = name_end(s, p);
    }
}

static void scan_question(struct pd_sql_text *s, struct pd_sql_token *t)
{
    (void)s;
    t->kind = PD_SQL_PARAM;
}

static void scan_dot(struct pd_sql_text *s, struct pd_sql_token *t)
{
    if (s->name_end != t->p && classes[at(s, t->p, 1)] == DIGIT)
        scan_number(s, t);
}

typedef void scanner(struct pd_sql_text *, struct pd_sql_token *);

static scanner *const scanners[CLASSES] = {
    [QUOTE] = scan_quote,   [DOUBLE] = scan_double, [BACKTICK] = scan_backtick, [DASH] = scan_dash,
    [HASH] = scan_hash,     [SLASH] = scan_slash,   [STAR] = scan_star,         [COLON] = scan_colon,
    [AT] = scan_at,         [DOT] = scan_dot,       [QUESTION] = scan_question, [DIGIT] = scan_number,
    [DOLLAR] = scan_dollar,
};

void pd_sql_next(struct pd_sql_text *s, struct pd_sql_token *t)
{
    while (s->p < s->end && classes[*s->p] == SPACE)
        s->p++;
    t->p = s->p;
    t->kind = PD_SQL_END;
    t->open = false;
    if (s->p < s->end) {
        uint8_t class = classes[*s->p++];
        t->kind = PD_SQL_MARK;
        if (class == LETTER) /* what comes most often, in line */
            scan_word(s, t);
        else if (class != OTHER)
            scanners[class](s, t);
    }
    t->len = (uint32_t)(s->p - t->p);
    s->name_end = t->kind == PD_SQL_WORD || t->kind == PD_SQL_NAME ? s->p : NULL;
}

void pd_sql_next_code(struct pd_sql_text *s, struct pd_sql_token *t)
{
    do
        pd_sql_next(s, t);
    while (t->kind == PD_SQL_COMMENT || t->kind == PD_SQL_FENCE);
}
