/* redact.c: an Aho-Corasick automaton over the parts, made into a table: state and byte give the next state.
 * The alphabet holds only the bytes that occur in parts, so that the table of the defaults takes a few KiB.
 */
#include "roundtrip/redact.h"
#include <ctype.h>
#include <stdlib.h>

enum { PARTS_BYTES = 2048, STATES_MAX = PARTS_BYTES + 2, BYTES = 256, ROOT = 0, FOUND = 1 };
#define NOTHING UINT32_MAX

const char *const pd_redact_defaults[] = {"auth",    "token",     "secret", "passw",      "api-key", "apikey",
                                          "session", "signature", "cookie", "credential", NULL};

struct pd_redact {
    uint16_t class_of[BYTES]; /* 0: in no part */
    uint32_t width;           /* classes */
    uint32_t states;
    uint32_t found;  /* a part was seen; this state is never left */
    uint32_t next[]; /* [states * width]; states stand multiplied by width, so that a step is one addition */
};

static unsigned lower(char c)
{
    return (unsigned)tolower((unsigned char)c);
}

/* Gives each byte that occurs a class. Returns the bytes of all parts together. */
static size_t classify(struct pd_redact *r, const char *const *parts)
{
    size_t bytes = 0;

    r->width = 1;
    for (; *parts; parts++)
        for (const char *c = *parts; *c; c++, bytes++)
            if (!r->class_of[lower(*c)])
                r->class_of[lower(*c)] = (uint16_t)r->width++;
    for (unsigned c = 'A'; c <= 'Z'; c++)
        r->class_of[c] = r->class_of[c | 0x20];
    return bytes;
}

/* The trie: the last byte of each part leads to FOUND. */
static void plant(struct pd_redact *r, const char *part)
{
    uint32_t state = ROOT;

    for (; *part && state != FOUND; part++) {
        uint32_t *next = &r->next[state * r->width + r->class_of[lower(*part)]];
        if (!part[1])
            *next = FOUND;
        else if (*next == NOTHING)
            *next = r->states++;
        state = *next;
    }
}

/* Fills the holes of the trie, nearest states first: where a state has no edge, that of its longest suffix
 * which is a state too is taken. A state whose suffix holds a part is FOUND itself. */
static void complete(struct pd_redact *r)
{
    uint32_t queue[STATES_MAX], suffix[STATES_MAX] = {0}, head = 0, tail = 0;

    queue[tail++] = ROOT;
    while (head < tail) {
        uint32_t state = queue[head++];
        for (uint32_t c = 0; c < r->width; c++) {
            uint32_t *next = &r->next[state * r->width + c];
            uint32_t other = state == ROOT ? ROOT : r->next[suffix[state] * r->width + c];
            if (*next == NOTHING || other == FOUND) {
                *next = *next == FOUND ? FOUND : other;
            } else if (*next != FOUND) {
                suffix[*next] = other;
                queue[tail++] = *next;
            }
        }
    }
}

struct pd_redact *pd_redact_new(const char *const *parts)
{
    struct pd_redact count = {0};
    size_t bytes = classify(&count, parts);

    if (bytes > PARTS_BYTES)
        return NULL;
    size_t cells = (bytes + 2) * count.width;
    struct pd_redact *r = malloc(sizeof *r + cells * sizeof r->next[0]);
    if (!r)
        return NULL;
    memcpy(r, &count, sizeof count);
    r->states = FOUND + 1;
    for (size_t i = 0; i < cells; i++)
        r->next[i] = i / r->width == FOUND ? FOUND : NOTHING;
    for (; *parts; parts++)
        plant(r, *parts);
    complete(r);
    for (size_t i = 0; i < cells; i++)
        if (r->next[i] != NOTHING) /* rows of states that nothing leads to */
            r->next[i] *= r->width;
    r->found = FOUND * r->width;
    return r;
}

void pd_redact_free(struct pd_redact *r)
{
    free(r);
}

bool pd_redact_name(const struct pd_redact *r, struct pd_slice name)
{
    uint32_t state = ROOT;

    for (uint32_t i = 0; i < name.len; i++)
        state = r->next[state + r->class_of[name.p[i]]];
    return state == r->found;
}
