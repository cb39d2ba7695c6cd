/* option.c: options from text. One parser a type, found in a table, so that an option's type is looked at
 * once. */
#include "config/option.h"
#include "base/check.h"
#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { FRACTION_DIGITS = 9 };

struct unit {
    const char *name; /* lower case */
    uint64_t factor;
};

static const struct unit size_units[] = {
    {"", 1},
    {"b", 1},
    {"k", 1000},
    {"kb", 1000},
    {"kib", UINT64_C(1) << 10},
    {"m", 1000 * 1000},
    {"mb", 1000 * 1000},
    {"mib", UINT64_C(1) << 20},
    {"g", 1000 * 1000 * 1000},
    {"gb", 1000 * 1000 * 1000},
    {"gib", UINT64_C(1) << 30},
    {"t", UINT64_C(1000) * 1000 * 1000 * 1000},
    {"tb", UINT64_C(1000) * 1000 * 1000 * 1000},
    {"tib", UINT64_C(1) << 40},
    {0},
};

static const struct unit duration_units[] = {
    {"ns", 1},
    {"us", 1000},
    {"\xc2\xb5s", 1000}, /* U+00B5 */
    {"\xce\xbcs", 1000}, /* U+03BC */
    {"ms", 1000 * 1000},
    {"s", 1000 * 1000 * 1000},
    {"m", UINT64_C(60) * 1000 * 1000 * 1000},
    {"h", UINT64_C(3600) * 1000 * 1000 * 1000},
    {"d", UINT64_C(86400) * 1000 * 1000 * 1000},
    {0},
};

/* Adds digits to *v; false when it gets too large. */
static bool read_digits(const char **at, uint64_t *v, unsigned *count, unsigned max)
{
    for (*count = 0; isdigit((unsigned char)**at); (*at)++) {
        if (*count == max)
            continue; /* finer than anything counts */
        if (__builtin_mul_overflow(*v, UINT64_C(10), v) ||
            __builtin_add_overflow(*v, (uint64_t)(**at - '0'), v))
            return false;
        ++*count;
    }
    return true;
}

static const struct unit *find_unit(const struct unit *units, const char *at, size_t len)
{
    for (; units->name; units++)
        if (strlen(units->name) == len && strncasecmp(units->name, at, len) == 0)
            return units;
    return NULL;
}

/* One "1.5unit"; moves *at behind it and adds it to *total. */
static bool read_quantity(const char **at, const struct unit *units, uint64_t *total)
{
    uint64_t whole = 0, fraction = 0;
    unsigned digits, scale = 0;

    if (!read_digits(at, &whole, &digits, UINT32_MAX) || digits == 0)
        return false;
    if (**at == '.') {
        ++*at;
        if (!read_digits(at, &fraction, &scale, FRACTION_DIGITS) || scale == 0)
            return false;
    }
    while (**at == ' ')
        ++*at;
    size_t len = strcspn(*at, " .0123456789");
    const struct unit *unit = find_unit(units, *at, len);
    if (!unit || __builtin_mul_overflow(whole, unit->factor, &whole))
        return false;
    *at += len;
    uint64_t power = 1;
    for (; scale > 0; scale--)
        power *= 10;
    /* In two parts, or the largest units would overflow. */
    uint64_t part = fraction * (unit->factor / power) + fraction * (unit->factor % power) / power;
    return !__builtin_add_overflow(whole, part, &whole) && !__builtin_add_overflow(*total, whole, total);
}

bool pd_parse_size(const char *text, uint64_t *bytes)
{
    uint64_t total = 0;

    if (!read_quantity(&text, size_units, &total) || *text)
        return false;
    *bytes = total;
    return true;
}

bool pd_parse_duration(const char *text, uint64_t *ns)
{
    uint64_t total = 0;

    if (strcmp(text, "0") != 0) {
        do {
            if (!read_quantity(&text, duration_units, &total))
                return false;
        } while (*text);
    }
    *ns = total;
    return true;
}

bool pd_parse_int(const char *text, int64_t min, int64_t max, int64_t *out)
{
    char *end;

    if (!isdigit((unsigned char)*text) && *text != '-')
        return false;
    errno = 0;
    int64_t v = strtoll(text, &end, 10);
    if (errno || end == text || *end || v < min || v > max)
        return false;
    *out = v;
    return true;
}

static int complain(const struct pd_option *o, const char *text, const char *accepted, char *err,
                    size_t errlen)
{
    snprintf(err, errlen, "%s: '%.80s' is not %s", o->name, text, accepted);
    return -EINVAL;
}

static int set_bool(const struct pd_option *o, void *to, const char *text, char *err, size_t errlen)
{
    static const char *const words[2][4] = {{"false", "no", "off", "0"}, {"true", "yes", "on", "1"}};

    for (int v = 0; v < 2; v++)
        for (int i = 0; i < 4; i++)
            if (strcasecmp(text, words[v][i]) == 0) {
                *(bool *)to = v;
                return 0;
            }
    return complain(o, text, "true or false", err, errlen);
}

static int set_int(const struct pd_option *o, void *to, const char *text, char *err, size_t errlen)
{
    char accepted[80];

    if (pd_parse_int(text, o->min, o->max, to))
        return 0;
    snprintf(accepted, sizeof accepted, "a number from %" PRId64 " to %" PRId64, o->min, o->max);
    return complain(o, text, accepted, err, errlen);
}

static bool in_range(const struct pd_option *o, uint64_t v)
{
    return o->max == 0 || (v >= (uint64_t)o->min && v <= (uint64_t)o->max);
}

static int set_quantity(const struct pd_option *o, void *to, const char *text, char *err, size_t errlen)
{
    bool size = o->type == PD_OPT_SIZE;
    const char *kind = size ? "a size like 4096, 64KB, 1MiB" : "a duration like 200ms, 10s, 1.5m";
    const char *unit = size ? "bytes" : "ns";
    char accepted[160];
    uint64_t v;

    if (!(size ? pd_parse_size(text, &v) : pd_parse_duration(text, &v)))
        return complain(o, text, kind, err, errlen);
    if (in_range(o, v)) {
        *(uint64_t *)to = v;
        return 0;
    }
    snprintf(accepted, sizeof accepted, "%s from %" PRId64 " to %" PRId64 " %s", kind, o->min, o->max, unit);
    return complain(o, text, accepted, err, errlen);
}

static int set_text(const struct pd_option *o, void *to, const char *text, char *err, size_t errlen)
{
    (void)o, (void)err, (void)errlen;
    *(const char **)to = text;
    return 0;
}

static void lower_copy(char *to, const char *from, size_t len)
{
    for (size_t i = 0; i < len; i++)
        to[i] = (char)tolower((unsigned char)from[i]);
    to[len] = '\0';
}

/* One name of a list, without the blanks around it; an empty one is passed over. */
static bool add_name(struct pd_names *names, const char *at, size_t len)
{
    while (len && isspace((unsigned char)*at))
        at++, len--;
    while (len && isspace((unsigned char)at[len - 1]))
        len--;
    if (len == 0)
        return true;
    if (names->count == PD_NAMES_MAX || len >= PD_NAME_MAX)
        return false;
    lower_copy(names->name[names->count++], at, len);
    return true;
}

static int set_names(const struct pd_option *o, void *to, const char *text, char *err, size_t errlen)
{
    struct pd_names names = {.all = strcasecmp(text, "all") == 0};
    char accepted[100];

    snprintf(accepted, sizeof accepted,
             "all, none, or at most %d names of at most %d bytes with commas between", PD_NAMES_MAX,
             PD_NAME_MAX - 1);
    for (const char *at = names.all || strcasecmp(text, "none") == 0 ? "" : text; *at;) {
        size_t len = strcspn(at, ",");
        if (!add_name(&names, at, len))
            return complain(o, text, accepted, err, errlen);
        at += len + (at[len] == ',');
    }
    *(struct pd_names *)to = names;
    return 0;
}

typedef int set_fn(const struct pd_option *, void *to, const char *text, char *err, size_t errlen);

static set_fn *const setters[] = {
    [PD_OPT_BOOL] = set_bool,         [PD_OPT_INT] = set_int,   [PD_OPT_SIZE] = set_quantity,
    [PD_OPT_DURATION] = set_quantity, [PD_OPT_TEXT] = set_text, [PD_OPT_NAMES] = set_names,
};

static int set(const struct pd_option *o, void *base, const char *text, char *err, size_t errlen)
{
    PD_ASSERT(o->type < sizeof setters / sizeof *setters);
    return setters[o->type](o, (char *)base + o->off, text, err, errlen);
}

void pd_options_default(const struct pd_option *table, void *base)
{
    char err[256];

    for (const struct pd_option *o = table; o && o->name; o++) {
        /* A text without a default is NULL, which is not the same as an empty one. */
        bool unset = !o->def && o->type == PD_OPT_TEXT;
        PD_ASSERT(set(o, base, unset ? NULL : o->def, err, sizeof err) == 0);
    }
}

/* "no option x; there are: a, b, c", as far as err has room. */
static int unknown(const struct pd_option *table, const char *name, char *err, size_t errlen)
{
    int n = snprintf(err, errlen, "no option '%.80s'; there are: ", name);

    for (const struct pd_option *o = table; o && o->name && n >= 0 && (size_t)n < errlen; o++)
        n += snprintf(err + n, errlen - (size_t)n, "%s%s", o == table ? "" : ", ", o->name);
    return -ENOENT;
}

int pd_options_set(const struct pd_option *table, void *base, const char *name, const char *text, char *err,
                   size_t errlen)
{
    for (const struct pd_option *o = table; o && o->name; o++)
        if (strcmp(o->name, name) == 0)
            return set(o, base, text, err, errlen);
    return unknown(table, name, err, errlen);
}
