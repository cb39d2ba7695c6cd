/* capture.c: reads capture files through packetd's own reader and copies what a worker looks at. */
#include "tests/capture.h"
#include "base/check.h"
#include "base/hash.h"
#include "sniffer/file.h"
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>

static uint64_t packet_key(const struct pd_packet *p)
{
    uint64_t key = pd_hash(p->src.addr.b, sizeof p->src.addr.b, p->src.port);
    uint32_t numbers[4] = {p->seq, p->transport, p->tcp_flags, p->wire_len};

    key = pd_hash(p->dst.addr.b, sizeof p->dst.addr.b, key + p->dst.port);
    key = pd_hash(numbers, sizeof numbers, key);
    return pd_hash(p->payload.p, p->payload.len, key);
}

static void keep(struct capture *c, const struct pd_packet *from)
{
    if (c->count == c->cap) {
        c->cap = c->cap ? 2 * c->cap : 256;
        c->packet = realloc(c->packet, c->cap * sizeof *c->packet);
        c->key = realloc(c->key, c->cap * sizeof *c->key);
        PD_ASSERT(c->packet && c->key);
    }
    struct pd_packet *p = &c->packet[c->count];
    uint8_t *bytes = malloc(from->payload.len ? from->payload.len : 1);

    PD_ASSERT(bytes);
    *p = *from;
    if (p->payload.len)
        memcpy(bytes, from->payload.p, p->payload.len);
    p->payload.p = bytes;
    if (c->count && p->ts < p[-1].ts)
        p->ts = p[-1].ts;
    c->key[c->count++] = packet_key(p);
}

static bool read_all(struct capture *c, struct pd_file *file, char *err, size_t errlen)
{
    struct pd_sniff_stats stats = {0};
    struct pd_batch *batch = pd_batch_new();
    uint64_t ordinal = 0;
    int more;

    PD_ASSERT(batch);
    do {
        more = pd_file_read(file, batch, &ordinal, &stats, err, errlen);
        for (uint32_t i = 0; more >= 0 && i < batch->count; i++)
            keep(c, &batch->packet[i]);
    } while (more > 0);
    pd_batch_free(batch);
    return more == 0;
}

struct sorted {
    uint64_t key;
    size_t index;
};

static int by_key(const void *va, const void *vb)
{
    const struct sorted *a = va, *b = vb;

    if (a->key != b->key)
        return a->key < b->key ? -1 : 1;
    return a->index < b->index ? -1 : a->index > b->index;
}

/* The first of the packets that i belongs to. */
static size_t first_of(struct capture *c, size_t i)
{
    while (c->first[i] != i)
        i = c->first[i];
    return i;
}

static void join(struct capture *c, size_t a, size_t b)
{
    size_t x = first_of(c, a), y = first_of(c, b);

    if (x < y)
        c->first[y] = x;
    else
        c->first[x] = y;
}

static bool overlap(const struct pd_packet *a, const struct pd_packet *b)
{
    return (int32_t)(a->seq - (b->seq + b->wire_len)) < 0 && (int32_t)(b->seq - (a->seq + a->wire_len)) < 0;
}

/* One direction's packets, oldest first: which of them carry bytes that an earlier one carried? */
static void find_overlaps(struct capture *c, const struct sorted *s, size_t count)
{
    uint32_t end = c->packet[s[0].index].seq;

    for (size_t i = 0; i < count; i++) {
        const struct pd_packet *p = &c->packet[s[i].index];
        if (p->transport != PD_TCP || !p->wire_len)
            continue;
        for (size_t k = i; (int32_t)(p->seq - end) < 0 && k-- > 0;)
            if (overlap(p, &c->packet[s[k].index]))
                join(c, s[i].index, s[k].index);
        if ((int32_t)(p->seq + p->wire_len - end) > 0)
            end = p->seq + p->wire_len;
    }
}

static uint64_t direction_key(const struct pd_packet *p)
{
    uint64_t key = pd_hash(p->src.addr.b, sizeof p->src.addr.b, p->src.port);

    return pd_hash(p->dst.addr.b, sizeof p->dst.addr.b, key + p->dst.port + p->transport);
}

static void find_copies(struct capture *c)
{
    struct sorted *s = calloc(c->count + 1, sizeof *s);

    c->first = calloc(c->count + 1, sizeof *c->first);
    PD_ASSERT(s && c->first);
    for (size_t i = 0; i < c->count; i++) {
        c->first[i] = i;
        s[i] = (struct sorted){c->key[i], i};
    }
    qsort(s, c->count, sizeof *s, by_key);
    for (size_t i = 1; i < c->count; i++)
        if (s[i].key == s[i - 1].key)
            join(c, s[i].index, s[i - 1].index);
    for (size_t i = 0; i < c->count; i++)
        s[i] = (struct sorted){direction_key(&c->packet[i]), i};
    qsort(s, c->count, sizeof *s, by_key);
    for (size_t i = 0, end; i < c->count; i = end) {
        for (end = i + 1; end < c->count && s[end].key == s[i].key; end++)
            ;
        find_overlaps(c, s + i, end - i);
    }
    for (size_t i = 0; i < c->count; i++)
        c->first[i] = first_of(c, i);
    free(s);
}

bool capture_load(struct capture *c, const char *path)
{
    char err[256] = "";
    struct pd_file *file = pd_file_open(path, err, sizeof err);
    bool ok = false;

    memset(c, 0, sizeof *c);
    snprintf(c->path, sizeof c->path, "%s", path);
    snprintf(c->stem, sizeof c->stem, "%s", path);
    char *dot = strstr(c->stem, ".pcap");
    if (dot)
        *dot = 0;
    if (file) {
        ok = read_all(c, file, err, sizeof err);
        pd_file_close(file);
    }
    find_copies(c);
    if (!ok)
        fprintf(stderr, "%s: %s\n", path, err);
    return ok;
}

void capture_free(struct capture *c)
{
    for (size_t i = 0; i < c->count; i++)
        free((void *)(uintptr_t)c->packet[i].payload.p);
    free(c->packet);
    free(c->key);
    free(c->first);
}

bool capture_excluded(const struct capture *c, const char *test)
{
    char name[600], line[512];
    char want[64];
    bool found = false;

    snprintf(name, sizeof name, "%s.md", c->stem);
    snprintf(want, sizeof want, "not: %s ", test);
    FILE *file = fopen(name, "r");
    if (!file)
        return false;
    while (!found && fgets(line, sizeof line, file)) {
        found = strncmp(line, want, strlen(want)) == 0 && line[strlen(want)] > ' ';
        if (found)
            printf("%s: left out: %s", c->stem, line + strlen(want));
    }
    fclose(file);
    return found;
}

static int is_capture(const struct dirent *entry)
{
    static const char *const ends[] = {".pcap", ".pcapng", ".pcap.gz", ".pcapng.gz"};
    size_t len = strlen(entry->d_name);

    for (size_t i = 0; i < sizeof ends / sizeof *ends; i++)
        if (len > strlen(ends[i]) && strcmp(entry->d_name + len - strlen(ends[i]), ends[i]) == 0)
            return true;
    return false;
}

char **capture_list(const char *folder, size_t *count)
{
    struct dirent **entry = NULL;
    int n = scandir(folder, &entry, is_capture, alphasort);

    *count = n > 0 ? (size_t)n : 0;
    char **list = calloc(*count + 1, sizeof *list);
    PD_ASSERT(list);
    for (size_t i = 0; i < *count; i++) {
        PD_ASSERT(asprintf(&list[i], "%s/%s", folder, entry[i]->d_name) > 0);
        free(entry[i]);
    }
    free(entry);
    return list;
}
