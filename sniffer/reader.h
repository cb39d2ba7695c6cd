/* reader.h: inside of capture files. file.c moves bytes into blocks; a format finds the records in them. */
#ifndef PD_SNIFFER_READER_H
#define PD_SNIFFER_READER_H
#include "sniffer/file.h"
#include "sniffer/input.h"
#include "sniffer/window.h"
#include <pcap/pcap.h>

enum {
    PD_FILE_SNAPLEN = 262144, /* a captured length above this is a damaged file, as for libpcap */
    PD_FILE_RECORD = PD_FILE_SNAPLEN + 4096, /* bytes of a record that must be seen at once */
    PD_FILE_READ_MIN = 16384,                /* bytes asked of the input at a time */
    PD_FILE_READ_MAX = 262144,               /* a batch reads, or looks at in a window, no more */
    PD_FILE_IFACES = 1024,                   /* of a pcapng section; packets of later ones are counted */
    PD_FILE_FILTERS = 24                     /* more than there are link types */
};

struct pd_record {
    struct pd_slice data; /* what was captured */
    uint32_t wire;        /* bytes; what the file says was sent */
    uint32_t iface;       /* number in the file */
    uint64_t ts;          /* ns since the epoch */
};

struct pd_file_iface {
    int linktype;
    const struct bpf_program *filter; /* NULL: everything passes */
    uint32_t snaplen;                 /* 0: none; bounds simple packet blocks */
    uint8_t tsresol;                  /* pcapng: if_tsresol as it stands in the option */
    uint64_t ts_offset;               /* pcapng: seconds to add, modulo 2^64 */
};

enum pd_next {
    PD_NEXT_RECORD, /* *record is a packet, *n its bytes with everything around it */
    PD_NEXT_SKIP,   /* *n bytes are no packet; more than are there is fine */
    PD_NEXT_MORE,   /* *n bytes must be there, at most PD_FILE_RECORD, before it can be told */
    PD_NEXT_BAD,    /* the file is damaged: file->why says how */
    PD_NEXT_STOP    /* it cannot be read on: file->why says why */
};

/* Looks at the front of `in`. A record points into it. */
typedef enum pd_next pd_next_fn(struct pd_file *, struct pd_slice in, struct pd_record *record, uint64_t *n);

struct pd_file_filter {
    int linktype;
    struct bpf_program program;
};

struct pd_file {
    struct pd_input *input;
    pd_next_fn *next;
    bool swapped; /* the file's numbers are in the other byte order than big endian reads them */
    bool eof, ended;
    bool full;        /* the last batch was filled: whole records may be left */
    uint32_t snaplen; /* of the user; 0: all */
    size_t want;      /* bytes that fill a batch, as the last one showed */
    uint64_t skip;    /* bytes to drop before the next record */
    uint64_t last_ts;
    char why[192];

    uint8_t record_header; /* pcap: bytes in front of a packet */
    uint32_t fraction_ns;  /* pcap: nanoseconds of a unit of the fraction of a second */

    uint32_t iface_count;
    uint32_t readable; /* interfaces whose link type is known */
    struct pd_file_iface iface[PD_FILE_IFACES];

    char *expression;
    uint32_t filter_count;
    struct pd_file_filter filter[PD_FILE_FILTERS];

    bool begun, mapped;       /* packets were asked for; the file is mapped, not read */
    uint32_t consumed;        /* bytes of the file's header */
    uint64_t offset;          /* mapped: in the file, of the next record */
    struct pd_window *window; /* mapped: the last one, or NULL */

    size_t carried;                /* not mapped */
    uint8_t carry[PD_FILE_RECORD]; /* the record at the end of the last block that was not whole */
};

/* Numbers of the file at p. */
static inline uint16_t pd_file_u16(const struct pd_file *f, const uint8_t *p)
{
    unsigned high = f->swapped ? p[1] : p[0], low = f->swapped ? p[0] : p[1];

    return (uint16_t)(high << 8 | low);
}

static inline uint32_t pd_file_u32(const struct pd_file *f, const uint8_t *p)
{
    return f->swapped ? pd_le32(p) : pd_be32(p);
}

/* What the first bytes of a file must hold to tell its format. */
enum { PD_FILE_MAGIC = 12, PD_PCAP_HEADER = 24 };

/* pcap.c. True when head (PD_PCAP_HEADER bytes) begins a pcap file; sets f up for it. */
bool pd_pcap_begin(struct pd_file *f, const uint8_t *head);
/* pcapng.c. True when head (PD_FILE_MAGIC bytes) begins a pcapng file. */
bool pd_pcapng_begin(struct pd_file *f, const uint8_t *head);

/* file_filter.c. "EN10MB (1)", for messages. */
void pd_linktype_print(char *to, size_t size, int linktype);
/* Makes room for an interface and gives it the filter of its link type. 0, or -EINVAL with f->why: the
 * expression is none for that link type. NULL in *out when there are too many. */
int pd_file_iface_add(struct pd_file *f, int linktype, struct pd_file_iface **out);
bool pd_file_passes(const struct pd_file_iface *, const uint8_t *p, uint32_t cap, uint32_t wire);
void pd_file_filters_free(struct pd_file *f);
#endif
