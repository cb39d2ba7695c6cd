/* sync.c: is this AMQP, and where does a frame begin? A frame has a type, a channel and a size that fit
 * together, methods that exist and come from that side, and an end that is always the same byte. Bulk data
 * leaves few frames at a segment's start, so they are looked for behind each byte that may be another's end.
 */
#include "protocol/amqp/amqp.h"

enum { SURE_HEAD = PD_AMQP_HEAD + PD_AMQP_METHOD_HEAD };

/* What is known of a frame from its beginning. */
enum likeness { NOT, SHORT, LIKELY, SURELY };

static enum likeness method_like(struct pd_slice payload, const struct pd_amqp_frame *f, uint8_t dir)
{
    if (payload.len < PD_AMQP_METHOD_HEAD)
        return SHORT;
    const struct pd_amqp_method *m = pd_amqp_find(pd_be16(payload.p), pd_be16(payload.p + 2));
    bool fits = m && (m->by & (dir == PD_C2S ? PD_AMQP_BY_CLIENT : PD_AMQP_BY_SERVER)) &&
                (m->class_id == PD_AMQP_CONNECTION) == (f->channel == 0);
    return fits ? LIKELY : NOT;
}

static enum likeness frame_like(struct pd_slice in, uint8_t dir, uint32_t *total)
{
    struct pd_amqp_frame f;
    enum likeness like = LIKELY;

    if (in.len < PD_AMQP_HEAD)
        return SHORT;
    if (!pd_amqp_frame_read(in, &f))
        return NOT;
    struct pd_slice payload = {in.p + PD_AMQP_HEAD, in.len - PD_AMQP_HEAD};
    if (f.type == PD_AMQP_F_METHOD)
        like = method_like(payload, &f, dir);
    else if (f.type == PD_AMQP_F_HEADER && payload.len >= PD_AMQP_METHOD_HEAD)
        like = pd_be16(payload.p) == PD_AMQP_BASIC && !pd_be16(payload.p + 2) ? LIKELY : NOT;
    *total = f.size + PD_AMQP_FRAME_MIN;
    if (like != LIKELY || in.len < *total)
        return like;
    return in.p[*total - 1] == PD_AMQP_END ? SURELY : NOT;
}

/* A frame, and the next ones as far as they are in sight: a few are proof enough. */
static enum likeness frames_like(struct pd_slice in, uint8_t dir)
{
    enum { FRAMES = 3 };
    uint32_t total = 0;
    enum likeness first = frame_like(in, dir, &total), next = first;

    for (int i = 1; i < FRAMES && next == SURELY && in.len > total; i++) {
        in.p += total;
        in.len -= total;
        next = frame_like(in, dir, &total);
    }
    return next == NOT ? NOT : first;
}

bool pd_amqp_is_header(struct pd_slice in)
{
    return in.p[0] == 'A' && memcmp(in.p, "AMQP", in.len < 4 ? in.len : 4) == 0;
}

/* A client begins with the protocol header, a server with Start, or with its own header when it cannot speak
 * the client's version. */
static int detect(struct pd_slice in, const struct pd_look *look, uint8_t *confidence)
{
    uint32_t total;

    *confidence = PD_CERTAIN;
    if (pd_amqp_is_header(in))
        return in.len < PD_AMQP_FRAME_MIN ? PD_MORE : in.p[4] > 3 ? PD_NO : 0;
    if (look->dir == PD_C2S)
        return PD_NO;
    if (in.len < SURE_HEAD)
        return in.p[0] == PD_AMQP_F_METHOD ? PD_MORE : PD_NO;
    bool start = pd_be32(in.p + PD_AMQP_HEAD) == (PD_AMQP_CONNECTION << 16 | 10);
    return start && frame_like(in, PD_S2C, &total) != NOT ? 0 : PD_NO;
}

static int find_frame(struct pd_slice in, const struct pd_look *look, uint8_t *confidence)
{
    enum likeness like = frames_like(in, look->dir);
    const uint8_t *end = in.p + in.len;

    if (like == SHORT)
        return in.p[0] && in.p[0] <= PD_AMQP_F_HEARTBEAT ? PD_MORE : PD_NO;
    *confidence = like == SURELY ? PD_CERTAIN : PD_MAYBE;
    if (like != NOT)
        return 0;
    for (const uint8_t *p = in.p; (p = memchr(p, PD_AMQP_END, (size_t)(end - p)));) {
        p++;
        like = frames_like((struct pd_slice){p, (uint32_t)(end - p)}, look->dir);
        if (like == SURELY || (like == LIKELY && look->known)) {
            *confidence = PD_MAYBE;
            return (int)(p - in.p);
        }
    }
    return PD_NO;
}

int pd_amqp_sync(struct pd_slice in, const struct pd_look *look, uint8_t *confidence)
{
    if (!in.len)
        return PD_MORE;
    if (look->purpose == PD_DETECT)
        return detect(in, look, confidence);
    if (pd_amqp_is_header(in) && in.len >= PD_AMQP_FRAME_MIN) {
        *confidence = PD_CERTAIN;
        return 0;
    }
    return find_frame(in, look, confidence);
}
