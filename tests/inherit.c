/* inherit.c: runs one inherited test over all captures of a protocol: inherit TEST FOLDER [PACKETD]. */
#include "tests/inherit.h"
#include "base/check.h"
#include <stdio.h>
#include <stdlib.h>

enum { MEMORY = 64 << 20, SKIPPED = 77 };

#if defined(__SANITIZE_ADDRESS__)
#define SANITIZED 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define SANITIZED 1
#endif
#endif
#ifndef SANITIZED
#define SANITIZED 0
#endif

static const struct test {
    const char *name;
    bool (*run)(const struct bench *);
    bool skip; /* cannot be told in this build */
} tests[] = {
    {"golden", inherit_golden, false},   {"complete", inherit_complete, false},
    {"chop", inherit_chop, false},       {"lossy", inherit_lossy, false},
    {"join", inherit_join, false},       {"detect", inherit_detect, false},
    {"workers", inherit_workers, false}, {"malloc", inherit_malloc, SANITIZED},
};

void inherit_whole(const struct bench *b, struct replay *r)
{
    replay_init(r, b->setup, false);
    for (size_t i = 0; i < b->capture->count; i++)
        replay_packet(r, &b->capture->packet[i]);
    replay_finish(r);
}

char **inherit_texts(const struct replay *r, bool certain_only, size_t *count)
{
    char **list = calloc(r->count + 1, sizeof *list);

    PD_ASSERT(list);
    *count = 0;
    for (size_t i = 0; i < r->count; i++) {
        uint8_t status = r->line[i].status;
        if (!certain_only || status == PD_OK || status == PD_ERROR || status == PD_ONEWAY)
            list[(*count)++] = r->line[i].text;
    }
    return list;
}

static int by_text(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

bool inherit_subset(char **all, size_t all_count, char **part, size_t count, const char **stray)
{
    size_t k = 0;

    if (all_count)
        qsort(all, all_count, sizeof *all, by_text);
    if (count)
        qsort(part, count, sizeof *part, by_text);
    for (size_t i = 0; i < count; i++) {
        while (k < all_count && strcmp(all[k], part[i]) < 0)
            k++;
        if (k == all_count || strcmp(all[k], part[i]) != 0) {
            *stray = part[i];
            return false;
        }
        k++;
    }
    return true;
}

static bool run_one(const struct test *test, const struct pd_setup *setup, const char *path,
                    const char *packetd)
{
    struct capture capture;
    bool ok = capture_load(&capture, path);
    struct bench bench = {.capture = &capture, .setup = setup, .packetd = packetd};

    if (ok && !capture_excluded(&capture, test->name)) {
        ok = test->run(&bench);
        if (!ok)
            fprintf(stderr, "FAILED: %s %s\n", test->name, path);
    }
    capture_free(&capture);
    return ok;
}

static int run_all(const struct test *test, const char *folder, const char *packetd)
{
    struct pd_setup setup;
    size_t count, failed = 0;
    char **list = capture_list(folder, &count);

    PD_ASSERT(pd_setup_init(&setup, pd_protocols) == 0);
    pd_limits_from(&setup.limits, MEMORY, 1);
    for (size_t i = 0; i < count; i++) {
        failed += !run_one(test, &setup, list[i], packetd);
        free(list[i]);
    }
    free(list);
    pd_setup_free(&setup);
    printf("%s: %zu captures, %zu failed\n", test->name, count, failed);
    return count && !failed ? EXIT_SUCCESS : EXIT_FAILURE;
}

int main(int argc, char **argv)
{
    for (size_t i = 0; argc >= 3 && i < sizeof tests / sizeof *tests; i++) {
        if (strcmp(tests[i].name, argv[1]) != 0)
            continue;
        if (tests[i].skip) {
            printf("skipped: AddressSanitizer itself asks for memory\n");
            return SKIPPED;
        }
        return run_all(&tests[i], argv[2], argc > 3 ? argv[3] : NULL);
    }
    fprintf(stderr,
            "usage: inherit golden|complete|chop|lossy|join|detect|workers|malloc FOLDER [PACKETD]\n");
    return 2;
}
