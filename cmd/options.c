/* options.c: the options of `packetd log`, and how each kind of value is read. */
#include "cmd/args.h"
#include "config/option.h"
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

enum { BARE_UNIT = 1000 * 1000 }; /* --log.size 100 means 100 MB */

static pd_flag_set set_flag, set_more, set_text, set_word, set_int, set_size, set_megabytes, set_duration,
    set_list, set_choice, set_ipv, set_nothing, set_json, set_format, set_output, set_refused;

static const char *const format_words[] = {"text", "json", "none", NULL};
static const char *const color_words[] = {"auto", "always", "never", NULL};
static const char *const time_words[] = {"local", "utc", "epoch", "delta", NULL};
static const char *const ipv_words[] = {"v4", "v6", NULL};
static const char *const engine_words[] = {"auto", "afpacket", "libpcap", NULL};

#define OFF(member) offsetof(struct pd_args, member)

/* clang-format off */
const struct pd_flag pd_flags[] = {
    {.group = "Input", .letter = 'i', .name = "iface", .aliases = "ifaces", .arg = "NAME",
     .set = set_list, .off = OFF(ifaces),
     .help = "listen on this interface: a name, an extended regular expression over whole\n"
             "names, or any; may be repeated (without -i and -r: any)"},
    {.letter = 'r', .name = "read", .aliases = "pcap-file pcap.file file", .arg = "FILE", .set = set_list,
     .off = OFF(files),
     .help = "read a capture file, pcap or pcapng, also .gz; - is standard input; may be\n"
             "repeated, and the -r may be left out"},
    {.name = "engine", .arg = "ENGINE", .set = set_word, .words = engine_words, .off = OFF(engine),
     .help = "how to capture: auto, afpacket or libpcap"},
    {.letter = 'p', .name = "no-promisc", .set = set_flag, .off = OFF(no_promisc),
     .help = "do not switch interfaces to promiscuous mode"},
    {.letter = 's', .name = "snaplen", .arg = "BYTES", .set = set_int, .max = 262144, .off = OFF(snaplen),
     .help = "look at so many bytes of each packet only; 0: all"},
    {.name = "ipv", .arg = "v4|v6", .set = set_ipv, .words = ipv_words, .off = OFF(ipv),
     .help = "only this version of IP"},
    {.name = "workers", .arg = "N", .set = set_int, .min = 1, .max = 64, .off = OFF(workers),
     .help = "threads that read protocols; what is printed of a file stays the same"},
    {.name = "memory-limit", .arg = "SIZE", .set = set_size, .min = 16 << 20, .max = INT64_C(1) << 40,
     .off = OFF(memory),
     .help = "ceiling for connections and roundtrips in flight (256MiB)"},

    {.group = "Choice", .name = "proto", .arg = "SPEC", .set = set_list, .off = OFF(protos),
     .help = "only this protocol: NAME, NAME:PORT,PORT or NAME:PORT@HOST (http:80,8080@10.0.0.7),\n"
             "also 'NAME;PORT,PORT;HOST'; may be repeated"},
    {.name = "port", .arg = "PROTO=PORT[,PORT]", .set = set_list, .off = OFF(ports),
     .help = "a port that a protocol is known by, besides its usual ones; restricts nothing"},
    {.letter = 'f', .name = "filter", .arg = "EXPRESSION", .set = set_text, .off = OFF(filter),
     .help = "only packets that match, in tcpdump's language: -f 'host 10.0.0.7'"},
    {.letter = 'c', .name = "count", .arg = "N", .set = set_int, .min = 1, .max = INT64_MAX,
     .off = OFF(count),
     .help = "end after so many lines"},
    {.name = "duration", .arg = "TIME", .set = set_duration, .min = 1, .max = INT64_MAX, .off = OFF(duration),
     .help = "end after that time (30s); in files that much of the capture's own time"},
    {.name = "timeout", .arg = "TIME", .set = set_duration, .min = 1000000, .max = INT64_MAX,
     .off = OFF(timeout),
     .help = "a request without response prints as unanswered after that silence (10s)"},
    {.name = "headers", .arg = "NAMES", .set = set_text, .off = OFF(headers),
     .help = "which headers to keep: all, none, or names with commas between"},
    {.name = "body", .set = set_flag, .off = OFF(body),
     .help = "keep the beginning of text and JSON bodies; they are printed as they are"},
    {.name = "show-secrets", .set = set_flag, .off = OFF(show_secrets),
     .help = "print cookies, tokens and the like instead of [redacted]"},
    {.name = "community-id", .set = set_flag, .off = OFF(community_id),
     .help = "print the connection's Community ID, as Zeek and Suricata do"},

    {.group = "Output", .name = "format", .arg = "FORMAT", .set = set_format, .words = format_words,
     .off = OFF(format),
     .help = "text, json or none (text on a terminal, else json)"},
    {.name = "json", .set = set_json, .off = OFF(format), .help = "the same as --format json"},
    {.name = "color", .arg = "WHEN", .set = set_choice, .words = color_words, .off = OFF(color),
     .help = "auto, always or never; auto honours NO_COLOR"},
    {.name = "time", .arg = "FORM", .set = set_choice, .words = time_words, .off = OFF(time),
     .help = "time in text lines: local, utc, epoch, or delta since the line before"},
    {.letter = 'o', .name = "output", .aliases = "roundtrips.file log.file", .arg = "FILE",
     .set = set_output, .off = OFF(output),
     .help = "append JSON lines to this file (mode 0600) instead of standard output"},
    {.name = "console", .set = set_flag, .off = OFF(console), .help = "with -o: standard output too"},
    {.name = "rotate-size", .arg = "SIZE", .set = set_size, .max = INT64_MAX, .off = OFF(rotate_size),
     .help = "begin a new output file at that size (100MB); 0: never"},
    {.name = "rotate-count", .aliases = "roundtrips.backups log.backups", .arg = "N", .set = set_int,
     .max = 1000,
     .off = OFF(rotate_count), .help = "how many old output files to keep (10)"},
    {.name = "roundtrips.size", .aliases = "log.size", .arg = "SIZE", .set = set_megabytes, .max = INT64_MAX,
     .off = OFF(rotate_size)},
    {.letter = 'q', .name = "quiet", .set = set_more, .off = OFF(quiet),
     .help = "do not say what is listened on, nor why nothing is printed; twice: no summary"},
    {.letter = 'h', .name = "help", .set = set_flag, .off = OFF(help), .help = "print this"},

    {.group = "Accepted", .letter = 'n', .name = "numeric", .set = set_nothing,
     .help = "addresses and ports are numbers anyhow; -nn too"},
    {.letter = 'l', .name = "line-buffered", .set = set_nothing,
     .help = "live output is never held back anyhow"},
    {.letter = 'w', .name = "write", .set = set_refused},
    {0},
};
/* clang-format on */

static bool complain(char *err, size_t errlen, const char *what)
{
    snprintf(err, errlen, "%s", what);
    return false;
}

static bool set_flag(const struct pd_flag *f, void *to, const char *value, char *err, size_t errlen)
{
    (void)f, (void)value, (void)err, (void)errlen;
    *(bool *)to = true;
    return true;
}

static bool set_more(const struct pd_flag *f, void *to, const char *value, char *err, size_t errlen)
{
    (void)f, (void)value, (void)err, (void)errlen;
    uint8_t *n = to;
    *n = (uint8_t)(*n + (*n < UINT8_MAX));
    return true;
}

static bool set_nothing(const struct pd_flag *f, void *to, const char *value, char *err, size_t errlen)
{
    (void)f, (void)to, (void)value, (void)err, (void)errlen;
    return true;
}

static bool set_text(const struct pd_flag *f, void *to, const char *value, char *err, size_t errlen)
{
    (void)f, (void)err, (void)errlen;
    *(const char **)to = value;
    return true;
}

static bool set_list(const struct pd_flag *f, void *to, const char *value, char *err, size_t errlen)
{
    struct pd_words *words = to;

    (void)f, (void)err, (void)errlen;
    words->v[words->count++] = value; /* pd_args_parse() made room for every argument */
    return true;
}

static bool set_int(const struct pd_flag *f, void *to, const char *value, char *err, size_t errlen)
{
    if (pd_parse_int(value, f->min, f->max, to))
        return true;
    if (f->max == INT64_MAX)
        return complain(err, errlen, "wants a number of at least 1");
    snprintf(err, errlen, "wants a number from %" PRId64 " to %" PRId64, f->min, f->max);
    return false;
}

static bool in_range(const struct pd_flag *f, uint64_t v)
{
    return v >= (uint64_t)f->min && v <= (uint64_t)f->max;
}

static bool set_size(const struct pd_flag *f, void *to, const char *value, char *err, size_t errlen)
{
    uint64_t v;

    if (!pd_parse_size(value, &v))
        return complain(err, errlen, "wants a size like 100MB or 1GiB");
    if (!in_range(f, v)) {
        snprintf(err, errlen, "wants a size from %" PRId64 " to %" PRId64 " MiB", f->min >> 20, f->max >> 20);
        return false;
    }
    *(uint64_t *)to = v;
    return true;
}

static bool set_megabytes(const struct pd_flag *f, void *to, const char *value, char *err, size_t errlen)
{
    int64_t bare;

    if (!pd_parse_int(value, 0, INT64_MAX / BARE_UNIT, &bare))
        return set_size(f, to, value, err, errlen);
    *(uint64_t *)to = (uint64_t)bare * BARE_UNIT;
    return true;
}

static bool set_duration(const struct pd_flag *f, void *to, const char *value, char *err, size_t errlen)
{
    uint64_t v;

    if (!pd_parse_duration(value, &v) || !in_range(f, v))
        return complain(err, errlen, "wants a time like 30s, 500ms or 5m");
    *(uint64_t *)to = v;
    return true;
}

/* The index of value among the option's words, or -1 and the words in err. */
static int choose(const struct pd_flag *f, const char *value, char *err, size_t errlen)
{
    size_t n = 0;

    for (int i = 0; f->words[i]; i++)
        if (strcmp(f->words[i], value) == 0)
            return i;
    for (int i = 0; f->words[i] && n < errlen; i++) {
        const char *between = i == 0 ? "wants " : f->words[i + 1] ? ", " : " or ";
        n += (size_t)snprintf(err + n, errlen - n, "%s%s", between, f->words[i]);
    }
    return -1;
}

static bool set_choice(const struct pd_flag *f, void *to, const char *value, char *err, size_t errlen)
{
    int i = choose(f, value, err, errlen);

    if (i >= 0)
        *(uint8_t *)to = (uint8_t)i;
    return i >= 0;
}

static bool set_word(const struct pd_flag *f, void *to, const char *value, char *err, size_t errlen)
{
    int i = choose(f, value, err, errlen);

    if (i >= 0)
        *(const char **)to = f->words[i];
    return i >= 0;
}

static bool set_ipv(const struct pd_flag *f, void *to, const char *value, char *err, size_t errlen)
{
    bool bare = *value == '4' || *value == '6';
    int i = choose(f, bare && !value[1] ? (*value == '4' ? "v4" : "v6") : value, err, errlen);

    if (i >= 0)
        *(uint8_t *)to = i == 0 ? 4 : 6;
    return i >= 0;
}

/* format_said stands apart from format, whose default depends on the terminal. */
static struct pd_args *args_of(void *format)
{
    return (struct pd_args *)((char *)format - OFF(format));
}

static bool set_format(const struct pd_flag *f, void *to, const char *value, char *err, size_t errlen)
{
    args_of(to)->format_said = true;
    return set_choice(f, to, value, err, errlen);
}

static bool set_json(const struct pd_flag *f, void *to, const char *value, char *err, size_t errlen)
{
    (void)f, (void)value, (void)err, (void)errlen;
    args_of(to)->format_said = true;
    args_of(to)->format = PD_FORMAT_JSON;
    return true;
}

/* Other programs' -o chooses a format: nobody wants a file named json. */
static bool set_output(const struct pd_flag *f, void *to, const char *value, char *err, size_t errlen)
{
    for (int i = 0; format_words[i]; i++)
        if (strcmp(value, format_words[i]) == 0) {
            snprintf(err, errlen, "did you mean --format %s? For a file of that name: -o ./%s", value, value);
            return false;
        }
    return set_text(f, to, value, err, errlen);
}

static bool set_refused(const struct pd_flag *f, void *to, const char *value, char *err, size_t errlen)
{
    (void)f, (void)to, (void)value;
    return complain(err, errlen, "packetd writes no captures; tcpdump -w FILE does");
}
