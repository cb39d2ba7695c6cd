/* frame.c: frame headers told by their form: 24 bits of length, 8 of type, 8 of flags, one reserved and 31 of
 * stream. RFC 9113, sections 4.1 and 6. Nothing in a frame marks its beginning, so that where a connection is
 * joined or found again, a header is believed only with its neighbour, or where it ends with its segment. */
#include "base/check.h"
#include "protocol/http2/http2.h"

enum {
    PRIORITY_BYTES = 5,
    USUAL_LENGTH = 16384, /* SETTINGS_MAX_FRAME_SIZE where nobody raised it */
    JOIN_LENGTH = 1 << 20,
    SETTINGS_LENGTH = 64 * 6,
    SETTING = 6,
    CHAIN = 4 /* headers in a row that are looked at */
};

const uint8_t pd_http2_preface[PD_HTTP2_PREFACE] = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

uint32_t pd_http2_frame_prefix_long(const struct pd_http2_frame *f)
{
    bool promise = f->type == PD_HTTP2_PUSH_PROMISE;
    uint32_t n = 0;

    if (!promise && (f->type > PD_HTTP2_HEADERS || !(f->flags & (PD_HTTP2_PADDED | PD_HTTP2_WITH_PRIORITY))))
        return 0;
    if (f->flags & PD_HTTP2_PADDED)
        n++;
    if (f->type == PD_HTTP2_HEADERS && (f->flags & PD_HTTP2_WITH_PRIORITY))
        n += PRIORITY_BYTES;
    return promise ? n + PD_HTTP2_PROMISED : n;
}

uint32_t pd_http2_small_frames(struct pd_slice in)
{
    enum { CREDIT = 4, ECHO = 8 };
    uint32_t used = 0;

    while (in.len - used >= PD_HTTP2_FRAME_HEADER + ECHO) {
        const uint8_t *p = in.p + used;
        uint32_t head = pd_be32(p);
        if (head == (CREDIT << 8 | PD_HTTP2_WINDOW_UPDATE))
            used += PD_HTTP2_FRAME_HEADER + CREDIT;
        else if (head == (ECHO << 8 | PD_HTTP2_PING) && !(pd_be32(p + 5) & INT32_MAX))
            used += PD_HTTP2_FRAME_HEADER + ECHO;
        else
            break;
    }
    return used;
}

enum on { ON_STREAM = 1, ON_CONNECTION = 2, ON_ANY = 3 };

static const struct rule {
    uint8_t on;    /* enum on */
    uint8_t flags; /* that are defined */
    uint8_t least; /* bytes */
    bool exact;    /* no more than that */
} rules[] = {
    [PD_HTTP2_DATA] = {ON_STREAM, PD_HTTP2_END_STREAM | PD_HTTP2_PADDED, 0, false},
    [PD_HTTP2_HEADERS] = {ON_STREAM,
                          PD_HTTP2_END_STREAM | PD_HTTP2_END_HEADERS | PD_HTTP2_PADDED |
                              PD_HTTP2_WITH_PRIORITY,
                          0, false},
    [PD_HTTP2_PRIORITY] = {ON_STREAM, 0, 5, true},
    [PD_HTTP2_RST_STREAM] = {ON_STREAM, 0, 4, true},
    [PD_HTTP2_SETTINGS] = {ON_CONNECTION, PD_HTTP2_ACK, 0, false},
    [PD_HTTP2_PUSH_PROMISE] = {ON_STREAM, PD_HTTP2_END_HEADERS | PD_HTTP2_PADDED, 4, false},
    [PD_HTTP2_PING] = {ON_CONNECTION, PD_HTTP2_ACK, 8, true},
    [PD_HTTP2_GOAWAY] = {ON_CONNECTION, 0, 8, false},
    [PD_HTTP2_WINDOW_UPDATE] = {ON_ANY, 0, 4, true},
    [PD_HTTP2_CONTINUATION] = {ON_STREAM, PD_HTTP2_END_HEADERS, 0, false},
};
enum { KNOWN = sizeof rules / sizeof rules[0] };

const char *pd_http2_frame_breaks(const struct pd_http2_frame *f, unsigned dir)
{
    if (f->type >= KNOWN)
        return NULL; /* extensions are passed over, section 5.5 */
    const struct rule *r = &rules[f->type];
    if (!(r->on & (f->stream ? ON_STREAM : ON_CONNECTION)))
        return "frame on a stream that it cannot be on";
    if (f->length < r->least || (r->exact && f->length > r->least))
        return "frame of a wrong length";
    if (f->type == PD_HTTP2_SETTINGS && (f->length % SETTING || (f->length && f->flags & PD_HTTP2_ACK)))
        return "SETTINGS of a wrong length";
    if (f->type == PD_HTTP2_PUSH_PROMISE && (dir == PD_C2S || !(f->stream & 1)))
        return "PUSH_PROMISE from a client";
    return NULL;
}

/* The index that an HPACK field with this first byte refers to, as far as that byte tells; 0: to none. RFC
 * 7541, section 6. */
static unsigned refers_to(uint8_t first)
{
    if (first & 0x80)
        return first & 0x7f;
    if (first & 0x40)
        return first & 0x3f;
    return first & 0x20 ? 0 : first & 0x0f;
}

/* Whose header block begins with this byte? Pseudo-header fields come first, RFC 9113, section 8.3; of the
 * static table, RFC 7541, appendix A, entries 1 to 7 are those of requests, 8 to 14 those of responses.
 * NEITHER: it does not tell. */
enum { NEITHER = 2 };

static unsigned block_of(uint8_t first)
{
    enum { METHOD_TO = 7, STATUS_TO = 14 };
    unsigned index = refers_to(first);

    if (index == 0 || index > STATUS_TO)
        return NEITHER;
    return index > METHOD_TO ? PD_S2C : PD_C2S;
}

/* Of the header block that the slice's first frame begins with, as far as it is in sight. */
static unsigned block_side(struct pd_slice in)
{
    struct pd_http2_frame f = pd_http2_frame_read(in.p);
    uint32_t prefix = pd_http2_frame_prefix(&f), block = PD_HTTP2_FRAME_HEADER + prefix;

    return f.type == PD_HTTP2_HEADERS && f.length > prefix && in.len > block ? block_of(in.p[block])
                                                                             : NEITHER;
}

bool pd_http2_frame_usual(const uint8_t *p, unsigned dir)
{
    struct pd_http2_frame f = pd_http2_frame_read(p);

    return f.type < KNOWN && !(p[5] & 0x80) && !(f.flags & ~rules[f.type].flags) && f.length <= JOIN_LENGTH &&
           !pd_http2_frame_wrong(&f, dir);
}

/* The same of a frame at a slice's beginning, and of what is seen of its header block. */
static bool plausible(struct pd_slice in, unsigned dir, uint32_t longest)
{
    struct pd_http2_frame f = pd_http2_frame_read(in.p);

    if (!pd_http2_frame_usual(in.p, dir) || f.length > longest)
        return false;
    if (f.type != PD_HTTP2_HEADERS)
        return true;
    return (dir == PD_S2C || (f.stream & 1)) && block_side(in) != !dir;
}

/* How many headers in a row are plausible: up to CHAIN. 0: one is not. *ends: the last frame ends with the
 * slice. */
static unsigned chain(struct pd_slice in, unsigned dir, uint32_t longest, bool *ends)
{
    unsigned n = 0;

    *ends = false;
    while (n < CHAIN && in.len >= PD_HTTP2_FRAME_HEADER) {
        if (!plausible(in, dir, longest))
            return 0;
        n++;
        uint32_t all = pd_http2_frame_read(in.p).length + PD_HTTP2_FRAME_HEADER;
        *ends = all == in.len;
        if (all >= in.len)
            break;
        in.p += all;
        in.len -= all;
    }
    return n;
}

/* A server's first frame is SETTINGS, section 3.4; its first setting has a small number. */
static bool server_begins(struct pd_slice in)
{
    struct pd_http2_frame f = pd_http2_frame_read(in.p);

    if (f.type != PD_HTTP2_SETTINGS || f.flags || f.length > SETTINGS_LENGTH ||
        !plausible(in, PD_S2C, USUAL_LENGTH))
        return false;
    return f.length == 0 || in.len < PD_HTTP2_FRAME_HEADER + 2 || (in.p[9] == 0 && in.p[10] && in.p[10] < 32);
}

static int detect(struct pd_slice in, const struct pd_look *look, uint8_t *confidence)
{
    uint32_t n = in.len < PD_HTTP2_PREFACE ? in.len : PD_HTTP2_PREFACE;

    *confidence = PD_CERTAIN;
    if (look->dir == PD_C2S) {
        if (memcmp(in.p, pd_http2_preface, n) != 0)
            return PD_NO;
        return n == PD_HTTP2_PREFACE ? 0 : PD_MORE;
    }
    if (in.len < PD_HTTP2_FRAME_HEADER)
        return in.p[0] == 0 ? PD_MORE : PD_NO;
    return server_begins(in) ? 0 : PD_NO;
}

int pd_http2_sync(struct pd_slice in, const struct pd_look *look, uint8_t *confidence)
{
    bool ends;

    if (!in.len)
        return PD_NO;
    if (look->purpose == PD_DETECT)
        return detect(in, look, confidence);
    if (look->dir == PD_C2S && in.len >= PD_HTTP2_PREFACE &&
        memcmp(in.p, pd_http2_preface, PD_HTTP2_PREFACE) == 0) {
        *confidence = PD_CERTAIN;
        return 0;
    }
    if (in.len < PD_HTTP2_FRAME_HEADER || in.p[3] == PD_HTTP2_CONTINUATION)
        return PD_NO; /* a header block whose beginning is lost tells nothing */
    unsigned n =
        chain(in, look->dir, look->known || look->purpose == PD_RECOVER ? JOIN_LENGTH : USUAL_LENGTH, &ends);
    if (n == 0 || (n == 1 && !ends && pd_http2_frame_read(in.p).length == 0))
        return PD_NO;
    bool sure = n > 2 || (ends && (n > 1 || block_side(in) == look->dir));
    *confidence = sure ? PD_CERTAIN : PD_MAYBE;
    return 0;
}
