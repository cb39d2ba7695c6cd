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

/* Where no tunnel is, the short way for Ethernet gives what the steps make of the IPv4 packet in it. */
static void check_short_way(bool good, const struct pd_packet *out, const uint8_t *frame, uint32_t cap,
                            uint32_t wire)
{
    enum { IPV4 = 228, ETHER_HEADER = 14, PROTOCOL = 23 };
    struct pd_packet inner = {.ts = 0};
    struct pd_sniff_stats stats = {{0}};

    if (cap <= PROTOCOL || frame[12] != 0x08 || frame[13] != 0x00)
        return;
    if (frame[PROTOCOL] != PD_TCP && frame[PROTOCOL] != PD_UDP)
        return;
    bool also =
        pd_decode(IPV4, frame + ETHER_HEADER, cap - ETHER_HEADER, wire - ETHER_HEADER, &inner, &stats);
    if (out->link.tunnel || inner.link.tunnel)
        return;
    PD_ASSERT(good == also);
    if (!good)
        return;
    PD_ASSERT(memcmp(&out->src, &inner.src, sizeof inner.src) == 0);
    PD_ASSERT(memcmp(&out->dst, &inner.dst, sizeof inner.dst) == 0);
    PD_ASSERT(out->payload.p == inner.payload.p && out->payload.len == inner.payload.len);
    PD_ASSERT(out->wire_len == inner.wire_len && out->hash == inner.hash);
    PD_ASSERT(out->seq == inner.seq && out->ack == inner.ack);
    PD_ASSERT(out->transport == inner.transport && out->tcp_flags == inner.tcp_flags);
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
    if (linktype == 1)
        check_short_way(good, &out, frame, cap, wire);
    PD_ASSERT(pd_decode(linktype, frame, cap, wire, &again, &stats) == good && again.hash == out.hash);
    free(frame);
    return 0;
}
