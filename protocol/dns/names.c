/* names.c: domain names as they travel and as they are written. A pointer must go back before the labels it
 * stands behind, so that every name ends; its text and the jumps it may take are bounded besides. */
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

/* Copies labels from *at up to a pointer or the root. 1: the root was reached; 0: *at is at a pointer. */
static int copy_labels(struct pd_dns_cursor *c, uint32_t *at, struct pd_dns_name *name)
{
    for (;;) {
        if (*at >= c->len)
            return cut(c) - 1;
        uint8_t n = c->p[*at];
        if ((n & KIND) == POINTER)
            return 0;
        if ((n & KIND) != LABEL)
            return fail(c, "label of an unknown kind") - 1;
        if (name->len + 1u + n > PD_DNS_NAME_WIRE)
            return fail(c, "name longer than 255 bytes") - 1;
        if (n >= c->len - *at)
            return cut(c) - 1;
        memcpy(name->wire + name->len, c->p + *at, 1u + n);
        name->len = (uint8_t)(name->len + 1 + n);
        *at += 1 + (uint32_t)n;
        if (n == 0)
            return 1;
    }
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

void pd_dns_print_name(struct pd_dns_text *t, const struct pd_dns_name *name)
{
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
