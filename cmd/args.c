/* args.c: the command line, read by getopt_long() from the table in options.c, in the order given, so that
 * options may stand behind operands. An operand is a capture file. */
#include "cmd/args.h"
#include "base/check.h"
#include "cmd/cmd.h"
#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

enum {
    NAMES_MAX = 96,
    NAME_BYTES = 32,
    LETTERS_MAX = 96,
    FILTER_MAX = 200,
    HELP_COLUMN = 30,
    FIRST_LONG = 256
};
enum { LISTS = 4 };

struct grammar { /* pd_flags as getopt_long() wants it */
    struct option option[NAMES_MAX + 1];
    char name[NAMES_MAX][NAME_BYTES];
    char letters[LETTERS_MAX];
    unsigned names;
};

static void add_name(struct grammar *g, const struct pd_flag *f, const char *name, size_t len)
{
    PD_ASSERT(g->names < NAMES_MAX && len < NAME_BYTES);
    char *copy = g->name[g->names];
    memcpy(copy, name, len);
    copy[len] = '\0';
    g->option[g->names++] = (struct option){.name = copy,
                                            .has_arg = f->arg ? required_argument : no_argument,
                                            .val = FIRST_LONG + (int)(f - pd_flags)};
}

static void grammar_make(struct grammar *g)
{
    size_t letters = 0;

    memset(g, 0, sizeof *g);
    /* '-': operands come in their place; ':': a missing argument is told apart. */
    g->letters[letters++] = '-';
    g->letters[letters++] = ':';
    for (const struct pd_flag *f = pd_flags; f->name; f++) {
        add_name(g, f, f->name, strlen(f->name));
        for (const char *at = f->aliases; at && *at; at += strspn(at, " ")) {
            size_t len = strcspn(at, " ");
            add_name(g, f, at, len);
            at += len;
        }
        PD_ASSERT(letters + 3 < LETTERS_MAX);
        if (f->letter)
            g->letters[letters++] = f->letter;
        if (f->letter && f->arg)
            g->letters[letters++] = ':';
    }
}

static const char *grammar_name(const void *grammar, unsigned i)
{
    const struct grammar *g = grammar;

    return i < g->names ? g->option[i].name : NULL;
}

static const struct pd_flag *flag_of(int code)
{
    if (code >= FIRST_LONG)
        return &pd_flags[code - FIRST_LONG];
    for (const struct pd_flag *f = pd_flags; f->name; f++)
        if (f->letter == code)
            return f;
    return NULL;
}

static bool is_long_name(const struct grammar *g, const char *word)
{
    size_t len = strcspn(word, "=");

    for (unsigned i = 0; i < g->names; i++)
        if (len > 1 && strncmp(g->option[i].name, word, len) == 0 && !g->option[i].name[len])
            return true;
    return false;
}

/* What getopt_long() did not know: word is what it looked at, optopt says which letter of it. */
static int unknown(const struct grammar *g, const char *word)
{
    if (strncmp(word, "--", 2) != 0) {
        if (is_long_name(g, word + 1)) /* one dash too few */
            pd_say("unknown option -%c; did you mean -%s?", optopt, word);
        else
            pd_say("unknown option -%c; 'packetd help log' lists them", optopt);
        return PD_EXIT_USAGE;
    }
    int len = (int)strcspn(word + 2, "=");
    if (optopt) {
        pd_say("%.*s takes no argument", len + 2, word);
        return PD_EXIT_USAGE;
    }
    char name[NAME_BYTES];
    snprintf(name, sizeof name, "%.*s", len, word + 2);
    const char *meant = pd_suggest(name, grammar_name, g);
    if (meant)
        pd_say("unknown option %.*s; did you mean --%s?", len + 2, word, meant);
    else
        pd_say("unknown option %.*s; 'packetd help log' lists them", len + 2, word);
    return PD_EXIT_USAGE;
}

static int take(struct pd_args *args, const struct pd_flag *f, const char *word)
{
    char err[200];

    if (f->set(f, (char *)args + f->off, optarg, err, sizeof err))
        return 0;
    /* As it was written, without the value. */
    int len = strncmp(word, "--", 2) == 0 ? (int)strcspn(word, "=") : 2;
    pd_say("%.*s%s%s: %s", len, word, optarg ? " " : "", optarg ? optarg : "", err);
    return PD_EXIT_USAGE;
}

static void add_word(struct pd_words *words, const char *word)
{
    words->v[words->count++] = word;
}

static bool is_file(const char *operand)
{
    struct stat st;

    return strcmp(operand, "-") == 0 || stat(operand, &st) == 0 || errno != ENOENT;
}

/* An operand that is no file: words of a filter, most likely, up to the next file. */
static void no_such_file(char **operands, unsigned count)
{
    const char *first = operands[0];
    char filter[FILTER_MAX];
    size_t n = 0;

    if (!first[strspn(first, "0123456789")]) {
        pd_say("%s: no such file; for a port: --proto NAME:%s, or -f 'port %s'", first, first, first);
        return;
    }
    /* A path is no filter. */
    if (strpbrk(first, "/.")) {
        pd_say("%s: no such file", first);
        return;
    }
    for (unsigned i = 0; i < count && n < sizeof filter && !is_file(operands[i]); i++)
        n += (size_t)snprintf(filter + n, sizeof filter - n, "%s%s", i ? " " : "", operands[i]);
    pd_say("%s: no such file; a capture filter is -f '%s'", first, filter);
}

static int check_operands(char **operands, unsigned count)
{
    for (unsigned i = 0; i < count; i++)
        if (!is_file(operands[i])) {
            no_such_file(operands + i, count - i);
            return PD_EXIT_FAILED;
        }
    return 0;
}

static int check(const struct pd_args *args)
{
    if (args->files.count && args->ifaces.count) {
        pd_say("-i %s and a file: read files or listen, not both", args->ifaces.v[0]);
        return PD_EXIT_USAGE;
    }
    return 0;
}

static int walk(struct pd_args *args, struct grammar *g, int argc, char **argv, char **operands,
                unsigned *count)
{
    int status = 0;

    opterr = 0;
    optind = 0; /* glibc: begin anew, whoever used it before */
    for (;;) {
        const char *word = argv[optind > 0 ? optind : 1];
        optopt = 0;
        int code = getopt_long(argc, argv, g->letters, g->option, NULL);
        if (code == -1)
            break;
        if (code == 1)
            operands[(*count)++] = optarg;
        if (code == 1)
            add_word(&args->files, optarg);
        else if (code == '?')
            status = unknown(g, word);
        else if (code == ':')
            status = (pd_say("%s wants an argument", word), PD_EXIT_USAGE);
        else
            status = take(args, flag_of(code), word);
        if (status)
            return status;
    }
    for (; optind < argc; optind++) {
        operands[(*count)++] = argv[optind];
        add_word(&args->files, argv[optind]);
    }
    return 0;
}

int pd_args_parse(struct pd_args *args, int argc, char **argv)
{
    struct grammar grammar;
    unsigned count = 0;

    *args = (struct pd_args){.engine = "auto",
                             .rotate_size = 100 * 1000 * 1000,
                             .rotate_count = 10,
                             .memory = UINT64_C(256) << 20,
                             .timeout = UINT64_C(10) * 1000 * 1000 * 1000};
    const char **room = calloc((size_t)argc * LISTS, sizeof *room);
    char **operands = calloc((size_t)argc, sizeof *operands);
    if (!room || !operands) {
        free(room);
        free(operands);
        pd_say("no memory for %d arguments", argc);
        return PD_EXIT_FAILED;
    }
    args->ifaces.v = room;
    args->files.v = room + argc;
    args->protos.v = room + 2 * argc;
    args->ports.v = room + 3 * argc;
    grammar_make(&grammar);
    int status = walk(args, &grammar, argc, argv, operands, &count);
    if (!status && !args->help)
        status = check_operands(operands, count);
    if (!status && !args->help)
        status = check(args);
    free(operands);
    return status;
}

void pd_args_free(struct pd_args *args)
{
    free(args->ifaces.v); /* the one block behind all lists */
    *args = (struct pd_args){0};
}

static void print_flag(const struct pd_flag *f)
{
    char left[80];
    char letter[4] = {f->letter ? '-' : ' ', f->letter ? f->letter : ' ', f->letter ? ',' : ' ', '\0'};
    int n = snprintf(left, sizeof left, "  %s --%s%s%s", letter, f->name, f->arg ? " " : "",
                     f->arg ? f->arg : "");

    printf("%-*s", HELP_COLUMN, left);
    if (n >= HELP_COLUMN)
        printf("\n%*s", HELP_COLUMN, "");
    for (const char *line = f->help; *line;) {
        int len = (int)strcspn(line, "\n");
        printf("%.*s\n", len, line);
        line += len;
        if (*line++ != '\n')
            break;
        printf("%*s", HELP_COLUMN, "");
    }
}

void pd_flags_print(const struct pd_flag *f)
{
    for (; f->name; f++) {
        if (f->group)
            printf("\n%s:\n", f->group);
        if (f->help)
            print_flag(f);
    }
}
