/* filter.h: the capture filter as a classic BPF program, made of programs that libpcap compiled. They are
 * joined here, not as text: in libpcap's language `vlan` and `mpls` move the offsets of all that stands to
 * their right, so that "(X) or (vlan and X)" is no longer what it says when X holds such a word itself. */
#ifndef PD_SNIFFER_FILTER_H
#define PD_SNIFFER_FILTER_H
#include <pcap/pcap.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { PD_FILTER_INSNS = 4096 }; /* the most that kernels take (BPF_MAXINSNS) */

/* A program under construction: a row of stages. A packet that passes a stage goes on behind it; one that
 * does not is rejected there. Whoever builds it ends it with a `ret`. */
struct pd_filter {
    uint32_t count; /* instructions */
    bool full;      /* something did not fit: the program must not be used */
    struct bpf_insn insn[PD_FILTER_INSNS];
};

/* Appends one instruction and returns its place. jt and jf skip that many instructions. */
uint32_t pd_filter_put(struct pd_filter *, uint16_t code, uint32_t k, uint8_t jt, uint8_t jf);
/* Makes the jump at that place lead to the instruction that is appended next. */
void pd_filter_land(struct pd_filter *, uint32_t place);

/* The stages below are compiled for the link type of `compiler`, a live or dead handle that stays the
 * caller's. On Ethernet they look behind up to two VLAN tags that stand in the frame; tags that the kernel
 * took out do not disturb. In cooked frames only the rules' stage lets tagged ones pass. 0, or -EINVAL with
 * libpcap's words in err; the program is as before then. */

/* The user's expression. One that speaks of vlan, mpls, pppoes or geneve itself is taken literally. */
int pd_filter_user(struct pd_filter *, pcap_t *compiler, const char *expression, char *err, size_t errlen);
/* An expression made from rules about what is inside: tunnels, IP fragments, IPv6 extension headers and, on
 * Ethernet, MPLS and PPPoE pass as well, since only decoding tells what they carry. */
int pd_filter_narrow(struct pd_filter *, pcap_t *compiler, const char *expression, char *err, size_t errlen);

/* True when the expression holds that word. */
bool pd_filter_mentions(const char *expression, const char *word);
#endif
