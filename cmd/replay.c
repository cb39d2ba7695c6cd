/* replay.c: capture files from the first packet to the last. Nothing here looks at a clock: what is printed
 * depends on the files alone. Only an input that grows while it is read is looked at for pauses, so that
 * lines do not wait for the next packet. */
#include "base/check.h"
#include "cmd/cmd.h"
#include "cmd/pipeline.h"
#include "sniffer/file.h"
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { ERR_BYTES = 512 };

struct reader { /* all files as one input */
    struct pd_run *run;
    struct pd_file *file; /* the open one, or NULL */
    const char *path;
    unsigned next;     /* in args->files */
    uint64_t ordinal;  /* packets so far */
    uint64_t first_ts; /* of the first packet, 0 before it */
    bool grows;        /* the open one is a pipe or the like */
    bool ended;        /* --duration is over, or the input */
    int status;
};

static bool is_stdin(const char *path)
{
    return strcmp(path, "-") == 0;
}

static bool is_regular(const char *path)
{
    struct stat st;

    return (is_stdin(path) ? fstat(STDIN_FILENO, &st) : stat(path, &st)) == 0 && S_ISREG(st.st_mode);
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

int pd_replay_check(const struct pd_args *args)
{
    for (unsigned i = 0; i < args->files.count; i++) {
        const char *path = args->files.v[i];
        if (is_stdin(path) || (access(path, R_OK) == 0 && !is_regular(path)))
            continue;
        struct pd_file *file = open_file(args, path);
        if (!file)
            return PD_EXIT_FAILED;
        pd_file_close(file);
    }
    return 0;
}

/* The next file; false when there is none. */
static bool next_file(struct reader *r)
{
    const struct pd_args *args = r->run->args;

    if (r->next == args->files.count)
        return false;
    r->path = args->files.v[r->next++];
    r->grows = !is_regular(r->path);
    r->file = open_file(args, r->path);
    if (!r->file)
        r->status = PD_EXIT_FAILED;
    return r->file;
}

/* What the options exclude is still counted and still moves time. */
static void choose(struct reader *r, struct pd_batch *batch)
{
    const struct pd_args *args = r->run->args;

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
static void fill(struct reader *r, struct pd_batch *batch)
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

/* Nothing has arrived yet: lines go out, and signals are heard, before the next read waits. */
static int pause_input(struct reader *r, struct pd_pipeline *pipeline)
{
    struct pd_run *run = r->run;
    int fd = is_stdin(r->path) ? STDIN_FILENO : -1;

    if (fd >= 0 && pd_signals_wait(&run->signals, fd, -1, 0) & PD_READABLE)
        return 0;
    int returned = pd_pipeline_drain(pipeline);
    if (returned == 0)
        returned = pd_lines_flush(run->lines);
    while (fd >= 0 && returned == 0 && !atomic_load(&run->signals.stop))
        if (pd_signals_wait(&run->signals, fd, -1, -1) & PD_READABLE)
            break;
    return returned;
}

static int say_summary(struct pd_run *run, struct pd_pipeline *pipeline)
{
    int returned = pd_pipeline_drain(pipeline);

    pd_pipeline_totals(pipeline, &run->totals);
    pd_summary_print(&run->setup, &run->totals);
    return returned;
}

static int read_all(struct reader *r, struct pd_pipeline *pipeline)
{
    struct pd_run *run = r->run;
    int returned = 0;

    while (!r->ended && !atomic_load_explicit(&run->signals.stop, memory_order_relaxed)) {
        struct pd_batch *batch = pd_pipeline_next(pipeline, &returned);
        if (returned)
            return returned;
        fill(r, batch);
        pd_pipeline_submit(pipeline);
        if (atomic_exchange_explicit(&run->signals.summary, false, memory_order_relaxed))
            returned = say_summary(run, pipeline);
        if (!returned && r->grows && r->file && batch->count < PD_BATCH_PACKETS)
            returned = pause_input(r, pipeline);
        if (returned)
            return returned;
    }
    return pd_pipeline_drain(pipeline);
}

int pd_run_replay(struct pd_run *run)
{
    struct reader reader = {.run = run};
    struct pd_pipeline *pipeline = pd_pipeline_new(run);

    if (!pipeline)
        return PD_EXIT_FAILED;
    run->started = true;
    int returned = read_all(&reader, pipeline);
    if (!returned)
        returned = pd_pipeline_finish(pipeline, reader.ordinal);
    if (!returned)
        returned = pd_lines_flush(run->lines);
    pd_run_wrote(run, returned, &reader.status);
    if (reader.file)
        pd_file_close(reader.file);
    /* When it stopped early, workers may still be at it: rest first. */
    pd_pipeline_rest(pipeline);
    pd_pipeline_totals(pipeline, &run->totals);
    pd_pipeline_free(pipeline);
    return reader.status;
}
