/* learnt.h: what a connection taught by name or number and will be referred to by it: the text of a prepared
 * statement, a topic's name. A bounded map of each connection; equal texts are kept once a worker, since a
 * thousand connections of one pool prepare the same statements. */
#ifndef PD_PROTOCOL_LEARNT_H
#define PD_PROTOCOL_LEARNT_H
#include "base/slice.h"

struct pd_conn;

enum {
    PD_LEARNT_KEYS = 256, /* of a connection's map */
    PD_LEARNT_MAX = 2000  /* bytes kept of a text */
};

/* Part of the protocol's state; all zero is empty. What it holds goes back with pd_learnt_clear(), which the
 * protocol calls when it forgets and when it closes. */
struct pd_learnt {
    void *table;
    uint16_t count, room; /* keys in it, and how many fit */
};

/* What key means from now on. Keeps a copy of the text, up to PD_LEARNT_MAX bytes; full: how long it was on
 * the wire. When there are too many keys the oldest leaves; when memory is short this one is not known. Both
 * are counted (forgotten). */
void pd_learnt_put(struct pd_conn *, struct pd_learnt *, uint64_t key, struct pd_slice text, uint32_t full);

/* False when the key is not known. The text stays where it is until the next put, drop or clear of any
 * connection of the worker. */
bool pd_learnt_get(const struct pd_learnt *, uint64_t key, struct pd_slice *text, uint32_t *full);

/* A word beside the text of a key that is known, 0 at first and common to all who taught that text: what is
 * found out about a text can be noted there. Valid as long as the text. */
uint64_t *pd_learnt_note(const struct pd_learnt *, uint64_t key);

/* Forgets a key, or all. */
void pd_learnt_drop(struct pd_conn *, struct pd_learnt *, uint64_t key);
void pd_learnt_clear(struct pd_conn *, struct pd_learnt *);
#endif
