/* tables.c: the numbers of the DNS and their names, as IANA's registry "Domain Name System (DNS) Parameters"
 * lists them. A type's layout says how its data is written; rdata.c has the letters. */
#include "protocol/dns/dns.h"

struct type {
    const char *name;
    const char *layout; /* NULL: hex */
};

static const struct type low_types[] = {
    [1] = {"A", "a"},
    [2] = {"NS", "n"},
    [3] = {"MD", "n"},
    [4] = {"MF", "n"},
    [5] = {"CNAME", "n"},
    [6] = {"SOA", "nn44444"},
    [7] = {"MB", "n"},
    [8] = {"MG", "n"},
    [9] = {"MR", "n"},
    [10] = {"NULL", NULL},
    [11] = {"WKS", NULL},
    [12] = {"PTR", "n"},
    [13] = {"HINFO", "ss"},
    [14] = {"MINFO", "nn"},
    [15] = {"MX", "2n"},
    [16] = {"TXT", "S"},
    [17] = {"RP", "nn"},
    [18] = {"AFSDB", "2n"},
    [19] = {"X25", "s"},
    [20] = {"ISDN", "S"},
    [21] = {"RT", "2n"},
    [22] = {"NSAP", NULL},
    [23] = {"NSAP-PTR", "n"},
    [24] = {"SIG", "T114tt2nb"},
    [25] = {"KEY", "211b"},
    [26] = {"PX", "2nn"},
    [27] = {"GPOS", "sss"},
    [28] = {"AAAA", "6"},
    [29] = {"LOC", NULL},
    [30] = {"NXT", NULL},
    [31] = {"EID", NULL},
    [32] = {"NIMLOC", NULL},
    [33] = {"SRV", "222n"},
    [34] = {"ATMA", NULL},
    [35] = {"NAPTR", "22sssn"},
    [36] = {"KX", "2n"},
    [37] = {"CERT", "221b"},
    [38] = {"A6", NULL},
    [39] = {"DNAME", "n"},
    [40] = {"SINK", NULL},
    [41] = {"OPT", NULL},
    [42] = {"APL", NULL},
    [43] = {"DS", "211x"},
    [44] = {"SSHFP", "11x"},
    [45] = {"IPSECKEY", NULL},
    [46] = {"RRSIG", "T114tt2nb"},
    [47] = {"NSEC", "nW"},
    [48] = {"DNSKEY", "211b"},
    [49] = {"DHCID", "b"},
    [50] = {"NSEC3", "112hHW"},
    [51] = {"NSEC3PARAM", "112h"},
    [52] = {"TLSA", "111x"},
    [53] = {"SMIMEA", "111x"},
    [55] = {"HIP", NULL},
    [56] = {"NINFO", "S"},
    [57] = {"RKEY", NULL},
    [58] = {"TALINK", "nn"},
    [59] = {"CDS", "211x"},
    [60] = {"CDNSKEY", "211b"},
    [61] = {"OPENPGPKEY", "b"},
    [62] = {"CSYNC", "42W"},
    [63] = {"ZONEMD", "411x"},
    [64] = {"SVCB", "2np"},
    [65] = {"HTTPS", "2np"},
    [66] = {"DSYNC", NULL},
    [99] = {"SPF", "S"},
    [100] = {"UINFO", NULL},
    [101] = {"UID", NULL},
    [102] = {"GID", NULL},
    [103] = {"UNSPEC", NULL},
    [104] = {"NID", NULL},
    [105] = {"L32", NULL},
    [106] = {"L64", NULL},
    [107] = {"LP", "2n"},
    [108] = {"EUI48", "-"},
    [109] = {"EUI64", "-"},
    [128] = {"NXNAME", NULL},
    [249] = {"TKEY", NULL},
    [250] = {"TSIG", NULL},
    [251] = {"IXFR", NULL},
    [252] = {"AXFR", NULL},
    [253] = {"MAILB", NULL},
    [254] = {"MAILA", NULL},
    [255] = {"ANY", NULL},
    [256] = {"URI", "22q"},
    [257] = {"CAA", "1gq"},
    [258] = {"AVC", "S"},
    [259] = {"DOA", NULL},
    [260] = {"AMTRELAY", NULL},
    [261] = {"RESINFO", "S"},
    [262] = {"WALLET", "S"},
    [263] = {"CLA", "S"},
    [264] = {"IPN", NULL},
};

enum { HIGH_TYPES = 32768 };

static const struct type high_types[] = {{"TA", "211x"}, {"DLV", "211x"}};

static const char *const opcodes[] = {
    [PD_DNS_QUERY] = "QUERY",   [PD_DNS_IQUERY] = "IQUERY", [PD_DNS_STATUS] = "STATUS",
    [PD_DNS_NOTIFY] = "NOTIFY", [PD_DNS_UPDATE] = "UPDATE", [PD_DNS_DSO] = "DSO",
};

static const char *const rcodes[] = {
    "NOERROR", "FORMERR", "SERVFAIL", "NXDOMAIN",  "NOTIMP",  "REFUSED", "YXDOMAIN", "YXRRSET",
    "NXRRSET", "NOTAUTH", "NOTZONE",  "DSOTYPENI", NULL,      NULL,      NULL,       NULL,
    "BADVERS", "BADKEY",  "BADTIME",  "BADMODE",   "BADNAME", "BADALG",  "BADTRUNC", "BADCOOKIE",
};

static const char *const params[] = {
    "mandatory", "alpn", "no-default-alpn", "port", "ipv4hint", "ech", "ipv6hint", "dohpath", "ohttp",
};

#define COUNT(table) (sizeof(table) / sizeof *(table))

static const struct type *find(uint16_t number)
{
    static const struct type none;

    if (number < COUNT(low_types))
        return &low_types[number];
    if (number >= HIGH_TYPES && number < HIGH_TYPES + COUNT(high_types))
        return &high_types[number - HIGH_TYPES];
    return &none;
}

const char *pd_dns_type_name(uint16_t type)
{
    return find(type)->name;
}

const char *pd_dns_type_layout(uint16_t type)
{
    return find(type)->layout;
}

void pd_dns_put_type(struct pd_dns_text *t, uint16_t type)
{
    const char *name = pd_dns_type_name(type);

    pd_dns_put(t, name ? name : "TYPE", (uint32_t)strlen(name ? name : "TYPE"));
    if (!name)
        pd_dns_put_number(t, type);
}

const char *pd_dns_class_name(uint16_t class)
{
    static const struct {
        uint16_t number;
        const char *name;
    } classes[] = {
        {PD_DNS_IN, "IN"}, {PD_DNS_CH, "CH"}, {PD_DNS_HS, "HS"}, {PD_DNS_NONE, "NONE"}, {PD_DNS_ANY, "ANY"}};

    for (size_t i = 0; i < COUNT(classes); i++)
        if (classes[i].number == class)
            return classes[i].name;
    return NULL;
}

const char *pd_dns_opcode_name(unsigned opcode)
{
    return opcode < COUNT(opcodes) ? opcodes[opcode] : NULL;
}

const char *pd_dns_rcode_name(unsigned rcode)
{
    return rcode < COUNT(rcodes) ? rcodes[rcode] : NULL;
}

const char *pd_dns_param_name(uint16_t key)
{
    return key < COUNT(params) ? params[key] : NULL;
}
