/* community.c: the hash is over seed, the smaller end's address, the other's, transport, a zero and both
 * ports. */
#include "exporter/community.h"
#include <sha1.h>
#include <string.h>

enum { SEED_BYTES = 2, V4_BYTES = 4, INPUT_MAX = SEED_BYTES + 16 + 16 + 2 + 2 + 2 };

static int compare_ends(const struct pd_end *a, const struct pd_end *b)
{
    int order = memcmp(a->addr.b, b->addr.b, sizeof a->addr.b);

    return order ? order : a->port - b->port;
}

static uint8_t *put_addr(uint8_t *to, const struct pd_addr *a, size_t len)
{
    memcpy(to, a->b + sizeof a->b - len, len);
    return to + len;
}

static uint8_t *put_port(uint8_t *to, uint16_t port)
{
    *to++ = (uint8_t)(port >> 8);
    *to++ = (uint8_t)port;
    return to;
}

static void base64(char *to, const uint8_t *in, size_t len)
{
    static const char digit[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

    for (; len > 0; in += 3, len -= len < 3 ? len : 3) {
        unsigned v = (unsigned)in[0] << 16 | (len > 1 ? (unsigned)in[1] << 8 : 0) | (len > 2 ? in[2] : 0);
        *to++ = digit[v >> 18];
        *to++ = digit[v >> 12 & 63];
        *to++ = len > 1 ? digit[v >> 6 & 63] : '=';
        *to++ = len > 2 ? digit[v & 63] : '=';
    }
    *to = '\0';
}

void pd_community_id(char out[PD_COMMUNITY_TEXT], const struct pd_end *a, const struct pd_end *b,
                     uint8_t transport)
{
    const struct pd_end *low = compare_ends(a, b) <= 0 ? a : b, *high = low == a ? b : a;
    size_t len = pd_addr_is_v4(&a->addr) && pd_addr_is_v4(&b->addr) ? V4_BYTES : sizeof a->addr.b;
    uint8_t input[INPUT_MAX] = {0}, digest[SHA1_DIGEST_LENGTH], *to = input + SEED_BYTES;
    SHA1_CTX sha;

    to = put_addr(to, &low->addr, len);
    to = put_addr(to, &high->addr, len);
    *to++ = transport;
    *to++ = 0;
    to = put_port(to, low->port);
    to = put_port(to, high->port);
    SHA1Init(&sha);
    SHA1Update(&sha, input, (size_t)(to - input));
    SHA1Final(digest, &sha);
    out[0] = '1';
    out[1] = ':';
    base64(out + 2, digest, sizeof digest);
}
