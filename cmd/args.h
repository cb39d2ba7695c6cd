/* args.h: the command line of `packetd log`. One table says all there is to say of an option; parsing, help,
 * and the tests of man page and completion read it. */
#ifndef PD_CMD_ARGS_H
#define PD_CMD_ARGS_H
#include "exporter/lines.h"
#include <stdbool.h>
#include <stdint.h>

struct pd_words { /* the values of an option that may be given several times; borrowed from argv */
    const char **v;
    unsigned count;
};

enum pd_color { PD_COLOR_AUTO, PD_COLOR_ALWAYS, PD_COLOR_NEVER };

struct pd_args {
    struct pd_words ifaces, files, protos, ports; /* files: in the order given, operands among them */
    const char *engine;
    const char *filter;  /* or NULL */
    const char *headers; /* all, none, names; or NULL */
    const char *output;  /* file, or NULL */
    int64_t snaplen;     /* bytes; 0: all */
    int64_t workers;     /* 0: not said */
    int64_t count;       /* 0: no end */
    int64_t rotate_count;
    uint64_t rotate_size, memory; /* bytes */
    uint64_t duration, timeout;   /* ns; duration 0: no end */
    uint8_t ipv;                  /* 0, 4, 6 */
    uint8_t format;               /* enum pd_format */
    uint8_t time;                 /* enum pd_time_form */
    uint8_t color;                /* enum pd_color */
    uint8_t quiet;                /* how often -q was given */
    bool format_said, no_promisc, body, show_secrets, community_id, console, help;
};

struct pd_flag;

/* Puts an option's value, NULL when it takes none, into *to. False and what is accepted in err: it is of the
 * wrong form. */
typedef bool pd_flag_set(const struct pd_flag *, void *to, const char *value, char *err, size_t errlen);

struct pd_flag {         /* an option */
    const char *group;   /* heading in the help; NULL: the same as the one before */
    const char *name;    /* without its dashes; NULL ends the table */
    const char *arg;     /* what the help calls its argument; NULL: it takes none */
    const char *aliases; /* other names, a blank between; or NULL */
    const char *help;    /* lines; NULL: an old name for another option, not shown */
    pd_flag_set *set;
    int64_t min, max;         /* of numbers, durations and sizes */
    const char *const *words; /* of choices: NULL ends */
    uint16_t off;             /* in struct pd_args */
    char letter;              /* or 0 */
};
extern const struct pd_flag pd_flags[];

/* Reads the options of argv[1] and on. 0; PD_EXIT_FAILED or PD_EXIT_USAGE after one line on standard error.
 * What args then holds is freed with pd_args_free() in any case. */
int pd_args_parse(struct pd_args *, int argc, char **argv);
void pd_args_free(struct pd_args *);

/* Writes the help of the options to standard output. */
void pd_flags_print(const struct pd_flag *);
#endif
