/* log.c: `packetd log`: from the command line to a run. Everything that can be wrong is found before the
 * first byte is written. */
#include "cmd/cmd.h"
#include "cmd/live.h"
#include "cmd/replay.h"
#include "cmd/rules.h"
#include "cmd/run.h"
#include "exporter/lines.h"
#include "sniffer/iface.h"
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

enum { LIVE_WORKERS = 4, COLUMNS_LEAST = 100 };

static bool wants_color(const struct pd_args *args)
{
    const char *no = getenv("NO_COLOR"), *term = getenv("TERM");

    if (args->color != PD_COLOR_AUTO)
        return args->color == PD_COLOR_ALWAYS;
    return isatty(STDOUT_FILENO) && !(no && *no) && !(term && strcmp(term, "dumb") == 0);
}

/* The terminal's width less the time column; 0 when standard output is none. */
static uint16_t text_columns(enum pd_time_form form)
{
    struct winsize size;
    char time[PD_TIME_TEXT];
    size_t taken = pd_line_time(time, 1, form, 0);

    if (!isatty(STDOUT_FILENO) || ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) < 0 || size.ws_col == 0)
        return 0;
    unsigned columns = size.ws_col < COLUMNS_LEAST ? COLUMNS_LEAST : size.ws_col;
    return (uint16_t)(columns - taken);
}

/* What standard output gets. */
static enum pd_format console_format(const struct pd_args *args)
{
    if (args->output && !args->console)
        return PD_FORMAT_NONE;
    if (args->format_said)
        return args->format;
    if (isatty(STDOUT_FILENO))
        return PD_FORMAT_TEXT;
    if (!args->quiet)
        pd_say("standard output is no terminal: JSON lines; --format text for text");
    return PD_FORMAT_JSON;
}

static struct pd_lines *open_lines(const struct pd_args *args, const struct pd_redact *redact)
{
    char err[512];
    struct pd_line_style style = {.redact = redact,
                                  .iface_name = args->files.count ? NULL : pd_iface_name,
                                  .community_id = args->community_id,
                                  .files = args->files.count > 0};
    struct pd_lines_config config = {
        .format = {[PD_OUT_STDOUT] = console_format(args),
                   [PD_OUT_FILE] = args->output ? PD_FORMAT_JSON : PD_FORMAT_NONE},
        .time = args->time,
        .path = args->output,
        .rotate_size = args->rotate_size,
        .rotate_count = (unsigned)args->rotate_count,
        .count = (uint64_t)args->count,
        .style = {[PD_OUT_STDOUT] = style, [PD_OUT_FILE] = style},
    };

    config.style[PD_OUT_STDOUT].color = wants_color(args);
    config.style[PD_OUT_STDOUT].columns = text_columns(args->time);
    struct pd_lines *lines = pd_lines_new(&config, err, sizeof err);
    if (!lines)
        pd_say("%s", err);
    return lines;
}

bool pd_run_wrote(struct pd_run *run, int returned, int *status)
{
    if (returned == -EPIPE)
        run->quietly = true;
    else if (returned < 0)
        *status = PD_EXIT_FAILED; /* the exporter said why */
    return returned != 0;
}

static unsigned choose_workers(const struct pd_args *args)
{
    long cores = sysconf(_SC_NPROCESSORS_ONLN);

    if (args->workers)
        return (unsigned)args->workers;
    if (args->files.count || cores < 1)
        return 1;
    return cores < LIVE_WORKERS ? (unsigned)cores : LIVE_WORKERS;
}

/* With everything made but the output: one of the two is the input. */
static int drive(struct pd_run *run, struct pd_replay *replay, struct pd_listener *listener,
                 const struct pd_redact *redact)
{
    run->lines = open_lines(run->args, redact);
    if (!run->lines)
        return PD_EXIT_FAILED;
    int err = pd_signals_start(&run->signals);
    if (err) {
        pd_say("no thread for signals: %s", strerror(-err));
        pd_lines_free(run->lines);
        return PD_EXIT_FAILED;
    }
    int status = replay ? pd_replay_run(replay) : pd_listener_run(listener);
    pd_lines_free(run->lines);
    pd_signals_end(&run->signals);
    if (!run->quietly && run->started && run->args->quiet < 2)
        pd_summary_print(&run->setup, &run->totals);
    return status;
}

/* Opens what is read, so that it is known to be there before the output is touched. */
static int drive_input(struct pd_run *run, const struct pd_redact *redact)
{
    bool files = run->args->files.count > 0;
    struct pd_replay *replay = files ? pd_replay_open(run) : NULL;
    struct pd_listener *listener = files ? NULL : pd_listener_open(run);

    if (!replay && !listener)
        return PD_EXIT_FAILED;
    int status = drive(run, replay, listener, redact);
    if (replay)
        pd_replay_close(replay);
    else
        pd_listener_close(listener);
    return status;
}

static int prepare(struct pd_run *run)
{
    int status = pd_rules_apply(&run->setup, run->args, run->workers);

    if (status || run->args->show_secrets)
        return status ? status : drive_input(run, NULL);
    struct pd_redact *redact = pd_redact_new(pd_redact_defaults);
    if (!redact) {
        pd_say("no memory for the names of secrets");
        return PD_EXIT_FAILED;
    }
    status = drive_input(run, redact);
    pd_redact_free(redact);
    return status;
}

static int log_run(const struct pd_args *args)
{
    struct pd_run *run = calloc(1, sizeof *run);
    int status = PD_EXIT_FAILED;

    if (run && pd_setup_init(&run->setup, pd_protocols) == 0) {
        run->args = args;
        run->workers = choose_workers(args);
        status = prepare(run);
        pd_setup_free(&run->setup);
    } else {
        pd_say("no memory to start");
    }
    free(run);
    return status;
}

int pd_cmd_log(int argc, char **argv)
{
    struct pd_args args;
    int status = pd_args_parse(&args, argc, argv);

    if (!status && args.help)
        pd_explain_log();
    else if (!status)
        status = log_run(&args);
    pd_args_free(&args);
    return status;
}

void pd_explain_log(void)
{
    fputs("Usage: packetd log [options] [FILE...]\n"
          "\n"
          "Prints each request with its response, as they pass by on an interface or in capture files.\n"
          "packetd watch is the same.\n",
          stdout);
    pd_flags_print(pd_flags);
    fputs("\nExamples:\n"
          "  packetd log capture.pcap                     the roundtrips of a file\n"
          "  packetd log -i eth0 --proto http:80,8080     HTTP on two ports of an interface\n"
          "  packetd log -f 'host 10.0.0.7' --json        one host, JSON lines\n"
          "  tcpdump -U -w - port 53 | packetd log -      what tcpdump captures\n",
          stdout);
}
