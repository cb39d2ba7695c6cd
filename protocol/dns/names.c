/* names.c: domain names as they travel and as they are written. A pointer must go back before the labels it
 * stands behind, so that every name ends; its text and the jumps it may take are bounded besides. */
#include "base/cold.h"
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

/* Upper bits are set when some of eight bytes is a dot, a backslash or not printable ASCII. */
static inline uint64_t odd8(uint64_t word)
{
    uint64_t dot = word ^ PD_EACH_BYTE('.'), backslash = word ^ PD_EACH_BYTE('\\');

    return word | (word - PD_EACH_BYTE(' ')) | (word + PD_EACH_BYTE(0x80 - 0x7f)) | (dot - PD_EACH_BYTE(1)) |
           (backslash - PD_EACH_BYTE(1));
}

/* Copies a label of n > 0 bytes in pieces that may overlap. As odd8(). */
static inline uint64_t copy_label(char *to, const uint8_t *from, uint32_t n)
{
    enum { WORD = 8, HALF = 4 };
    uint64_t word, odd = 0;

    if (n >= WORD) {
        for (uint32_t i = 0; i + WORD < n; i += WORD) {
            word = pd_word(from + i);
            memcpy(to + i, &word, sizeof word);
            odd |= odd8(word);
        }
        word = pd_word(from + n - WORD);
        memcpy(to + n - WORD, &word, sizeof word);
    } else if (n >= HALF) {
        uint32_t first = pd_half_word(from), last = pd_half_word(from + n - HALF);
        memcpy(to, &first, sizeof first);
        memcpy(to + n - HALF, &last, sizeof last);
        word = first | (uint64_t)last << 32;
    } else { /* the first byte, the one in the middle, the last; letters in place of the others */
        word = from[0] | (uint64_t)from[n / 2] << 8 | (uint64_t)from[n - 1] << 16 | PD_EACH_BYTE('a') << 24;
        to[0] = (char)from[0];
        to[n / 2] = (char)from[n / 2];
        to[n - 1] = (char)from[n - 1];
    }
    return odd | odd8(word);
}

/* Where the pointer at `at` leads, the name's jumps-th; 0: it is none, or leads nowhere. */
static uint32_t follow(struct pd_dns_cursor *c, uint32_t at, uint32_t back, unsigned jumps)
{
    if ((c->p[at] & KIND) != POINTER)
        return fail(c, "label of an unknown kind");
    if (c->len - at < 2)
        return cut(c);
    uint32_t target = pd_be16(c->p + at) & 0x3fffu;
    if (target >= back || target < PD_DNS_HEADER)
        return fail(c, "pointer that does not go back to a name");
    if (jumps > PD_DNS_JUMPS)
        return fail(c, "name with too many pointers");
    return target;
}

bool pd_dns_read_name(struct pd_dns_cursor *c, struct pd_dns_name *name)
{
    const uint8_t *p = c->p;
    uint32_t len = c->len, at = c->at, back = at, behind = 0, wire = 0;
    unsigned jumps = 0;
    uint64_t odd = 0;
    uint8_t n;

    do {
        if (at >= len)
            return cut(c);
        n = p[at];
        if ((n & KIND) != LABEL) {
            uint32_t target = follow(c, at, back, ++jumps);
            if (!target)
                return false;
            behind = behind ? behind : at + 2;
            at = back = target;
            continue;
        }
        if (wire + 1 + n > PD_DNS_NAME_WIRE)
            return fail(c, "name longer than 255 bytes");
        if (n >= len - at)
            return cut(c);
        if (wire) /* in place of a length; of the root's too, which is not part of the text */
            name->text[wire - 1] = '.';
        if (n)
            odd |= copy_label(name->text + wire, p + at + 1, n);
        wire += 1u + n;
        at += 1u + n;
    } while (n);
    name->text[0] = wire > 1 ? name->text[0] : '.';
    name->len = (uint8_t)(wire > 1 ? wire - 2 : 1);
    name->message = p;
    name->at = c->at;
    name->plain = !(odd & PD_EACH_BYTE(0x80));
    c->at = behind ? behind : at;
    return true;
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

static bool stands(uint8_t b)
{
    return b >= ' ' && b <= '~' && b != '"' && b != '\\';
}

void pd_dns_put_escaped(struct pd_dns_text *t, uint8_t b)
{
    if (stands(b))
        pd_dns_put_char(t, (char)b);
    else if (b == '"' || b == '\\')
        put_quoted(t, b);
    else
        put_decimal(t, b);
}

void pd_dns_put_string(struct pd_dns_text *t, struct pd_slice s)
{
    for (uint32_t at = 0, from = 0; at < s.len; from = ++at) {
        while (at < s.len && stands(s.p[at]))
            at++;
        pd_dns_put(t, (const char *)s.p + from, at - from);
        if (at < s.len)
            pd_dns_put_escaped(t, s.p[at]);
    }
}

PD_COLD static void print_escaped(struct pd_dns_text *t, const struct pd_dns_name *name)
{
    const uint8_t *p = name->message;
    uint32_t at = name->at;
    bool first = true;

    for (uint8_t n; (n = p[at]) != 0;) {
        if (n >= POINTER) {
            at = pd_be16(p + at) & 0x3fffu;
            continue;
        }
        if (!first)
            pd_dns_put_char(t, '.');
        first = false;
        for (uint32_t i = 1; i <= n; i++) {
            uint8_t b = p[at + i];
            if (b < ' ' || b > '~')
                put_decimal(t, b);
            else if (b == '.' || b == '\\')
                put_quoted(t, b);
            else
                pd_dns_put_char(t, (char)b);
        }
        at += 1u + n;
    }
}

void pd_dns_print_name(struct pd_dns_text *t, const struct pd_dns_name *name)
{
    if (name->plain)
        pd_dns_put(t, name->text, name->len);
    else
        print_escaped(t, name);
}
