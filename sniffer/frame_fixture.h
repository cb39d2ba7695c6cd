/* frame_fixture.h: hand-written frames. Each is decoded whole, and cut at every length in memory of exactly
 * that size, so that AddressSanitizer sees a read too far. */
#ifndef PD_SNIFFER_FRAME_FIXTURE_H
#define PD_SNIFFER_FRAME_FIXTURE_H
#include "sniffer/source.h"

enum { ETHERNET = 1, RAW_IP = 101, SLL = 113, SLL2 = 276 };

#define BE16(n) (uint8_t)((n) >> 8), (uint8_t)((n)&0xff)
#define TYPE(n) BE16(n)

/* destination, source */
#define MACS 0x02, 0x00, 0x00, 0x00, 0x00, 0x09, 0x02, 0x00, 0x00, 0x00, 0x00, 0x07

/* 10.0.0.7 > 10.0.0.9: version and header length, class, total length, id, flags and offset, time to live,
 * protocol, checksum (never looked at), source, destination. */
#define IPV4(total, place, protocol)                                                                         \
    0x45, 0x00, BE16(total), 0x12, 0x34, BE16(place), 0x40, protocol, 0x00, 0x00, 10, 0, 0, 7, 10, 0, 0, 9

/* fd00::7 > fd00::9: version, class and flow, payload length, next header, hop limit, source, destination. */
#define IPV6(length, next)                                                                                   \
    0x60, 0x00, 0x00, 0x00, BE16(length), next, 0x40, 0xfd, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 7,     \
        0xfd, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 9

/* 4096 > 80: ports, sequence, acknowledgement, offset and flags (PSH, ACK), window, checksum, urgent, "GET".
 */
#define TCP_PORTS_TO_ACK 0x10, 0x00, 0x00, 0x50, 0x01, 0x02, 0x03, 0x04, 0x05, 0x06, 0x07, 0x08
#define TCP TCP_PORTS_TO_ACK, 0x50, 0x18, 0x02, 0x00, 0x00, 0x00, 0x00, 0x00, 'G', 'E', 'T'
enum { TCP_LEN = 23 };

/* 4096 > port: ports, length, checksum. */
#define UDP(port, length) 0x10, 0x00, BE16(port), BE16(length), 0x00, 0x00

#define IPV4_TCP IPV4(20 + TCP_LEN, 0x4000, PD_TCP), TCP
#define IPV6_TCP IPV6(TCP_LEN, PD_TCP), TCP

/* Decodes a copy of exactly cap bytes; *out and *stats are fresh, the payload points into p. */
bool frame_decode(int linktype, const uint8_t *p, size_t cap, size_t wire, struct pd_packet *out,
                  struct pd_sniff_stats *stats);
uint64_t frame_reasons(const struct pd_sniff_stats *stats);
/* A packet, with nothing counted; then every cut of it. */
struct pd_packet frame_good(int linktype, const uint8_t *p, size_t len, uint8_t transport);
/* A frame around the segment above. */
struct pd_packet frame_good_tcp(int linktype, const uint8_t *p, size_t len, bool v6);
/* No packet, with exactly that reason counted. */
void frame_bad(int linktype, const uint8_t *p, size_t len, enum pd_sniff_counter why);

#define GOOD_TCP(linktype, v6, ...)                                                                          \
    frame_good_tcp(linktype, (const uint8_t[]){__VA_ARGS__}, sizeof((const uint8_t[]){__VA_ARGS__}), v6)
#define GOOD_UDP(linktype, ...)                                                                              \
    frame_good(linktype, (const uint8_t[]){__VA_ARGS__}, sizeof((const uint8_t[]){__VA_ARGS__}), PD_UDP)
#define BAD(why, linktype, ...)                                                                              \
    frame_bad(linktype, (const uint8_t[]){__VA_ARGS__}, sizeof((const uint8_t[]){__VA_ARGS__}), why)
#endif
