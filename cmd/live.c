/* live.c: the main thread of a live run: it writes what the workers made, and tells on standard error what is
 * listened on and why nothing is printed. Its clock is for that and for --duration only. */
#include "cmd/live.h"
#include "cmd/capture.h"
#include "cmd/cmd.h"
#include "cmd/rules.h"
#include "sniffer/iface.h"
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum { SILENCE_S = 5, IDLE_MS = 1000, NAMES_SHOWN = 8, SAY_BYTES = 1024, MS_NS = 1000 * 1000 };

struct pd_listener {
    struct pd_run *run;
    const struct pd_live_engine *engine;
    struct pd_capture **capture; /* one a worker */
    struct pd_chunk_out **chunk; /* room for one a worker */
    struct pd_capture **owner;   /* whose those are */
    unsigned count;              /* workers opened */
    char *narrow;
    uint64_t started; /* of the clock, ns */
    bool silence_checked, asking, want_summary, want_silence;
};

static uint64_t clock_now(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * 1000 * MS_NS + (uint64_t)t.tv_nsec;
}

static const struct pd_live_engine *find_engine(struct pd_run *run)
{
    const struct pd_live_engine *engine = pd_live_engine_find(run->args->engine);

    if (!engine) {
        pd_say("--engine %s: not built in; there are: %s", run->args->engine, pd_live_engines());
        return NULL;
    }
    /* Only AF_PACKET can share an interface's packets out. */
    if (run->workers > 1 && strcmp(engine->name, "libpcap") == 0) {
        if (run->args->workers > 1)
            pd_say("--workers %u: libpcap has one", run->workers);
        run->workers = 1;
    }
    return engine;
}

static bool open_captures(struct pd_listener *l)
{
    const struct pd_args *args = l->run->args;
    struct pd_live_config config = {.ifaces = args->ifaces.v,
                                    .iface_count = args->ifaces.count,
                                    .filter = args->filter,
                                    .narrow = l->narrow,
                                    .ipv = args->ipv,
                                    .snaplen = (uint32_t)args->snaplen,
                                    .promiscuous = !args->no_promisc,
                                    .workers = l->run->workers};

    for (; l->count < l->run->workers; l->count++) {
        l->capture[l->count] = pd_capture_new(l->run, l->engine, &config, l->count);
        if (!l->capture[l->count])
            return false;
    }
    return true;
}

struct pd_listener *pd_listener_open(struct pd_run *run)
{
    const struct pd_live_engine *engine = find_engine(run);
    struct pd_listener *l = engine ? calloc(1, sizeof *l) : NULL;

    if (!l)
        return NULL;
    l->run = run;
    l->engine = engine;
    l->narrow = pd_rules_narrow(&run->setup);
    l->capture = calloc(run->workers, sizeof(struct pd_capture *));
    l->owner = calloc(run->workers, sizeof(struct pd_capture *));
    l->chunk = calloc(run->workers, sizeof(struct pd_chunk_out *));
    if (l->capture && l->owner && l->chunk && open_captures(l))
        return l;
    pd_listener_close(l);
    return NULL;
}

void pd_listener_close(struct pd_listener *l)
{
    for (unsigned i = 0; i < l->count; i++)
        pd_capture_free(l->capture[i]);
    free(l->capture);
    free(l->owner);
    free(l->chunk);
    free(l->narrow);
    free(l);
}

static size_t add_text(char *text, size_t n, const char *more)
{
    return n >= SAY_BYTES ? n : n + (size_t)snprintf(text + n, SAY_BYTES - n, "%s", more);
}

/* "eth0", or "any (lo, eth0)" when the pattern is not the name itself. */
static size_t add_pattern(char *text, size_t n, const struct pd_ifaces *all, const char *pattern)
{
    bool picked[PD_IFACES_MAX] = {false};
    char err[SAY_BYTES];
    unsigned shown = 0;

    n = add_text(text, n, pattern);
    int matched = pd_ifaces_match(all, pattern, picked, err, sizeof err);
    for (unsigned i = 0; i < all->count; i++) {
        if (!picked[i] || !all->iface[i].up || (matched == 1 && strcmp(all->iface[i].name, pattern) == 0))
            continue;
        if (shown == NAMES_SHOWN)
            return add_text(text, n, ", ...)");
        n = add_text(text, n, shown++ ? ", " : " (");
        n = add_text(text, n, all->iface[i].name);
    }
    return shown ? add_text(text, n, ")") : n;
}

static void say_start(const struct pd_listener *l)
{
    const struct pd_args *args = l->run->args;
    struct pd_ifaces *all = calloc(1, sizeof *all);
    char text[SAY_BYTES];
    size_t n = add_text(text, 0, "listening on ");

    if (!all || pd_ifaces_list(all) < 0) {
        free(all);
        return;
    }
    for (unsigned i = 0; i < args->ifaces.count; i++) {
        n = i ? add_text(text, n, ", ") : n;
        n = add_pattern(text, n, all, args->ifaces.v[i]);
    }
    if (!args->ifaces.count)
        n = add_pattern(text, n, all, "any");
    n = add_text(text, n, ", ");
    n = add_text(text, n, l->engine->name);
    if (!args->protos.count)
        n = add_text(text, n, ", all protocols");
    for (unsigned i = 0; i < args->protos.count; i++) {
        n = add_text(text, n, ", ");
        n = add_text(text, n, args->protos.v[i]);
    }
    add_text(text, n, "; ^C ends");
    pd_say("%s", text);
    free(all);
}

static void say_silence(const struct pd_listener *l)
{
    const struct pd_totals *totals = &l->run->totals;
    const char *filter = l->run->args->filter;
    char text[SAY_BYTES], packets[PD_COUNT_TEXT];

    pd_count_print(packets, totals->sniff.n[PD_S_PACKETS]);
    pd_summary_unknown(&totals->tally, text, sizeof text);
    if (totals->sniff.n[PD_S_PACKETS] == 0 && (filter || l->narrow))
        pd_say("nothing yet: no packet matches %s", filter ? filter : l->narrow);
    else if (totals->sniff.n[PD_S_PACKETS] == 0)
        pd_say("nothing yet: no packets");
    else if (*text)
        pd_say("nothing yet: %s", text);
    else
        pd_say("nothing yet: %s packets, and no roundtrip among them that is complete", packets);
}

static bool add_totals(struct pd_listener *l)
{
    struct pd_totals *totals = &l->run->totals;

    memset(totals, 0, sizeof *totals);
    for (unsigned i = 0; i < l->count; i++)
        if (!pd_capture_answer(l->capture[i], totals))
            return false;
    return true;
}

/* Counts are the workers': they are asked for, and told when they have come. */
static void ask(struct pd_listener *l)
{
    bool summary = atomic_exchange(&l->run->signals.summary, false);
    bool silence = !l->silence_checked && clock_now() - l->started >= (uint64_t)SILENCE_S * 1000 * MS_NS;

    if (!summary && !silence)
        return;
    l->want_summary = l->want_summary || summary;
    if (silence)
        l->want_silence = l->silence_checked = true;
    for (unsigned i = 0; i < l->count; i++)
        pd_capture_ask(l->capture[i]);
    l->asking = true;
}

static void tell(struct pd_listener *l)
{
    if (!l->asking || !add_totals(l))
        return;
    if (l->want_summary)
        pd_summary_print(&l->run->setup, &l->run->totals);
    if (l->want_silence && pd_summary_roundtrips(&l->run->totals.tally) == 0 && !l->run->args->quiet)
        say_silence(l);
    l->asking = l->want_summary = l->want_silence = false;
}

/* Writes what is in the rings, a chunk of each worker at a time. Returns as pd_lines_write(). */
static int write_chunks(struct pd_listener *l)
{
    for (;;) {
        unsigned n = 0;
        for (unsigned i = 0; i < l->count; i++) {
            struct pd_chunk_out *chunk = pd_capture_chunk(l->capture[i]);
            if (chunk) {
                l->owner[n] = l->capture[i];
                l->chunk[n++] = chunk;
            }
        }
        if (n == 0)
            return 0;
        int returned = pd_lines_write(l->run->lines, l->chunk, n);
        if (!returned)
            returned = pd_lines_flush(l->run->lines);
        for (unsigned i = 0; i < n; i++)
            pd_capture_give_back(l->owner[i]);
        if (returned)
            return returned;
    }
}

static bool time_is_up(const struct pd_listener *l)
{
    uint64_t duration = l->run->args->duration;

    return duration && clock_now() - l->started >= duration;
}

static int wait_ms(const struct pd_listener *l)
{
    uint64_t passed = clock_now() - l->started, duration = l->run->args->duration, until = IDLE_MS;

    if (!l->silence_checked && passed < (uint64_t)SILENCE_S * 1000 * MS_NS)
        until = SILENCE_S * 1000 - passed / MS_NS;
    if (duration && passed < duration && (duration - passed) / MS_NS < until)
        until = (duration - passed) / MS_NS;
    return (int)(until < IDLE_MS ? until : IDLE_MS) + 1;
}

/* True when a worker ended by itself: its source failed. */
static bool worker_failed(const struct pd_listener *l)
{
    for (unsigned i = 0; i < l->count; i++) {
        const char *error = pd_capture_error(l->capture[i]);
        if (error) {
            pd_say("%s", error);
            return true;
        }
    }
    return false;
}

/* Until something ends it. Returns as pd_lines_write(). */
static int loop(struct pd_listener *l, int *status)
{
    const struct pd_args *args = l->run->args;
    bool watched =
        !(args->output && !args->console) && !(args->format_said && args->format == PD_FORMAT_NONE);

    for (;;) {
        unsigned woken = pd_signals_wait(&l->run->signals, -1, watched ? STDOUT_FILENO : -1, wait_ms(l));
        int returned = woken & PD_HUNG_UP ? -EPIPE : write_chunks(l);
        if (returned)
            return returned;
        if (worker_failed(l))
            *status = PD_EXIT_FAILED;
        if (*status || atomic_load(&l->run->signals.stop) || time_is_up(l))
            return 0;
        ask(l);
        tell(l);
    }
}

static bool all_ended(const struct pd_listener *l)
{
    for (unsigned i = 0; i < l->count; i++)
        if (!pd_capture_ended(l->capture[i]))
            return false;
    return true;
}

/* The workers finish what is outstanding; it is written unless writing is over. Returns as pd_lines_write().
 */
static int end(struct pd_listener *l, int returned)
{
    for (unsigned i = 0; i < l->count; i++)
        pd_capture_stop(l->capture[i], returned != 0);
    for (;;) {
        /* Asked before the last look into the rings, which then misses nothing. */
        bool ended = all_ended(l);
        if (!returned && (returned = write_chunks(l)))
            for (unsigned i = 0; i < l->count; i++)
                pd_capture_stop(l->capture[i], true);
        if (ended)
            break;
        pd_signals_wait(&l->run->signals, -1, -1, IDLE_MS);
    }
    for (unsigned i = 0; i < l->count; i++)
        pd_capture_join(l->capture[i]);
    return returned;
}

int pd_listener_run(struct pd_listener *l)
{
    int status = 0, returned = 0;

    l->started = clock_now();
    l->run->started = true;
    if (!l->run->args->quiet)
        say_start(l);
    for (unsigned i = 0; i < l->count && !status; i++)
        status = pd_capture_start(l->capture[i]);
    if (!status)
        returned = loop(l, &status);
    returned = end(l, returned);
    pd_run_wrote(l->run, returned, &status);
    add_totals(l);
    return status;
}
