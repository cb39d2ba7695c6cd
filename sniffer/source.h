/* source.h: where packets come from. A source fills batches; who asks for a batch decides about threads. */
#ifndef PD_SNIFFER_SOURCE_H
#define PD_SNIFFER_SOURCE_H
#include "sniffer/packet.h"

enum { PD_BATCH_PACKETS = 512 };

struct pd_batch {
    uint32_t count;
    struct pd_packet packet[PD_BATCH_PACKETS];
    uint8_t *block;           /* files: the bytes that the packets point into; owned by the batch */
    size_t block_size;        /* bytes */
    struct pd_window *window; /* mapped files: what they point into instead; a reference, or NULL */
};

/* X(symbol, name, help): what decoding met. Nothing is dropped without one of these. */
#define PD_SNIFF_COUNTERS(X)                                                                                 \
    X(PACKETS, "packets", "packets captured")                                                                \
    X(BYTES, "bytes", "bytes captured")                                                                      \
    X(DROPPED, "dropped", "packets that the kernel dropped because the ring was full")                       \
    X(FREEZES, "ring_freezes", "times the ring was full")                                                    \
    X(CUT, "cut", "packets longer than the snap length")                                                     \
    X(MALFORMED, "malformed", "packets whose headers do not hold together")                                  \
    X(NOT_IP, "not_ip", "frames that carry no IP")                                                           \
    X(FRAGMENTS, "fragments", "IP fragments after the first")                                                \
    X(ENCRYPTED, "esp", "ESP packets")                                                                       \
    X(ICMP, "icmp", "ICMP and ICMPv6 packets")                                                               \
    X(SCTP, "sctp", "SCTP packets")                                                                          \
    X(OTHER_TRANSPORT, "other_transport", "IP packets of other transports")                                  \
    X(TUNNEL_DEPTH, "tunnel_depth", "packets in more than four tunnels")                                     \
    X(OUTGOING_COPY, "outgoing_copy", "loopback packets seen a second time")                                 \
    X(FILTERED, "filtered", "packets of files that the capture filter left out")                             \
    X(LINKTYPE, "unknown_linktype", "packets of an interface whose link type is not known")

#define X(symbol, name, help) PD_S_##symbol,
enum pd_sniff_counter { PD_SNIFF_COUNTERS(X) PD_S_COUNT };
#undef X
extern const char *const pd_sniff_counter_names[PD_S_COUNT];
extern const char *const pd_sniff_counter_help[PD_S_COUNT];

struct pd_sniff_stats {
    uint64_t n[PD_S_COUNT];
};

/* Decodes one link-layer frame. p: cap bytes captured of wire bytes. Fills everything of *out but ts, ordinal
 * and link.iface (which SLL2 does fill). The caller counts PACKETS, BYTES and CUT (wire > cap). Returns
 * false, with out->transport 0, no payload and one counter, when the packet carries no TCP or UDP; no counter
 * when the cut that the caller counts hides the headers. Never reads past cap; any bytes are safe. A VLAN tag
 * that the kernel took off is the caller's: it sets link.vlan afterwards when that is 0. */
bool pd_decode(int linktype, const uint8_t *p, uint32_t cap, uint32_t wire, struct pd_packet *out,
               struct pd_sniff_stats *stats);
/* True when pd_decode() knows that link type (a DLT_ / LINKTYPE_ number of capture files). */
bool pd_decode_knows(int linktype);
#endif
