/* capture.c: a live worker's loop. Records of a ring block are encoded into one chunk and handed over at its
 * end; while the main thread is still busy with earlier ones they gather, so that a busy link costs few
 * hand-overs. */
#include "cmd/capture.h"
#include "base/check.h"
#include "cmd/cmd.h"
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum {
    RING = 64,              /* chunks */
    CHUNK_LIMIT = 1 << 20,  /* bytes of one */
    CHUNK_FULL = 512 << 10, /* handed over without waiting for the main thread to be idle */
    TICK_MS = 100,          /* packet time moves at least so often */
    DRAIN_MS = 30,          /* packets may wait that long in the kernel */
    PENDING_MS = 10,        /* the same while lines wait in this thread */
    RETRY_NS = 1000 * 1000,
    ERR_BYTES = 512
};

struct pd_capture {
    struct pd_run *run;
    const struct pd_live_engine *engine;
    struct pd_live *source;
    struct pd_worker *worker;
    struct pd_batch *batch;
    struct pd_chunk_out *chunk; /* being filled, or NULL */
    uint64_t now, ordinal;      /* of the packet in hand */
    uint64_t unwritten;         /* records dropped: no chunk was free */
    pthread_t thread;
    bool started, finishing;
    char err[ERR_BYTES]; /* set before `ended` */
    bool failed;

    struct pd_chunk_out ring[RING];
    atomic_uint head; /* chunks handed over: the thread releases them to the main thread, which acquires */
    atomic_uint tail; /* chunks given back: the main thread releases, the thread acquires */
    atomic_bool stop, give_up; /* main thread to this one; order nothing */
    atomic_bool ended;         /* this thread releases its last chunks and err, the main thread acquires */

    pthread_mutex_t lock; /* protects the answer; held for a copy only */
    atomic_uint asked;    /* main thread to this one: number of the newest question; orders nothing */
    unsigned answered;    /* under the lock: number of the question that `answer` answers */
    struct pd_totals answer;
};

static void take_chunk(struct pd_capture *c)
{
    unsigned head = atomic_load_explicit(&c->head, memory_order_relaxed);

    if (!c->chunk && head - atomic_load_explicit(&c->tail, memory_order_acquire) < RING) {
        c->chunk = &c->ring[head % RING];
        pd_chunk_out_clear(c->chunk);
    }
}

static void hand_over(struct pd_capture *c)
{
    c->unwritten += c->chunk->dropped;
    c->chunk = NULL;
    atomic_fetch_add_explicit(&c->head, 1, memory_order_release);
    pd_signals_wake(&c->run->signals);
}

/* The capture is over, so waiting loses nothing. */
static void wait_for_chunk(struct pd_capture *c)
{
    static const struct timespec retry = {.tv_nsec = RETRY_NS};

    for (take_chunk(c); !c->chunk && !atomic_load(&c->give_up); take_chunk(c))
        nanosleep(&retry, NULL);
}

static void emit(void *arg, struct pd_rec *rec)
{
    struct pd_capture *c = arg;

    if (c->finishing)
        wait_for_chunk(c);
    else
        take_chunk(c);
    if (!c->chunk) {
        c->unwritten++;
        return;
    }
    pd_lines_encode(c->run->lines, c->chunk, rec, c->now, 0);
    if (c->chunk->bytes.len >= CHUNK_FULL)
        hand_over(c);
}

/* Lines go out at once when the main thread has nothing else to write. */
static void offer(struct pd_capture *c)
{
    unsigned head = atomic_load_explicit(&c->head, memory_order_relaxed);

    if (c->chunk && (c->chunk->count || c->chunk->dropped) &&
        head == atomic_load_explicit(&c->tail, memory_order_acquire))
        hand_over(c);
}

static void answer(struct pd_capture *c)
{
    unsigned asked = atomic_load_explicit(&c->asked, memory_order_relaxed);

    pthread_mutex_lock(&c->lock);
    if (c->answered != asked) {
        memset(&c->answer.sniff, 0, sizeof c->answer.sniff);
        c->engine->stats(c->source, &c->answer.sniff);
        c->answer.tally = *pd_worker_tally(c->worker);
        c->answer.unwritten = c->unwritten;
        c->answered = asked;
        pd_signals_wake(&c->run->signals);
    }
    pthread_mutex_unlock(&c->lock);
}

static void walk(struct pd_capture *c)
{
    for (uint32_t i = 0; i < c->batch->count; i++) {
        struct pd_packet *packet = &c->batch->packet[i];
        packet->ordinal = ++c->ordinal;
        if (packet->ts > c->now)
            c->now = packet->ts;
        pd_worker_time(c->worker, packet->ts, packet->ordinal);
        if (packet->transport)
            pd_worker_packet(c->worker, packet);
    }
}

/* One batch, or a tick. Returns as poll does. */
static int step(struct pd_capture *c, int timeout_ms)
{
    uint64_t now = 0;

    c->batch->count = 0;
    int n = c->engine->poll(c->source, c->batch, timeout_ms, &now, c->err, sizeof c->err);
    if (n < 0) {
        c->failed = true;
        return n;
    }
    if (n > 0) {
        walk(c);
    } else if (now > c->now) {
        c->now = now;
        pd_worker_time(c->worker, now, c->ordinal);
    }
    offer(c);
    if (c->answered != atomic_load_explicit(&c->asked, memory_order_relaxed))
        answer(c);
    return n;
}

/* What the kernel had when the run was ended is still read; what came later on a busy link is not. */
static void drain(struct pd_capture *c)
{
    struct timespec t;

    clock_gettime(CLOCK_REALTIME, &t);
    uint64_t end = (uint64_t)t.tv_sec * 1000000000 + (uint64_t)t.tv_nsec;
    while (c->now <= end && !atomic_load_explicit(&c->give_up, memory_order_relaxed) && step(c, DRAIN_MS) > 0)
        ;
}

static void *work(void *arg)
{
    struct pd_capture *c = arg;

    while (!c->failed && !atomic_load_explicit(&c->stop, memory_order_relaxed))
        step(c, c->chunk && c->chunk->count ? PENDING_MS : TICK_MS);
    if (!c->failed)
        drain(c);
    c->finishing = true;
    pd_worker_finish(c->worker, c->ordinal);
    if (c->chunk && c->chunk->count)
        hand_over(c);
    atomic_fetch_add_explicit(&c->asked, 1, memory_order_relaxed);
    answer(c);
    atomic_store_explicit(&c->ended, true, memory_order_release);
    pd_signals_wake(&c->run->signals);
    return NULL;
}

struct pd_capture *pd_capture_new(struct pd_run *run, const struct pd_live_engine *engine,
                                  const struct pd_live_config *config, unsigned index)
{
    struct pd_capture *c = calloc(1, sizeof *c);
    bool made = c && (c->batch = calloc(1, sizeof *c->batch));

    if (c)
        pthread_mutex_init(&c->lock, NULL);
    for (int i = 0; made && i < RING; i++)
        made = pd_chunk_out_init(&c->ring[i], CHUNK_LIMIT) == 0;
    if (made) {
        c->run = run;
        c->engine = engine;
        c->source = engine->open(config, index, c->err, sizeof c->err);
        if (c->source)
            return c;
    }
    pd_say("%s", made ? c->err : "no memory for a worker");
    if (c)
        pd_capture_free(c);
    return NULL;
}

void pd_capture_free(struct pd_capture *c)
{
    PD_ASSERT(!c->started);
    if (c->worker)
        pd_worker_free(c->worker);
    if (c->source)
        c->engine->close(c->source);
    for (int i = 0; i < RING; i++)
        pd_chunk_out_free(&c->ring[i]);
    pthread_mutex_destroy(&c->lock);
    free(c->batch);
    free(c);
}

int pd_capture_start(struct pd_capture *c)
{
    c->worker = pd_worker_new(&c->run->setup, emit, c, c->err, sizeof c->err);
    if (!c->worker) {
        pd_say("%s", c->err);
        return PD_EXIT_FAILED;
    }
    int err = pthread_create(&c->thread, NULL, work, c);
    if (err) {
        pd_say("no thread for a worker: %s", strerror(err));
        return PD_EXIT_FAILED;
    }
    c->started = true;
    return 0;
}

void pd_capture_stop(struct pd_capture *c, bool give_up)
{
    if (give_up)
        atomic_store(&c->give_up, true);
    atomic_store(&c->stop, true);
}

bool pd_capture_ended(const struct pd_capture *c)
{
    return !c->started || atomic_load_explicit(&c->ended, memory_order_acquire);
}

void pd_capture_join(struct pd_capture *c)
{
    if (c->started)
        pthread_join(c->thread, NULL);
    c->started = false;
}

const char *pd_capture_error(const struct pd_capture *c)
{
    return pd_capture_ended(c) && c->failed ? c->err : NULL;
}

struct pd_chunk_out *pd_capture_chunk(struct pd_capture *c)
{
    unsigned tail = atomic_load_explicit(&c->tail, memory_order_relaxed);

    if (tail == atomic_load_explicit(&c->head, memory_order_acquire))
        return NULL;
    return &c->ring[tail % RING];
}

void pd_capture_give_back(struct pd_capture *c)
{
    atomic_fetch_add_explicit(&c->tail, 1, memory_order_release);
}

void pd_capture_ask(struct pd_capture *c)
{
    atomic_fetch_add_explicit(&c->asked, 1, memory_order_relaxed);
}

bool pd_capture_answer(struct pd_capture *c, struct pd_totals *totals)
{
    pthread_mutex_lock(&c->lock);
    bool there = c->answered == atomic_load_explicit(&c->asked, memory_order_relaxed);
    if (there) {
        for (int i = 0; i < PD_S_COUNT; i++)
            totals->sniff.n[i] += c->answer.sniff.n[i];
        pd_tally_add(&totals->tally, &c->answer.tally);
        totals->unwritten += c->answer.unwritten;
    }
    pthread_mutex_unlock(&c->lock);
    return there;
}
