/* file.h: capture files, pcap and pcapng, plain or gzip, also from a pipe that still grows. */
#ifndef PD_SNIFFER_FILE_H
#define PD_SNIFFER_FILE_H
#include "sniffer/source.h"

struct pd_file;
struct bpf_program;

/* Opens path ("-": standard input) and reads its header. NULL and one line in err: no such file, not a
 * capture, a link type that cannot be decoded (named). *ordinal is where packet numbers start; it counts on
 * over files. */
struct pd_file *pd_file_open(const char *path, char *err, size_t errlen);
/* A capture filter in tcpdump's language, compiled for each link type that the file shows. 0 or -EINVAL and
 * err. */
int pd_file_filter(struct pd_file *, const char *expression, char *err, size_t errlen);
/* Only the first n bytes of each packet are looked at, as a capture with that snap length would; 0: all. */
void pd_file_snaplen(struct pd_file *, uint32_t n);

/* Files on a disk are mapped. One that somebody cuts short meanwhile would end the process by SIGBUS: after
 * this call it says what happened on standard error and exits with 1. For the whole process; for main. */
void pd_file_guard(void);

/* Room for a batch whose block holds at least a packet of the largest size. NULL when memory is short. */
struct pd_batch *pd_batch_new(void);
void pd_batch_free(struct pd_batch *);

/* Fills the batch with the next packets: each packet of the file in order, those without TCP or UDP with
 * transport 0 (filtered ones too). *ordinal counts packets on. 1: more may follow (a signal brings an empty
 * batch); 0: the end (the batch may hold the last packets); negative errno: reading failed, err says why. A
 * last packet cut short and a damaged record, behind which nothing is read, are a warning in err with 0. A
 * pipe returns what has arrived as soon as there is any. The file keeps what is not whole: batches may take
 * turns, and packets stay when the file is closed, until their batch is filled again or freed. One thread at
 * a time fills and frees batches. */
int pd_file_read(struct pd_file *, struct pd_batch *, uint64_t *ordinal, struct pd_sniff_stats *, char *err,
                 size_t errlen);
/* The descriptor to poll before a read that would wait for it; -1 when the next read does not wait. */
int pd_file_fd(const struct pd_file *);
void pd_file_close(struct pd_file *);
#endif
