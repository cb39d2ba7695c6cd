/* net_fixture.h: a network of the test's own: a namespace with a loopback, veth pairs and tun devices, in
 * which nothing moves but what the test sends. Needs root or unprivileged user namespaces. */
#ifndef PD_SNIFFER_NET_FIXTURE_H
#define PD_SNIFFER_NET_FIXTURE_H
#include "sniffer/live.h"

/* Moves this process into a new namespace with its loopback up. False: no right to; says so on standard
 * error. */
bool net_enter(void);
/* Runs `ip` with these arguments; true when it succeeded. */
bool net_ip(const char *arguments);
/* Gives up every capability of this process, for good. */
bool net_drop_rights(void);
/* The index of that interface; the test fails when there is none. */
uint32_t net_index(const char *name);
uint64_t net_clock(void);

/* A UDP socket bound to 127.0.0.1:port (0: any). */
int net_udp(uint16_t port);
/* Sends len bytes, the first four of which are number, from that socket to 127.0.0.1:port. */
void net_send(int fd, uint16_t port, uint32_t number, size_t len);

/* Sends a frame as it is out of an interface. */
void net_frame(const char *name, const void *frame, size_t len);
/* Makes a tun device of that name and brings it up; what is written to the result comes out of it. */
int net_tun(const char *name);

/* An Ethernet frame (tags: VLAN ids, 0 ends; the first is the outer one) with IPv4 and UDP from 10.9.0.1:4000
 * to 10.9.0.2:port and eight bytes. Returns its length; of a raw IP packet when with_ethernet is false. */
size_t net_make_udp(uint8_t out[128], bool with_ethernet, const uint16_t *tags, uint16_t port);

/* What a source handed out, most of it at most once looked at. */
enum { NET_SEEN = 8192 };
struct net_seen {
    uint32_t count;
    struct net_packet {
        struct pd_packet packet; /* its payload is gone */
        uint32_t number;         /* the first four bytes of the payload */
    } at[NET_SEEN];
};

struct pd_live *net_open(const struct pd_live_engine *, const struct pd_live_config *, unsigned worker);
/* Polls until `expected` packets of TCP or UDP came, which may take NET_PATIENCE_MS where the machine is busy
 * with others, and then until nothing more came for quiet_ms. */
enum { NET_PATIENCE_MS = 10000 };
void net_collect(const struct pd_live_engine *, struct pd_live *, struct net_seen *, uint32_t expected,
                 int quiet_ms);
#endif
