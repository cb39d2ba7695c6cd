/* args_test.c: the command line, and that man page and completion know every option. */
#include "cmd/args.h"
#include "cmd/cmd.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { ARGS_MAX = 16, PAGE_BYTES = 65536, NAME_BYTES = 64 };

/* Parses the words of a line, blanks between. */
static int parse_line(struct pd_args *args, const char *line)
{
    static char words[1024];
    char *argv[ARGS_MAX + 1] = {"log"};
    int argc = 1;

    assert_true(strlen(line) < sizeof words);
    strcpy(words, line);
    for (char *at = strtok(words, " "); at; at = strtok(NULL, " ")) {
        assert_true(argc < ARGS_MAX);
        argv[argc++] = at;
    }
    return pd_args_parse(args, argc, argv);
}

static void defaults(void **state)
{
    struct pd_args args;

    (void)state;
    assert_int_equal(parse_line(&args, ""), 0);
    assert_int_equal(args.ifaces.count, 0);
    assert_int_equal(args.files.count, 0);
    assert_string_equal(args.engine, "auto");
    assert_true(args.memory == UINT64_C(256) << 20);
    assert_true(args.timeout == UINT64_C(10000000000));
    assert_true(args.rotate_size == 100000000 && args.rotate_count == 10);
    assert_false(args.format_said);
    pd_args_free(&args);
}

static void values(void **state)
{
    struct pd_args args;

    (void)state;
    assert_int_equal(
        parse_line(&args, "-i lo --iface=eth0 --engine libpcap -pqs 96 --ipv v6 --workers 3 -c7"), 0);
    assert_int_equal(args.ifaces.count, 2);
    assert_string_equal(args.ifaces.v[0], "lo");
    assert_string_equal(args.ifaces.v[1], "eth0");
    assert_string_equal(args.engine, "libpcap");
    assert_true(args.no_promisc && args.quiet == 1 && args.snaplen == 96);
    assert_true(args.ipv == 6 && args.workers == 3 && args.count == 7);
    pd_args_free(&args);

    assert_int_equal(
        parse_line(&args, "--duration 1m30s --timeout 250ms --memory-limit 1GiB --time delta --body"), 0);
    assert_true(args.duration == UINT64_C(90000000000) && args.timeout == 250000000);
    assert_true(args.memory == UINT64_C(1) << 30 && args.time == PD_TIME_DELTA && args.body);
    pd_args_free(&args);

    assert_int_equal(
        parse_line(&args, "--format none --color never --headers a,b --show-secrets --community-id"), 0);
    assert_true(args.format_said && args.format == PD_FORMAT_NONE && args.color == PD_COLOR_NEVER);
    assert_true(args.show_secrets && args.community_id);
    assert_string_equal(args.headers, "a,b");
    pd_args_free(&args);

    assert_int_equal(
        parse_line(&args, "--json -n -nn -l -qq --proto http:80 --proto dns --port dns=54 -f tcp"), 0);
    assert_true(args.format_said && args.format == PD_FORMAT_JSON && args.quiet == 2);
    assert_true(args.protos.count == 2 && args.ports.count == 1);
    assert_string_equal(args.protos.v[1], "dns");
    assert_string_equal(args.filter, "tcp");
    pd_args_free(&args);
}

static void other_names(void **state)
{
    struct pd_args args;

    (void)state;
    assert_int_equal(parse_line(&args, "--pcap-file a --pcap.file b --file c"), 0);
    assert_int_equal(args.files.count, 3);
    assert_string_equal(args.files.v[1], "b");
    pd_args_free(&args);
    assert_int_equal(parse_line(&args, "--ifaces lo --log.file x --log.size 3 --log.backups 2 --console"), 0);
    assert_string_equal(args.output, "x");
    assert_true(args.rotate_size == 3000000 && args.rotate_count == 2 && args.console);
    pd_args_free(&args);
    assert_int_equal(parse_line(&args, "--roundtrips.size 5KiB --roundtrips.backups 0 --roundtrips.file y"),
                     0);
    assert_string_equal(args.output, "y");
    assert_true(args.rotate_size == 5120 && args.rotate_count == 0);
    pd_args_free(&args);
}

/* Operands must be there; this test's own source is. */
static void files_in_order(void **state)
{
    struct pd_args args;

    (void)state;
    assert_int_equal(parse_line(&args, "-r first " PD_SOURCE_DIR " -q - --read last"), 0);
    assert_int_equal(args.files.count, 4);
    assert_string_equal(args.files.v[0], "first");
    assert_string_equal(args.files.v[1], PD_SOURCE_DIR);
    assert_string_equal(args.files.v[2], "-");
    assert_string_equal(args.files.v[3], "last");
    pd_args_free(&args);
    assert_int_equal(parse_line(&args, "-q -- " PD_SOURCE_DIR), 0);
    assert_string_equal(args.files.v[0], PD_SOURCE_DIR);
    pd_args_free(&args);
}

static void refused(void **state)
{
    static const struct {
        const char *line;
        int status;
    } cases[] = {
        {"--fromat json", PD_EXIT_USAGE},
        {"-Z", PD_EXIT_USAGE},
        {"--json=x", PD_EXIT_USAGE},
        {"--iface", PD_EXIT_USAGE},
        {"-c 0", PD_EXIT_USAGE},
        {"-c many", PD_EXIT_USAGE},
        {"--workers 65", PD_EXIT_USAGE},
        {"--ipv 5", PD_EXIT_USAGE},
        {"--format xml", PD_EXIT_USAGE},
        {"-o json", PD_EXIT_USAGE},
        {"-o text", PD_EXIT_USAGE},
        {"-w x.pcap", PD_EXIT_USAGE},
        {"--duration 5", PD_EXIT_USAGE},
        {"--timeout 0", PD_EXIT_USAGE},
        {"--memory-limit 1KB", PD_EXIT_USAGE},
        {"-i lo -r x", PD_EXIT_USAGE},
        {"port 80", PD_EXIT_FAILED},
        {"/nowhere/x.pcap", PD_EXIT_FAILED},
    };
    struct pd_args args;

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        int status = parse_line(&args, cases[i].line);
        if (status != cases[i].status)
            fail_msg("%s: %d instead of %d", cases[i].line, status, cases[i].status);
        pd_args_free(&args);
    }
}

static const char *word(const void *words, unsigned i)
{
    return ((const char *const *)words)[i];
}

static void suggestions(void **state)
{
    static const char *const words[] = {"format", "filter", "file", "body", NULL};

    (void)state;
    assert_string_equal(pd_suggest("fromat", word, words), "format");
    assert_string_equal(pd_suggest("formt", word, words), "format");
    assert_string_equal(pd_suggest("fliter", word, words), "filter");
    assert_string_equal(pd_suggest("bodies", word, words) ? "something" : "nothing", "nothing");
    assert_null(pd_suggest("x", word, words));
    assert_null(pd_suggest("", word, words));
}

static char *read_page(const char *name)
{
    char path[512];
    char *page = calloc(1, PAGE_BYTES);

    snprintf(path, sizeof path, "%s/docs/%s", PD_SOURCE_DIR, name);
    FILE *file = fopen(path, "r");
    assert_non_null(file);
    assert_non_null(page);
    size_t n = fread(page, 1, PAGE_BYTES - 1, file);
    assert_true(n > 0 && n < PAGE_BYTES - 1);
    fclose(file);
    return page;
}

/* As a word of its own: between characters that no option has. */
static bool mentions(const char *page, const char *option)
{
    static const char part[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ-\\";
    size_t len = strlen(option);

    for (const char *at = strstr(page, option); at; at = strstr(at + 1, option)) {
        const char *behind = at + len;
        /* "\fI" behind a name is a change of font. */
        if ((at == page || !strchr(part, at[-1])) &&
            (!strchr(part, *behind) || strncmp(behind, "\\f", 2) == 0) &&
            !(*behind == '.' && behind[1] && strchr(part, behind[1])))
            return true;
    }
    return false;
}

static void check_mention(const char *page, const char *what, bool roff, const char *name, size_t len)
{
    char option[NAME_BYTES];
    size_t n = 0;

    for (size_t i = 0; i < len + (len > 1 ? 2 : 1); i++) {
        size_t dashes = len > 1 ? 2 : 1;
        char c = i < dashes ? '-' : name[i - dashes];
        if (roff && c == '-')
            option[n++] = '\\';
        option[n++] = c;
    }
    option[n] = '\0';
    if (!mentions(page, option))
        fail_msg("%s does not mention %s", what, option);
}

static void check_page(const char *name, bool roff, char refused_letter)
{
    char *page = read_page(name);

    for (const struct pd_flag *f = pd_flags; f->name; f++) {
        if (f->letter && f->letter == refused_letter)
            continue;
        check_mention(page, name, roff, f->name, strlen(f->name));
        if (f->letter)
            check_mention(page, name, roff, &f->letter, 1);
        for (const char *at = f->aliases; at && *at; at += strspn(at, " ")) {
            size_t len = strcspn(at, " ");
            check_mention(page, name, roff, at, len);
            at += len;
        }
    }
    free(page);
}

static void man_page(void **state)
{
    (void)state;
    check_page("packetd.1", true, 0);
}

/* What is refused is not completed. */
static void completion(void **state)
{
    (void)state;
    check_page("packetd.bash", false, 'w');
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(defaults),       cmocka_unit_test(values),     cmocka_unit_test(other_names),
        cmocka_unit_test(files_in_order), cmocka_unit_test(refused),    cmocka_unit_test(suggestions),
        cmocka_unit_test(man_page),       cmocka_unit_test(completion),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
