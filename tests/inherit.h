/* inherit.h: the tests that every protocol inherits from its captures. Each gets a capture and what it says
 * without loss, and prints what is wrong on stderr. */
#ifndef PD_TESTS_INHERIT_H
#define PD_TESTS_INHERIT_H
#include "tests/capture.h"
#include "tests/replay.h"

struct bench { /* what a test stands at */
    const struct capture *capture;
    const struct pd_setup *setup;
    const char *packetd; /* the program, or NULL */
};

bool inherit_golden(const struct bench *);
bool inherit_complete(const struct bench *);
bool inherit_chop(const struct bench *);
bool inherit_lossy(const struct bench *);
bool inherit_join(const struct bench *);
bool inherit_detect(const struct bench *);
bool inherit_malloc(const struct bench *);
bool inherit_workers(const struct bench *);

/* The whole capture, all secrets shown, finished. */
void inherit_whole(const struct bench *, struct replay *);

/* True when `part` (count lines) is a subset of `all`, counting repeats; both are sorted here. Else *stray is
 * the first line that is not in it. */
bool inherit_subset(char **all, size_t all_count, char **part, size_t count, const char **stray);

/* The same, but a line may lack fields of its request and its response that the line in `all` has, and have
 * fields that stand in for others, whose lists are shorter then. Puts the lines of `part` that are not in
 * `all` as they are to its front. */
bool inherit_less(const struct pd_setup *, char **all, size_t all_count, char **part, size_t count,
                  const char **stray);

/* A replay's line texts: all, or those whose status is ok, error or oneway. The caller frees the list only.
 */
char **inherit_texts(const struct replay *, bool certain_only, size_t *count);
#endif
