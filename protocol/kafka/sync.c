/* sync.c: is this Kafka? A request's header says much: a length, a known api and version, a client id that is
 * text. A response's header is a length and a number, which says little: kafka.c then asks whether that
 * number was asked under. */
#include "protocol/kafka/kafka.h"

enum {
    LENGTH_BYTES = 4,
    REQUEST_MIN = 10,        /* api, version, correlation id, length of the client id */
    RESPONSE_MIN = 4,        /* correlation id */
    MESSAGE_MAX = 128 << 20, /* brokers take 100 MB */
    CLIENT_ID_MAX = 1024,
    TIMEOUT_MAX = 3600000, /* milliseconds */
    TO_COME = 4,           /* versions that newer clients may know */
    TOPICS_MAX = 10000
};

static bool is_text(const uint8_t *p, uint32_t n)
{
    for (uint32_t i = 0; i < n; i++)
        if (p[i] < ' ' || p[i] == 0x7f)
            return false;
    return true;
}

enum likeness { NOT, LIKE, NAMELESS, EXACTLY };

/* A response with a small correlation id begins like Produce, whose api is 0: more of that must fit. Behind
 * the client id: tagged fields (from version 9), transactional id (from 3), acks 2, timeout 4, number of
 * topics. */
static bool probe_produce(struct pd_slice in, int version, uint32_t named)
{
    bool cut = false, flexible = version >= 9;

    in.p += named;
    in.len -= named;
    if (flexible && pd_take_u8(&in, &cut) != 0)
        return false;
    uint32_t id = 0;
    if (flexible)
        id = pd_take_u8(&in, &cut);
    else if (version >= 3)
        id = pd_take_be16(&in, &cut) + 1U;
    id &= UINT16_MAX;
    if (id > in.len + 1)
        return false;
    in.p += id ? id - 1 : 0;
    in.len -= id ? id - 1 : 0;
    int16_t acks = (int16_t)pd_take_be16(&in, &cut);
    uint32_t timeout = pd_take_be32(&in, &cut);
    uint32_t topics = flexible ? pd_take_u8(&in, &cut) : pd_take_be32(&in, &cut);
    return !cut && acks >= -1 && acks <= 1 && timeout && timeout <= TIMEOUT_MAX && topics &&
           topics < TOPICS_MAX;
}

/* The request's header at in.p, as far as it is there. EXACTLY: it names its client; NAMELESS: it does not.
 */
static enum likeness probe_request(struct pd_slice in, uint32_t *length)
{
    *length = pd_be32(in.p);
    if (*length < REQUEST_MIN || *length > MESSAGE_MAX)
        return NOT;
    if (in.len < LENGTH_BYTES + REQUEST_MIN)
        return LIKE;
    const struct pd_kafka_api *api = pd_kafka_api_of((int16_t)pd_be16(in.p + 4));
    int16_t version = (int16_t)pd_be16(in.p + 6), named = (int16_t)pd_be16(in.p + 12);
    if (!api || version < 0 || version > api->newest + TO_COME || (int32_t)pd_be32(in.p + 8) < 0)
        return NOT;
    if (named < -1 || named > CLIENT_ID_MAX || (named > 0 && (uint32_t)named > *length - REQUEST_MIN))
        return NOT;
    uint32_t seen = in.len - LENGTH_BYTES - REQUEST_MIN, text = named > 0 ? (uint32_t)named : 0;
    if (!is_text(in.p + LENGTH_BYTES + REQUEST_MIN, text < seen ? text : seen))
        return NOT;
    if (!text)
        return NAMELESS;
    return seen >= text ? EXACTLY : LIKE;
}

static enum likeness probe_response(struct pd_slice in, uint32_t *length)
{
    *length = pd_be32(in.p);
    if (*length < RESPONSE_MIN || *length > MESSAGE_MAX)
        return NOT;
    if (in.len < LENGTH_BYTES + RESPONSE_MIN)
        return LIKE;
    return (int32_t)pd_be32(in.p + LENGTH_BYTES) < 0 ? NOT : LIKE;
}

/* The header at in.p and the next one's, where it is in sight. ends: so does the slice. */
static enum likeness probe(struct pd_slice in, uint8_t dir, bool *ends)
{
    enum likeness (*look)(struct pd_slice, uint32_t *) = dir == PD_C2S ? probe_request : probe_response;
    uint32_t length, next;
    enum likeness like = look(in, &length);

    if (like == NOT)
        return NOT;
    length += LENGTH_BYTES;
    *ends = length == in.len;
    if (in.len <= length)
        return like;
    struct pd_slice rest = {in.p + length, in.len - length};
    if (rest.len < LENGTH_BYTES)
        return like;
    enum likeness behind = look(rest, &next);
    *ends = behind == EXACTLY;
    return behind == NOT ? NOT : like;
}

int pd_kafka_sync(struct pd_slice in, const struct pd_look *look, uint8_t *confidence)
{
    bool ends = false;

    if (in.len < LENGTH_BYTES)
        return PD_MORE;
    enum likeness like = probe(in, look->dir, &ends);
    if (like == NOT)
        return PD_NO;
    if (in.len < LENGTH_BYTES + (look->dir == PD_C2S ? REQUEST_MIN : RESPONSE_MIN))
        return PD_MORE;
    *confidence = PD_MAYBE;
    if (look->dir == PD_C2S && like == EXACTLY && (ends || look->known))
        *confidence = PD_CERTAIN;
    if (look->dir == PD_C2S && !look->known && pd_be16(in.p + 4) == PD_KAFKA_PRODUCE) {
        uint16_t named = pd_be16(in.p + 12);
        struct pd_slice rest = {in.p + LENGTH_BYTES + REQUEST_MIN, in.len - LENGTH_BYTES - REQUEST_MIN};
        return like == EXACTLY && probe_produce(rest, pd_be16(in.p + 6), named) ? 0 : PD_NO;
    }
    /* Within records, numbers often look like a request without a client id. */
    if (look->dir == PD_C2S && like == NAMELESS && look->purpose != PD_DETECT && !ends)
        return PD_NO;
    /* Elsewhere, such a request is much like what other protocols begin with, but for one. */
    if (look->dir == PD_C2S && like != EXACTLY && !look->known && pd_be16(in.p + 4) != PD_KAFKA_API_VERSIONS)
        return PD_NO;
    return 0;
}
