/* replay.c: capture files from the first packet to the last. Nothing here looks at a clock: what is printed
 * depends on the files alone. Only an input that grows while it is read is looked at for pauses, so that
 * lines do not wait for the next packet. */
#include "cmd/replay.h"
#include "base/check.h"
#include "cmd/cmd.h"
#include "cmd/pipeline.h"
#include "exporter/lines.h"
#include "sniffer/file.h"
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { ERR_BYTES = 512 };

struct pd_replay { /* all files as one input */
    struct pd_run *run;
    struct pd_pipeline *pipeline;
    struct pd_file *file; /* the open one, or NULL */
    const char *path;
    unsigned next;     /* in args->files */
    uint64_t ordinal;  /* packets so far */
    uint64_t first_ts; /* of the first packet, 0 before it */
    bool ended;        /* the input is, or --duration */
    int status;
};

static bool is_stdin(const char *path)
{
    return strcmp(path, "-") == 0;
}

/* A pipe, a terminal, a socket: its bytes come when they come, and only once. */
static bool is_stream(const char *path)
{
    struct stat st;

    if ((is_stdin(path) ? fstat(STDIN_FILENO, &st) : stat(path, &st)) < 0)
        return false;
    return S_ISFIFO(st.st_mode) || S_ISCHR(st.st_mode) || S_ISSOCK(st.st_mode);
}

/* The file with filter and snap length set, or NULL after one line on standard error. */
static struct pd_file *open_file(const struct pd_args *args, const char *path)
{
    char err[ERR_BYTES] = "";
    struct pd_file *file = pd_file_open(path, err, sizeof err);

    if (file && args->filter && pd_file_filter(file, args->filter, err, sizeof err) < 0) {
        pd_file_close(file);
        file = NULL;
    }
    if (!file) {
        pd_say("%s", err);
        return NULL;
    }
    pd_file_snaplen(file, (uint32_t)args->snaplen);
    return file;
}

/* The next file; false when there is none. */
static bool next_file(struct pd_replay *r)
{
    const struct pd_args *args = r->run->args;

    if (r->next == args->files.count)
        return false;
    r->path = args->files.v[r->next++];
    r->file = open_file(args, r->path);
    if (!r->file)
        r->status = PD_EXIT_FAILED;
    return r->file;
}

/* What the options exclude is still counted and still moves time. */
static void choose(struct pd_replay *r, struct pd_batch *batch)
{
    const struct pd_args *args = r->run->args;

    if (!args->duration && !args->ipv)
        return;
    for (uint32_t i = 0; i < batch->count; i++) {
        struct pd_packet *packet = &batch->packet[i];
        if (!r->first_ts)
            r->first_ts = packet->ts;
        if (args->duration && packet->ts > r->first_ts && packet->ts - r->first_ts > args->duration) {
            batch->count = i;
            r->ended = true;
            return;
        }
        if (args->ipv && packet->transport && pd_addr_is_v4(&packet->src.addr) != (args->ipv == 4))
            packet->transport = 0;
    }
}

/* Fills the batch, from the next file when one ends. It may stay empty; r->ended says when nothing more
 * comes. */
static void fill(struct pd_replay *r, struct pd_batch *batch)
{
    char err[ERR_BYTES] = "";

    batch->count = 0;
    if (!r->file && !next_file(r)) {
        r->ended = true;
        return;
    }
    int more = pd_file_read(r->file, batch, &r->ordinal, &r->run->totals.sniff, err, sizeof err);
    if (err[0])
        pd_say("%s", err);
    if (more < 0)
        r->status = PD_EXIT_FAILED;
    if (more <= 0) {
        pd_file_close(r->file);
        r->file = NULL;
    }
    if (more < 0)
        r->ended = true;
    choose(r, batch);
}

/* What has been read so far is read to its end first. Returns as pd_lines_write(). */
static int say_summary(struct pd_replay *r)
{
    struct pd_run *run = r->run;
    int returned = pd_pipeline_drain(r->pipeline);

    pd_pipeline_totals(r->pipeline, &run->totals);
    pd_summary_print(&run->setup, &run->totals);
    return returned;
}

/* The input has nothing: waits for it, and hears signals meanwhile. Returns as pd_lines_write(). */
static int await_input(struct pd_replay *r, int fd)
{
    struct pd_signals *signals = &r->run->signals;
    int returned = 0;

    while (!returned && !atomic_load(&signals->stop)) {
        if (atomic_exchange(&signals->summary, false))
            returned = say_summary(r);
        if (pd_signals_wait(signals, fd, -1, -1) & PD_READABLE)
            break;
    }
    return returned;
}

/* Lines go out before a read that would wait. Returns as pd_lines_write(). */
static int pause_input(struct pd_replay *r)
{
    int fd = pd_file_fd(r->file);

    if (fd < 0 || pd_signals_wait(&r->run->signals, fd, -1, 0) & PD_READABLE)
        return 0;
    int returned = pd_pipeline_drain(r->pipeline);
    if (!returned)
        returned = pd_lines_flush(r->run->lines);
    return returned ? returned : await_input(r, fd);
}

static int read_all(struct pd_replay *r)
{
    struct pd_signals *signals = &r->run->signals;
    int returned = 0;

    while (!r->ended && !atomic_load_explicit(&signals->stop, memory_order_relaxed)) {
        struct pd_batch *batch = pd_pipeline_next(r->pipeline, &returned);
        if (returned)
            return returned;
        fill(r, batch);
        pd_pipeline_submit(r->pipeline);
        if (atomic_exchange_explicit(&signals->summary, false, memory_order_relaxed))
            returned = say_summary(r);
        if (!returned && r->file)
            returned = pause_input(r);
        if (returned)
            return returned;
    }
    return pd_pipeline_drain(r->pipeline);
}

/* Can all files be read? Those that are streams show it in their turn. */
static bool check_files(const struct pd_args *args)
{
    for (unsigned i = 1; i < args->files.count; i++) {
        if (is_stdin(args->files.v[i]) || is_stream(args->files.v[i]))
            continue;
        struct pd_file *file = open_file(args, args->files.v[i]);
        if (!file)
            return false;
        pd_file_close(file);
    }
    return true;
}

struct pd_replay *pd_replay_open(struct pd_run *run)
{
    struct pd_replay *r = calloc(1, sizeof *r);

    if (!r) {
        pd_say("no memory to start");
        return NULL;
    }
    r->run = run;
    pd_file_guard();
    if (check_files(run->args) && next_file(r))
        return r;
    pd_replay_close(r);
    return NULL;
}

void pd_replay_close(struct pd_replay *r)
{
    if (r->file)
        pd_file_close(r->file);
    free(r);
}

int pd_replay_run(struct pd_replay *r)
{
    struct pd_run *run = r->run;

    r->pipeline = pd_pipeline_new(run);
    if (!r->pipeline)
        return PD_EXIT_FAILED;
    run->started = true;
    int returned = read_all(r);
    if (!returned)
        returned = pd_pipeline_finish(r->pipeline, r->ordinal);
    if (!returned)
        returned = pd_lines_flush(run->lines);
    pd_run_wrote(run, returned, &r->status);
    /* When it stopped early, workers may still be at it. */
    pd_pipeline_rest(r->pipeline);
    pd_pipeline_totals(r->pipeline, &run->totals);
    pd_pipeline_free(r->pipeline);
    return r->status;
}
