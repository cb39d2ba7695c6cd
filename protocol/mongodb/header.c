/* header.c: the header that every message has, and how a message is recognised: all of its header, and what
 * its kind says must follow, down to the length of its first document. */
#include "protocol/mongodb/mongodb.h"

enum {
    FLAGS_BYTES = 4,
    PROBE_BYTES = 26,     /* header, flags, section kind, length of a document, type of its first element */
    REPLY_BYTES = 36 + 4, /* header, the reply's numbers, length of a document */
    NAMESPACE_LOOK = 4,   /* of a namespace, that many bytes are looked at */
    QUERY_FLAGS = 0xfe,   /* those that OP_QUERY has */
    REPLY_FLAGS = 0xf,
    COMPRESSORS = 4,
    TYPE_MIN_KEY = 0xff,
    TYPE_MAX_KEY = 0x7f,
    TYPE_LAST = 0x13
};
#define NO_RESPONSE UINT32_MAX /* old clients have this in responseTo of what they ask */

struct pd_mongodb_header pd_mongodb_read_header(const uint8_t *p)
{
    return (struct pd_mongodb_header){
        .length = pd_le32(p), .id = pd_le32(p + 4), .to = pd_le32(p + 8), .opcode = pd_le32(p + 12)};
}

/* May a message of that kind go that way? */
static bool goes(uint32_t opcode, unsigned dir)
{
    switch (opcode) {
    case PD_MONGODB_MSG:
    case PD_MONGODB_COMPRESSED:
        return true;
    case PD_MONGODB_REPLY:
    case PD_MONGODB_COMMAND_REPLY:
        return dir == PD_S2C;
    default:
        return dir == PD_C2S && pd_mongodb_opcode_name(opcode);
    }
}

const char *pd_mongodb_header_fault(const struct pd_mongodb_header *h, unsigned dir)
{
    if (h->length < PD_MONGODB_LENGTH_MIN)
        return "message shorter than any";
    if (h->length > PD_MONGODB_LENGTH_MAX)
        return "message longer than 48,000,000 bytes";
    if (!pd_mongodb_opcode_name(h->opcode))
        return "no such opcode";
    if (!goes(h->opcode, dir))
        return "an opcode of the other side";
    return NULL;
}

/* --- is this MongoDB? --- */

/* Where the port does not say it, responseTo tells who asks. */
static bool right_way(const struct pd_mongodb_header *h, const struct pd_look *look)
{
    bool either = h->opcode == PD_MONGODB_MSG || h->opcode == PD_MONGODB_COMPRESSED;

    if (look->dir == PD_C2S)
        return h->to == 0 || (!either && (h->to == NO_RESPONSE || look->known));
    return h->to != 0 || look->known;
}

static bool is_type(uint8_t t)
{
    return t <= TYPE_LAST || t == TYPE_MIN_KEY || t == TYPE_MAX_KEY;
}

/* A document's length, and the type of its first element, as far as they are in sight. */
static bool document_fits(struct pd_slice in, uint32_t at, uint32_t end)
{
    if (in.len < at + sizeof(uint32_t))
        return true;
    uint32_t n = pd_le32(in.p + at);
    if (n < PD_MONGODB_DOCUMENT_MIN || n > end - at)
        return false;
    at += (uint32_t)sizeof n;
    return in.len <= at || (n == PD_MONGODB_DOCUMENT_MIN ? in.p[at] == 0 : in.p[at] && is_type(in.p[at]));
}

static bool msg_fits(struct pd_slice in, const struct pd_mongodb_header *h)
{
    enum { KNOWN = PD_MONGODB_CHECKSUM | PD_MONGODB_MORE_TO_COME | PD_MONGODB_EXHAUST_ALLOWED };
    uint32_t at = PD_MONGODB_HEADER, end = h->length;

    if (pd_le32(in.p + at) & ~(uint32_t)KNOWN)
        return false;
    if (pd_le32(in.p + at) & PD_MONGODB_CHECKSUM)
        end -= (uint32_t)sizeof(uint32_t);
    at += FLAGS_BYTES;
    if (end < at + 1 + PD_MONGODB_DOCUMENT_MIN)
        return false;
    switch (in.p[at++]) {
    case 0:
        return document_fits(in, at, end);
    case 1: { /* a size, a name */
        uint32_t n = pd_le32(in.p + at);
        return n > sizeof n && n <= end - at && in.p[at + sizeof n] >= ' ' && in.p[at + sizeof n] < 0x7f;
    }
    case 2:
        return true;
    default:
        return false;
    }
}

static bool reply_fits(struct pd_slice in, const struct pd_mongodb_header *h)
{
    enum { FROM = 12, RETURNED = 16, NUMBERS = 20 };
    const uint8_t *p = in.p + PD_MONGODB_HEADER;

    if (h->length < PD_MONGODB_HEADER + NUMBERS || (pd_le32(p) & ~(uint32_t)REPLY_FLAGS))
        return false;
    if (in.len < REPLY_BYTES)
        return true;
    uint32_t returned = pd_le32(p + RETURNED);
    if (pd_le32(p + FROM) > INT32_MAX || returned > h->length)
        return false;
    return returned == 0 ? h->length == PD_MONGODB_HEADER + NUMBERS
                         : document_fits(in, PD_MONGODB_HEADER + NUMBERS, h->length);
}

/* Where the port says that it is, a compressor that nobody knows yet may be meant. */
static bool packed_fits(struct pd_slice in, bool known)
{
    const uint8_t *p = in.p + PD_MONGODB_HEADER;
    uint32_t opcode = pd_le32(p);

    return pd_mongodb_opcode_name(opcode) && opcode != PD_MONGODB_COMPRESSED &&
           pd_le32(p + 4) <= PD_MONGODB_LENGTH_MAX && (known || p[8] < COMPRESSORS);
}

/* Flags, then a namespace, of which printable ASCII must begin. */
static bool older_fits(struct pd_slice in, const struct pd_mongodb_header *h)
{
    const uint8_t *p = in.p + PD_MONGODB_HEADER;
    uint32_t flags = pd_le32(p), allowed = 0;

    if (h->opcode == PD_MONGODB_KILL_CURSORS)
        return flags == 0;
    if (h->opcode == PD_MONGODB_COMMAND)
        p -= FLAGS_BYTES;
    else if (h->opcode == PD_MONGODB_QUERY)
        allowed = QUERY_FLAGS;
    else if (h->opcode == PD_MONGODB_INSERT)
        allowed = 1;
    if (h->opcode != PD_MONGODB_COMMAND && (flags & ~allowed))
        return false;
    p += FLAGS_BYTES;
    for (int i = 0; i < NAMESPACE_LOOK && p[i]; i++)
        if (p[i] < ' ' || p[i] == 0x7f)
            return false;
    return p[0];
}

/* in has PROBE_BYTES. */
static bool body_fits(struct pd_slice in, const struct pd_mongodb_header *h, bool known)
{
    switch (h->opcode) {
    case PD_MONGODB_MSG:
        return msg_fits(in, h);
    case PD_MONGODB_REPLY:
        return reply_fits(in, h);
    case PD_MONGODB_COMPRESSED:
        return packed_fits(in, known);
    case PD_MONGODB_COMMAND_REPLY:
        return document_fits(in, PD_MONGODB_HEADER, h->length);
    default:
        return older_fits(in, h);
    }
}

/* The header at in.p, as far as it is in sight, may be one. */
static bool header_fits(struct pd_slice in, const struct pd_look *look)
{
    if (in.len < PD_MONGODB_HEADER) {
        uint32_t length = in.len < sizeof length ? PD_MONGODB_LENGTH_MIN : pd_le32(in.p);
        return length >= PD_MONGODB_LENGTH_MIN && length <= PD_MONGODB_LENGTH_MAX;
    }
    struct pd_mongodb_header h = pd_mongodb_read_header(in.p);
    return !pd_mongodb_header_fault(&h, look->dir) && right_way(&h, look);
}

int pd_mongodb_sync(struct pd_slice in, const struct pd_look *look, uint8_t *confidence)
{
    if (!header_fits(in, look))
        return PD_NO;
    if (in.len < PD_MONGODB_HEADER)
        return PD_MORE;
    struct pd_mongodb_header h = pd_mongodb_read_header(in.p);
    if (in.len < PROBE_BYTES && h.length > in.len)
        return PD_MORE;
    *confidence = PD_MAYBE; /* when it is shorter than the probe: OP_KILL_CURSORS */
    if (in.len >= PROBE_BYTES && !body_fits(in, &h, look->known))
        return PD_NO;
    if (in.len > h.length && !header_fits((struct pd_slice){in.p + h.length, in.len - h.length}, look))
        return PD_NO;
    if (in.len >= PROBE_BYTES)
        *confidence = PD_CERTAIN;
    return 0;
}
