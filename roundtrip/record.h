/* record.h: one request and its response. A record is in exactly one place at a time: pool, matcher, emit(),
 * pool. Its texts live in an arena: a part of the record itself, then chunks from the store's pools. */
#ifndef PD_ROUNDTRIP_RECORD_H
#define PD_ROUNDTRIP_RECORD_H
#include "base/check.h"
#include "base/pool.h"
#include "roundtrip/shared.h"
#include <string.h>

enum pd_status { PD_OK, PD_ERROR, PD_UNANSWERED, PD_ONEWAY, PD_INCOMPLETE, PD_STATUS_COUNT };

enum pd_rec_flag {
    PD_REC_VOID = 1,       /* a place to write that is never emitted */
    PD_REC_BROKEN = 2,     /* lost bytes hide a part that pairing or a field needed: incomplete */
    PD_REC_REPORTED = 4,   /* was emitted as unanswered already */
    PD_REC_LATE = 8,       /* its response came after that */
    PD_REC_REQ_ENDED = 16, /* the request's end was handled */
    PD_REC_ONEWAY = 32,    /* the protocol sends no response */
    PD_REC_RSP_BEGUN = 64,
    PD_REC_RSP_ENDED = 128,
    PD_REC_MISSED = 256,    /* keyed: the side that answers lost bytes while this was outstanding */
    PD_REC_SILENT = 512,    /* is paired, and its bytes count, but it is not emitted */
    PD_REC_PROMISED = 1024, /* the side that answers told the request, too */
    PD_REC_UNSURE = 2048    /* whose it is, or whether it is answered at all, is known only with its answer */
};

enum { PD_REC_BYTES = 1024 }; /* a record with the first part of its arena */
enum {
    PD_ARENA_ALIGN = 8,     /* of what is taken from an arena */
    PD_REC_ALLOC_MAX = 8000 /* bytes at once */
};

struct pd_rec {
    struct pd_rec *next, *prev; /* wherever it is: a queue, a hash chain's bucket, the held list */
    struct pd_rec *chain;       /* keyed records: the next in the bucket */
    const struct pd_schema *schema;
    struct pd_store *store;
    uint64_t *counters; /* [PD_C_COUNT] of its protocol: a child's record counts as the child's */
    const void *owner;  /* keyed records: the connection, or NULL for datagrams */
    struct pd_end client, server;
    struct pd_link link;
    uint64_t key;                 /* keyed records: the protocol's key, with the side that asked */
    uint64_t hash;                /* keyed records: of owner or ends, and key */
    uint64_t ordinal;             /* of the packet with the request's first byte */
    uint64_t first_req, last_req; /* times of first and last byte, ns; 0 when not seen */
    uint64_t first_rsp, last_rsp;
    uint64_t req_bytes, rsp_bytes; /* application bytes on the wire */
    uint64_t req_at;           /* stream offset of the first byte; its low 32 bits are the sequence number */
    uint64_t req_part, rsp_at; /* the same of the part now passing, whose bytes are not counted yet */
    uint32_t req_ack;          /* what the request's first segment acknowledged, when has_req_ack */
    bool has_req_ack;
    uint8_t status; /* enum pd_status, set when emitted */
    uint16_t flags; /* enum pd_rec_flag */
    uint8_t transport;
    uint8_t asked_by;                 /* the direction of the request: 0 client, 1 server */
    uint8_t holds;                    /* fields of these halves of the shared ones, a bit each */
    uint16_t retransmissions;         /* the same request seen again while outstanding */
    struct pd_chunk *chunks;          /* arena beyond the record itself */
    char *at, *end;                   /* the free part of the current piece of arena */
    uint32_t arena_left;              /* what the schema's bound still allows */
    _Alignas(8) unsigned char data[]; /* the protocol's struct, then the first piece of arena */
};

enum { PD_CHUNK_CLASSES = 3 }; /* arena chunks of 512, 2,048 and 8,192 bytes */

struct pd_store_limits {
    uint32_t records; /* at once in this store */
    uint32_t chunks[PD_CHUNK_CLASSES];
};

/* One worker's records. emit is called with each finished record, which is valid until it returns. */
struct pd_store {
    struct pd_pool records;
    struct pd_pool chunks[PD_CHUNK_CLASSES];
    struct pd_shared_store shared;
    void (*emit)(void *arg, struct pd_rec *);
    void *arg;
    uint64_t starved;       /* records not made and texts cut because a pool was empty */
    struct pd_rec *nothing; /* the void record */
};

/* 0 or -ENOMEM. */
int pd_store_init(struct pd_store *, const struct pd_store_limits *);
void pd_store_free(struct pd_store *);

/* A zeroed record of that schema, or NULL when the pool is empty (counted). rec_size must leave room in
 * PD_REC_BYTES (asserted). */
struct pd_rec *pd_rec_new(struct pd_store *, const struct pd_schema *);

/* recast.c. The record under another schema, which counts there: the request's fields of the same name and
 * type are carried over, of lists only headers. NULL when there is no record to be had; the old one is gone
 * in any case. */
struct pd_rec *pd_rec_recast(struct pd_rec *, const struct pd_schema *, uint64_t *counters);

/* The store's void record, emptied, with room for any schema's fields. Valid until asked for again. */
struct pd_rec *pd_rec_nothing(struct pd_store *, const struct pd_schema *);

/* Back to the pool, arena and all. */
void pd_rec_free(struct pd_rec *);

/* The protocol's struct. */
static inline void *pd_fields(struct pd_rec *r)
{
    return r->data;
}

static inline const void *pd_fields_const(const struct pd_rec *r)
{
    return r->data;
}

static inline bool pd_rec_is_void(const struct pd_rec *r)
{
    return r->flags & PD_REC_VOID;
}

/* pd_rec_alloc() where the current piece of arena has no room. */
void *pd_rec_alloc_anew(struct pd_rec *, uint32_t n);

/* n bytes of arena, 8-byte aligned, undefined content; NULL when the record's bound or the pools are used up.
 * n of at most PD_REC_ALLOC_MAX. Inlined: nodes of lists and parts of messages are small and many. */
static inline void *pd_rec_alloc(struct pd_rec *r, uint32_t n)
{
    size_t pad = -(uintptr_t)r->at & (PD_ARENA_ALIGN - 1);

    if (n > r->arena_left || pad + n > (size_t)(r->end - r->at))
        return pd_rec_alloc_anew(r, n);
    char *p = r->at + pad;
    r->at = p + n;
    r->arena_left -= n;
    return p;
}

/* n bytes that live as long as the record, for what a protocol must know again. They come off the end of the
 * record's first piece of arena and do not count for the schema's bound; NULL when there is no room. */
static inline void *pd_rec_keep(struct pd_rec *r, uint32_t n)
{
    if (r->chunks || n > (size_t)(r->end - r->at))
        return NULL;
    r->end -= n;
    return r->end;
}

/* Starts a text of up to cap bytes and copies in. Shortened when it does not fit: len < full says so. */
void pd_text_set(struct pd_rec *, struct pd_text *, struct pd_slice in, uint16_t cap);

/* Appends to a text (starting it when it has none), up to cap bytes in all. full counts everything. */
void pd_text_add(struct pd_rec *, struct pd_text *, struct pd_slice in, uint16_t cap);

/* Points a text at a constant of this program: a literal, whose length is known when this is compiled, or one
 * from a const table. */
static inline void pd_text_static(struct pd_text *t, const char *s)
{
    size_t len = strlen(s);

    PD_ASSERT(len <= UINT16_MAX);
    *t = (struct pd_text){.s = s, .full = (uint32_t)len, .len = (uint16_t)len, .constant = true};
}

static inline void pd_int_set(struct pd_int *i, int64_t v)
{
    i->v = v;
    i->seen = true;
}

/* A new zeroed node at the list's end, or NULL when max nodes are there already or memory is short; full is
 * counted up in any case. */
struct pd_item *pd_list_item(struct pd_rec *, struct pd_list *, uint16_t max);
struct pd_object *pd_list_object(struct pd_rec *, struct pd_list *, uint16_t max, uint32_t size);

/* headers.c. The same for HEADERS: a node with texts of the record's own, of which it returns the pair. name
 * is stored in lower case and looked for among the earlier ones; value as pd_text_set() would do it. */
struct pd_pair *pd_list_header(struct pd_rec *, struct pd_list *, uint16_t max, struct pd_slice name,
                               struct pd_slice value, uint16_t cap);

/* All node kinds begin with their next pointer. */
struct pd_node {
    struct pd_node *next;
};

/* node->next is NULL. */
static inline void pd_list_append(struct pd_list *l, void *node)
{
    if (l->last)
        ((struct pd_node *)l->last)->next = node;
    else
        l->first = node;
    l->last = node;
    l->count++;
}

/* Marks the last header when an earlier one has its name. */
PD_COLD void pd_list_find_again(struct pd_list *);

/* A header becomes the list's last. The set of names says at once that most have not been there before. */
static inline void pd_list_append_header(struct pd_list *l, struct pd_header *h, struct pd_pair *pair)
{
    *h = (struct pd_header){.pair = pair};
    pd_list_append(l, h);
    if ((l->names & pair->names) == pair->names)
        pd_list_find_again(l);
    l->names |= pair->names;
}

/* The record holds shared fields of that half. */
PD_COLD void pd_rec_hold_anew(struct pd_rec *, unsigned half);

static inline void pd_rec_hold(struct pd_rec *r, unsigned half)
{
    if (!(r->holds >> half & 1))
        pd_rec_hold_anew(r, half);
}

/* pd_list_header_shared() where there is no room at hand. */
PD_COLD void pd_list_header_copied(struct pd_rec *, struct pd_list *, uint16_t max, const struct pd_shared *);

/* The same with texts that records share, which have to be there (pd_shared_at()): much faster, and no other
 * to whoever looks at the list. The record's bound counts it as a copy, too. Inlined: each header of each
 * message comes here. */
static inline void pd_list_header_shared(struct pd_rec *r, struct pd_list *l, uint16_t max,
                                         struct pd_shared *shared)
{
    size_t pad = -(uintptr_t)r->at & (PD_ARENA_ALIGN - 1);
    struct pd_header *h = (struct pd_header *)(void *)(r->at + pad);

    if (l->count >= max || l->full == UINT16_MAX || shared->copied > r->arena_left ||
        pad + sizeof *h > (size_t)(r->end - r->at)) {
        pd_list_header_copied(r, l, max, shared);
        return;
    }
    r->at = (char *)(h + 1);
    r->arena_left -= shared->copied;
    l->full++;
    pd_list_append_header(l, h, &shared->pair);
    pd_rec_hold(r, shared->half);
}

/* A text as pd_text_set() would make it of a shared field's value, which has to be there. */
void pd_text_shared(struct pd_rec *, struct pd_text *, const struct pd_shared *);

/* Forgets the fields of one side, as before they were seen (an interim response). Arena stays used. */
void pd_rec_clear_side(struct pd_rec *, enum pd_side);
#endif
