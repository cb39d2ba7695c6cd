/* addr.c: addresses as text. Printing is by hand because it happens twice for every line that goes out. */
#include "base/addr.h"
#include <arpa/inet.h>
#include <string.h>

static const uint8_t v4_prefix[12] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};

enum { GROUPS = 8 };

bool pd_addr_is_v4(const struct pd_addr *a)
{
    return memcmp(a->b, v4_prefix, sizeof v4_prefix) == 0;
}

static char *print_octet(char *to, uint8_t v)
{
    if (v >= 100)
        *to++ = (char)('0' + v / 100);
    if (v >= 10)
        *to++ = (char)('0' + v / 10 % 10);
    *to++ = (char)('0' + v % 10);
    return to;
}

static char *print_v4(char *to, const uint8_t *b)
{
    for (int i = 0; i < 4; i++) {
        if (i)
            *to++ = '.';
        to = print_octet(to, b[i]);
    }
    return to;
}

static char *print_group(char *to, unsigned v)
{
    bool started = false;

    for (int shift = 12; shift >= 0; shift -= 4) {
        unsigned digit = v >> shift & 0xf;
        started = started || digit || shift == 0;
        if (started)
            *to++ = "0123456789abcdef"[digit];
    }
    return to;
}

/* The first of the longest runs of zero groups, if it is longer than one (RFC 5952, section 4.2). */
static void longest_zeros(const unsigned group[GROUPS], int *from, int *len)
{
    *from = GROUPS;
    *len = 1;
    for (int i = 0; i < GROUPS; i++) {
        int n = 0;
        while (i + n < GROUPS && group[i + n] == 0)
            n++;
        if (n > *len) {
            *from = i;
            *len = n;
        }
        i += n;
    }
}

static char *print_v6(char *to, const uint8_t *b)
{
    unsigned group[GROUPS];
    int from, len;

    for (int i = 0; i < GROUPS; i++)
        group[i] = (unsigned)(b[2 * i] << 8 | b[2 * i + 1]);
    longest_zeros(group, &from, &len);
    for (int i = 0; i < GROUPS; i++) {
        if (i == from) {
            *to++ = ':';
            *to++ = ':';
            i += len - 1;
            continue;
        }
        if (i && i != from + len)
            *to++ = ':';
        to = print_group(to, group[i]);
    }
    return to;
}

size_t pd_addr_print(char out[PD_ADDR_TEXT], const struct pd_addr *a)
{
    char *end = pd_addr_is_v4(a) ? print_v4(out, a->b + sizeof v4_prefix) : print_v6(out, a->b);

    *end = '\0';
    return (size_t)(end - out);
}

bool pd_addr_parse(struct pd_addr *out, const char *text)
{
    struct in_addr v4;

    if (inet_pton(AF_INET, text, &v4) == 1) {
        memcpy(out->b, v4_prefix, sizeof v4_prefix);
        memcpy(out->b + sizeof v4_prefix, &v4, sizeof v4);
        return true;
    }
    return inet_pton(AF_INET6, text, out->b) == 1;
}

bool pd_addr_is_multicast(const struct pd_addr *a)
{
    if (!pd_addr_is_v4(a))
        return a->b[0] == 0xff;
    const uint8_t *b = a->b + sizeof v4_prefix;
    return (b[0] & 0xf0) == 0xe0 || (b[0] & b[1] & b[2] & b[3]) == 0xff;
}

const char *pd_tunnel_name(uint8_t kind)
{
    static const char *const name[] = {[PD_TUNNEL_VXLAN] = "vxlan",
                                       [PD_TUNNEL_GENEVE] = "geneve",
                                       [PD_TUNNEL_GRE] = "gre",
                                       [PD_TUNNEL_IPIP] = "ipip"};

    return kind < sizeof name / sizeof *name ? name[kind] : NULL;
}
