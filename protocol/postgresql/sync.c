/* sync.c: does a message begin here? A start-up packet has a number that says so; any other message has one
 * byte and a length, and a body of a form that its type prescribes, as far as it is in sight. */
#include "protocol/postgresql/postgresql.h"

enum { LOOK_MAX = 4, LEN_MAX = 1 << 30, NAME_LOOK = 128 };

enum looks { BAD, PLAUSIBLE, STRONG };

static bool word(uint8_t b)
{
    return (b >= 'a' && b <= 'z') || (b >= 'A' && b <= 'Z') || (b >= '0' && b <= '9') || b == '_';
}

/* Text without control characters, and a NUL behind it unless the slice ends first. */
static bool text(struct pd_slice *in, bool *ended)
{
    struct pd_slice s;

    *ended = pd_pg_string(in, &s);
    for (uint32_t i = 0; i < s.len && i < NAME_LOOK; i++)
        if (s.p[i] < ' ' && s.p[i] != '\t' && s.p[i] != '\n' && s.p[i] != '\r')
            return false;
    return true;
}

/* What lies behind these is told by nothing, so a body has to end where its length says. */
static bool ends(struct pd_slice in, bool all, uint32_t more)
{
    return !all || in.len == more;
}

static enum looks client_body(uint8_t type, struct pd_slice in, bool all, uint32_t len)
{
    bool ended = true;

    switch (type) {
    case 'S':
    case 'H':
    case 'X':
    case 'c':
        return len == 4 ? PLAUSIBLE : BAD;
    case 'Q':
        return text(&in, &ended) && (ended ? ends(in, all, 0) : !all) ? STRONG : BAD;
    case 'f':
        return text(&in, &ended) && (ended ? ends(in, all, 0) : !all) ? PLAUSIBLE : BAD;
    case 'D':
    case 'C':
        if (in.len && in.p[0] != 'S' && in.p[0] != 'P')
            return BAD;
        if (in.len)
            in.p++, in.len--;
        return text(&in, &ended) && (ended ? ends(in, all, 0) : !all) ? PLAUSIBLE : BAD;
    case 'E':
        return text(&in, &ended) && (ended ? ends(in, all, 4) : !all) ? PLAUSIBLE : BAD;
    case 'P':
    case 'B':
        if (!text(&in, &ended) || (ended && !text(&in, &ended)) || (!ended && all))
            return BAD;
        return !all || in.len >= 2 ? STRONG : BAD;
    default: /* F d p */
        return PLAUSIBLE;
    }
}

/* Int16 n; then for each Int32 length and so many bytes. */
static bool row(struct pd_slice in, bool all, uint32_t len)
{
    if (in.len < 2)
        return !all;
    uint32_t n = pd_be16(in.p), at = 2;

    if (len - 4 < 2 + 4 * n)
        return false;
    for (; n && at + 4 <= in.len; n--) {
        uint32_t size = pd_be32(in.p + at);
        at += 4;
        if (size == UINT32_MAX)
            continue;
        if (size > len - 4 || at + size > len - 4)
            return false;
        at += size;
    }
    return n ? !all : at == len - 4;
}

static bool fields(struct pd_slice in, bool all)
{
    bool ended = true;

    while (in.len && *in.p && ended) {
        if (*in.p < 'A' || *in.p > 'z')
            return false;
        in.p++, in.len--;
        (void)text(&in, &ended);
    }
    return !all || (ended && in.len == 1);
}

/* String name; String value. */
static bool parameter(struct pd_slice in, bool all)
{
    bool ended;
    struct pd_slice name;

    if (!in.len || !word(in.p[0]))
        return false;
    ended = pd_pg_string(&in, &name);
    for (uint32_t i = 0; i < name.len; i++)
        if (!word(name.p[i]) && name.p[i] != '.')
            return false;
    if (ended && !text(&in, &ended))
        return false;
    return ended ? ends(in, all, 0) : !all;
}

static bool tag(struct pd_slice in, bool all)
{
    bool ended;

    if (!in.len || in.p[0] < 'A' || in.p[0] > 'Z')
        return false;
    return text(&in, &ended) && (ended ? ends(in, all, 0) : !all);
}

static enum looks server_body(uint8_t type, struct pd_slice in, bool all, uint32_t len)
{
    switch (type) {
    case '1':
    case '2':
    case '3':
    case 'n':
    case 's':
    case 'I':
    case 'c':
        return len == 4 ? PLAUSIBLE : BAD;
    case 'Z':
        return len == 5 && (!in.len || memchr("ITE", in.p[0], 3)) ? in.len ? STRONG : PLAUSIBLE : BAD;
    case 'R':
        return len >= 8 && (in.len < 4 || pd_be32(in.p) <= 12) ? in.len < 4 ? PLAUSIBLE : STRONG : BAD;
    case 'K':
        return len >= 12 && len <= 4 + 4 + 256 ? PLAUSIBLE : BAD;
    case 'D':
        return row(in, all, len) ? STRONG : BAD;
    case 'C':
        return len <= 4 + 1 + PD_PG_TAG_MAX && tag(in, all) ? STRONG : BAD;
    case 'E':
    case 'N':
        return fields(in, all) ? STRONG : BAD;
    case 'S':
        return parameter(in, all) ? STRONG : BAD;
    case 'T':
        return len >= 6 && (in.len < 2 || len - 6 >= 19u * pd_be16(in.p)) ? PLAUSIBLE : BAD;
    case 't':
        return len >= 6 && (in.len < 2 || len - 6 == 4u * pd_be16(in.p)) ? PLAUSIBLE : BAD;
    case 'G':
    case 'H':
    case 'W':
        return len >= 7 && (in.len < 3 || (in.p[0] <= 1 && len - 7 == 2u * pd_be16(in.p + 1))) ? STRONG : BAD;
    default: /* A V d v */
        return PLAUSIBLE;
    }
}

static enum looks message(struct pd_slice in, enum pd_dir dir, uint32_t *total)
{
    static const char client[] = "QPBDECSHFXdcfp", server[] = "RKSZTDCEINtn123sAGHWdcvV";
    uint32_t len = pd_be32(in.p + 1);

    if (!in.p[0] || !strchr(dir == PD_C2S ? client : server, in.p[0]) || len < 4 || len > LEN_MAX)
        return BAD;
    *total = len + 1;
    uint32_t body = len - 4, seen = in.len - PD_PG_HEAD;
    struct pd_slice at_hand = {in.p + PD_PG_HEAD, seen < body ? seen : body};
    bool all = seen >= body;
    return dir == PD_C2S ? client_body(in.p[0], at_hand, all, len) : server_body(in.p[0], at_hand, all, len);
}

/* Some messages in a row, as far as they are in sight. */
static enum looks messages(struct pd_slice in, enum pd_dir dir)
{
    enum looks best = BAD;
    uint32_t total = 0;
    unsigned n = 0;

    for (; n < LOOK_MAX && in.len >= PD_PG_HEAD; n++) {
        enum looks one = message(in, dir, &total);
        if (one == BAD)
            return BAD;
        best = one > best ? one : best;
        uint32_t used = total < in.len ? total : in.len;
        in.p += used;
        in.len -= used;
    }
    return n > 1 && best == PLAUSIBLE ? STRONG : best;
}

/* The first parameter's name is a word. */
static int startup(struct pd_slice in, uint8_t *confidence)
{
    enum pd_pg_startup kind = pd_pg_startup_kind(in.p);

    if (kind == PD_PG_S_NO)
        return PD_NO;
    if (kind == PD_PG_S_CANCEL && in.len > pd_be32(in.p))
        return PD_NO;
    if (kind == PD_PG_S_SESSION && in.len == PD_PG_STARTUP_HEAD)
        return PD_MORE; /* so far it may be another protocol's request 3 in version 0 */
    if (kind == PD_PG_S_SESSION && !word(in.p[PD_PG_STARTUP_HEAD]))
        return PD_NO;
    if ((kind == PD_PG_S_SSL || kind == PD_PG_S_GSS) && in.len > PD_PG_STARTUP_HEAD)
        return PD_NO; /* nobody goes on before the answer */
    *confidence = PD_CERTAIN;
    return 0;
}

int pd_pg_sync(struct pd_slice in, const struct pd_look *look, uint8_t *confidence)
{
    if (look->dir == PD_C2S && in.len && in.p[0] == 0 && look->purpose != PD_RECOVER) {
        *confidence = PD_CERTAIN;
        return in.len < PD_PG_STARTUP_HEAD ? PD_MORE : startup(in, confidence);
    }
    if (look->dir == PD_C2S && look->purpose == PD_DETECT)
        return PD_NO; /* a session begins otherwise */
    if (in.len < PD_PG_HEAD)
        return look->purpose == PD_DETECT && in.len ? PD_MORE : PD_NO;
    if (look->purpose == PD_DETECT && !memchr("RENv", in.p[0], 4))
        return PD_NO;
    enum looks looks = messages(in, (enum pd_dir)look->dir);
    if (looks == BAD || (looks == PLAUSIBLE && look->purpose == PD_RECOVER && in.len > PD_PG_HEAD + 1))
        return PD_NO;
    *confidence = looks == STRONG && look->known ? PD_CERTAIN : PD_MAYBE;
    return 0;
}
