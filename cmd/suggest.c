/* suggest.c: "did you mean": the nearest word by the number of letters to change, swap, add or drop. */
#include "cmd/cmd.h"
#include <ctype.h>
#include <string.h>

enum { WORD_MAX = 40, NEAR = 2 };

/* Whether in upper or lower case. */
static bool same(char a, char b)
{
    return tolower((unsigned char)a) == tolower((unsigned char)b);
}

static unsigned least(unsigned a, unsigned b)
{
    return a < b ? a : b;
}

/* Optimal string alignment: the last three rows of the usual table are enough. */
static unsigned distance(const char *a, const char *b)
{
    unsigned rows[3][WORD_MAX + 1];
    size_t n = strlen(a), m = strlen(b);

    if (n > WORD_MAX || m > WORD_MAX)
        return WORD_MAX;
    for (unsigned j = 0; j <= m; j++)
        rows[0][j] = j;
    for (unsigned i = 1; i <= n; i++) {
        unsigned *row = rows[i % 3], *before = rows[(i + 2) % 3], *earlier = rows[(i + 1) % 3];
        row[0] = i;
        for (unsigned j = 1; j <= m; j++) {
            row[j] = least(before[j - 1] + !same(a[i - 1], b[j - 1]), least(before[j], row[j - 1]) + 1);
            if (i > 1 && j > 1 && same(a[i - 1], b[j - 2]) && same(a[i - 2], b[j - 1]))
                row[j] = least(row[j], earlier[j - 2] + 1);
        }
    }
    return rows[n % 3][m];
}

const char *pd_suggest(const char *word, const char *(*next)(const void *arg, unsigned i), const void *arg)
{
    const char *best = NULL, *candidate;
    unsigned nearest = NEAR + 1;

    for (unsigned i = 0; (candidate = next(arg, i)); i++) {
        unsigned d = distance(word, candidate);
        /* Of two short words nearly all are near: half of the letters must be right. */
        if (d < nearest && 2 * d <= strlen(candidate)) {
            nearest = d;
            best = candidate;
        }
    }
    return best;
}
