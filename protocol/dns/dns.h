/* dns.h: what the files of this folder share: a message is read through one cursor that never leaves it,
 * names and record data are printed into bounded texts. */
#ifndef PD_PROTOCOL_DNS_DNS_H
#define PD_PROTOCOL_DNS_DNS_H
#include "roundtrip/schema.h"

enum {
    PD_DNS_HEADER = 12,      /* bytes; RFC 1035, section 4.1.1 */
    PD_DNS_NAME_WIRE = 255,  /* the longest name; RFC 1035, section 2.3.4 */
    PD_DNS_NAME_TEXT = 1024, /* room for any name as text: every byte escaped, and the dots */
    PD_DNS_JUMPS = 127,      /* pointers in one name: as many as it may have labels */
    PD_DNS_QUESTION_LEAST = 5,
    PD_DNS_QUESTION_END = 4, /* bytes of type and class */
    PD_DNS_QUESTION_MOST = PD_DNS_NAME_WIRE + PD_DNS_QUESTION_END,
    PD_DNS_RECORD_LEAST = 11
};

enum pd_dns_flag {
    PD_DNS_QR = 0x8000,
    PD_DNS_AA = 0x0400,
    PD_DNS_TC = 0x0200,
    PD_DNS_Z = 0x0040,
    PD_DNS_AD = 0x0020
};

enum pd_dns_opcode {
    PD_DNS_QUERY,
    PD_DNS_IQUERY,
    PD_DNS_STATUS,
    PD_DNS_NOTIFY = 4,
    PD_DNS_UPDATE,
    PD_DNS_DSO
};
enum pd_dns_rcode { PD_DNS_NOERROR, PD_DNS_SERVFAIL = 2, PD_DNS_NXDOMAIN = 3, PD_DNS_DSOTYPENI = 11 };
enum pd_dns_section {
    PD_DNS_QUESTIONS,
    PD_DNS_ANSWERS,
    PD_DNS_AUTHORITY,
    PD_DNS_ADDITIONAL,
    PD_DNS_SECTIONS
};

enum pd_dns_type { PD_DNS_A = 1, PD_DNS_SOA = 6, PD_DNS_OPT = 41, PD_DNS_IXFR = 251, PD_DNS_AXFR = 252 };
enum pd_dns_class { PD_DNS_IN = 1, PD_DNS_CH = 3, PD_DNS_HS = 4, PD_DNS_NONE = 254, PD_DNS_ANY = 255 };

/* Where a message is being read. Nothing is read past its end: then `cut` is set, and what was read is
 * nought. `bad` is a literal once the message broke a rule. */
struct pd_dns_cursor {
    const uint8_t *p;
    uint32_t len, at;
    bool cut;
    const char *bad;
};

struct pd_dns_header {
    uint16_t id, flags;
    uint16_t count[PD_DNS_SECTIONS];
};

/* A name that was read. Nearly all are written as they are; one that needs escapes is read again when it is
 * printed, so it must not outlive its message. */
struct pd_dns_name {
    const uint8_t *message;
    uint32_t at; /* where it begins there */
    bool plain;  /* the text is what pd_dns_print_name() prints */
    uint8_t len; /* of the text */
    char text[PD_DNS_NAME_WIRE];
};

struct pd_dns_question {
    struct pd_dns_name name;
    uint16_t type, class;
};

struct pd_dns_record {
    uint32_t name_at, data_at; /* offsets in the message */
    uint32_t ttl;
    uint16_t type, class, data_len;
};

/* A text of at most cap bytes; full counts what was meant for it. */
struct pd_dns_text {
    char *s;
    uint32_t cap, len, full;
};

static inline bool pd_dns_ok(const struct pd_dns_cursor *c)
{
    return !c->cut && !c->bad;
}

static inline unsigned pd_dns_opcode(uint16_t flags)
{
    return flags >> 11 & 0xf;
}

/* The header, which stands at the message's beginning. Inlined, like what is asked of it: each datagram's is
 * read by sync() and then again. */
static inline bool pd_dns_read_header(struct pd_dns_cursor *c, struct pd_dns_header *h)
{
    if (c->len < PD_DNS_HEADER) {
        c->cut = true;
        c->at = c->len;
        return false;
    }
    h->id = pd_be16(c->p);
    h->flags = pd_be16(c->p + 2);
    for (int i = 0; i < PD_DNS_SECTIONS; i++)
        h->count[i] = pd_be16(c->p + 4 + 2 * i);
    c->at = PD_DNS_HEADER;
    return true;
}

/* Of all sections behind the questions. */
static inline uint32_t pd_dns_records(const struct pd_dns_header *h)
{
    return (uint32_t)h->count[PD_DNS_ANSWERS] + h->count[PD_DNS_AUTHORITY] + h->count[PD_DNS_ADDITIONAL];
}

/* Opcode and response code have names, Z is not set, and the counts are as they can be. */
static inline bool pd_dns_sane(const struct pd_dns_header *h)
{
    enum {
        OPCODES = 1 << PD_DNS_QUERY | 1 << PD_DNS_IQUERY | 1 << PD_DNS_STATUS | 1 << PD_DNS_NOTIFY |
                  1 << PD_DNS_UPDATE | 1 << PD_DNS_DSO
    };

    return OPCODES >> pd_dns_opcode(h->flags) & 1 && (h->flags & 0xf) <= PD_DNS_DSOTYPENI &&
           !(h->flags & PD_DNS_Z) && h->count[PD_DNS_QUESTIONS] <= UINT16_MAX / PD_DNS_QUESTION_LEAST &&
           pd_dns_records(h) <= UINT16_MAX / PD_DNS_RECORD_LEAST;
}

/* --- message.c --- */

bool pd_dns_read_question(struct pd_dns_cursor *, struct pd_dns_question *);
/* Owner, type, class, ttl and the extent of the data, which lies within the message. The owner is not looked
 * at. */
bool pd_dns_read_record(struct pd_dns_cursor *, struct pd_dns_record *);
/* The serial of a SOA record (RFC 1035, section 3.3.13); false when its data is none. */
bool pd_dns_read_serial(const struct pd_dns_cursor *, const struct pd_dns_record *, uint32_t *serial);

/* What a probe says of bytes. LIKELY: a sane header, and all sections hold together as far as they are there.
 * EXACTLY: one whole message and nothing else, with one question of a known type and class. */
enum pd_dns_likeness { PD_DNS_NOT, PD_DNS_LIKELY, PD_DNS_EXACTLY };

/* Bounded work, also for the worst bytes. */
enum pd_dns_likeness pd_dns_probe(struct pd_slice);

/* --- names.c --- */

/* Reads the name at the cursor, following pointers, which may only go back (RFC 1035, section 4.1.4). */
bool pd_dns_read_name(struct pd_dns_cursor *, struct pd_dns_name *);
/* Moves behind the name without following pointers. */
bool pd_dns_skip_name(struct pd_dns_cursor *);
/* Without the final dot; the root is ".". A dot or backslash within a label gets a backslash, what is not
 * printable ASCII is \DDD (RFC 1035, section 5.1). A blank stays: this is no zone file. */
void pd_dns_print_name(struct pd_dns_text *, const struct pd_dns_name *);

void pd_dns_put(struct pd_dns_text *, const char *s, uint32_t len);
void pd_dns_put_char(struct pd_dns_text *, char);
void pd_dns_put_number(struct pd_dns_text *, uint32_t);
/* A byte of a character string: `"`, `\` and what is not printable ASCII are escaped. All of several. */
void pd_dns_put_escaped(struct pd_dns_text *, uint8_t);
void pd_dns_put_string(struct pd_dns_text *, struct pd_slice);

/* --- rdata.c --- */

/* The record's data as in zone files; `\# length hex` (RFC 3597, section 5) for types that have no such form
 * here and for data that is not as its type says. */
void pd_dns_print_data(struct pd_dns_text *, const struct pd_dns_cursor *message,
                       const struct pd_dns_record *);

/* --- tables.c --- */

/* Mnemonics, NULL for numbers without one. */
const struct pd_text *pd_dns_type_name(uint16_t type);
const struct pd_text *pd_dns_class_name(uint16_t class);
const struct pd_text *pd_dns_opcode_name(unsigned opcode);
const struct pd_text *pd_dns_rcode_name(unsigned rcode);
/* The layout of a type's data, one letter a part (see rdata.c), or NULL. */
const char *pd_dns_type_layout(uint16_t type);
/* The mnemonic, or prefix and number: TYPE65400 (RFC 3597, section 5). */
void pd_dns_put_type(struct pd_dns_text *, uint16_t type);
/* The name of a service parameter (RFC 9460, section 14.3.2), or NULL. */
const char *pd_dns_param_name(uint16_t key);
#endif
