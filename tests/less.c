/* less.c: is a line one of those that are expected, with nothing else in it, but perhaps with less? */
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

/* Are the members at `part` among those at `all`, in the same order? */
static bool members_less(const char *all, const char *part)
{
    while (*part == '"') {
        const char *end = member_end(part), *other = all;
        size_t len = (size_t)(end - part);

        if (*all != '"')
            return false;
        all = member_end(other);
        if ((size_t)(all - other) == len && memcmp(all - len, part, len) == 0)
            part = end + (*end == ',');
        all += *all == ',';
    }
    return true;
}

static bool line_less(const char *all, const char *part)
{
    const char *asked = object(part, "request"), *came = object(part, "response");
    const char *asked_all = object(all, "request"), *came_all = object(all, "response");

    if (!asked || !asked_all || !came != !came_all || asked - part != asked_all - all ||
        memcmp(all, part, (size_t)(asked - part)) != 0)
        return false;
    return members_less(asked_all, asked) && (!came || members_less(came_all, came));
}

bool inherit_less(char **all, size_t all_count, char **part, size_t count, const char **stray)
{
    bool *taken = calloc(all_count + 1, sizeof *taken), ok = true;

    PD_ASSERT(taken);
    for (size_t i = 0; i < count && ok; i++) {
        size_t k = 0, fits = all_count;
        for (; k < all_count && (taken[k] || strcmp(all[k], part[i]) != 0); k++)
            if (!taken[k] && fits == all_count && line_less(all[k], part[i]))
                fits = k;
        if (k == all_count)
            k = fits;
        ok = k < all_count;
        taken[k] = true;
        if (!ok)
            *stray = part[i];
    }
    free(taken);
    return ok;
}
