/* help.c: the commands, and what they say of themselves. */
#include "cmd/cmd.h"
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

const struct pd_command pd_commands[] = {
    {"log", "watch", "print roundtrips, live or from capture files", pd_cmd_log, pd_explain_log},
    {"ifaces", NULL, "list interfaces: names, state, addresses, what can be captured", pd_cmd_ifaces, NULL},
    {"version", "--version", "print the versions of packetd and its libraries", pd_cmd_version, NULL},
    {"help", "--help", "explain packetd, a command, or the fields of protocols: packetd help log",
     pd_cmd_help, NULL},
    {0},
};

void pd_say(const char *format, ...)
{
    char line[2048];
    va_list args;

    va_start(args, format);
    vsnprintf(line, sizeof line, format, args);
    va_end(args);
    /* At once, or lines of two threads mix. */
    fprintf(stderr, "packetd: %s\n", line);
}

const struct pd_command *pd_command_find(const char *name)
{
    for (const struct pd_command *c = pd_commands; c->name; c++)
        if (strcmp(c->name, name) == 0 || (c->alias && strcmp(c->alias, name) == 0))
            return c;
    return NULL;
}

/* Names, then other names, as pd_suggest() asks for them. */
static const char *command_name(const void *unused, unsigned i)
{
    enum { COMMANDS = sizeof pd_commands / sizeof *pd_commands - 1 };

    (void)unused;
    if (i < COMMANDS)
        return pd_commands[i].name;
    return i == COMMANDS ? pd_commands[0].alias : NULL;
}

static int unknown_command(const char *name)
{
    const char *meant = pd_suggest(name, command_name, NULL);
    struct stat st;

    if (meant)
        pd_say("no command '%s'; did you mean %s?", name, meant);
    else if (*name == '-' || stat(name, &st) == 0)
        pd_say("no command '%s'; did you mean packetd log %s?", name, name);
    else
        pd_say("no command '%s'; 'packetd help' lists them", name);
    return PD_EXIT_USAGE;
}

static void print_usage(FILE *to)
{
    fputs("packetd watches packets and prints what was said: each request, its response, how long it took.\n"
          "\n"
          "Usage: packetd COMMAND [options]\n"
          "\n",
          to);
    for (const struct pd_command *c = pd_commands; c->name; c++)
        fprintf(to, "  %-9s %s\n", c->name, c->help);
}

static void explain(const struct pd_command *command)
{
    if (command->explain)
        command->explain();
    else
        printf("Usage: packetd %s\n\n%s\n", command->name, command->help);
}

int pd_command_run(int argc, char **argv)
{
    if (argc < 2) {
        print_usage(stderr);
        return PD_EXIT_USAGE;
    }
    const char *name = strcmp(argv[1], "-h") == 0 ? "help" : strcmp(argv[1], "-V") == 0 ? "version" : argv[1];
    const struct pd_command *command = pd_command_find(name);
    if (!command)
        return unknown_command(name);
    if (argc == 3 && (strcmp(argv[2], "--help") == 0 || strcmp(argv[2], "-h") == 0)) {
        explain(command);
        return PD_EXIT_OK;
    }
    return command->run(argc - 1, argv + 1);
}

int pd_cmd_help(int argc, char **argv)
{
    if (argc < 2) {
        print_usage(stdout);
        puts("\n'packetd help log' lists its options, 'packetd help protocols' the fields of each protocol;\n"
             "packetd(1) says more.");
        return PD_EXIT_OK;
    }
    if (strcmp(argv[1], "protocols") == 0) {
        pd_explain_protocols();
        return PD_EXIT_OK;
    }
    const struct pd_command *command = pd_command_find(argv[1]);
    if (!command)
        return pd_explain_protocol(argv[1]) ? PD_EXIT_OK : unknown_command(argv[1]);
    explain(command);
    return PD_EXIT_OK;
}
