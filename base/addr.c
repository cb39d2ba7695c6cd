/* addr.c: addresses as text. Printing is by hand because it happens twice for every line that goes out. */
#include "base/addr.h"
#include "base/buf.h"
#include <arpa/inet.h>
#include <string.h>

static const uint8_t v4_prefix[12] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};

enum { GROUPS = 8 };

bool pd_addr_is_v4(const struct pd_addr *a)
{
    return memcmp(a->b, v4_prefix, sizeof v4_prefix) == 0;
}

size_t pd_addr_print_v4(char out[PD_ADDR_TEXT], const uint8_t b[PD_ADDR_V4])
{
    char *to = pd_print_few(out, b[0]);

    for (int i = 1; i < PD_ADDR_V4; i++) {
        *to++ = '.';
        to = pd_print_few(to, b[i]);
    }
    return (size_t)(to - out);
}

static char *print_group(char *to, unsigned v)
{
    static const char digit[] = "0123456789abcdef";

    if (v > 0xfff)
        *to++ = digit[v >> 12];
    if (v > 0xff)
        *to++ = digit[v >> 8 & 0xf];
    if (v > 0xf)
        *to++ = digit[v >> 4 & 0xf];
    *to++ = digit[v & 0xf];
    return to;
}

/* The first of the longest runs of zero groups, if it is longer than one (RFC 5952, section 4.2). zeros: a
 * bit for each group. */
static void longest_zeros(unsigned zeros, unsigned *from, unsigned *len)
{
    unsigned begins = zeros; /* of runs that are longer than *len */

    *from = GROUPS;
    for (*len = 0; begins; ++*len) {
        *from = (unsigned)__builtin_ctz(begins);
        begins &= zeros >> (*len + 1);
    }
    if (*len < 2)
        *from = GROUPS;
}

static char *print_v6(char *to, const uint8_t *b)
{
    unsigned group[GROUPS], zeros = 0, from, len;

    for (unsigned i = 0; i < GROUPS; i++) {
        group[i] = (unsigned)(b[2 * i] << 8 | b[2 * i + 1]);
        zeros |= (unsigned)(group[i] == 0) << i;
    }
    longest_zeros(zeros, &from, &len);
    for (unsigned i = 0; i < GROUPS; i++) {
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
    char *end = out;

    if (pd_addr_is_v4(a))
        end += pd_addr_print_v4(out, a->b + sizeof v4_prefix);
    else
        end = print_v6(out, a->b);
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
