/* pcap.c: the classic capture file: a header of 24 bytes, then for each packet its time, its two lengths and
 * its bytes (draft-ietf-opsawg-pcap). */
#include "sniffer/reader.h"
#include <stdio.h>

enum { RECORD_HEADER = 16, MODIFIED_HEADER = 24 };

/* A.N. Kuznetzov's variant has interface(4) protocol(2) kind(1) padding(1) behind each record's header. */
static const struct {
    uint32_t magic, fraction_ns;
    uint8_t record_header;
} variants[] = {
    {0xa1b2c3d4, 1000, RECORD_HEADER},
    {0xa1b23c4d, 1, RECORD_HEADER},
    {0xa1b2cd34, 1000, MODIFIED_HEADER},
};

/* seconds(4) fraction(4) captured(4) length(4) [variant] bytes */
static enum pd_next next_packet(struct pd_file *f, struct pd_slice in, struct pd_record *record, uint64_t *n)
{
    uint32_t header = f->record_header;

    *n = header;
    if (in.len < header)
        return PD_NEXT_MORE;
    uint32_t captured = pd_file_u32(f, in.p + 8);
    if (captured > PD_FILE_SNAPLEN) {
        snprintf(f->why, sizeof f->why, "a packet of %u captured bytes cannot be", captured);
        return PD_NEXT_BAD;
    }
    *n = header + captured;
    if (in.len < header + captured)
        return PD_NEXT_MORE;
    record->data = (struct pd_slice){in.p + header, captured};
    record->wire = pd_file_u32(f, in.p + 12);
    record->iface = 0;
    record->ts =
        pd_file_u32(f, in.p) * UINT64_C(1000000000) + (uint64_t)pd_file_u32(f, in.p + 4) * f->fraction_ns;
    return PD_NEXT_RECORD;
}

/* magic(4) version(4) reserved(8) snap length(4) link type(4), of which the upper bits tell about the frame
 * check sequence. */
bool pd_pcap_begin(struct pd_file *f, const uint8_t *head)
{
    for (size_t i = 0; i < sizeof variants / sizeof variants[0]; i++) {
        bool big = pd_be32(head) == variants[i].magic, little = pd_le32(head) == variants[i].magic;
        struct pd_file_iface *iface;
        if (!big && !little)
            continue;
        f->swapped = little;
        f->fraction_ns = variants[i].fraction_ns;
        f->record_header = variants[i].record_header;
        f->next = next_packet;
        return pd_file_iface_add(f, (int)(pd_file_u32(f, head + 20) & 0x03ffffff), &iface) == 0;
    }
    return false;
}
