/* redis.c: what the engine sees of this protocol. Commands and replies pair by order; pushes, which nobody
 * asked for, come between replies. */
#include "protocol/redis/redis.h"

static void start(struct pd_conn *c, struct pd_half *h)
{
    struct pd_redis_conn *s = pd_state(c);

    if (!s->started_c && !s->started_s) {
        s->db = -1;
        s->monitoring = !pd_conn_from_start(c);
    }
    if (h->dir == PD_C2S)
        pd_redis_request_start(c, h);
    else
        pd_redis_reply_start(c, h);
}

static uint32_t step(struct pd_conn *c, struct pd_half *h, struct pd_slice in)
{
    return h->dir == PD_C2S ? pd_redis_request_step(c, h, in) : pd_redis_reply_step(c, h, in);
}

static enum pd_verdict lost(struct pd_conn *c, struct pd_half *h, enum pd_lost why, uint64_t n)
{
    (void)n;
    if (why == PD_FRAME_GAP)
        return PD_INCOMPLETE_MESSAGE;
    if (why == PD_FEED_GAP)
        return PD_LOST;
    if (h->dir == PD_C2S)
        pd_redis_request_lost(c);
    else
        pd_redis_reply_lost(c);
    return PD_LOST;
}

static void close_conn(struct pd_conn *c)
{
    pd_redis_request_lost(c);
}

extern const struct pd_proto pd_proto_redis;
const struct pd_proto pd_proto_redis = {
    .schema = &pd_redis_schema,
    .ports = (const uint16_t[]){6379, 0},
    .transports = PD_ON_TCP,
    .match = PD_BY_ORDER,
    .conn_size = sizeof(struct pd_redis_conn),
    .sync = pd_redis_sync,
    .start = start,
    .step = step,
    .lost = lost,
    .close = close_conn,
};
