/* input.c: read(2), and zlib in between when the first bytes are gzip's. Whatever has arrived is handed on at
 * once, so that a pipe that grows slowly is followed. */
#include "sniffer/input.h"
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#ifdef PD_ZLIB
#include <zlib.h>
#endif

enum { HEAD = 4, RAW = 65536 };

struct pd_input {
    int fd;
    bool regular, cut;
    uint64_t start; /* regular: where in the file it was handed over */
    char *name;
    uint8_t head[HEAD]; /* read to see what it is */
    size_t head_at, head_len;
#ifdef PD_ZLIB
    bool gzip, raw_end, member_end;
    bool more; /* the last read was filled to the brim */
    z_stream z;
    uint8_t raw[RAW];
#endif
};

/* The first bytes first, then the file. */
static ssize_t read_raw(struct pd_input *in, uint8_t *to, size_t n)
{
    if (in->head_at < in->head_len) {
        size_t have = in->head_len - in->head_at;
        n = n < have ? n : have;
        memcpy(to, in->head + in->head_at, n);
        in->head_at += n;
        return (ssize_t)n;
    }
    ssize_t got = read(in->fd, to, n);
    return got < 0 ? -errno : got;
}

static int read_head(struct pd_input *in)
{
    while (in->head_len < HEAD) {
        ssize_t got = read(in->fd, in->head + in->head_len, HEAD - in->head_len);
        if (got < 0)
            return -errno;
        if (got == 0)
            break;
        in->head_len += (size_t)got;
    }
    return 0;
}

/* How the first bytes of other compressions look, and the program that undoes them. */
static const char *unpacker(const struct pd_input *in)
{
    static const struct {
        uint8_t magic[3];
        const char *program;
    } known[] = {
        {{0x28, 0xb5, 0x2f}, "zstd"}, {{0xfd, '7', 'z'}, "xz"},
        {{'B', 'Z', 'h'}, "bzip2"},   {{0x04, 0x22, 0x4d}, "lz4"},
#ifndef PD_ZLIB
        {{0x1f, 0x8b, 0x08}, "gzip"},
#endif
    };

    for (size_t i = 0; in->head_len == HEAD && i < sizeof known / sizeof known[0]; i++) {
        if (memcmp(in->head, known[i].magic, sizeof known[i].magic) == 0)
            return known[i].program;
    }
    return NULL;
}

#ifdef PD_ZLIB
static bool gzip_open(struct pd_input *in)
{
    in->gzip = in->head_len >= 2 && in->head[0] == 0x1f && in->head[1] == 0x8b;
    return !in->gzip || inflateInit2(&in->z, 15 + 16) == Z_OK; /* the largest window, gzip's header */
}

/* Makes sure that there is input, unless it ended. 0 or -errno. */
static int gzip_fill(struct pd_input *in)
{
    if (in->z.avail_in > 0 || in->raw_end)
        return 0;
    ssize_t got = read_raw(in, in->raw, sizeof in->raw);
    if (got < 0)
        return (int)got;
    in->raw_end = got == 0;
    in->z.next_in = in->raw;
    in->z.avail_in = (uInt)got;
    return 0;
}

/* A gzip file is a row of members (RFC 1952, section 2.2). What follows them and is none is padding. */
static ssize_t gzip_read(struct pd_input *in, uint8_t *to, size_t n)
{
    for (;;) {
        int rc = gzip_fill(in);
        if (rc < 0)
            return rc;
        if (in->z.avail_in == 0) {
            in->cut = !in->member_end;
            return 0;
        }
        if (in->member_end) {
            if (in->z.next_in[0] != 0x1f || inflateReset(&in->z) != Z_OK)
                return 0;
            in->member_end = false;
        }
        in->z.next_out = to;
        in->z.avail_out = (uInt)n;
        int status = inflate(&in->z, Z_SYNC_FLUSH);
        size_t got = n - in->z.avail_out;
        in->member_end = status == Z_STREAM_END;
        in->more = in->z.avail_out == 0;
        if (got > 0)
            return (ssize_t)got;
        if (status != Z_OK && status != Z_STREAM_END && status != Z_BUF_ERROR)
            return -EBADMSG;
    }
}
#endif

ssize_t pd_input_read(struct pd_input *in, uint8_t *to, size_t n)
{
#ifdef PD_ZLIB
    if (in->gzip)
        return gzip_read(in, to, n);
#endif
    return read_raw(in, to, n);
}

static struct pd_input *open_failed(struct pd_input *in, const char *path, int error, char *err,
                                    size_t errlen)
{
    snprintf(err, errlen, "%s: %s", path, error == ENOENT ? "no such file" : strerror(error));
    pd_input_close(in);
    return NULL;
}

/* errno for a file that can be opened, but is none to read. */
static int look_at(struct pd_input *in)
{
    struct stat st;

    if (fstat(in->fd, &st) < 0)
        return errno;
    in->regular = S_ISREG(st.st_mode);
    if (in->regular) {
        off_t at = lseek(in->fd, 0, SEEK_CUR);
        in->start = at < 0 ? 0 : (uint64_t)at;
        (void)posix_fadvise(in->fd, 0, 0, POSIX_FADV_SEQUENTIAL); /* only makes it faster */
    }
    return S_ISDIR(st.st_mode) ? EISDIR : -read_head(in);
}

struct pd_input *pd_input_open(const char *path, char *err, size_t errlen)
{
    bool standard = strcmp(path, "-") == 0;
    const char *name = standard ? "standard input" : path;
    struct pd_input *in = calloc(1, sizeof *in);

    if (in)
        in->fd = -1;
    if (!in || !(in->name = strdup(name)))
        return open_failed(in, name, ENOMEM, err, errlen);
    in->fd = standard ? STDIN_FILENO : open(path, O_RDONLY | O_CLOEXEC);
    int error = in->fd < 0 ? errno : look_at(in);
    if (error)
        return open_failed(in, name, error, err, errlen);
    const char *program = unpacker(in);
    if (program) {
        snprintf(err, errlen, "%s: %s data, which packetd does not unpack; %s -dc FILE | packetd log -", name,
                 program, program);
        pd_input_close(in);
        return NULL;
    }
#ifdef PD_ZLIB
    if (!gzip_open(in))
        return open_failed(in, name, ENOMEM, err, errlen);
#endif
    return in;
}

bool pd_input_regular(const struct pd_input *in)
{
    return in->regular;
}

bool pd_input_plain(const struct pd_input *in, uint64_t *start)
{
    *start = in->start;
#ifdef PD_ZLIB
    if (in->gzip)
        return false;
#endif
    return in->regular;
}

int pd_input_fd(const struct pd_input *in)
{
    return in->fd;
}

bool pd_input_holds(const struct pd_input *in)
{
#ifdef PD_ZLIB
    if (in->gzip && (in->more || in->z.avail_in > 0 || in->raw_end))
        return true;
#endif
    return in->head_at < in->head_len;
}

bool pd_input_cut(const struct pd_input *in)
{
    return in->cut;
}

const char *pd_input_name(const struct pd_input *in)
{
    return in->name;
}

void pd_input_close(struct pd_input *in)
{
    if (!in)
        return;
#ifdef PD_ZLIB
    if (in->gzip)
        inflateEnd(&in->z);
#endif
    if (in->fd > STDIN_FILENO)
        close(in->fd);
    free(in->name);
    free(in);
}
