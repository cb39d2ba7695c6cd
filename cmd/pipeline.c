/* pipeline.c: a replay's batches on their way from the reader through N lanes back to the reader, which is
 * the writer too. A lane is a worker, and walks every batch in order; a batch is done when all lanes have
 * passed it, and the lines of its N chunks can be merged. Any thread may take any lane a batch further, one
 * at a time: the reader, when it has nothing to read into, does as the others. With one lane there is no
 * other thread. */
#include "cmd/pipeline.h"
#include "base/check.h"
#include "cmd/cmd.h"
#include "exporter/lines.h"
#include "sniffer/file.h"
#include <stdlib.h>
#include <string.h>

/* When all slots are in use, half of them are written before the reader goes on: it changes sides rarely. */
enum { SLOTS = 16, BEHIND = 1 };

struct lane { /* a worker, and where its records go */
    const struct pd_lines *lines;
    struct pd_worker *worker;
    struct pd_chunk_out *chunk; /* of the batch in hand */
    unsigned index, of;         /* it takes the packets whose hash modulo `of` is index */
    uint64_t next;              /* the batch to walk; this and busy under the pipeline's lock */
    bool busy;                  /* a thread is at it, which alone may touch the rest */
};

struct slot {
    struct pd_batch *batch;
    struct pd_chunk_out *out;   /* one a lane */
    struct pd_chunk_out **list; /* the same, as pd_lines_write() wants them */
    unsigned left;              /* lanes that have not passed it; under the lock */
};

struct pd_pipeline {
    struct pd_run *run;
    unsigned lanes, started, slots;
    struct lane *lane;
    pthread_t *thread;
    struct slot slot[SLOTS];
    uint64_t written;     /* batches whose lines went out; the caller's */
    pthread_mutex_t lock; /* protects what follows and slot[].left */
    pthread_cond_t filled, passed;
    uint64_t submitted; /* batches handed to the lanes */
    uint64_t awaited;   /* the batch that the reader waits for */
    bool ends;
};

struct seat { /* what a thread is started with */
    struct pd_pipeline *pipeline;
    struct lane *lane; /* it prefers this one */
};

static void emit(void *arg, struct pd_rec *rec)
{
    struct lane *lane = arg;
    struct pd_place place = pd_worker_place(lane->worker, rec);

    pd_lines_encode(lane->lines, lane->chunk, rec, place.major, place.minor);
}

static int lane_init(struct lane *lane, const struct pd_run *run, unsigned index)
{
    char err[256];

    *lane = (struct lane){.lines = run->lines, .index = index, .of = run->workers};
    lane->worker = pd_worker_new(&run->setup, emit, lane, err, sizeof err);
    if (lane->worker)
        return 0;
    pd_say("%s", err);
    return PD_EXIT_FAILED;
}

static void lane_free(struct lane *lane)
{
    if (lane->worker)
        pd_worker_free(lane->worker);
}

static void lane_batch(struct lane *lane, const struct pd_batch *batch)
{
    for (uint32_t i = 0; i < batch->count; i++) {
        const struct pd_packet *packet = &batch->packet[i];
        pd_worker_time(lane->worker, packet->ts, packet->ordinal);
        if (packet->transport && (lane->of == 1 || packet->hash % lane->of == lane->index))
            pd_worker_packet(lane->worker, packet);
    }
}

static bool is_free(const struct pd_pipeline *p, const struct lane *lane)
{
    return !lane->busy && lane->next < p->submitted;
}

/* Under the lock: a lane with a batch to walk that no thread is at; `mine`, whose memory is warm, unless
 * another one has fallen behind. NULL when there is none. */
static struct lane *pick(struct pd_pipeline *p, struct lane *mine)
{
    struct lane *found = is_free(p, mine) ? mine : NULL;

    for (unsigned i = 0; i < p->lanes; i++) {
        struct lane *lane = &p->lane[i];
        if (is_free(p, lane) && (!found || lane->next + (found == mine ? BEHIND : 0) < found->next))
            found = lane;
    }
    return found;
}

/* Under the lock, which is released meanwhile: takes the lane one batch further. */
static void advance(struct pd_pipeline *p, struct lane *lane)
{
    struct slot *slot = &p->slot[lane->next % p->slots];

    lane->busy = true;
    pthread_mutex_unlock(&p->lock);
    lane->chunk = &slot->out[lane->index];
    lane_batch(lane, slot->batch);
    pthread_mutex_lock(&p->lock);
    lane->busy = false;
    if (--slot->left == 0 && lane->next == p->awaited)
        pthread_cond_signal(&p->passed);
    lane->next++;
}

static void *work(void *arg)
{
    struct seat seat = *(struct seat *)arg;
    struct pd_pipeline *p = seat.pipeline;

    free(arg);
    pthread_mutex_lock(&p->lock);
    while (!p->ends) {
        struct lane *lane = pick(p, seat.lane);
        if (lane)
            advance(p, lane);
        else
            pthread_cond_wait(&p->filled, &p->lock);
    }
    pthread_mutex_unlock(&p->lock);
    return NULL;
}

/* In the reader: returns when all lanes have passed batch number n, and so those before it. */
static void wait_passed(struct pd_pipeline *p, uint64_t n)
{
    pthread_mutex_lock(&p->lock);
    p->awaited = n;
    while (p->slot[n % p->slots].left) {
        struct lane *lane = pick(p, p->lane);
        if (lane)
            advance(p, lane);
        else
            pthread_cond_wait(&p->passed, &p->lock);
    }
    pthread_mutex_unlock(&p->lock);
}

static bool make_slot(struct pd_pipeline *p, struct slot *slot)
{
    slot->batch = pd_batch_new();
    slot->out = calloc(p->lanes, sizeof *slot->out);
    slot->list = calloc(p->lanes, sizeof *slot->list);
    if (!slot->batch || !slot->out || !slot->list)
        return false;
    for (unsigned i = 0; i < p->lanes; i++) {
        /* A replay waits for its output, so nothing may be dropped: room for all that may be in flight. */
        if (pd_chunk_out_init(&slot->out[i], p->run->args->memory) < 0)
            return false;
        slot->list[i] = &slot->out[i];
    }
    return true;
}

/* The reader is the first lane's. */
static bool start_threads(struct pd_pipeline *p)
{
    for (; p->started + 1 < p->lanes; p->started++) {
        struct seat *seat = malloc(sizeof *seat);
        if (!seat)
            return false;
        *seat = (struct seat){p, &p->lane[p->started + 1]};
        if (pthread_create(&p->thread[p->started], NULL, work, seat) != 0) {
            free(seat);
            return false;
        }
    }
    return true;
}

struct pd_pipeline *pd_pipeline_new(struct pd_run *run)
{
    struct pd_pipeline *p = calloc(1, sizeof *p);
    bool made = p;

    if (made) {
        p->run = run;
        p->lanes = run->workers;
        p->slots = p->lanes > 1 ? SLOTS : 1;
        pthread_mutex_init(&p->lock, NULL);
        pthread_cond_init(&p->filled, NULL);
        pthread_cond_init(&p->passed, NULL);
        p->lane = calloc(p->lanes, sizeof *p->lane);
        p->thread = calloc(p->lanes, sizeof *p->thread);
        made = p->lane && p->thread;
    }
    for (unsigned i = 0; made && i < p->slots; i++)
        made = make_slot(p, &p->slot[i]);
    for (unsigned i = 0; made && i < p->lanes; i++)
        if (lane_init(&p->lane[i], run, i)) {
            pd_pipeline_free(p);
            return NULL;
        }
    if (made && start_threads(p))
        return p;
    pd_say("no memory for %u workers", run->workers);
    if (p)
        pd_pipeline_free(p);
    return NULL;
}

/* Writes the lines of the next batch to write, which all have passed. */
static int write_batch(struct pd_pipeline *p)
{
    struct slot *slot = &p->slot[p->written++ % p->slots];
    int returned = pd_lines_write(p->run->lines, slot->list, p->lanes);

    for (unsigned i = 0; i < p->lanes; i++) {
        p->run->totals.unwritten += slot->out[i].dropped;
        pd_chunk_out_clear(&slot->out[i]);
    }
    return returned;
}

/* The same up to batch number n. */
static int write_up_to(struct pd_pipeline *p, uint64_t n)
{
    int returned = 0;

    if (n > p->written)
        wait_passed(p, n - 1);
    while (p->written < n && !returned)
        returned = write_batch(p);
    return returned;
}

struct pd_batch *pd_pipeline_next(struct pd_pipeline *p, int *returned)
{
    *returned = 0;
    if (p->submitted - p->written == p->slots)
        *returned = write_up_to(p, p->written + (p->slots + 1) / 2);
    return p->slot[p->submitted % p->slots].batch;
}

void pd_pipeline_submit(struct pd_pipeline *p)
{
    struct slot *slot = &p->slot[p->submitted % p->slots];

    pthread_mutex_lock(&p->lock);
    slot->left = p->lanes;
    p->submitted++;
    pthread_cond_broadcast(&p->filled);
    pthread_mutex_unlock(&p->lock);
}

int pd_pipeline_drain(struct pd_pipeline *p)
{
    return write_up_to(p, p->submitted);
}

void pd_pipeline_rest(struct pd_pipeline *p)
{
    pthread_mutex_lock(&p->lock);
    p->ends = true;
    pthread_cond_broadcast(&p->filled);
    pthread_mutex_unlock(&p->lock);
    while (p->started > 0)
        pthread_join(p->thread[--p->started], NULL);
}

int pd_pipeline_finish(struct pd_pipeline *p, uint64_t last_ordinal)
{
    struct slot *slot = &p->slot[p->submitted % p->slots];

    PD_ASSERT(p->written == p->submitted);
    pd_pipeline_rest(p);
    for (unsigned i = 0; i < p->lanes; i++) {
        p->lane[i].chunk = &slot->out[i];
        pd_worker_finish(p->lane[i].worker, last_ordinal);
    }
    p->submitted++;
    return write_batch(p);
}

void pd_pipeline_totals(const struct pd_pipeline *p, struct pd_totals *totals)
{
    memset(&totals->tally, 0, sizeof totals->tally);
    for (unsigned i = 0; i < p->lanes; i++)
        pd_tally_add(&totals->tally, pd_worker_tally(p->lane[i].worker));
}

void pd_pipeline_free(struct pd_pipeline *p)
{
    pd_pipeline_rest(p);
    for (unsigned i = 0; p->lane && i < p->lanes; i++)
        lane_free(&p->lane[i]);
    for (unsigned i = 0; i < p->slots; i++) {
        struct slot *slot = &p->slot[i];
        for (unsigned k = 0; slot->out && k < p->lanes; k++)
            pd_chunk_out_free(&slot->out[k]);
        if (slot->batch)
            pd_batch_free(slot->batch);
        free(slot->out);
        free(slot->list);
    }
    pthread_cond_destroy(&p->passed);
    pthread_cond_destroy(&p->filled);
    pthread_mutex_destroy(&p->lock);
    free(p->thread);
    free(p->lane);
    free(p);
}
