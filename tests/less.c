/* less.c: is a line one of those that are expected, with nothing else in it, but perhaps with less? Fewer
 * members, fewer items in a list, and where one is missing perhaps what stands in for it. */
#include "base/check.h"
#include "tests/inherit.h"
#include <stdlib.h>

/* The member at p ends at a comma or at its object's brace. */
static const char *member_end(const char *p)
{
    int depth = 0;
    bool quoted = false;

    for (; *p; p++) {
        if (quoted) {
            if (*p == '\\' && p[1])
                p++;
            else if (*p == '"')
                quoted = false;
        } else if (*p == '"') {
            quoted = true;
        } else if (*p == '{' || *p == '[') {
            depth++;
        } else if (*p == '}' || *p == ']') {
            if (depth-- == 0)
                break;
        } else if (*p == ',' && depth == 0) {
            break;
        }
    }
    return p;
}

/* The first member of the object called `name` among the line's members, or NULL. */
static const char *object(const char *line, const char *name)
{
    size_t len = strlen(name);

    for (const char *p = line + 1; *p == '"';) {
        if (strncmp(p + 1, name, len) == 0 && strncmp(p + 1 + len, "\":{", 3) == 0)
            return p + len + 4;
        p = member_end(p);
        p += *p == ',';
    }
    return NULL;
}

/* Is the member at p one that stands in for another? */
static bool stands_in(const struct pd_setup *setup, const char *p)
{
    for (unsigned i = 0; i < setup->proto_count; i++)
        for (const struct pd_field *f = setup->protos[i]->schema->fields; f->name; f++) {
            size_t len = strlen(f->name);
            if ((f->roles & PD_STAND_IN) && strncmp(p + 1, f->name, len) == 0 && p[len + 1] == '"')
                return true;
        }
    return false;
}

/* Are the items of the list at `part` among those of the list at `all`, in the same order? */
static bool items_less(const char *all, const char *part)
{
    for (all++, part++; *part != ']';) {
        const char *end = member_end(part), *other = all;
        size_t len = (size_t)(end - part);

        if (*all == ']')
            return false;
        all = member_end(other);
        if ((size_t)(all - other) == len && memcmp(other, part, len) == 0)
            part = end + (*end == ',');
        all += *all == ',';
    }
    return true;
}

/* The same object of lists, but for some lists or items that are missing? What names and values of headers
 * refer to may be lost. */
static bool headers_less(const char *all, size_t all_len, const char *part, size_t len)
{
    const char *object = strstr(part, "\":{");
    size_t name = object ? (size_t)(object - part) + 3 : 0;

    if (!name || name >= len || name >= all_len || memcmp(all, part, name) != 0)
        return false;
    for (all += name, part += name; *part == '"';) {
        const char *end = member_end(part), *other = all, *list = strstr(part, "\":[");
        size_t key = list && list < end ? (size_t)(list - part) + 2 : 0;

        if (*all != '"' || !key)
            return false;
        all = member_end(other);
        if ((size_t)(all - other) > key && memcmp(other, part, key) == 0 &&
            items_less(other + key, part + key))
            part = end + (*end == ',');
        all += *all == ',';
    }
    return true;
}

/* The same member, but perhaps for fewer items in its list? */
static bool member_less(const char *all, size_t all_len, const char *part, size_t len, bool shorter)
{
    if (all_len == len && memcmp(all, part, len) == 0)
        return true;
    if (headers_less(all, all_len, part, len))
        return true;
    const char *list = shorter ? strstr(part, "\":[") : NULL;
    size_t name = list ? (size_t)(list - part) + 3 : 0;
    return name && name < len && name < all_len && memcmp(all, part, name + 1) == 0 &&
           items_less(all + name, part + name);
}

static bool has_stand_in(const struct pd_setup *setup, const char *p)
{
    while (*p == '"' && !stands_in(setup, p)) {
        p = member_end(p);
        p += *p == ',';
    }
    return *p == '"';
}

/* Are the members at `part` among those at `all`, in the same order? Only where something stands in for what
 * is missing may a list be shorter. */
static bool members_less(const struct pd_setup *setup, const char *all, const char *part)
{
    bool shorter = has_stand_in(setup, part);

    while (*part == '"') {
        const char *end = member_end(part), *other = all;

        if (stands_in(setup, part)) {
            part = end + (*end == ',');
            continue;
        }
        if (*all != '"')
            return false;
        all = member_end(other);
        if (member_less(other, (size_t)(all - other), part, (size_t)(end - part), shorter))
            part = end + (*end == ',');
        all += *all == ',';
    }
    return true;
}

static bool line_less(const struct pd_setup *setup, const char *all, const char *part)
{
    const char *asked = object(part, "request"), *came = object(part, "response");
    const char *asked_all = object(all, "request"), *came_all = object(all, "response");

    if (!asked || !asked_all || !came != !came_all || asked - part != asked_all - all ||
        memcmp(all, part, (size_t)(asked - part)) != 0)
        return false;
    return members_less(setup, asked_all, asked) && (!came || members_less(setup, came_all, came));
}

/* The first line that does not stand before these bytes in the order of bytes. */
static size_t first_with(char **all, size_t count, const char *prefix, size_t len)
{
    size_t from = 0;

    while (count) {
        size_t half = count / 2;
        if (strncmp(all[from + half], prefix, len) < 0) {
            from += half + 1;
            count -= half + 1;
        } else {
            count = half;
        }
    }
    return from;
}

/* A line of `all` that is not taken and has all that `part` has, or all_count. What stands before the request
 * is the same in both. */
static size_t find_less(const struct pd_setup *setup, char **all, size_t all_count, const bool *taken,
                        const char *part)
{
    const char *asked = object(part, "request");
    size_t len = asked ? (size_t)(asked - part) : strlen(part);

    for (size_t k = first_with(all, all_count, part, len); k < all_count; k++) {
        if (strncmp(all[k], part, len) != 0)
            break;
        if (!taken[k] && line_less(setup, all[k], part))
            return k;
    }
    return all_count;
}

static int by_text(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

/* Takes for each part the line that is the same; the parts without one are moved to the front. Returns how
 * many they are. Both lists are sorted. */
static size_t take_equal(char **all, size_t all_count, bool *taken, char **part, size_t count)
{
    size_t k = 0, rest = 0;

    for (size_t i = 0; i < count; i++) {
        while (k < all_count && strcmp(all[k], part[i]) < 0)
            k++;
        if (k < all_count && strcmp(all[k], part[i]) == 0)
            taken[k++] = true;
        else
            part[rest++] = part[i];
    }
    return rest;
}

bool inherit_less(const struct pd_setup *setup, char **all, size_t all_count, char **part, size_t count,
                  const char **stray)
{
    bool *taken = calloc(all_count + 1, sizeof *taken), ok = true;

    PD_ASSERT(taken);
    if (all_count)
        qsort(all, all_count, sizeof *all, by_text);
    if (count)
        qsort(part, count, sizeof *part, by_text);
    count = take_equal(all, all_count, taken, part, count);
    for (size_t i = 0; i < count && ok; i++) {
        size_t k = find_less(setup, all, all_count, taken, part[i]);
        ok = k < all_count;
        taken[k] = true;
        if (!ok)
            *stray = part[i];
    }
    free(taken);
    return ok;
}
