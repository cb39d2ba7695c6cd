/* dns.c: DNS over UDP and TCP (RFC 1035), with mDNS (RFC 6762) and LLMNR (RFC 4795) on their ports. A message
 * is read whole, because its names point back. The QR bit says what it is, not the side that it comes from.
 *
 * The key is id and opcode, with a number that tells requests apart which are outstanding under the same id
 * but ask something else: a response belongs to the one whose question it repeats. Servers that do not repeat
 * it (FORMERR, UPDATE, later messages of a transfer) are understood when only one request bears the id. */
#include "protocol/dns/fields.h"
#include "protocol/protocol.h"

enum state { S_NEXT, S_LENGTH, S_MESSAGE };

enum {
    SLOTS = 8,        /* requests with one id at a time, each asking something else */
    SLOT_NONE = 0xff, /* of no request */
    LENGTH_BYTES = 2, /* before each message in TCP; RFC 7766, section 8 */
    SCAN_BYTES = 256, /* where a resync looks for a message in a segment */
    PORT_DNS = 53,
    PORT_MDNS = 5353,
    PORT_LLMNR = 5355
};

struct begin { /* where a TCP message's length stood: its first byte */
    uint64_t ts, ordinal;
    uint32_t ack;
    uint16_t losses; /* times that messages of this direction were lost, or that it began */
    bool has_ack;
};

struct side_states {
    struct begin begin[2];
};

static struct begin *begin_of(struct pd_conn *c, unsigned dir)
{
    return &((struct side_states *)pd_state(c))->begin[dir];
}

/* --- is this DNS? --- */

static bool right_way(const struct pd_dns_header *h, const struct pd_look *look)
{
    bool response = h->flags & PD_DNS_QR;

    if (pd_dns_opcode(h->flags) == PD_DNS_DSO)
        return true; /* either side asks; RFC 8490, section 5.1 */
    if (look->transport == PD_UDP && look->port == PORT_MDNS && look->dir == PD_C2S)
        return true; /* multicast: everything goes there */
    return response == (look->dir == PD_S2C);
}

static inline bool header_fits(struct pd_slice in, const struct pd_look *look)
{
    struct pd_dns_cursor c = {.p = in.p, .len = in.len};
    struct pd_dns_header h;

    return pd_dns_read_header(&c, &h) && pd_dns_sane(&h) && right_way(&h, look);
}

PD_COLD static int probe_datagram(struct pd_slice in, uint8_t *confidence)
{
    enum pd_dns_likeness like = pd_dns_probe(in);

    *confidence = like == PD_DNS_EXACTLY ? PD_CERTAIN : PD_MAYBE;
    return like == PD_DNS_NOT ? PD_NO : 0;
}

/* On a port of its own every datagram is asked about: then the header has to do. */
static int sync_datagram(struct pd_slice in, const struct pd_look *look, uint8_t *confidence)
{
    if (!header_fits(in, look))
        return PD_NO;
    if (!look->known)
        return probe_datagram(in, confidence);
    *confidence = PD_MAYBE;
    return 0;
}

/* Does a message with its length begin at in.p? The next one's header is checked where it is in sight. */
static enum pd_dns_likeness probe_stream(struct pd_slice in, const struct pd_look *look)
{
    uint32_t n = pd_be16(in.p), rest = in.len - LENGTH_BYTES;
    struct pd_slice message = {in.p + LENGTH_BYTES, n < rest ? n : rest};

    if (n < PD_DNS_HEADER || !header_fits(message, look))
        return PD_DNS_NOT;
    enum pd_dns_likeness like = pd_dns_probe(message);
    if (n > rest)
        return like == PD_DNS_EXACTLY ? PD_DNS_LIKELY : like;
    struct pd_slice next = {message.p + n, rest - n};
    if (next.len >= LENGTH_BYTES && pd_be16(next.p) < PD_DNS_HEADER)
        return PD_DNS_NOT;
    next.p += LENGTH_BYTES;
    if (next.len >= LENGTH_BYTES + PD_DNS_HEADER &&
        !header_fits((struct pd_slice){next.p, next.len - LENGTH_BYTES}, look))
        return PD_DNS_NOT;
    return like;
}

PD_COLD static int sync_stream(struct pd_slice in, const struct pd_look *look, uint8_t *confidence)
{
    if (in.len < LENGTH_BYTES + PD_DNS_HEADER)
        return in.len >= LENGTH_BYTES && pd_be16(in.p) < PD_DNS_HEADER ? PD_NO : PD_MORE;
    enum pd_dns_likeness like = probe_stream(in, look);
    if (like != PD_DNS_NOT) {
        *confidence = like == PD_DNS_EXACTLY ? PD_CERTAIN : PD_MAYBE;
        return 0;
    }
    if (look->purpose == PD_DETECT)
        return PD_NO;
    for (uint32_t at = 1; at < SCAN_BYTES && in.len - at >= LENGTH_BYTES + PD_DNS_HEADER; at++) {
        if (probe_stream((struct pd_slice){in.p + at, in.len - at}, look) != PD_DNS_EXACTLY)
            continue;
        *confidence = PD_MAYBE;
        return (int)at;
    }
    return PD_NO;
}

static int sync(struct pd_slice in, const struct pd_look *look, uint8_t *confidence)
{
    return look->transport == PD_UDP ? sync_datagram(in, look, confidence)
                                     : sync_stream(in, look, confidence);
}

/* --- pairing --- */

static uint64_t key_of(const struct pd_dns_header *h, unsigned slot)
{
    return h->id | (uint64_t)pd_dns_opcode(h->flags) << 16 | (uint64_t)slot << 24;
}

/* The request in that slot, or NULL. */
static const struct pd_dns_rec *in_slot(struct pd_conn *c, uint8_t asker, const struct pd_dns_header *h,
                                        unsigned slot)
{
    const struct pd_rec *r = pd_outstanding(c, asker, key_of(h, slot));

    return r ? pd_fields_const(r) : NULL;
}

/* Where a request goes: to the one that asked the same, else to the first free place. */
static unsigned slot_of_request(struct pd_conn *c, const struct pd_half *h, const struct pd_dns_message *m)
{
    for (unsigned slot = 0; slot < SLOTS; slot++) {
        const struct pd_dns_rec *d = in_slot(c, h->dir, &m->header, slot);
        if (!d || pd_dns_asks_same(m, d))
            return slot;
    }
    return SLOT_NONE;
}

/* The request that a response answers. A request without a question (IQUERY) or a response without one fits
 * when there is no other that it could be. */
static unsigned slot_of_response(struct pd_conn *c, const struct pd_half *h, const struct pd_dns_message *m)
{
    unsigned found = SLOT_NONE, count = 0;

    for (unsigned slot = 0; slot < SLOTS; slot++) {
        const struct pd_dns_rec *d = in_slot(c, !h->dir, &m->header, slot);
        if (!d)
            continue;
        if (m->asked_bytes && pd_dns_asks_same(m, d))
            return slot;
        count++;
        if (!m->asked_bytes || !d->asked_bytes)
            found = slot;
    }
    return count == 1 ? found : SLOT_NONE;
}

/* Finds the request whose question a response repeats byte by byte, as nearly all do: there is nothing new to
 * read in it. */
static bool find_repeated(struct pd_conn *c, const struct pd_half *h, struct pd_dns_message *m)
{
    for (uint8_t slot = 0; slot < SLOTS; slot++) {
        const struct pd_dns_rec *d = in_slot(c, !h->dir, &m->header, slot);
        if (d && pd_dns_repeats(m, d)) {
            m->c.at += d->asked_bytes;
            m->slot = slot;
            return true;
        }
    }
    return false;
}

static bool over_tcp(const struct pd_conn *c)
{
    return pd_conn_transport(c) == PD_TCP;
}

/* What the message's extent allows: a part that is missing was lost, or cut off by a server that says so. */
static const char *trouble(const struct pd_half *h, const struct pd_dns_message *m)
{
    if (m->c.bad)
        return m->c.bad;
    if (m->c.cut && !h->holed && !(m->header.flags & PD_DNS_TC))
        return "message shorter than its sections";
    return NULL;
}

static void request(struct pd_conn *c, struct pd_half *h, struct pd_dns_message *m, uint32_t prefix)
{
    unsigned slot = slot_of_request(c, h, m);

    if (slot == SLOT_NONE) {
        pd_bad(c, h, "too many different questions under one id");
        return;
    }
    struct pd_rec *r = pd_request_key(c, h, key_of(&m->header, slot));
    if (!pd_rec_is_void(r)) {
        struct pd_dns_rec *d = pd_fields(r);
        r->req_at = r->req_part -= prefix;
        pd_dns_fill_request(r, m);
        d->transfer.losses = begin_of(c, !h->dir)->losses;
    }
    const char *why = trouble(h, m);
    if (why)
        pd_bad(c, h, why);
    else
        pd_request_end(c, h);
}

/* A transfer's messages are one response. When messages of this direction were lost since it was asked for,
 * they were perhaps its own. */
static bool more_to_come(struct pd_conn *c, const struct pd_half *h, struct pd_rec *r)
{
    const struct pd_dns_rec *d = pd_fields(r);

    if (!d->asks_transfer)
        return false;
    if (h->holed || d->transfer.losses != begin_of(c, h->dir)->losses)
        r->flags |= PD_REC_BROKEN;
    return !(r->flags & PD_REC_BROKEN) && !pd_dns_transfer_ended(d);
}

static void response(struct pd_conn *c, struct pd_half *h, struct pd_dns_message *m, uint32_t prefix)
{
    unsigned slot = m->repeats ? m->slot : slot_of_response(c, h, m);
    struct pd_rec *r = pd_response_key(c, h, key_of(&m->header, slot));

    if (pd_rec_is_void(r)) {
        pd_response_end(c, h);
        return;
    }
    r->rsp_at -= prefix;
    pd_dns_fill_response(r, m);
    const char *why = trouble(h, m);
    if (why) {
        pd_bad(c, h, why);
    } else if (more_to_come(c, h, r)) {
        r->rsp_bytes += h->pos - r->rsp_at;
    } else {
        pd_response_end(c, h);
    }
}

/* A message that nobody answers to its sender alone, or at all. */
static void oneway(struct pd_conn *c, struct pd_half *h, struct pd_dns_message *m, uint32_t prefix)
{
    struct pd_rec *r = pd_oneway(c, h);

    if (!pd_rec_is_void(r)) {
        r->req_at = r->req_part -= prefix;
        if (m->header.flags & PD_DNS_QR) {
            pd_dns_fill_question(r, m);
            pd_dns_fill_response(r, m);
        } else {
            pd_dns_fill_request(r, m);
        }
    }
    const char *why = trouble(h, m);
    if (why)
        pd_bad(c, h, why);
    else
        pd_oneway_end(c, h);
}

/* --- messages --- */

/* mDNS and LLMNR ask and answer everybody: nothing pairs. An address alone says little: captures that were
 * made anonymous have multicast ones. */
static bool to_everybody(const struct pd_conn *c)
{
    uint16_t port = pd_conn_server_port(c);

    return (port == PORT_MDNS || port == PORT_LLMNR) && pd_conn_multicast(c);
}

/* Nobody answers to the sender alone, or at all. */
static bool pairs(const struct pd_conn *c, const struct pd_dns_header *h)
{
    bool silent = pd_dns_opcode(h->flags) == PD_DNS_DSO && h->id == 0;

    return !silent && !to_everybody(c);
}

/* All of them; the first counts. */
static void read_questions(struct pd_dns_message *m, bool mdns)
{
    uint32_t count = m->header.count[PD_DNS_QUESTIONS];
    struct pd_dns_question other;

    if (!count || !pd_dns_read_question(&m->c, &m->question))
        return;
    m->asked_bytes = (uint16_t)(m->c.at - PD_DNS_HEADER);
    if (mdns)
        m->question.class &= 0x7fff; /* the top bit asks for a unicast answer; RFC 6762, section 5.4 */
    for (uint32_t i = 1; i < count && pd_dns_ok(&m->c); i++)
        pd_dns_read_question(&m->c, &other);
    if (!pd_dns_ok(&m->c))
        m->asked_bytes = 0;
}

/* Header and questions, of which the first counts. False when not even the header is there. */
static bool open_message(struct pd_conn *c, const struct pd_half *h, struct pd_dns_message *m)
{
    m->repeats = false;
    m->asked_bytes = 0;
    if (!pd_dns_read_header(&m->c, &m->header))
        return false;
    m->pairs = pairs(c, &m->header);
    if (over_tcp(c) && !pd_dns_sane(&m->header)) { /* a datagram's was looked at by sync() */
        m->c.bad = "header with values that do not exist";
        return true;
    }
    m->repeats = m->pairs && m->header.flags & PD_DNS_QR && m->header.count[PD_DNS_QUESTIONS] == 1 &&
                 find_repeated(c, h, m);
    if (!m->repeats)
        read_questions(m, pd_conn_server_port(c) == PORT_MDNS);
    return true;
}

static void route(struct pd_conn *c, struct pd_half *h, struct pd_dns_message *m, uint32_t prefix)
{
    if (!m->pairs)
        oneway(c, h, m, prefix);
    else if (m->header.flags & PD_DNS_QR)
        response(c, h, m, prefix);
    else
        request(c, h, m, prefix);
}

static struct begin here(const struct pd_half *h)
{
    return (struct begin){
        .ts = h->token_ts, .ordinal = h->token_ordinal, .ack = h->token_ack, .has_ack = h->has_ack};
}

static void begin_at(struct pd_half *h, const struct begin *b)
{
    h->token_ts = b->ts;
    h->token_ordinal = b->ordinal;
    h->token_ack = b->ack;
    h->has_ack = b->has_ack;
}

static void message(struct pd_conn *c, struct pd_half *h, struct pd_slice token)
{
    struct pd_dns_message m;

    m.c = (struct pd_dns_cursor){.p = token.p, .len = token.len};
    bool told = open_message(c, h, &m);
    if (m.c.bad || (m.c.cut && !h->holed)) {
        pd_bad(c, h, m.c.bad ? m.c.bad : "message shorter than its question");
    } else if (!told) {
        begin_of(c, h->dir)->losses++; /* not enough of it is left to tell whose it was */
    } else if (over_tcp(c)) {
        struct begin now = here(h);
        begin_at(h, begin_of(c, h->dir));
        route(c, h, &m, LENGTH_BYTES);
        begin_at(h, &now);
    } else {
        route(c, h, &m, 0);
    }
}

static void start(struct pd_conn *c, struct pd_half *h)
{
    if (over_tcp(c)) {
        begin_of(c, h->dir)->losses++;
        pd_bytes(h, S_LENGTH, LENGTH_BYTES);
    } else {
        pd_message(h, S_MESSAGE, h->frame < UINT16_MAX ? (uint32_t)h->frame : UINT16_MAX);
    }
}

static void length(struct pd_conn *c, struct pd_half *h, struct pd_slice token)
{
    struct begin *begin = begin_of(c, h->dir);
    uint16_t n = pd_be16(token.p), losses = begin->losses;

    if (n < PD_DNS_HEADER) {
        pd_bad(c, h, "length shorter than a header");
        return;
    }
    *begin = here(h);
    begin->losses = losses;
    pd_frame(h, n, S_NEXT);
    pd_message(h, S_MESSAGE, n);
}

static uint32_t step(struct pd_conn *c, struct pd_half *h, struct pd_slice token)
{
    switch ((enum state)h->state) {
    case S_NEXT:
        pd_bytes(h, S_LENGTH, LENGTH_BYTES);
        break;
    case S_LENGTH:
        length(c, h, token);
        break;
    case S_MESSAGE:
        message(c, h, token);
        if (!h->lost && h->frame != PD_UNFRAMED)
            pd_frame_rest(h);
        break;
    }
    return 0;
}

static enum pd_verdict lost(struct pd_conn *c, struct pd_half *h, enum pd_lost why, uint64_t n)
{
    (void)why;
    (void)n;
    begin_of(c, h->dir)->losses++;
    return PD_INCOMPLETE_MESSAGE;
}

static const uint16_t ports[] = {PORT_DNS, PORT_MDNS, PORT_LLMNR, 0};

extern const struct pd_proto pd_proto_dns;
const struct pd_proto pd_proto_dns = {
    .schema = &pd_dns_schema,
    .ports = ports,
    .transports = PD_ON_TCP | PD_ON_UDP,
    .match = PD_BY_KEY,
    .flags = PD_KEY_RETRANSMITS,
    .conn_size = sizeof(struct side_states),
    .sync = sync,
    .start = start,
    .step = step,
    .lost = lost,
};
