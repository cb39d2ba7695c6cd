/* file_fuzz.c: any bytes as a capture file, mapped and by a pipe. Reading ends, numbers the packets without a
 * hole, never points outside what was read, and both ways bring the same. */
#include "base/check.h"
#include "sniffer/file.h"
#include "sniffer/window.h"
#include <stdio.h>
#include <sys/mman.h>
#include <unistd.h>

enum { PIPE = 4096 }; /* bytes that a pipe takes at once everywhere */

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(const struct pd_batch *batch, uint64_t from)
{
    const struct pd_window *w = batch->window;
    const uint8_t *bytes = w ? w->p : batch->block;
    size_t n = w ? w->len : batch->block_size;

    for (uint32_t i = 0; i < batch->count; i++) {
        const struct pd_packet *packet = &batch->packet[i];
        PD_ASSERT(packet->ordinal == from + i + 1);
        if (packet->payload.len == 0)
            continue;
        PD_ASSERT(packet->transport && packet->payload.len <= packet->wire_len);
        PD_ASSERT(packet->payload.p >= bytes && packet->payload.p + packet->payload.len <= bytes + n);
    }
}

/* What there was in all: packets, and what decoding counted. */
struct sum {
    uint64_t packets;
    struct pd_sniff_stats stats;
};

static struct sum read_all(const char *path)
{
    struct sum sum = {.packets = 0};
    struct pd_batch *batch = pd_batch_new();
    char err[256];
    uint64_t ordinal = 0;
    int more = 1;
    struct pd_file *file = pd_file_open(path, err, sizeof err);

    PD_ASSERT(batch);
    if (!file) {
        pd_batch_free(batch);
        return sum;
    }
    if (pd_file_filter(file, "not udp port 7", err, sizeof err) < 0)
        more = 0;
    while (more > 0) {
        uint64_t from = ordinal;
        more = pd_file_read(file, batch, &ordinal, &sum.stats, err, sizeof err);
        PD_ASSERT(ordinal == from + batch->count);
        check(batch, from);
    }
    pd_file_close(file);
    pd_batch_free(batch);
    sum.packets = ordinal;
    return sum;
}

static struct sum by_pipe(const uint8_t *data, size_t size)
{
    int fd[2];

    PD_ASSERT(pipe(fd) == 0 && write(fd[1], data, size) == (ssize_t)size);
    close(fd[1]);
    PD_ASSERT(dup2(fd[0], STDIN_FILENO) == STDIN_FILENO);
    close(fd[0]);
    return read_all("-");
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char path[64];
    int fd = memfd_create("capture", MFD_CLOEXEC);

    if (size > PIPE)
        return 0;
    PD_ASSERT(fd >= 0 && write(fd, data, size) == (ssize_t)size);
    snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
    struct sum mapped = read_all(path), piped = by_pipe(data, size);
    PD_ASSERT(mapped.packets == piped.packets);
    PD_ASSERT(memcmp(&mapped.stats, &piped.stats, sizeof mapped.stats) == 0);
    close(fd);
    return 0;
}
