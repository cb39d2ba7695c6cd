/* file_fuzz.c: any bytes as a capture file. Reading ends, numbers the packets without a hole, and never
 * points outside its block. */
#include "base/check.h"
#include "sniffer/file.h"
#include <stdio.h>
#include <sys/mman.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(const struct pd_batch *batch, uint64_t from)
{
    for (uint32_t i = 0; i < batch->count; i++) {
        const struct pd_packet *packet = &batch->packet[i];
        PD_ASSERT(packet->ordinal == from + i + 1);
        if (packet->payload.len == 0)
            continue;
        PD_ASSERT(packet->transport && packet->payload.len <= packet->wire_len);
        PD_ASSERT(packet->payload.p >= batch->block &&
                  packet->payload.p + packet->payload.len <= batch->block + batch->block_size);
    }
}

static void read_all(const char *path, struct pd_batch *batch)
{
    struct pd_sniff_stats stats = {{0}};
    char err[256];
    uint64_t ordinal = 0;
    int more = 1;
    struct pd_file *file = pd_file_open(path, err, sizeof err);

    if (!file)
        return;
    if (pd_file_filter(file, "not udp port 7", err, sizeof err) < 0)
        more = 0;
    while (more > 0) {
        uint64_t from = ordinal;
        more = pd_file_read(file, batch, &ordinal, &stats, err, sizeof err);
        PD_ASSERT(ordinal == from + batch->count);
        check(batch, from);
    }
    pd_file_close(file);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char path[64];
    struct pd_batch *batch = pd_batch_new();
    int fd = memfd_create("capture", MFD_CLOEXEC);

    PD_ASSERT(batch && fd >= 0 && write(fd, data, size) == (ssize_t)size);
    snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
    read_all(path, batch);
    close(fd);
    pd_batch_free(batch);
    return 0;
}
