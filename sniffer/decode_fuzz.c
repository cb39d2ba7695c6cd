/* decode_fuzz.c: any bytes as a frame. The first byte picks the link type, the second how much longer the
 * frame was on the wire; what comes out must hold together. */
#include "base/check.h"
#include "sniffer/source.h"
#include <stdlib.h>

static const int linktypes[] = {0,   1,   9,   10,  12,  14,  50,  51,  101,
                                104, 108, 113, 219, 228, 229, 239, 276, 105};

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(bool good, const struct pd_packet *out, const struct pd_sniff_stats *stats,
                  const uint8_t *frame, uint32_t cap, uint32_t wire)
{
    uint64_t reasons = 0;

    for (int i = 0; i < PD_S_COUNT; i++)
        reasons += stats->n[i];
    if (!good) {
        PD_ASSERT(out->transport == 0 && out->payload.len == 0 && out->wire_len == 0);
        PD_ASSERT(reasons == 1 || (reasons == 0 && wire > cap));
        return;
    }
    PD_ASSERT(reasons == 0);
    PD_ASSERT(out->transport == PD_TCP || out->transport == PD_UDP);
    PD_ASSERT(out->payload.len <= out->wire_len && out->wire_len <= 1 << 20);
    PD_ASSERT(out->payload.p >= frame && out->payload.p + out->payload.len <= frame + cap);
    PD_ASSERT(out->link.vlan < 4096 && out->link.tunnel <= PD_TUNNEL_IPIP);
}

/* Of the IPv4 packet with TCP or UDP in a frame that takes a short way; cap when there is none. */
static uint32_t ipv4_at(int linktype, const uint8_t *frame, uint32_t cap)
{
    enum { ETHERNET = 1, RAW = 101, ETHER_HEADER = 14, TAG = 4, PROTOCOL = 9 };
    uint32_t at = linktype == ETHERNET ? ETHER_HEADER : linktype == RAW ? 0 : cap;

    if (at == ETHER_HEADER && cap > at + TAG && pd_be16(frame + at - 2) == 0x8100)
        at += TAG;
    if (cap <= at + PROTOCOL || frame[at] >> 4 != 4 || (at && pd_be16(frame + at - 2) != 0x0800))
        return cap;
    return frame[at + PROTOCOL] == PD_TCP || frame[at + PROTOCOL] == PD_UDP ? at : cap;
}

/* Where no tunnel is, a short way gives what the steps make of the IPv4 packet alone. */
static void check_short_way(bool good, const struct pd_packet *out, const uint8_t *ipv4, uint32_t cap,
                            uint32_t wire)
{
    enum { IPV4 = 228 };
    struct pd_packet steps = {.ts = 0};
    struct pd_sniff_stats stats = {{0}};
    bool also = pd_decode(IPV4, ipv4, cap, wire, &steps, &stats);

    if (out->link.tunnel || steps.link.tunnel)
        return;
    PD_ASSERT(good == also);
    if (!good)
        return;
    PD_ASSERT(memcmp(&out->src, &steps.src, sizeof steps.src) == 0);
    PD_ASSERT(memcmp(&out->dst, &steps.dst, sizeof steps.dst) == 0);
    PD_ASSERT(out->payload.p == steps.payload.p && out->payload.len == steps.payload.len);
    PD_ASSERT(out->wire_len == steps.wire_len && out->hash == steps.hash);
    PD_ASSERT(out->seq == steps.seq && out->ack == steps.ack);
    PD_ASSERT(out->transport == steps.transport && out->tcp_flags == steps.tcp_flags);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct pd_packet out = {.ts = 0}, again = {.ts = 0};
    struct pd_sniff_stats stats = {{0}};

    if (size < 2)
        return 0;
    int linktype = linktypes[data[0] % (sizeof linktypes / sizeof linktypes[0])];
    uint32_t cap = (uint32_t)size - 2, wire = cap + data[1] * 64u;
    uint8_t *frame = malloc(cap ? cap : 1); /* apart, so that AddressSanitizer sees a read too far */
    PD_ASSERT(frame);
    memcpy(frame, data + 2, cap);
    bool good = pd_decode(linktype, frame, cap, wire, &out, &stats);
    check(good, &out, &stats, frame, cap, wire);
    uint32_t at = ipv4_at(linktype, frame, cap);
    if (at < cap)
        check_short_way(good, &out, frame + at, cap - at, wire - at);
    PD_ASSERT(pd_decode(linktype, frame, cap, wire, &again, &stats) == good && again.hash == out.hash);
    free(frame);
    return 0;
}
