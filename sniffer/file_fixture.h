/* file_fixture.h: capture files made in memory, read back through a temporary file or a pipe. */
#ifndef PD_SNIFFER_FILE_FIXTURE_H
#define PD_SNIFFER_FILE_FIXTURE_H
#include "base/buf.h"
#include "sniffer/file.h"

enum { SEEN_MAX = 8192 };

/* What is left of a packet after its batch. */
struct seen {
    uint64_t ts, ordinal;
    uint32_t iface, len, wire_len;
    uint8_t transport;
    uint32_t number; /* the first four bytes of its payload */
};

struct result {
    uint32_t count;
    struct seen seen[SEEN_MAX];
    int status; /* what the last read returned, or -ENOENT when opening failed */
    char err[256];
    uint64_t ordinal;
    struct pd_sniff_stats stats;
};

/* Numbers in a file's byte order. */
struct maker {
    struct pd_buf buf;
    bool big;
};

void make_begin(struct maker *m, bool big);
void make_u16(struct maker *m, uint16_t v);
void make_u32(struct maker *m, uint32_t v);
void make_zeros(struct maker *m, size_t n);
/* A raw IPv4 packet from UDP port 4096 to `port`; its payload is number and n zeros. */
void make_packet(struct maker *m, uint32_t number, uint16_t port, size_t n);
enum { PACKET_HEAD = 32 };

/* The header of a pcap file; the header of a record in it; a whole record to port 53, number seconds and
 * units after EPOCH. */
void make_pcap(struct maker *m, bool big, uint32_t magic, uint32_t linktype);
void make_record(struct maker *m, uint32_t seconds, uint32_t fraction, uint32_t captured, uint32_t length);
void make_pcap_packet(struct maker *m, uint32_t number, size_t n);
enum { EPOCH = 1700000000 };

/* The path of a new file with these bytes; the caller unlinks and frees it. */
char *make_file(const void *p, size_t n);

struct read_options {
    const char *filter;
    uint32_t snaplen;
};

/* Reads to the end; r->ordinal goes on from where it stands. */
void read_path(struct result *r, const char *path, const struct read_options *options);
/* By way of a temporary file. */
struct result *read_bytes(const void *p, size_t n, const struct read_options *options);
/* By way of standard input, written by another process in pieces of at most `piece` bytes. */
struct result *read_pipe(const void *p, size_t n, size_t piece);
#endif
