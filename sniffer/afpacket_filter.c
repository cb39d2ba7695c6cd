/* afpacket_filter.c: one program for all frames that a packet socket sees. It asks the kernel for a frame's
 * interface and kind first. Ethernet has offsets from the frame's start; whatever else carries IP has them
 * from the IP header, so that one program in terms of raw IP serves PPP, tun, GRE and all the rest. */
#include "sniffer/afpacket_filter.h"
#include <errno.h>
#include <linux/filter.h>
#include <linux/if_packet.h>
#include <net/if_arp.h>
#include <stdio.h>
#include <string.h>

#define LOAD (BPF_LD | BPF_W | BPF_ABS)
#define IF_EQUAL (BPF_JMP | BPF_JEQ | BPF_K)
#define JUMP (BPF_JMP | BPF_JA)
#define RETURN (BPF_RET | BPF_K)
#define UDP_TUNNELS "udp port 4789 or udp port 8472 or udp port 6081"
#define META(what) ((uint32_t)(SKF_AD_OFF + (what)))

/* Loopback shows each packet when it is sent and when it is received; the second one is enough. */
static void put_loopback(struct pd_filter *f)
{
    pd_filter_put(f, LOAD, META(SKF_AD_PKTTYPE), 0, 0);
    pd_filter_put(f, IF_EQUAL, PACKET_OUTGOING, 0, 3);
    pd_filter_put(f, LOAD, META(SKF_AD_HATYPE), 0, 0);
    pd_filter_put(f, IF_EQUAL, ARPHRD_LOOPBACK, 0, 1);
    pd_filter_put(f, RETURN, 0, 0, 0);
}

static void put_interfaces(struct pd_filter *f, const struct pd_live_choice *choice)
{
    uint32_t out[PD_IFACES_MAX], outs = 0;

    if (choice->any || choice->count == 1)
        return;
    pd_filter_put(f, LOAD, META(SKF_AD_IFINDEX), 0, 0);
    for (unsigned i = 0; i < choice->ifaces.count; i++) {
        if (!choice->picked[i])
            continue;
        pd_filter_put(f, IF_EQUAL, choice->ifaces.iface[i].index, 0, 1);
        out[outs++] = pd_filter_put(f, JUMP, 0, 0, 0);
    }
    pd_filter_put(f, RETURN, 0, 0, 0);
    for (uint32_t i = 0; i < outs; i++)
        pd_filter_land(f, out[i]);
}

static bool loads_packet(const struct bpf_insn *in)
{
    uint16_t class = in->code & 0x07, mode = in->code & 0xe0;

    return (class == BPF_LD && (mode == BPF_ABS || mode == BPF_IND)) || (class == BPF_LDX && mode == BPF_MSH);
}

/* From offsets in a raw IP packet to offsets from the IP header of any frame. */
static void from_network(struct pd_filter *f, uint32_t start)
{
    for (uint32_t i = start; i < f->count; i++) {
        if (loads_packet(&f->insn[i]))
            f->insn[i].k += (uint32_t)SKF_NET_OFF;
    }
}

/* From offsets in a tagged frame to those in the same frame after the kernel took the tag out: type and tag
 * are kept beside it, the rest moved up. False for a load that mixes them. */
static bool from_untagged(struct pd_filter *f, uint32_t start)
{
    for (uint32_t i = start; i < f->count; i++) {
        struct bpf_insn *in = &f->insn[i];
        uint32_t size = (in->code & 0x18) == BPF_W ? 4 : (in->code & 0x18) == BPF_H ? 2 : 1;
        if (!loads_packet(in) || in->k + size <= 12)
            continue;
        if (in->k >= 16) {
            in->k -= 4;
            continue;
        }
        if (in->code != (BPF_LD | BPF_H | BPF_ABS) || (in->k != 12 && in->k != 14))
            return false;
        in->code = LOAD;
        in->k = in->k == 12 ? META(SKF_AD_VLAN_TPID) : META(SKF_AD_VLAN_TAG);
    }
    return true;
}

/* The user's stage. An expression that names VLANs means them whether the kernel took the tag out or not. */
static int put_user(struct pd_filter *f, pcap_t *compiler, const char *expression, char *err, size_t errlen)
{
    if (pcap_datalink(compiler) != DLT_EN10MB || !pd_filter_mentions(expression, "vlan"))
        return pd_filter_user(f, compiler, expression, err, errlen);
    pd_filter_put(f, LOAD, META(SKF_AD_VLAN_TAG_PRESENT), 0, 0);
    pd_filter_put(f, IF_EQUAL, 0, 0, 1);
    uint32_t whole = pd_filter_put(f, JUMP, 0, 0, 0);
    uint32_t start = f->count;
    int rc = pd_filter_user(f, compiler, expression, err, errlen);
    if (rc != 0)
        return rc;
    if (!from_untagged(f, start)) {
        snprintf(err, errlen, "filter '%s': reads bytes across a VLAN tag", expression);
        return -EINVAL;
    }
    uint32_t done = pd_filter_put(f, JUMP, 0, 0, 0);
    pd_filter_land(f, whole);
    rc = pd_filter_user(f, compiler, expression, err, errlen);
    pd_filter_land(f, done);
    return rc;
}

static int put_share(struct pd_filter *f, pcap_t *compiler, enum pd_afpacket_share share, char *err,
                     size_t errlen)
{
    static const char *const expressions[] = {
        [PD_SHARE_NO_UDP_TUNNELS] = "not (" UDP_TUNNELS ")",
        [PD_SHARE_UDP_TUNNELS] = UDP_TUNNELS,
    };

    return share == PD_SHARE_ALL ? 0 : pd_filter_user(f, compiler, expressions[share], err, errlen);
}

/* What a filter for one kind of frames is made from. */
struct wish {
    const struct pd_live_config *config;
    enum pd_afpacket_share share;
    bool narrow;
};

/* The stages for frames of one kind, up to and with the last `ret`. */
static int put_kind(struct pd_filter *f, const struct wish *wish, int linktype, char *err, size_t errlen)
{
    const struct pd_live_config *config = wish->config;
    uint32_t start = f->count, snaplen = config->snaplen ? config->snaplen : PD_LIVE_SNAPLEN;
    pcap_t *compiler = pcap_open_dead(linktype, PD_LIVE_SNAPLEN);
    int rc;

    if (!compiler) {
        snprintf(err, errlen, "filter: no memory");
        return -ENOMEM;
    }
    rc = put_share(f, compiler, wish->share, err, errlen);
    if (rc == 0 && config->filter)
        rc = put_user(f, compiler, config->filter, err, errlen);
    if (rc == 0 && config->ipv)
        rc = pd_filter_narrow(f, compiler, config->ipv == 4 ? "ip" : "ip6", err, errlen);
    if (rc == 0 && config->narrow && wish->narrow)
        rc = pd_filter_narrow(f, compiler, config->narrow, err, errlen);
    pcap_close(compiler);
    if (rc == 0 && linktype == DLT_RAW)
        from_network(f, start);
    if (rc != 0)
        f->count = start;
    pd_filter_put(f, RETURN, rc == 0 ? snaplen : 0, 0, 0);
    return rc;
}

static int put_all(struct pd_filter *f, const struct wish *wish, const struct pd_live_choice *choice,
                   char *err, size_t errlen)
{
    bool ether = choice->any, other = choice->any;
    char ignored[256];

    for (unsigned i = 0; i < choice->ifaces.count; i++) {
        ether = ether || (choice->picked[i] && choice->ifaces.iface[i].linktype == DLT_EN10MB);
        other = other || (choice->picked[i] && choice->ifaces.iface[i].linktype != DLT_EN10MB);
    }
    f->count = 0;
    f->full = false;
    put_loopback(f);
    put_interfaces(f, choice);
    pd_filter_put(f, LOAD, META(SKF_AD_HATYPE), 0, 0);
    pd_filter_put(f, IF_EQUAL, ARPHRD_ETHER, 2, 0);
    pd_filter_put(f, IF_EQUAL, ARPHRD_LOOPBACK, 1, 0);
    uint32_t others = pd_filter_put(f, JUMP, 0, 0, 0);
    int rc_ether = put_kind(f, wish, DLT_EN10MB, err, errlen);
    pd_filter_land(f, others);
    /* Words about Ethernet's are the better ones when both kinds are asked for. */
    int rc_other = put_kind(f, wish, DLT_RAW, ether ? ignored : err, ether ? sizeof(ignored) : errlen);
    if ((ether && rc_ether == 0) || (other && rc_other == 0))
        return 0;
    return ether ? rc_ether : rc_other;
}

int pd_afpacket_filter(struct pd_filter *f, const struct pd_live_config *config,
                       const struct pd_live_choice *choice, enum pd_afpacket_share share, char *err,
                       size_t errlen)
{
    struct wish wish = {.config = config, .share = share, .narrow = true};
    int rc = put_all(f, &wish, choice, err, errlen);

    if (rc == 0 && f->full) {
        wish.narrow = false;
        rc = put_all(f, &wish, choice, err, errlen);
    }
    if (rc == 0 && f->full) {
        snprintf(err, errlen, "filter '%s': too long for the kernel", config->filter ? config->filter : "");
        return -EINVAL;
    }
    return rc;
}
