/* cmd.h: the commands of the program. Each gets its own name in argv[0], as main() does, and returns the exit
 * status. */
#ifndef PD_CMD_CMD_H
#define PD_CMD_CMD_H
#include <stdbool.h>

enum { PD_EXIT_OK = 0, PD_EXIT_FAILED = 1, PD_EXIT_USAGE = 2 };

struct pd_command {
    const char *name;  /* NULL ends the table */
    const char *alias; /* another name, or NULL */
    const char *help;  /* one line */
    int (*run)(int argc, char **argv);
    void (*explain)(void); /* its page of `packetd help`, on standard output */
};
extern const struct pd_command pd_commands[];

int pd_cmd_log(int argc, char **argv);
int pd_cmd_ifaces(int argc, char **argv);
int pd_cmd_version(int argc, char **argv);
int pd_cmd_help(int argc, char **argv);

void pd_explain_log(void);
/* What is read of all protocols, or of one (false: there is none of that name), as Markdown. */
void pd_explain_protocols(void);
bool pd_explain_protocol(const char *name);

/* What main() does. */
int pd_command_run(int argc, char **argv);
/* The entry of that name or alias, or NULL. */
const struct pd_command *pd_command_find(const char *name);

/* One line on standard error, with "packetd: " before and LF behind. */
__attribute__((format(printf, 1, 2))) void pd_say(const char *format, ...);

/* Of the words (next(arg, i) gives the i-th, NULL the end) the one that somebody who wrote `word` most likely
 * meant, or NULL. At most two letters may differ. */
const char *pd_suggest(const char *word, const char *(*next)(const void *arg, unsigned i), const void *arg);
#endif
