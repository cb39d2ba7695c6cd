/* input.h: the bytes of a file or of standard input, unpacked when they are gzip. */
#ifndef PD_SNIFFER_INPUT_H
#define PD_SNIFFER_INPUT_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct pd_input;

/* "-" is standard input, which is never closed. NULL and one line in err: no such file, a compression that
 * cannot be read here. Waits for the first bytes of a pipe. */
struct pd_input *pd_input_open(const char *path, char *err, size_t errlen);
/* Reads at most n bytes (n > 0), waiting for the first. 0: the end; -EINTR: a signal came first; -EBADMSG:
 * gzip data that is damaged; else another -errno. */
ssize_t pd_input_read(struct pd_input *, uint8_t *to, size_t n);
/* A file on a disk: reading does not wait for a writer. */
bool pd_input_regular(const struct pd_input *);
/* A file that is as it lies on the disk, so that it can be mapped; *start is where the input begins in it. */
bool pd_input_plain(const struct pd_input *, uint64_t *start);
/* Where the bytes come from. */
int pd_input_fd(const struct pd_input *);
/* There may be bytes that the next read returns without asking the descriptor. */
bool pd_input_holds(const struct pd_input *);
/* The end came within gzip data. */
bool pd_input_cut(const struct pd_input *);
/* The path, or "standard input", for messages. */
const char *pd_input_name(const struct pd_input *);
void pd_input_close(struct pd_input *);
#endif
