/* fuzz_seeds.c: scripts made from a protocol's captures: fuzz_seeds PROTO FOLDER runs each as it is and with
 * a few hundred deterministic changes; with a third argument it writes them there, for libFuzzer to start
 * from. */
#include "base/check.h"
#include "base/hash.h"
#include "tests/capture.h"
#include "tests/fuzz.h"
#include "tests/random.h"
#include "tests/script.h"
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

enum { STARTS = 4, CHANGES = 150, EDITS = 8 };

struct seed {
    uint8_t bytes[1 + SCRIPT_BYTES];
    size_t len;
};

/* The script that is running, for the signal handler, which gets no argument. */
static struct {
    const struct seed *seed;
    char name[128];
} running;

static void leave_behind(int signal_number)
{
    int fd = open(running.name, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);

    (void)signal_number;
    if (fd >= 0 && running.seed && write(fd, running.seed->bytes, running.seed->len) > 0)
        close(fd);
}

static void play(const struct seed *s)
{
    running.seed = s;
    LLVMFuzzerTestOneInput(s->bytes, s->len);
    running.seed = NULL;
}

static int play_file(const char *path)
{
    struct seed s;
    FILE *file = fopen(path, "r");

    if (!file) {
        perror(path);
        return EXIT_FAILURE;
    }
    s.len = fread(s.bytes, 1, sizeof s.bytes, file);
    fclose(file);
    play(&s);
    return EXIT_SUCCESS;
}

static void change(struct seed *s, uint64_t *random)
{
    for (uint64_t n = random_next(random) % EDITS + 1; n > 0 && s->len > 2; n--) {
        uint64_t r = random_next(random);
        size_t at = 1 + (r >> 16) % (s->len - 1), other = 1 + (r >> 40) % (s->len - 1);

        switch (r % 4) {
        case 0:
            s->bytes[at] ^= (uint8_t)(1u << (r >> 8 & 7));
            break;
        case 1:
            s->bytes[at] = (uint8_t)(r >> 8);
            break;
        case 2: /* cut out */
            memmove(s->bytes + at, s->bytes + at + 1, s->len - at - 1);
            s->len--;
            break;
        default: { /* copy some bytes elsewhere */
            size_t most = s->len - (at > other ? at : other),
                   length = (r >> 8 & 63) < most ? (r >> 8 & 63) : most;
            memmove(s->bytes + at, s->bytes + other, length);
            break;
        }
        }
    }
}

static void run(const struct seed *s, uint64_t random)
{
    play(s);
    for (int i = 0; i < CHANGES; i++) {
        struct seed changed = *s;
        changed.bytes[0] = (uint8_t)i;
        change(&changed, &random);
        play(&changed);
    }
}

static void write_seed(const struct seed *s, const char *folder)
{
    char name[600];

    snprintf(name, sizeof name, "%s/%016llx", folder, (unsigned long long)pd_hash(s->bytes, s->len, 0));
    FILE *file = fopen(name, "w");
    PD_ASSERT(file && fwrite(s->bytes, 1, s->len, file) == s->len && fclose(file) == 0);
}

static size_t seeds_of(const char *path, const char *out)
{
    struct capture c;
    size_t made = 0;

    PD_ASSERT(capture_load(&c, path));
    for (size_t start = 0; start < STARTS; start++) {
        struct seed s = {.bytes = {0}};
        s.len = 1 + script_from(&c, c.count * start / STARTS, s.bytes + 1);
        if (s.len < 2)
            continue;
        if (out)
            write_seed(&s, out);
        else
            run(&s, made + 1);
        made++;
    }
    capture_free(&c);
    return made;
}

int main(int argc, char **argv)
{
    size_t count, seeds = 0;
    struct stat st;

    if (argc < 3 || !fuzz_proto(argv[1])) {
        fprintf(stderr, "usage: fuzz_seeds PROTO FOLDER [OUT] | fuzz_seeds PROTO FILE\n");
        return 2;
    }
    if (stat(argv[2], &st) == 0 && S_ISREG(st.st_mode))
        return play_file(argv[2]);
    snprintf(running.name, sizeof running.name, "%s.failed", argv[1]);
    signal(SIGABRT, leave_behind);
    char **list = capture_list(argv[2], &count);
    for (size_t i = 0; i < count; i++) {
        seeds += seeds_of(list[i], argc > 3 ? argv[3] : NULL);
        free(list[i]);
    }
    free(list);
    printf("%zu seeds, compared %zu times\n", seeds, fuzz_compared());
    return seeds && (argc > 3 || fuzz_compared() > seeds) ? EXIT_SUCCESS : EXIT_FAILURE;
}
