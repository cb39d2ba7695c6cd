/* fields.h: a DNS roundtrip's record, and how a message fills it. */
#ifndef PD_PROTOCOL_DNS_FIELDS_H
#define PD_PROTOCOL_DNS_FIELDS_H
#include "protocol/dns/dns.h"
#include "roundtrip/record.h"

enum {
    PD_DNS_ANSWERS_KEPT = 64, /* records listed of one response or transfer */
    PD_DNS_ANSWER_TEXT = 255, /* bytes kept of an answer's name and of its data */
    PD_DNS_ARENA = 32768
};

/* How far a zone transfer is: several messages answer one query (RFC 5936, section 2.2; RFC 1995, section 4).
 */
struct pd_dns_transfer {
    uint32_t first, asked; /* serials: of the first record, and what the client has */
    uint32_t records;
    uint16_t losses; /* what the server's side had lost when it was asked for */
    uint8_t soas;    /* SOA records with the first one's serial */
    bool has_asked;
    bool diff;         /* differences, not a whole zone */
    bool starts_wrong; /* the first record is no SOA */
};

struct pd_dns_rec {
    struct pd_int id;
    struct pd_text question, type, class, opcode;
    struct pd_int edns_udp_size;
    struct pd_text code;
    struct pd_list answers; /* of struct pd_dns_answer */
    struct pd_int answer_count, authority_count, additional_count;
    uint8_t dnssec_ok, authoritative, truncated, authenticated; /* enum pd_bool */
    uint8_t asks_transfer;                                      /* AXFR or IXFR over TCP */
    uint16_t rcode, asked_type, asked_class;
    uint16_t asked_bytes; /* 0: there was no question */
    const uint8_t *asked; /* the question as it was sent */
    struct pd_dns_transfer transfer;
};

struct pd_dns_answer {
    struct pd_text name, type, data;
    struct pd_int ttl;
};

extern const struct pd_schema pd_dns_schema;

/* One message, its header and first question read; c stands behind the questions. The first question stands
 * right behind the header, so there is nothing before it that a pointer might lead to: it lies in one piece.
 */
struct pd_dns_message {
    struct pd_dns_cursor c;
    struct pd_dns_header header;
    bool pairs;   /* it has a response, or is one */
    bool repeats; /* it asks byte by byte what the request in `slot` did, so that was not read again */
    uint8_t slot; /* dns.c's */
    uint16_t asked_bytes; /* of the first question; 0: there is none, or it was not read */
    struct pd_dns_question question;
};

/* Does the message, of which the header was read, begin with the request's question byte by byte? */
bool pd_dns_repeats(const struct pd_dns_message *, const struct pd_dns_rec *);
/* Is the question that was read the request's? Letters of either case are equal, and none is the same as
 * none. */
bool pd_dns_asks_same(const struct pd_dns_message *, const struct pd_dns_rec *);

/* Each fills its side and reads the sections to the end, as far as they are there. */
void pd_dns_fill_request(struct pd_rec *, struct pd_dns_message *);
void pd_dns_fill_response(struct pd_rec *, struct pd_dns_message *);
/* The question alone, of a message that is no request. */
void pd_dns_fill_question(struct pd_rec *, const struct pd_dns_message *);
/* After a response to a transfer's query: was it the last? */
bool pd_dns_transfer_ended(const struct pd_dns_rec *);
#endif
