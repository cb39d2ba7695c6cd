/* file_filter.c: capture filters on packets of files. The expression is compiled once for each link type that
 * the file shows, and libpcap's interpreter runs it. */
#include "sniffer/filter.h"
#include "sniffer/reader.h"
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { LINKTYPE_RAW_IP = 101, LINKTYPE_RAW_OPENBSD = 14 };

/* Files have numbers of their own for what systems never agreed on; of those that are read here, only raw IP.
 */
static int to_dlt(int linktype)
{
    return linktype == LINKTYPE_RAW_IP || linktype == LINKTYPE_RAW_OPENBSD ? DLT_RAW : linktype;
}

void pd_linktype_print(char *to, size_t size, int linktype)
{
    const char *name = pcap_datalink_val_to_name(to_dlt(linktype));

    if (linktype < 0)
        snprintf(to, size, "packets without an interface block");
    else if (name)
        snprintf(to, size, "%s (%d)", name, linktype);
    else
        snprintf(to, size, "%d", linktype);
}

/* Makes the program of a whole filter. 0, or a negative errno with the reason. */
static int join(struct pd_filter *filter, pcap_t *dead, const char *expression, struct bpf_program *to,
                char *err, size_t errlen)
{
    int rc = pd_filter_user(filter, dead, expression, err, errlen);

    if (rc < 0)
        return rc;
    pd_filter_put(filter, BPF_RET | BPF_K, PD_FILE_SNAPLEN, 0, 0);
    if (filter->full) {
        snprintf(err, errlen, "filter '%s': it is too long", expression);
        return -EINVAL;
    }
    size_t bytes = filter->count * sizeof *filter->insn;
    *to = (struct bpf_program){.bf_len = filter->count, .bf_insns = malloc(bytes)};
    if (!to->bf_insns) {
        snprintf(err, errlen, "filter '%s': no memory", expression);
        return -ENOMEM;
    }
    memcpy(to->bf_insns, filter->insn, bytes);
    return 0;
}

/* The same meaning as in a live capture: tags in the frame do not hide what is behind them. 0, or -EINVAL
 * with the reason. */
static int compile(int linktype, const char *expression, struct bpf_program *to, char *err, size_t errlen)
{
    pcap_t *dead = pcap_open_dead(to_dlt(linktype), PD_FILE_SNAPLEN);
    struct pd_filter *filter = calloc(1, sizeof *filter);
    int rc = -EINVAL;

    if (!dead || !filter) {
        snprintf(err, errlen, "filter '%s': no memory", expression);
    } else if (join(filter, dead, expression, to, err, errlen) < 0) {
        char name[64];
        size_t used = strlen(err);
        pd_linktype_print(name, sizeof name, linktype);
        snprintf(err + used, errlen - used, " (link type %s)", name);
    } else {
        rc = 0;
    }
    free(filter);
    if (dead)
        pcap_close(dead);
    return rc;
}

/* The program for a link type, made when it is first asked for. */
static int filter_for(struct pd_file *f, int linktype, const struct bpf_program **out, char *err,
                      size_t errlen)
{
    *out = NULL;
    if (!f->expression || !pd_decode_knows(linktype))
        return 0;
    for (uint32_t i = 0; i < f->filter_count; i++) {
        if (f->filter[i].linktype == linktype) {
            *out = &f->filter[i].program;
            return 0;
        }
    }
    if (f->filter_count == PD_FILE_FILTERS) {
        snprintf(err, errlen, "filter '%s': too many link types", f->expression);
        return -EINVAL;
    }
    struct pd_file_filter *filter = &f->filter[f->filter_count];
    int rc = compile(linktype, f->expression, &filter->program, err, errlen);
    if (rc == 0) {
        filter->linktype = linktype;
        f->filter_count++;
        *out = &filter->program;
    }
    return rc;
}

/* An interface may come later, but an expression that no common link type takes is wrong in itself. */
static int check_syntax(const char *expression, char *err, size_t errlen)
{
    struct bpf_program program;
    char other[PCAP_ERRBUF_SIZE];

    if (compile(DLT_EN10MB, expression, &program, err, errlen) < 0 &&
        compile(DLT_LINUX_SLL, expression, &program, other, sizeof other) < 0)
        return -EINVAL;
    free(program.bf_insns);
    err[0] = '\0';
    return 0;
}

int pd_file_filter(struct pd_file *f, const char *expression, char *err, size_t errlen)
{
    err[0] = '\0';
    pd_file_filters_free(f);
    if (f->iface_count == 0 && check_syntax(expression, err, errlen) < 0)
        return -EINVAL;
    f->expression = strdup(expression);
    if (!f->expression) {
        snprintf(err, errlen, "filter '%s': no memory", expression);
        return -EINVAL;
    }
    for (uint32_t i = 0; i < f->iface_count; i++) {
        if (filter_for(f, f->iface[i].linktype, &f->iface[i].filter, err, errlen) < 0)
            return -EINVAL;
    }
    return 0;
}

int pd_file_iface_add(struct pd_file *f, int linktype, struct pd_file_iface **out)
{
    const struct bpf_program *filter;

    *out = NULL;
    if (f->iface_count == PD_FILE_IFACES)
        return 0;
    if (filter_for(f, linktype, &filter, f->why, sizeof f->why) < 0)
        return -EINVAL;
    *out = &f->iface[f->iface_count++];
    **out = (struct pd_file_iface){.linktype = linktype, .filter = filter, .tsresol = 6};
    f->readable += pd_decode_knows(linktype);
    return 0;
}

bool pd_file_passes(const struct pd_file_iface *iface, const uint8_t *p, uint32_t cap, uint32_t wire)
{
    return !iface->filter || bpf_filter(iface->filter->bf_insns, p, wire, cap) != 0;
}

void pd_file_filters_free(struct pd_file *f)
{
    for (uint32_t i = 0; i < f->filter_count; i++)
        free(f->filter[i].program.bf_insns);
    for (uint32_t i = 0; i < f->iface_count; i++)
        f->iface[i].filter = NULL;
    f->filter_count = 0;
    free(f->expression);
    f->expression = NULL;
}
