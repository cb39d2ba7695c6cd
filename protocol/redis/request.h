/* request.h: the client's direction: what request.c, command.c, inline.c and argument.c share. */
#ifndef PD_PROTOCOL_REDIS_REQUEST_H
#define PD_PROTOCOL_REDIS_REQUEST_H
#include "protocol/redis/redis.h"

enum { PD_REDIS_S_INLINE = PD_REDIS_S_REQUEST + 16 }; /* the state of a line in pieces */

/* A command begins; argc with the name, 0: it is not known. After it, and after the next, the direction may
 * be lost or opaque, and the connection's state gone: see pd_redis_stopped(). */
void pd_redis_request_begin(struct pd_conn *, struct pd_half *, struct pd_slice name, uint32_t argc);
/* An argument passed, full bytes long, of which `in` is looked at. */
void pd_redis_request_argument(struct pd_conn *, struct pd_half *, struct pd_slice in, uint64_t full);
/* The same, and nobody looked. */
void pd_redis_request_unseen(struct pd_conn *, struct pd_half *);
/* All of them passed. */
void pd_redis_request_end(struct pd_conn *, struct pd_half *);
/* All of that at once, for a command of `size` bytes whose arguments, the name among them, are at most
 * PD_REDIS_LOOK_MAX bytes long each. False: nothing was done, this command's arguments have a meaning. */
bool pd_redis_request_whole(struct pd_conn *, struct pd_half *, const struct pd_slice *argv, uint32_t argc,
                            uint32_t size);

/* inline.c: the slice begins with a line, or with more of one. Returns what was used. */
uint32_t pd_redis_read_line(struct pd_conn *, struct pd_half *, struct pd_slice in);
/* Forgets what came of a line. */
void pd_redis_drop_line(struct pd_conn *, struct pd_redis_conn *);

/* argument.c: argument i (from 1), as it goes into the record. */
void pd_redis_note(struct pd_rec *, const struct pd_redis_command *, unsigned i, struct pd_slice in,
                   uint64_t full);
#endif
