/* pcapng.c: pcapng (draft-ietf-opsawg-pcapng): sections of blocks. type(4) total length(4) body total
 * length(4). Only what is read must be seen at once; options and unknown blocks pass by, whatever their size.
 */
#include "base/cold.h"
#include "sniffer/reader.h"
#include <errno.h>
#include <stdio.h>

enum {
    B_INTERFACE = 1,
    B_PACKET = 2, /* obsolete */
    B_SIMPLE = 3,
    B_ENHANCED = 6,
    B_SECTION = 0x0a0d0d0a /* the same in both byte orders */
};

enum { O_END = 0, O_TSRESOL = 9, O_TSOFFSET = 14, OPTIONS_MAX = 256 };

enum {
    BLOCK_FRAME = 12, /* type and both lengths */
    SECTION_HEAD = 12,
    INTERFACE_HEAD = 16,
    SIMPLE_HEAD = 12,
    ENHANCED_HEAD = 28,
    BLOCK_MAX = 64 << 20 /* no block of a sound file is larger */
};

#define BYTE_ORDER_MAGIC 0x1a2b3c4du
#define NS UINT64_C(1000000000)

PD_COLD static enum pd_next bad(struct pd_file *f, const char *what)
{
    snprintf(f->why, sizeof f->why, "%s", what);
    return PD_NEXT_BAD;
}

/* if_tsresol: a negative power of 10, or of 2 when the highest bit is set. */
static uint64_t to_ns(const struct pd_file_iface *iface, uint64_t t)
{
    static const uint64_t powers[] = {1,      10,      100,      1000,      10000,
                                      100000, 1000000, 10000000, 100000000, 1000000000};
    unsigned power = iface->tsresol & 0x7f;
    uint64_t ns;

    if (!(iface->tsresol & 0x80)) {
        if (power <= 9)
            ns = t * powers[9 - power];
        else
            ns = power <= 18 ? t / powers[power - 9] : 0;
    } else if (power > 63) {
        ns = 0;
    } else {
        uint64_t part = t & ((UINT64_C(1) << power) - 1);
        unsigned kept = power > 32 ? 32 : power; /* 2^-32 s is less than a nanosecond */
        ns = (t >> power) * NS + ((part >> (power - kept)) * NS >> kept);
    }
    return ns + iface->ts_offset * NS;
}

/* section length(8) and options do not matter here. */
PD_COLD static enum pd_next section(struct pd_file *f, struct pd_slice in, uint64_t *n)
{
    if (in.len < SECTION_HEAD) {
        *n = SECTION_HEAD;
        return PD_NEXT_MORE;
    }
    if (pd_be32(in.p + 8) != BYTE_ORDER_MAGIC && pd_le32(in.p + 8) != BYTE_ORDER_MAGIC)
        return bad(f, "a section without byte order");
    f->swapped = pd_le32(in.p + 8) == BYTE_ORDER_MAGIC;
    f->iface_count = f->readable = 0;
    *n = pd_file_u32(f, in.p + 4);
    if (*n < BLOCK_FRAME + 16 || *n > BLOCK_MAX || *n % 4)
        return bad(f, "a section header of impossible length");
    return PD_NEXT_SKIP;
}

/* code(2) length(2) value, padded to 4 bytes. */
static void interface_options(const struct pd_file *f, struct pd_slice o, struct pd_file_iface *iface)
{
    for (int i = 0; i < OPTIONS_MAX && o.len >= 4; i++) {
        uint16_t code = pd_file_u16(f, o.p), length = pd_file_u16(f, o.p + 2);
        const uint8_t *value = o.p + 4;
        uint32_t padded = 4 + ((length + 3u) & ~3u);
        if (code == O_END || padded > o.len)
            return;
        if (code == O_TSRESOL && length == 1)
            iface->tsresol = value[0];
        if (code == O_TSOFFSET && length == 8) {
            uint64_t first = pd_file_u32(f, value), second = pd_file_u32(f, value + 4);
            iface->ts_offset = f->swapped ? second << 32 | first : first << 32 | second;
        }
        o.p += padded;
        o.len -= padded;
    }
}

/* link type(2) reserved(2) snap length(4) options; all of it fits a record, or its options are not read. */
PD_COLD static enum pd_next interface(struct pd_file *f, struct pd_slice in, uint32_t total, uint64_t *n)
{
    struct pd_file_iface *iface;
    uint32_t seen = total <= PD_FILE_RECORD ? total : INTERFACE_HEAD;

    if (total < BLOCK_FRAME + 8)
        return bad(f, "an interface block of impossible length");
    *n = seen;
    if (in.len < seen)
        return PD_NEXT_MORE;
    if (pd_file_iface_add(f, pd_file_u16(f, in.p + 8), &iface) < 0)
        return PD_NEXT_STOP;
    if (iface) {
        iface->snaplen = pd_file_u32(f, in.p + 12);
        if (seen == total)
            interface_options(f, (struct pd_slice){in.p + INTERFACE_HEAD, total - INTERFACE_HEAD - 4}, iface);
    }
    *n = total;
    return PD_NEXT_SKIP;
}

/* The record is known but for its time and bytes. */
static enum pd_next packet(struct pd_file *f, struct pd_slice in, uint32_t total, uint32_t head,
                           struct pd_record *record, uint64_t *n)
{
    uint32_t captured = record->data.len;

    if (captured > PD_FILE_SNAPLEN || head + captured + 4 > total)
        return bad(f, "a packet longer than its block or the largest snap length");
    *n = head + captured;
    if (in.len < *n)
        return PD_NEXT_MORE;
    if (!f->readable) {
        char name[64];
        pd_linktype_print(name, sizeof name, f->iface_count ? f->iface[0].linktype : -1);
        snprintf(f->why, sizeof f->why, f->iface_count ? "link type %s is not known" : "%s", name);
        return PD_NEXT_STOP;
    }
    record->data.p = in.p + head;
    f->last_ts = record->ts;
    *n = total;
    return PD_NEXT_RECORD;
}

/* interface(4) time(4, 4) captured(4) length(4); obsolete: interface(2) drops(2) and the same. */
static enum pd_next enhanced(struct pd_file *f, struct pd_slice in, uint32_t total, bool obsolete,
                             struct pd_record *record, uint64_t *n)
{
    static const struct pd_file_iface microseconds = {.tsresol = 6};

    *n = ENHANCED_HEAD;
    if (total < ENHANCED_HEAD + 4)
        return bad(f, "a packet block of impossible length");
    if (in.len < ENHANCED_HEAD)
        return PD_NEXT_MORE;
    record->iface = obsolete ? pd_file_u16(f, in.p + 8) : pd_file_u32(f, in.p + 8);
    const struct pd_file_iface *iface =
        record->iface < f->iface_count ? &f->iface[record->iface] : &microseconds;
    record->ts = to_ns(iface, (uint64_t)pd_file_u32(f, in.p + 12) << 32 | pd_file_u32(f, in.p + 16));
    record->data.len = pd_file_u32(f, in.p + 20);
    record->wire = pd_file_u32(f, in.p + 24);
    return packet(f, in, total, ENHANCED_HEAD, record, n);
}

/* length(4). No time, no captured length: the interface's snap length and the block bound it. The time of the
 * packet before is the best there is. */
static enum pd_next simple(struct pd_file *f, struct pd_slice in, uint32_t total, struct pd_record *record,
                           uint64_t *n)
{
    *n = SIMPLE_HEAD;
    if (total < SIMPLE_HEAD + 4)
        return bad(f, "a simple packet block of impossible length");
    if (in.len < SIMPLE_HEAD)
        return PD_NEXT_MORE;
    uint32_t snaplen = f->iface_count ? f->iface[0].snaplen : 0, room = total - SIMPLE_HEAD - 4;
    record->iface = 0;
    record->ts = f->last_ts;
    record->wire = pd_file_u32(f, in.p + 8);
    record->data.len = record->wire < room ? record->wire : room;
    if (snaplen && record->data.len > snaplen)
        record->data.len = snaplen;
    return packet(f, in, total, SIMPLE_HEAD, record, n);
}

static enum pd_next next_block(struct pd_file *f, struct pd_slice in, struct pd_record *record, uint64_t *n)
{
    *n = 8;
    if (in.len < 8)
        return PD_NEXT_MORE;
    uint32_t type = pd_file_u32(f, in.p), total = pd_file_u32(f, in.p + 4);
    if (type == B_SECTION)
        return section(f, in, n);
    if (total < BLOCK_FRAME || total > BLOCK_MAX || total % 4)
        return bad(f, "a block of impossible length");
    switch (type) {
    case B_INTERFACE:
        return interface(f, in, total, n);
    case B_ENHANCED:
    case B_PACKET:
        return enhanced(f, in, total, type == B_PACKET, record, n);
    case B_SIMPLE:
        return simple(f, in, total, record, n);
    default:
        *n = total;
        return PD_NEXT_SKIP;
    }
}

/* type(4) length(4) byte order(4) */
bool pd_pcapng_begin(struct pd_file *f, const uint8_t *head)
{
    if (pd_be32(head) != B_SECTION ||
        (pd_be32(head + 8) != BYTE_ORDER_MAGIC && pd_le32(head + 8) != BYTE_ORDER_MAGIC))
        return false;
    f->next = next_block;
    return true;
}
