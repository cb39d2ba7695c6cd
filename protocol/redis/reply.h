/* reply.h: the server's direction: what reply.c, value.c and outcome.c share. */
#ifndef PD_PROTOCOL_REDIS_REPLY_H
#define PD_PROTOCOL_REDIS_REPLY_H
#include "protocol/redis/redis.h"

enum pd_redis_reply_state {
    PD_REDIS_S_REPLIES = PD_REDIS_S_REPLY, /* the next value */
    PD_REDIS_S_HEAD,                       /* its first line */
    PD_REDIS_S_PLUS,                       /* `+` and what follows, which tells MONITOR's lines */
    PD_REDIS_S_SIMPLE,                     /* the rest of a simple string */
    PD_REDIS_S_LINE,                       /* the rest of a line of MONITOR */
    PD_REDIS_S_ERROR,                      /* the rest of an error */
    PD_REDIS_S_WORD_LENGTH,                /* of the first word of a push */
    PD_REDIS_S_WORD,
    PD_REDIS_S_BULK,       /* a text passed */
    PD_REDIS_S_ERROR_BULK, /* the same, and it is an error's */
    PD_REDIS_S_BREAK,      /* the line's end behind it */
    PD_REDIS_S_ITEM,       /* what is looked at of a push's text */
    PD_REDIS_S_ITEM_END
};

/* What a simple string says. */
enum pd_redis_simple {
    PD_REDIS_SAYS_OTHER,
    PD_REDIS_SAYS_OK,
    PD_REDIS_SAYS_QUEUED,
    PD_REDIS_SAYS_RESET,
    PD_REDIS_SAYS_STREAM /* of replication follows */
};

static inline struct pd_redis *pd_redis_reply_fields(struct pd_conn *c)
{
    return pd_fields(pd_current(c, PD_S2C));
}

/* --- outcome.c --- */

bool pd_redis_is_between(const struct pd_redis_conn *);
/* Is the next value the reply itself? */
bool pd_redis_is_next_top(const struct pd_redis_conn *);
/* n values belong to what begins. */
void pd_redis_open_reply(struct pd_redis_conn *, uint32_t n);
/* A response begins, of one value. */
void pd_redis_begin_reply(struct pd_conn *, struct pd_half *);
/* It ends. The direction may be lost or opaque then, and the connection's state gone. */
void pd_redis_end_reply(struct pd_conn *, struct pd_half *);
/* A value is whole, and with it perhaps the reply. */
void pd_redis_end_value(struct pd_conn *, struct pd_half *);

/* --- value.c --- */

/* The value of that head is the reply itself. */
void pd_redis_take_top(struct pd_conn *, struct pd_redis_conn *, const struct pd_redis_head *);
/* A value's head has passed; in: what follows. Returns what was used of it. */
uint32_t pd_redis_take(struct pd_conn *, struct pd_half *, const struct pd_redis_head *, struct pd_slice in);
#endif
