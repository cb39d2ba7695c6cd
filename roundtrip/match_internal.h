/* match_internal.h: what order.c, key.c and match.c share: the record's way from open to emitted. */
#ifndef PD_ROUNDTRIP_MATCH_INTERNAL_H
#define PD_ROUNDTRIP_MATCH_INTERNAL_H
#include "roundtrip/match.h"

/* A record of the party's schema with its ends filled in, or NULL: counted, after the oldest datagram's
 * request was evicted to make room. */
struct pd_rec *pd_match_open(const struct pd_party *, const struct pd_at *);

/* Sends a record out with that status, once; the caller still owns it. */
void pd_match_emit(struct pd_store *, struct pd_rec *, enum pd_status);

/* Emits a record that nothing more can happen to, or holds it while the connection is provisional; it is no
 * longer the caller's. */
void pd_match_settle(const struct pd_party *, struct pd_rec *);

/* What a record whose connection ends is: see enum pd_status. */
enum pd_status pd_match_verdict(const struct pd_rec *);

/* Marks the beginning and the end of a message in its record. */
void pd_match_mark_response(struct pd_rec *, const struct pd_at *);
void pd_match_mark_response_end(struct pd_rec *, const struct pd_at *);
void pd_match_mark_request_part(struct pd_rec *, const struct pd_at *);
void pd_match_mark_request_end(struct pd_rec *, const struct pd_at *, bool oneway);

/* May a response that begins there answer this request? Its segment must acknowledge the request's first
 * byte, and it must not have been acknowledged before the request was sent. */
bool pd_match_fits(const struct pd_party *, const struct pd_rec *, const struct pd_at *);

/* Trust is back: bits leave match->hold; when none is left, what was held goes out. */
void pd_match_release(const struct pd_party *, uint8_t bits);
/* Trust is gone: what was held is dropped and counted. */
PD_COLD void pd_match_discard(const struct pd_party *);

struct pd_rec *pd_order_request(const struct pd_party *, const struct pd_at *, uint8_t kind, uint32_t owed,
                                bool *alone);
void pd_order_request_end(const struct pd_party *, const struct pd_at *, bool oneway);
struct pd_rec *pd_order_response(const struct pd_party *, const struct pd_at *);
void pd_order_response_end(const struct pd_party *, const struct pd_at *);
struct pd_rec *pd_order_resume(const struct pd_party *, const struct pd_at *);
void pd_order_lost(const struct pd_party *, uint8_t dir);
void pd_order_detach(const struct pd_party *, struct pd_rec *);
void pd_order_timeout(const struct pd_party *);
void pd_order_close(const struct pd_party *);

struct pd_rec *pd_key_request(const struct pd_party *, const struct pd_at *, uint8_t asked_by, uint64_t key);
void pd_key_request_end(const struct pd_party *, const struct pd_at *, bool oneway);
struct pd_rec *pd_key_response(const struct pd_party *, const struct pd_at *, uint64_t key);
void pd_key_response_end(const struct pd_party *, const struct pd_at *);
void pd_key_lost(const struct pd_party *, uint8_t dir);
void pd_key_detach(const struct pd_party *, struct pd_rec *);
void pd_key_adopt(const struct pd_party *, struct pd_rec *, uint64_t key);
void pd_key_timeout(const struct pd_party *);
void pd_key_close(const struct pd_party *);
/* Drops the oldest datagram request to make room; false when there is none. */
PD_COLD bool pd_key_evict(struct pd_pairing *);
#endif
