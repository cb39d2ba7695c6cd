/* addr.h: who talks to whom. IPv4 addresses are kept as ::ffff:a.b.c.d, so that there is one kind. */
#ifndef PD_BASE_ADDR_H
#define PD_BASE_ADDR_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct pd_addr {
    uint8_t b[16]; /* network byte order */
};

struct pd_end {
    struct pd_addr addr;
    uint16_t port; /* host byte order */
};

/* IP protocol numbers; a protocol's `transports` holds PD_ON_TCP, PD_ON_UDP. */
enum pd_transport { PD_TCP = 6, PD_UDP = 17 };

enum { PD_ADDR_TEXT = 46 };

/* Where on the link a packet was seen. Zero means: none, unknown. */
enum pd_tunnel_kind { PD_TUNNEL_NONE, PD_TUNNEL_VXLAN, PD_TUNNEL_GENEVE, PD_TUNNEL_GRE, PD_TUNNEL_IPIP };

struct pd_link {
    uint32_t iface; /* the kernel's interface index (live, SLL2), else the capture file's interface number */
    uint32_t tunnel_id; /* VNI or GRE key of the innermost tunnel */
    uint16_t vlan;      /* the innermost VLAN id */
    uint8_t tunnel;     /* enum pd_tunnel_kind, the innermost */
};

/* True for ::ffff:0:0/96. */
bool pd_addr_is_v4(const struct pd_addr *a);

/* Prints a in its usual form (RFC 5952, dotted for IPv4) with a final NUL; returns the length without it. */
size_t pd_addr_print(char out[PD_ADDR_TEXT], const struct pd_addr *a);

/* The same of an IPv4 address alone, without a NUL. */
enum { PD_ADDR_V4 = 4 };
size_t pd_addr_print_v4(char out[PD_ADDR_TEXT], const uint8_t b[PD_ADDR_V4]);

/* Reads an IPv4 or IPv6 address; false when text is none. */
bool pd_addr_parse(struct pd_addr *out, const char *text);

/* True for 224.0.0.0/4, 255.255.255.255 and ff00::/8. */
bool pd_addr_is_multicast(const struct pd_addr *a);

/* "vxlan", "geneve", "gre", "ipip"; NULL for none. */
const char *pd_tunnel_name(uint8_t kind);
#endif
