/* names.c: domain names as they travel and as they are written. A pointer must go back before the labels it
 * stands behind, so that every name ends; its text and the jumps it may take are bounded besides. */
#include "base/word.h"
#include "protocol/dns/dns.h"

enum { LABEL = 0x00, POINTER = 0xc0, KIND = 0xc0 };

static bool fail(struct pd_dns_cursor *c, const char *why)
{
    c->bad = why;
    return false;
}

static bool cut(struct pd_dns_cursor *c)
{
    c->cut = true;
    c->at = c->len;
    return false;
}

bool pd_dns_skip_name(struct pd_dns_cursor *c)
{
    uint32_t start = c->at;

    while (c->at < c->len) {
        uint8_t n = c->p[c->at];
        if ((n & KIND) == POINTER) {
            c->at += 2;
            return c->at <= c->len || cut(c);
        }
        if ((n & KIND) != LABEL)
            return fail(c, "label of an unknown kind");
        c->at += 1 + (uint32_t)n;
        if (c->at - start > PD_DNS_NAME_WIRE)
            return fail(c, "name longer than 255 bytes");
        if (n == 0)
            return true;
    }
    return cut(c);
}

/* Goes over labels from *at to a pointer or behind the root, and copies them in one piece. 1: the root was
 * reached; 0: *at is at a pointer; -1: failed. */
static int copy_labels(struct pd_dns_cursor *c, uint32_t *at, struct pd_dns_name *name)
{
    uint32_t start = *at, end = start, room = PD_DNS_NAME_WIRE - name->len;
    uint8_t n = 0;

    do {
        if (end >= c->len)
            return cut(c) - 1;
        n = c->p[end];
        if ((n & KIND) == POINTER)
            break;
        if ((n & KIND) != LABEL)
            return fail(c, "label of an unknown kind") - 1;
        if (end - start + 1u + n > room)
            return fail(c, "name longer than 255 bytes") - 1;
        if (n >= c->len - end)
            return cut(c) - 1;
        end += 1u + n;
    } while (n);
    memcpy(name->wire + name->len, c->p + start, end - start);
    name->len = (uint8_t)(name->len + (end - start));
    memset(name->wire + name->len, 0, PD_DNS_WORD);
    *at = end;
    return n == 0;
}

bool pd_dns_read_name(struct pd_dns_cursor *c, struct pd_dns_name *name)
{
    uint32_t at = c->at, back = c->at, behind = 0;
    int root;

    name->len = 0;
    for (unsigned jumps = 0; (root = copy_labels(c, &at, name)) == 0; jumps++) {
        if (c->len - at < 2)
            return cut(c);
        uint32_t target = pd_be16(c->p + at) & 0x3fffu;
        if (jumps == 0)
            behind = at + 2;
        if (target >= back || target < PD_DNS_HEADER)
            return fail(c, "pointer that does not go back to a name");
        if (jumps == PD_DNS_JUMPS)
            return fail(c, "name with too many pointers");
        at = back = target;
    }
    if (root > 0)
        c->at = behind ? behind : at;
    return root > 0;
}

void pd_dns_put(struct pd_dns_text *t, const char *s, uint32_t len)
{
    uint32_t n = len < t->cap - t->len ? len : t->cap - t->len;

    memcpy(t->s + t->len, s, n);
    t->len += n;
    t->full += len;
}

void pd_dns_put_char(struct pd_dns_text *t, char ch)
{
    if (t->len < t->cap)
        t->s[t->len++] = ch;
    t->full++;
}

void pd_dns_put_number(struct pd_dns_text *t, uint32_t v)
{
    char digits[10];
    uint32_t at = sizeof digits;

    do {
        digits[--at] = (char)('0' + v % 10);
        v /= 10;
    } while (v);
    pd_dns_put(t, digits + at, (uint32_t)sizeof digits - at);
}

static void put_decimal(struct pd_dns_text *t, uint8_t b)
{
    const char escape[4] = {'\\', (char)('0' + b / 100), (char)('0' + b / 10 % 10), (char)('0' + b % 10)};

    pd_dns_put(t, escape, sizeof escape);
}

static void put_quoted(struct pd_dns_text *t, uint8_t b)
{
    const char escape[2] = {'\\', (char)b};

    pd_dns_put(t, escape, sizeof escape);
}

void pd_dns_put_escaped(struct pd_dns_text *t, uint8_t b)
{
    if (b < ' ' || b > '~')
        put_decimal(t, b);
    else if (b == '"' || b == '\\')
        put_quoted(t, b);
    else
        pd_dns_put_char(t, (char)b);
}

/* Do all of eight bytes stand for themselves in a name: printable ASCII, no dot, no backslash? */
static bool stands(uint64_t v)
{
    uint64_t control = v - PD_EACH_BYTE(' '), dot = (v ^ PD_EACH_BYTE('.')) - PD_EACH_BYTE(1),
             backslash = (v ^ PD_EACH_BYTE('\\')) - PD_EACH_BYTE(1),
             del = (v ^ PD_EACH_BYTE(0x7f)) - PD_EACH_BYTE(1);

    return ((v | control | dot | backslash | del) & PD_EACH_BYTE(0x80)) == 0;
}

/* The same of a label, behind which a word may be read. */
static bool label_stands(const uint8_t *label, uint32_t len)
{
    static const uint8_t keep[2 * PD_DNS_WORD] = {0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff};

    for (; len > PD_DNS_WORD; label += PD_DNS_WORD, len -= PD_DNS_WORD) {
        if (!stands(pd_word(label)))
            return false;
    }
    uint64_t mask = pd_word(keep + PD_DNS_WORD - len);
    return stands((pd_word(label) & mask) | (PD_EACH_BYTE(' ') & ~mask));
}

/* The text of nearly all names is what travels, with dots in place of the lengths. False: not of this one. */
static bool print_usual(struct pd_dns_text *t, const struct pd_dns_name *name)
{
    const uint8_t *wire = name->wire;
    uint32_t n = name->len - 2u; /* without the first length and the root's */
    char *to = t->s + t->len;

    if (name->len <= 1 || n > t->cap - t->len || !label_stands(wire + 1, wire[0]))
        return false;
    memcpy(to, wire + 1, n);
    for (uint32_t at = 1u + wire[0]; wire[at]; at += 1u + wire[at]) {
        to[at - 1] = '.';
        if (!label_stands(wire + at + 1, wire[at]))
            return false;
    }
    t->len += n;
    t->full += n;
    return true;
}

void pd_dns_print_name(struct pd_dns_text *t, const struct pd_dns_name *name)
{
    if (print_usual(t, name))
        return;
    if (name->len <= 1)
        pd_dns_put_char(t, '.');
    for (uint32_t at = 0; at < name->len && name->wire[at]; at += 1u + name->wire[at]) {
        if (at)
            pd_dns_put_char(t, '.');
        for (uint32_t i = 1; i <= name->wire[at]; i++) {
            uint8_t b = name->wire[at + i];
            if (b < ' ' || b > '~')
                put_decimal(t, b);
            else if (b == '.' || b == '\\')
                put_quoted(t, b);
            else
                pd_dns_put_char(t, (char)b);
        }
    }
}
