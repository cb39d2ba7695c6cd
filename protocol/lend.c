/* lend.c: memory that a connection needs only for a while, from the worker's bounded pools: parsers, whole
 * messages, state beyond the connection's own few bytes. */
#include "protocol/conn.h"
#include <errno.h>

static const uint32_t class_size[PD_LEND_CLASSES] = {64, 128, 512, 2048, 8192, 65536};

/* Of the bytes given, each class gets this share in percent. */
static const uint8_t class_share[PD_LEND_CLASSES] = {20, 20, 15, 15, 15, 15};

int pd_lend_init(struct pd_worker *w, uint64_t bytes)
{
    for (int i = 0; i < PD_LEND_CLASSES; i++) {
        uint64_t n = bytes / 100 * class_share[i] / class_size[i];
        int error = pd_pool_init(&w->lend[i], class_size[i], n < 16 ? 16 : (uint32_t)n);
        if (error)
            return error;
    }
    return 0;
}

void pd_lend_free(struct pd_worker *w)
{
    for (int i = 0; i < PD_LEND_CLASSES; i++)
        pd_pool_free(&w->lend[i]);
}

static int class_of(uint32_t size)
{
    int i = 0;

    while (size > class_size[i]) {
        i++;
        PD_ASSERT(i < PD_LEND_CLASSES);
    }
    return i;
}

void *pd_lend(struct pd_conn *c, uint32_t size)
{
    void *p = pd_pool_get(&c->worker->lend[class_of(size)]);

    if (!p) {
        c->worker->tally.starved++;
        return NULL;
    }
    if (size <= 2048) /* larger ones are buffers, filled before they are read */
        memset(p, 0, size);
    return p;
}

void pd_give_back(struct pd_conn *c, void *p, uint32_t size)
{
    if (p)
        pd_pool_put(&c->worker->lend[class_of(size)], p);
}

void pd_forgotten(struct pd_conn *c)
{
    pd_conn_counters(c)[PD_C_FORGOTTEN]++;
}

void *pd_state(struct pd_conn *c)
{
    void *lent;

    if (!c->lent)
        return c->inline_state;
    memcpy(&lent, c->inline_state, sizeof lent);
    return lent;
}

void *pd_worker_state(const struct pd_conn *c)
{
    return c->worker->proto_state[c->index];
}

void pd_conn_forget(struct pd_conn *c)
{
    bool gone = !c->proto || (c->proto->conn_size > PD_INLINE_STATE && !c->lent); /* opaque since */

    if (!gone && c->proto->close)
        c->proto->close(c);
    if (c->lent)
        pd_give_back(c, pd_state(c), c->proto->conn_size);
    c->lent = false;
    memset(c->inline_state, 0, sizeof c->inline_state);
}

bool pd_conn_speak(struct pd_conn *c, unsigned index)
{
    c->index = (uint8_t)index;
    c->proto = c->worker->setup->protos[index];
    memset(c->inline_state, 0, sizeof c->inline_state);
    if (c->proto->conn_size > PD_INLINE_STATE) {
        void *lent = pd_lend(c, c->proto->conn_size);
        if (!lent) {
            c->proto = NULL;
            c->given_up = true;
            return false;
        }
        memset(lent, 0, c->proto->conn_size);
        memcpy(c->inline_state, &lent, sizeof lent);
        c->lent = true;
    }
    pd_conn_counters(c)[PD_C_CONNECTIONS]++;
    return true;
}
