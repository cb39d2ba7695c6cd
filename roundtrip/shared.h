/* shared.h: header fields that come again and again: a store has each of them once, and records point to it.
 * They fill the halves of a table in turn. A half is emptied only while no record holds any of its fields, so
 * what a record points to stays as long as the record. */
#ifndef PD_ROUNDTRIP_SHARED_H
#define PD_ROUNDTRIP_SHARED_H
#include "base/cold.h"
#include "roundtrip/schema.h"

enum {
    PD_SHARED_HALF = 256,  /* fields of half a table */
    PD_SHARED_TEXTS = 128, /* bytes of a name and its value together, at most */
    PD_SHARED_NOTE = 144
};

struct pd_shared {
    struct pd_pair pair; /* the first: what a list's node points to */
    uint8_t half;        /* that it is in */
    uint16_t copied;     /* bytes of an arena that a copy would take */
    uint8_t note_len;
    char note[PD_SHARED_NOTE]; /* free for the one who prints records: what he made of the field */
    const void *noted_for;     /* what the note was made for; this field itself: there is none */
    char texts[PD_SHARED_TEXTS];
};

/* Of a pair that is shared. */
static inline struct pd_shared *pd_shared_of(struct pd_pair *pair)
{
    return (struct pd_shared *)(void *)pair;
}

/* headers.c. Sets a pair's name, which is copied to `to` in lower case. */
void pd_pair_name(struct pd_pair *, struct pd_slice name, char *to);
/* headers.c. Bytes of an arena that a header takes with texts of its own. */
uint32_t pd_header_size(uint32_t texts);

struct pd_shared_store {
    struct pd_shared *field; /* both halves */
    uint64_t first, next; /* numbers of the first one of the half that is being filled, and of the next one */
    uint32_t held[2];     /* records that hold fields of each half */
    uint16_t place[2 * PD_SHARED_HALF]; /* by their hash: which ones that half has, from 1 on; 0: none */
};

/* 0 or -ENOMEM. */
int pd_shared_init(struct pd_shared_store *);
void pd_shared_free(struct pd_shared_store *);

/* The number of a field, new when there was none like it: as pd_list_header() would have it. It is
 * never another's. 0: it is too long, or there is no room until records are gone. */
uint64_t pd_share(struct pd_shared_store *, struct pd_slice name, struct pd_slice value);

/* The same where pd_shared_at() has none of *number any more: that becomes the new one. NULL where that is 0.
 */
PD_COLD struct pd_shared *pd_shared_anew(struct pd_shared_store *, uint64_t *number, struct pd_slice name,
                                         struct pd_slice value);

/* NULL: there is none of that number any more; 0 is no number. */
static inline struct pd_shared *pd_shared_at(const struct pd_shared_store *s, uint64_t number)
{
    return number >= s->first ? &s->field[number % (2 * PD_SHARED_HALF)] : NULL;
}
#endif
