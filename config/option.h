/* option.h: a table of options says all there is to say of a part's settings once. The command line, the
 * configuration file, the reference and the docs are read from these tables. */
#ifndef PD_CONFIG_OPTION_H
#define PD_CONFIG_OPTION_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum pd_option_type {
    PD_OPT_BOOL,     /* bool */
    PD_OPT_INT,      /* int64_t, between min and max */
    PD_OPT_SIZE,     /* uint64_t bytes: "64KB" (1,000 each), "1MiB" (1,024 squared), "4096" */
    PD_OPT_DURATION, /* uint64_t nanoseconds: "10s", "1.5m", "200ms" */
    PD_OPT_TEXT,     /* const char *, borrowed from the argument */
    PD_OPT_NAMES     /* struct pd_names: "a,b,c" */
};

enum { PD_NAMES_MAX = 32, PD_NAME_MAX = 64 };

/* A list of names in lower case. "all" and "none" are words of their own, so that both can be told from a
 * list. */
struct pd_names {
    bool all;
    uint8_t count;
    char name[PD_NAMES_MAX][PD_NAME_MAX];
};

struct pd_option {
    const char *name; /* as in the configuration file; NULL ends a table */
    uint8_t type;     /* enum pd_option_type */
    uint16_t off;     /* offsetof in the struct that the table describes */
    const char *def;  /* the default, as one would write it */
    int64_t min, max; /* PD_OPT_INT only; SIZE and DURATION when max is not 0 */
    const char *help; /* one line */
};

/* Sets every option of the table in the struct at base to its default. A default that does not parse is a
 * bug. */
void pd_options_default(const struct pd_option *table, void *base);

/* Sets one option from text. 0, or -EINVAL / -ENOENT with one line in err (what is wrong, what is accepted).
 */
int pd_options_set(const struct pd_option *table, void *base, const char *name, const char *text, char *err,
                   size_t errlen);

/* The parsers behind it, for arguments that stand in no table. false when text is not of the form. */
bool pd_parse_size(const char *text, uint64_t *bytes);
bool pd_parse_duration(const char *text, uint64_t *ns);
bool pd_parse_int(const char *text, int64_t min, int64_t max, int64_t *out);
#endif
