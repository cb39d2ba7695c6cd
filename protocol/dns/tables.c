/* tables.c: the numbers of the DNS and their names, as IANA's registry "Domain Name System (DNS) Parameters"
 * lists them. A type's layout says how its data is written; rdata.c has the letters. */
#include "protocol/dns/dns.h"

struct type {
    struct pd_text name;
    const char *layout; /* NULL: hex */
};

static const struct type low_types[] = {
    [1] = {PD_TEXT_OF("A"), "a"},
    [2] = {PD_TEXT_OF("NS"), "n"},
    [3] = {PD_TEXT_OF("MD"), "n"},
    [4] = {PD_TEXT_OF("MF"), "n"},
    [5] = {PD_TEXT_OF("CNAME"), "n"},
    [6] = {PD_TEXT_OF("SOA"), "nn44444"},
    [7] = {PD_TEXT_OF("MB"), "n"},
    [8] = {PD_TEXT_OF("MG"), "n"},
    [9] = {PD_TEXT_OF("MR"), "n"},
    [10] = {PD_TEXT_OF("NULL"), NULL},
    [11] = {PD_TEXT_OF("WKS"), NULL},
    [12] = {PD_TEXT_OF("PTR"), "n"},
    [13] = {PD_TEXT_OF("HINFO"), "ss"},
    [14] = {PD_TEXT_OF("MINFO"), "nn"},
    [15] = {PD_TEXT_OF("MX"), "2n"},
    [16] = {PD_TEXT_OF("TXT"), "S"},
    [17] = {PD_TEXT_OF("RP"), "nn"},
    [18] = {PD_TEXT_OF("AFSDB"), "2n"},
    [19] = {PD_TEXT_OF("X25"), "s"},
    [20] = {PD_TEXT_OF("ISDN"), "S"},
    [21] = {PD_TEXT_OF("RT"), "2n"},
    [22] = {PD_TEXT_OF("NSAP"), NULL},
    [23] = {PD_TEXT_OF("NSAP-PTR"), "n"},
    [24] = {PD_TEXT_OF("SIG"), "T114tt2nb"},
    [25] = {PD_TEXT_OF("KEY"), "211b"},
    [26] = {PD_TEXT_OF("PX"), "2nn"},
    [27] = {PD_TEXT_OF("GPOS"), "sss"},
    [28] = {PD_TEXT_OF("AAAA"), "6"},
    [29] = {PD_TEXT_OF("LOC"), NULL},
    [30] = {PD_TEXT_OF("NXT"), NULL},
    [31] = {PD_TEXT_OF("EID"), NULL},
    [32] = {PD_TEXT_OF("NIMLOC"), NULL},
    [33] = {PD_TEXT_OF("SRV"), "222n"},
    [34] = {PD_TEXT_OF("ATMA"), NULL},
    [35] = {PD_TEXT_OF("NAPTR"), "22sssn"},
    [36] = {PD_TEXT_OF("KX"), "2n"},
    [37] = {PD_TEXT_OF("CERT"), "221b"},
    [38] = {PD_TEXT_OF("A6"), NULL},
    [39] = {PD_TEXT_OF("DNAME"), "n"},
    [40] = {PD_TEXT_OF("SINK"), NULL},
    [41] = {PD_TEXT_OF("OPT"), NULL},
    [42] = {PD_TEXT_OF("APL"), NULL},
    [43] = {PD_TEXT_OF("DS"), "211x"},
    [44] = {PD_TEXT_OF("SSHFP"), "11x"},
    [45] = {PD_TEXT_OF("IPSECKEY"), NULL},
    [46] = {PD_TEXT_OF("RRSIG"), "T114tt2nb"},
    [47] = {PD_TEXT_OF("NSEC"), "nW"},
    [48] = {PD_TEXT_OF("DNSKEY"), "211b"},
    [49] = {PD_TEXT_OF("DHCID"), "b"},
    [50] = {PD_TEXT_OF("NSEC3"), "112hHW"},
    [51] = {PD_TEXT_OF("NSEC3PARAM"), "112h"},
    [52] = {PD_TEXT_OF("TLSA"), "111x"},
    [53] = {PD_TEXT_OF("SMIMEA"), "111x"},
    [55] = {PD_TEXT_OF("HIP"), NULL},
    [56] = {PD_TEXT_OF("NINFO"), "S"},
    [57] = {PD_TEXT_OF("RKEY"), NULL},
    [58] = {PD_TEXT_OF("TALINK"), "nn"},
    [59] = {PD_TEXT_OF("CDS"), "211x"},
    [60] = {PD_TEXT_OF("CDNSKEY"), "211b"},
    [61] = {PD_TEXT_OF("OPENPGPKEY"), "b"},
    [62] = {PD_TEXT_OF("CSYNC"), "42W"},
    [63] = {PD_TEXT_OF("ZONEMD"), "411x"},
    [64] = {PD_TEXT_OF("SVCB"), "2np"},
    [65] = {PD_TEXT_OF("HTTPS"), "2np"},
    [66] = {PD_TEXT_OF("DSYNC"), NULL},
    [99] = {PD_TEXT_OF("SPF"), "S"},
    [100] = {PD_TEXT_OF("UINFO"), NULL},
    [101] = {PD_TEXT_OF("UID"), NULL},
    [102] = {PD_TEXT_OF("GID"), NULL},
    [103] = {PD_TEXT_OF("UNSPEC"), NULL},
    [104] = {PD_TEXT_OF("NID"), NULL},
    [105] = {PD_TEXT_OF("L32"), NULL},
    [106] = {PD_TEXT_OF("L64"), NULL},
    [107] = {PD_TEXT_OF("LP"), "2n"},
    [108] = {PD_TEXT_OF("EUI48"), "-"},
    [109] = {PD_TEXT_OF("EUI64"), "-"},
    [128] = {PD_TEXT_OF("NXNAME"), NULL},
    [249] = {PD_TEXT_OF("TKEY"), NULL},
    [250] = {PD_TEXT_OF("TSIG"), NULL},
    [251] = {PD_TEXT_OF("IXFR"), NULL},
    [252] = {PD_TEXT_OF("AXFR"), NULL},
    [253] = {PD_TEXT_OF("MAILB"), NULL},
    [254] = {PD_TEXT_OF("MAILA"), NULL},
    [255] = {PD_TEXT_OF("ANY"), NULL},
    [256] = {PD_TEXT_OF("URI"), "22q"},
    [257] = {PD_TEXT_OF("CAA"), "1gq"},
    [258] = {PD_TEXT_OF("AVC"), "S"},
    [259] = {PD_TEXT_OF("DOA"), NULL},
    [260] = {PD_TEXT_OF("AMTRELAY"), NULL},
    [261] = {PD_TEXT_OF("RESINFO"), "S"},
    [262] = {PD_TEXT_OF("WALLET"), "S"},
    [263] = {PD_TEXT_OF("CLA"), "S"},
    [264] = {PD_TEXT_OF("IPN"), NULL},
};

enum { HIGH_TYPES = 32768 };

static const struct type high_types[] = {{PD_TEXT_OF("TA"), "211x"}, {PD_TEXT_OF("DLV"), "211x"}};

static const struct pd_text opcodes[] = {
    [PD_DNS_QUERY] = PD_TEXT_OF("QUERY"),   [PD_DNS_IQUERY] = PD_TEXT_OF("IQUERY"),
    [PD_DNS_STATUS] = PD_TEXT_OF("STATUS"), [PD_DNS_NOTIFY] = PD_TEXT_OF("NOTIFY"),
    [PD_DNS_UPDATE] = PD_TEXT_OF("UPDATE"), [PD_DNS_DSO] = PD_TEXT_OF("DSO"),
};

static const struct pd_text rcodes[] = {
    [0] = PD_TEXT_OF("NOERROR"),   [1] = PD_TEXT_OF("FORMERR"),    [2] = PD_TEXT_OF("SERVFAIL"),
    [3] = PD_TEXT_OF("NXDOMAIN"),  [4] = PD_TEXT_OF("NOTIMP"),     [5] = PD_TEXT_OF("REFUSED"),
    [6] = PD_TEXT_OF("YXDOMAIN"),  [7] = PD_TEXT_OF("YXRRSET"),    [8] = PD_TEXT_OF("NXRRSET"),
    [9] = PD_TEXT_OF("NOTAUTH"),   [10] = PD_TEXT_OF("NOTZONE"),   [11] = PD_TEXT_OF("DSOTYPENI"),
    [16] = PD_TEXT_OF("BADVERS"),  [17] = PD_TEXT_OF("BADKEY"),    [18] = PD_TEXT_OF("BADTIME"),
    [19] = PD_TEXT_OF("BADMODE"),  [20] = PD_TEXT_OF("BADNAME"),   [21] = PD_TEXT_OF("BADALG"),
    [22] = PD_TEXT_OF("BADTRUNC"), [23] = PD_TEXT_OF("BADCOOKIE"),
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

static const struct pd_text *known(const struct pd_text *t)
{
    return t->s ? t : NULL;
}

const struct pd_text *pd_dns_type_name(uint16_t type)
{
    return known(&find(type)->name);
}

const char *pd_dns_type_layout(uint16_t type)
{
    return find(type)->layout;
}

void pd_dns_put_type(struct pd_dns_text *t, uint16_t type)
{
    const struct pd_text *name = pd_dns_type_name(type);

    if (name) {
        pd_dns_put(t, name->s, name->len);
    } else {
        pd_dns_put(t, "TYPE", 4);
        pd_dns_put_number(t, type);
    }
}

const struct pd_text *pd_dns_class_name(uint16_t class)
{
    static const struct {
        uint16_t number;
        struct pd_text name;
    } classes[] = {{PD_DNS_IN, PD_TEXT_OF("IN")},
                   {PD_DNS_CH, PD_TEXT_OF("CH")},
                   {PD_DNS_HS, PD_TEXT_OF("HS")},
                   {PD_DNS_NONE, PD_TEXT_OF("NONE")},
                   {PD_DNS_ANY, PD_TEXT_OF("ANY")}};

    for (size_t i = 0; i < COUNT(classes); i++)
        if (classes[i].number == class)
            return &classes[i].name;
    return NULL;
}

const struct pd_text *pd_dns_opcode_name(unsigned opcode)
{
    return opcode < COUNT(opcodes) ? known(&opcodes[opcode]) : NULL;
}

const struct pd_text *pd_dns_rcode_name(unsigned rcode)
{
    return rcode < COUNT(rcodes) ? known(&rcodes[rcode]) : NULL;
}

const char *pd_dns_param_name(uint16_t key)
{
    return key < COUNT(params) ? params[key] : NULL;
}
