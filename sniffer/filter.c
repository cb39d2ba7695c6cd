/* filter.c: stages of alternatives. Each alternative is a program by libpcap whose returns become jumps:
 * accepted means out of the stage, rejected means on to the next alternative. */
#include "sniffer/filter.h"
#include "base/check.h"
#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define JUMP (BPF_JMP | BPF_JA)
#define RETURN (BPF_RET | BPF_K)

/* Where a jump leads that is not known yet. Programs are shorter. */
#define TO_STAGE_END UINT32_MAX

#define TAGGED "(ether proto 0x8100 or ether proto 0x88a8 or ether proto 0x9100)"

/* VXLAN on its two ports, Geneve, GRE, IP in IP; fragments; IPv6 extension headers, which libpcap does not
 * follow: hop-by-hop, routing, fragment, destination, mobility. */
#define OPAQUE_IP                                                                                            \
    "udp port 4789 or udp port 8472 or udp port 6081"                                                        \
    " or ip proto 47 or ip proto 4 or ip proto 41 or ip[6:2] & 0x1fff != 0"                                  \
    " or ip6 proto 47 or ip6 proto 4 or ip6 proto 41"                                                        \
    " or ip6[6] = 0 or ip6[6] = 43 or ip6[6] = 44 or ip6[6] = 60 or ip6[6] = 135"
#define OPAQUE_ETHER " or ether proto 0x8847 or ether proto 0x8848 or ether proto 0x8864"

uint32_t pd_filter_put(struct pd_filter *f, uint16_t code, uint32_t k, uint8_t jt, uint8_t jf)
{
    if (f->count == PD_FILTER_INSNS) {
        f->full = true;
        return f->count - 1;
    }
    f->insn[f->count] = (struct bpf_insn){code, jt, jf, k};
    return f->count++;
}

void pd_filter_land(struct pd_filter *f, uint32_t place)
{
    PD_ASSERT(place < f->count);
    f->insn[place].k = f->count - place - 1;
}

bool pd_filter_mentions(const char *expression, const char *word)
{
    size_t len = strlen(word);

    for (const char *at = expression; (at = strstr(at, word)) != NULL; at += len) {
        bool starts = at == expression || !isalnum((unsigned char)at[-1]);
        if (starts && !isalnum((unsigned char)at[len]))
            return true;
    }
    return false;
}

/* Appends what `expression` compiles to as one alternative of the stage that is being built. */
static int add_alternative(struct pd_filter *f, pcap_t *compiler, const char *expression)
{
    struct bpf_program program;

    if (pcap_compile(compiler, &program, expression, 1, PCAP_NETMASK_UNKNOWN) != 0)
        return -EINVAL;
    for (uint32_t i = 0; i < program.bf_len; i++) {
        const struct bpf_insn *in = &program.bf_insns[i];
        if (in->code != RETURN)
            pd_filter_put(f, in->code, in->k, in->jt, in->jf);
        else
            pd_filter_put(f, JUMP, in->k ? TO_STAGE_END : program.bf_len - i - 1, 0, 0);
    }
    pcap_freecode(&program);
    return 0;
}

static void end_stage(struct pd_filter *f, uint32_t start)
{
    pd_filter_put(f, RETURN, 0, 0, 0);
    for (uint32_t i = start; i < f->count; i++) {
        if (f->insn[i].code == JUMP && f->insn[i].k == TO_STAGE_END)
            pd_filter_land(f, i);
    }
}

/* One alternative for each number of tags in the frame. Says that X must not be asked of a tagged frame at
 * the untagged place: with a "not" inside it would be true of every tagged frame. */
static int add_by_tags(struct pd_filter *f, pcap_t *compiler, const char *expression)
{
    static const char *const frames[] = {"not " TAGGED, "vlan and not " TAGGED, "vlan and vlan"};

    for (unsigned i = 0; i < sizeof(frames) / sizeof(frames[0]); i++) {
        char *text;
        if (asprintf(&text, "%s and (%s)", frames[i], expression) < 0)
            return -ENOMEM;
        int rc = add_alternative(f, compiler, text);
        free(text);
        if (rc != 0 && i == 0) /* behind tags alone it may be impossible, and then has no alternative there */
            return rc;
    }
    return 0;
}

static bool moves_offsets(const char *expression)
{
    static const char *const words[] = {"vlan", "mpls", "pppoes", "pppoed", "geneve"};

    for (unsigned i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
        if (pd_filter_mentions(expression, words[i]))
            return true;
    }
    return false;
}

/* The expression must hold by itself before it is put in brackets: "tcp) or (udp" does not. */
static int check_alone(pcap_t *compiler, const char *expression, char *err, size_t errlen)
{
    struct bpf_program program;

    if (pcap_compile(compiler, &program, expression, 1, PCAP_NETMASK_UNKNOWN) != 0) {
        snprintf(err, errlen, "filter '%s': %s", expression, pcap_geterr(compiler));
        return -EINVAL;
    }
    pcap_freecode(&program);
    return 0;
}

int pd_filter_user(struct pd_filter *f, pcap_t *compiler, const char *expression, char *err, size_t errlen)
{
    uint32_t start = f->count;
    bool plain = pcap_datalink(compiler) != DLT_EN10MB || moves_offsets(expression);

    if (check_alone(compiler, expression, err, errlen) != 0)
        return -EINVAL;
    /* What cannot be true of IP behind no, one or two tags, such as "ether proto 0x8100", is taken literally.
     */
    if ((plain || add_by_tags(f, compiler, expression) != 0) &&
        add_alternative(f, compiler, expression) != 0) {
        snprintf(err, errlen, "filter '%s': %s", expression, pcap_geterr(compiler));
        f->count = start;
        return -EINVAL;
    }
    end_stage(f, start);
    return 0;
}

int pd_filter_narrow(struct pd_filter *f, pcap_t *compiler, const char *expression, char *err, size_t errlen)
{
    uint32_t start = f->count;
    int linktype = pcap_datalink(compiler);
    char *text = NULL;

    if (check_alone(compiler, expression, err, errlen) != 0)
        return -EINVAL;
    /* Cooked frames have an EtherType but libpcap looks behind no tag in them: tagged ones pass. */
    if (asprintf(&text, "(%s) or " OPAQUE_IP "%s", expression,
                 linktype == DLT_EN10MB                                    ? OPAQUE_ETHER
                 : linktype == DLT_LINUX_SLL || linktype == DLT_LINUX_SLL2 ? OPAQUE_ETHER " or " TAGGED
                                                                           : "") < 0) {
        snprintf(err, errlen, "filter: no memory");
        return -ENOMEM;
    }
    int rc = linktype == DLT_EN10MB ? add_by_tags(f, compiler, text) : add_alternative(f, compiler, text);
    free(text);
    if (rc != 0) {
        snprintf(err, errlen, "filter '%s': %s", expression, pcap_geterr(compiler));
        f->count = start;
        return rc;
    }
    end_stage(f, start);
    return 0;
}
