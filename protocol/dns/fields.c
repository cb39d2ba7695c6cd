/* fields.c: the fields of a DNS roundtrip, and filling them from a message. Only the answers are listed; of
 * the other sections nothing but EDNS (RFC 6891) is read. */
#include "protocol/dns/fields.h"
#include "base/cold.h"
#include "base/word.h"
#include <stddef.h>

enum { DNSSEC_OK = 0x8000 };

#define AT(member) offsetof(struct pd_dns_rec, member)
#define ANSWER(member) offsetof(struct pd_dns_answer, member)

static const struct pd_field answer_fields[] = {
    {"name", NULL, "owner", PD_RESPONSE, PD_TEXT, PD_LOG, ANSWER(name), NULL},
    {"type", NULL, "record type", PD_RESPONSE, PD_TEXT, PD_LOG, ANSWER(type), NULL},
    {"ttl", NULL, "seconds it may be kept", PD_RESPONSE, PD_INT, PD_LOG, ANSWER(ttl), NULL},
    {"data", NULL, "the data as in zone files", PD_RESPONSE, PD_TEXT, PD_LOG | PD_CAME, ANSWER(data), NULL},
    {0},
};

static const struct pd_field fields[] = {
    {"id", NULL, "transaction id", PD_REQUEST, PD_INT, PD_LOG, AT(id), NULL},
    {"question", "dns.question.name", "name asked for, as sent, without the final dot", PD_REQUEST, PD_TEXT,
     PD_LOG | PD_ATTRIBUTE | PD_ASKED, AT(question), NULL},
    {"type", NULL, "type asked for, TYPE and its number when it has no name", PD_REQUEST, PD_TEXT,
     PD_LOG | PD_ATTRIBUTE | PD_LABEL | PD_ASKED, AT(type), NULL},
    {"class", NULL, "class asked for", PD_REQUEST, PD_TEXT, PD_LOG | PD_LABEL, AT(class), NULL},
    {"opcode", NULL, "kind of request", PD_REQUEST, PD_TEXT, PD_LOG | PD_LABEL, AT(opcode), NULL},
    {"code", NULL, "response code, extended by EDNS", PD_RESPONSE, PD_TEXT,
     PD_LOG | PD_ATTRIBUTE | PD_LABEL | PD_CAME, AT(code), NULL},
    {"answers", "dns.answers", "records of the answer section", PD_RESPONSE, PD_OBJECTS,
     PD_LOG | PD_ATTRIBUTE | PD_CAME, AT(answers), answer_fields},
    {"answer_count", NULL, "records in the answer section", PD_RESPONSE, PD_INT, PD_LOG, AT(answer_count),
     NULL},
    {"authority_count", NULL, "records in the authority section", PD_RESPONSE, PD_INT, PD_LOG,
     AT(authority_count), NULL},
    {"additional_count", NULL, "records in the additional section", PD_RESPONSE, PD_INT, PD_LOG,
     AT(additional_count), NULL},
    {"authoritative", NULL, "AA: the server has the zone", PD_RESPONSE, PD_BOOL, PD_LOG | PD_LABEL,
     AT(authoritative), NULL},
    {"truncated", NULL, "TC: the answer did not fit", PD_RESPONSE, PD_BOOL, PD_LOG | PD_LABEL, AT(truncated),
     NULL},
    {"authenticated", NULL, "AD: the server checked signatures", PD_RESPONSE, PD_BOOL, PD_LOG | PD_LABEL,
     AT(authenticated), NULL},
    {"edns_udp_size", NULL, "largest datagram that the client takes", PD_REQUEST, PD_INT, PD_LOG,
     AT(edns_udp_size), NULL},
    {"dnssec_ok", NULL, "DO: the client wants signatures", PD_REQUEST, PD_BOOL, PD_LOG | PD_LABEL,
     AT(dnssec_ok), NULL},
    {0},
};

/* NXDOMAIN is everyday: search lists make it. */
static bool failed(const struct pd_rec *r, struct pd_text *error)
{
    const struct pd_dns_rec *d = pd_fields_const(r);

    if (!d->code.s || d->rcode == PD_DNS_NOERROR || d->rcode == PD_DNS_NXDOMAIN)
        return false;
    *error = d->code;
    return true;
}

const struct pd_schema pd_dns_schema = {
    .proto = "dns",
    .help = "DNS over UDP and TCP, mDNS, LLMNR",
    .fields = fields,
    .rec_size = sizeof(struct pd_dns_rec),
    .arena_max = PD_DNS_ARENA,
    .failed = failed,
};

static void set_text(struct pd_rec *r, struct pd_text *to, const struct pd_dns_text *from)
{
    pd_text_set(r, to, (struct pd_slice){(const uint8_t *)from->s, from->len}, (uint16_t)from->cap);
    to->full = from->full;
}

/* What a number without a mnemonic is called. */
PD_COLD static void set_number(struct pd_rec *r, struct pd_text *to, const char *prefix, uint32_t number)
{
    char text[24];
    struct pd_dns_text t = {.s = text, .cap = sizeof text};

    pd_dns_put(&t, prefix, (uint32_t)strlen(prefix));
    pd_dns_put_number(&t, number);
    set_text(r, to, &t);
}

/* A mnemonic, or what it would be called: prefix and number. */
static void set_mnemonic(struct pd_rec *r, struct pd_text *to, const struct pd_text *known,
                         const char *prefix, uint32_t number)
{
    if (known)
        *to = *known;
    else
        set_number(r, to, prefix, number);
}

static uint8_t lower(uint8_t b)
{
    return b >= 'A' && b <= 'Z' ? b | 0x20 : b;
}

static uint8_t flag(uint16_t flags, unsigned bit)
{
    return flags & bit ? PD_TRUE : PD_FALSE;
}

PD_COLD static void set_escaped(struct pd_rec *r, struct pd_text *to, const struct pd_dns_name *name,
                                uint16_t cap)
{
    char text[PD_DNS_NAME_TEXT];
    struct pd_dns_text t = {.s = text, .cap = cap};

    pd_dns_print_name(&t, name);
    set_text(r, to, &t);
}

/* The name as text of up to cap bytes, at most PD_DNS_NAME_TEXT. */
static void set_name(struct pd_rec *r, struct pd_text *to, const struct pd_dns_name *name, uint16_t cap)
{
    if (name->plain)
        pd_text_set(r, to, (struct pd_slice){(const uint8_t *)name->text, name->len}, cap);
    else
        set_escaped(r, to, name, cap);
}

void pd_dns_fill_question(struct pd_rec *r, const struct pd_dns_message *m)
{
    struct pd_dns_rec *d = pd_fields(r);

    if (!m->asked_bytes)
        return;
    set_name(r, &d->question, &m->question.name, PD_DNS_NAME_TEXT);
    d->asked_type = m->question.type;
    d->asked_class = m->question.class;
    set_mnemonic(r, &d->type, pd_dns_type_name(d->asked_type), "TYPE", d->asked_type);
    set_mnemonic(r, &d->class, pd_dns_class_name(m->question.class), "CLASS", m->question.class);
}

_Static_assert(sizeof(struct pd_rec) + sizeof(struct pd_dns_rec) + PD_DNS_QUESTION_MOST <= PD_REC_BYTES,
               "a new record has room for any question");

/* Keeps the question as it was sent: its response repeats it. */
static void keep_question(struct pd_rec *r, const struct pd_dns_message *m)
{
    struct pd_dns_rec *d = pd_fields(r);
    uint8_t *to = pd_rec_keep(r, m->asked_bytes);

    PD_ASSERT(to);
    memcpy(to, m->c.p + PD_DNS_HEADER, m->asked_bytes);
    d->asked = to;
    d->asked_bytes = m->asked_bytes;
}

bool pd_dns_repeats(const struct pd_dns_message *m, const struct pd_dns_rec *d)
{
    return d->asked_bytes && d->asked_bytes <= m->c.len - PD_DNS_HEADER &&
           pd_same_bytes(d->asked, m->c.p + PD_DNS_HEADER, d->asked_bytes);
}

bool pd_dns_asks_same(const struct pd_dns_message *m, const struct pd_dns_rec *d)
{
    const uint8_t *asked = m->c.p + PD_DNS_HEADER;

    if (m->asked_bytes != d->asked_bytes)
        return false;
    if (!m->asked_bytes)
        return true;
    if (d->asked_type != m->question.type || d->asked_class != m->question.class)
        return false;
    /* Lengths are below 64, so none is taken for a letter. */
    for (uint32_t i = 0; i < m->asked_bytes - (uint32_t)PD_DNS_QUESTION_END; i++)
        if (lower(asked[i]) != lower(d->asked[i]))
            return false;
    return true;
}

/* The next record, while the message holds together. */
static bool next(struct pd_dns_message *m, struct pd_dns_record *rr)
{
    return pd_dns_ok(&m->c) && pd_dns_read_record(&m->c, rr);
}

/* The zone that the client has, said in an IXFR query's authority section (RFC 1995, section 3). */
static void note_asked_serial(struct pd_dns_rec *d, const struct pd_dns_message *m,
                              const struct pd_dns_record *rr)
{
    if (d->asks_transfer && rr->type == PD_DNS_SOA)
        d->transfer.has_asked = pd_dns_read_serial(&m->c, rr, &d->transfer.asked);
}

void pd_dns_fill_request(struct pd_rec *r, struct pd_dns_message *m)
{
    struct pd_dns_rec *d = pd_fields(r);
    const uint16_t *count = m->header.count;
    unsigned opcode = pd_dns_opcode(m->header.flags);
    uint32_t others = (uint32_t)count[PD_DNS_ANSWERS] + count[PD_DNS_AUTHORITY];
    struct pd_dns_record rr;

    pd_int_set(&d->id, m->header.id);
    if (m->asked_bytes)
        keep_question(r, m);
    pd_dns_fill_question(r, m);
    set_mnemonic(r, &d->opcode, pd_dns_opcode_name(opcode), "OPCODE", opcode);
    d->asks_transfer = r->transport == PD_TCP && opcode == PD_DNS_QUERY &&
                       (d->asked_type == PD_DNS_AXFR || d->asked_type == PD_DNS_IXFR);
    for (uint32_t i = 0; i < others && next(m, &rr); i++)
        note_asked_serial(d, m, &rr);
    for (uint32_t i = 0; i < count[PD_DNS_ADDITIONAL] && next(m, &rr); i++) {
        if (rr.type != PD_DNS_OPT)
            continue;
        pd_int_set(&d->edns_udp_size, rr.class);
        d->dnssec_ok = flag((uint16_t)rr.ttl, DNSSEC_OK);
    }
}

/* --- the response --- */

/* The last owner that was printed: most records of a section point to one name. */
struct owner {
    uint32_t at; /* where its labels begin; 0: none yet */
    struct pd_text text;
};

/* The first question's name stands behind the header, and was read already, there or in the request. */
static bool set_asked(struct pd_rec *r, struct pd_text *to, const struct pd_dns_message *m)
{
    const struct pd_text *asked = &((struct pd_dns_rec *)pd_fields(r))->question;

    if (m->repeats && asked->len == asked->full && asked->len <= PD_DNS_ANSWER_TEXT)
        *to = *asked;
    else if (m->asked_bytes)
        set_name(r, to, &m->question.name, PD_DNS_ANSWER_TEXT);
    else
        return false;
    return true;
}

static void set_owner(struct pd_rec *r, struct pd_text *to, struct pd_dns_message *m, uint32_t at,
                      struct owner *last)
{
    uint32_t labels = m->c.p[at] < 0xc0 ? at : pd_be16(m->c.p + at) & 0x3fffu;

    if (last->at != labels) {
        struct pd_dns_cursor c = {.p = m->c.p, .len = m->c.len, .at = at};
        struct pd_dns_name name;
        if (labels != PD_DNS_HEADER || !set_asked(r, &last->text, m)) {
            if (!pd_dns_read_name(&c, &name)) {
                m->c.bad = c.bad ? c.bad : "name that ends nowhere";
                return;
            }
            set_name(r, &last->text, &name, PD_DNS_ANSWER_TEXT);
        }
        last->at = labels;
    }
    *to = last->text;
}

static void list_answer(struct pd_rec *r, struct pd_dns_message *m, const struct pd_dns_record *rr,
                        struct owner *last)
{
    struct pd_dns_rec *d = pd_fields(r);
    char text[PD_DNS_ANSWER_TEXT];
    struct pd_dns_text t = {.s = text, .cap = sizeof text};
    struct pd_object *o = pd_list_object(r, &d->answers, PD_DNS_ANSWERS_KEPT, sizeof(struct pd_dns_answer));

    if (!o)
        return;
    struct pd_dns_answer *answer = (struct pd_dns_answer *)(void *)o->data;
    set_owner(r, &answer->name, m, rr->name_at, last);
    set_mnemonic(r, &answer->type, pd_dns_type_name(rr->type), "TYPE", rr->type);
    pd_int_set(&answer->ttl, rr->ttl);
    pd_dns_print_data(&t, &m->c, rr);
    set_text(r, &answer->data, &t);
}

/* A whole zone goes from its SOA to the same SOA again. Differences begin with the new SOA, then have pairs
 * of an old and a newer SOA, the last one with the new serial, and end with the new SOA: three with that
 * serial. */
static void note_transferred(struct pd_dns_transfer *t, const struct pd_dns_message *m,
                             const struct pd_dns_record *rr)
{
    uint32_t serial = 0;
    bool soa = rr->type == PD_DNS_SOA && pd_dns_read_serial(&m->c, rr, &serial);

    if (t->records++ == 0) {
        t->first = serial;
        t->soas = soa;
        t->starts_wrong = !soa;
        return;
    }
    if (t->records == 2)
        t->diff = soa && serial != t->first;
    if (soa && serial == t->first && t->soas < UINT8_MAX)
        t->soas++;
}

bool pd_dns_transfer_ended(const struct pd_dns_rec *d)
{
    const struct pd_dns_transfer *t = &d->transfer;

    if (!d->asks_transfer || d->rcode != PD_DNS_NOERROR || t->starts_wrong || !t->records)
        return true;
    /* One SOA, no newer than the client's: there is nothing to transfer (RFC 1995, section 2; RFC 1982). */
    if (d->asked_type == PD_DNS_IXFR && t->records == 1)
        return !t->has_asked || (int32_t)(t->first - t->asked) <= 0;
    return t->soas >= (t->diff ? 3 : 2);
}

static void add_count(struct pd_int *sum, uint16_t n)
{
    pd_int_set(sum, sum->v + n);
}

static void fill_header(struct pd_dns_rec *d, const struct pd_dns_header *h)
{
    d->rcode = h->flags & 0xf;
    d->authoritative = flag(h->flags, PD_DNS_AA);
    d->truncated = flag(h->flags, PD_DNS_TC);
    d->authenticated = flag(h->flags, PD_DNS_AD);
    add_count(&d->answer_count, h->count[PD_DNS_ANSWERS]);
    add_count(&d->authority_count, h->count[PD_DNS_AUTHORITY]);
    add_count(&d->additional_count, h->count[PD_DNS_ADDITIONAL]);
}

void pd_dns_fill_response(struct pd_rec *r, struct pd_dns_message *m)
{
    struct pd_dns_rec *d = pd_fields(r);
    const uint16_t *count = m->header.count;
    struct pd_dns_record rr;
    struct owner last = {0};

    fill_header(d, &m->header);
    for (uint32_t i = 0; i < count[PD_DNS_ANSWERS] && next(m, &rr); i++) {
        if (d->asks_transfer)
            note_transferred(&d->transfer, m, &rr);
        list_answer(r, m, &rr, &last);
    }
    for (uint32_t i = 0; i < count[PD_DNS_AUTHORITY] && next(m, &rr); i++)
        ; /* nothing of it is kept */
    for (uint32_t i = 0; i < count[PD_DNS_ADDITIONAL] && next(m, &rr); i++)
        if (rr.type == PD_DNS_OPT)
            d->rcode |= (uint16_t)(rr.ttl >> 24 << 4);
    set_mnemonic(r, &d->code, pd_dns_rcode_name(d->rcode), "RCODE", d->rcode);
}
