/* message.c: a message's parts in order, each read once, and the check whether bytes are a message at all.
 * The sections' counts are only believed as far as the message goes. RFC 1035, section 4.1. */
#include "protocol/dns/dns.h"

enum { PROBE_RECORDS = 64 }; /* a probe looks at so many records, then believes the rest */

/* The next n bytes, or NULL when the message ends before. */
static const uint8_t *take(struct pd_dns_cursor *c, uint32_t n)
{
    const uint8_t *p = c->p + c->at;

    if (n > c->len - c->at) {
        c->cut = true;
        c->at = c->len;
        return NULL;
    }
    c->at += n;
    return p;
}

bool pd_dns_read_question(struct pd_dns_cursor *c, struct pd_dns_question *q)
{
    if (!pd_dns_read_name(c, &q->name))
        return false;
    const uint8_t *p = take(c, PD_DNS_QUESTION_END);
    if (!p)
        return false;
    q->type = pd_be16(p);
    q->class = pd_be16(p + 2);
    return true;
}

bool pd_dns_read_record(struct pd_dns_cursor *c, struct pd_dns_record *r)
{
    r->name_at = c->at;
    if (!pd_dns_skip_name(c))
        return false;
    const uint8_t *p = take(c, 10);
    if (!p)
        return false;
    r->type = pd_be16(p);
    r->class = pd_be16(p + 2);
    r->ttl = pd_be32(p + 4);
    r->data_len = pd_be16(p + 8);
    r->data_at = c->at;
    return take(c, r->data_len);
}

bool pd_dns_read_serial(const struct pd_dns_cursor *message, const struct pd_dns_record *r, uint32_t *serial)
{
    struct pd_dns_cursor c = {.p = message->p, .len = r->data_at + r->data_len, .at = r->data_at};
    const uint8_t *p = pd_dns_skip_name(&c) && pd_dns_skip_name(&c) ? take(&c, 4) : NULL;

    if (p)
        *serial = pd_be32(p);
    return p;
}

/* A query that asks one thing and says nothing of its own, or the response to one. */
static bool usual_header(const struct pd_dns_header *h)
{
    bool response = h->flags & PD_DNS_QR;

    return h->count[PD_DNS_QUESTIONS] == 1 && (response || !(h->flags & (0xf | PD_DNS_AA)));
}

enum pd_dns_likeness pd_dns_probe(struct pd_slice m)
{
    struct pd_dns_cursor c = {.p = m.p, .len = m.len};
    struct pd_dns_header h;
    struct pd_dns_question q;
    struct pd_dns_record r;
    bool exact = true;

    if (!pd_dns_read_header(&c, &h) || !pd_dns_sane(&h))
        return PD_DNS_NOT;
    for (uint32_t i = 0; i < h.count[PD_DNS_QUESTIONS] && i < PROBE_RECORDS && pd_dns_ok(&c); i++)
        if (pd_dns_read_question(&c, &q))
            exact = pd_dns_type_name(q.type) && pd_dns_class_name(q.class);
    for (uint32_t i = 0; i < pd_dns_records(&h) && i < PROBE_RECORDS && pd_dns_ok(&c); i++)
        pd_dns_read_record(&c, &r);
    if (c.bad)
        return PD_DNS_NOT;
    return exact && usual_header(&h) && !c.cut && c.at == c.len ? PD_DNS_EXACTLY : PD_DNS_LIKELY;
}
