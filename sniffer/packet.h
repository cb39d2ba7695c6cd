/* packet.h: what a sniffer hands to a worker: one transport segment or datagram, decoded. Everything points
 * into the capture buffer and dies when the callback returns. */
#ifndef PD_SNIFFER_PACKET_H
#define PD_SNIFFER_PACKET_H
#include "base/addr.h"
#include "base/slice.h"

enum pd_tcp_flag { PD_FIN = 0x01, PD_SYN = 0x02, PD_RST = 0x04, PD_PSH = 0x08, PD_ACK = 0x10 };

struct pd_packet {
    uint64_t ts;            /* ns since the epoch, from the capture, never from a clock */
    uint64_t ordinal;       /* 1 for the first packet of the run; in files Wireshark's frame.number */
    struct pd_end src, dst; /* as sent */
    struct pd_link link;
    uint8_t transport; /* enum pd_transport; 0: nothing for a worker but the time */
    uint8_t tcp_flags;
    uint32_t seq, ack;       /* TCP only */
    struct pd_slice payload; /* what was captured of the transport's payload */
    uint32_t wire_len;       /* its length on the wire: more than payload.len when it was cut short */
    uint32_t hash;           /* of the two ends, the same in both directions: picks the worker */
};
#endif
