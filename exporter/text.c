/* text.c: reading what the wire carried, as both encoders need it. */
#include "exporter/text.h"
#include "base/buf.h"
#include "base/check.h"

enum { KEY_MAX = 256, DAYS_TO_1970 = 719468, DAYS_IN_400_YEARS = 146097 };

const char *const pd_status_names[PD_STATUS_COUNT] = {
    [PD_OK] = "ok",         [PD_ERROR] = "error",           [PD_UNANSWERED] = "unanswered",
    [PD_ONEWAY] = "oneway", [PD_INCOMPLETE] = "incomplete",
};

/* What may follow a lead byte: how many bytes, and the range of the first of them (RFC 3629, section 4). */
struct lead {
    uint8_t more, from, to;
};

static struct lead lead_of(uint8_t b)
{
    if (b < 0xc2 || b > 0xf4)
        return (struct lead){0, 0, 0};
    if (b < 0xe0)
        return (struct lead){1, 0x80, 0xbf};
    if (b < 0xf0)
        return (struct lead){2, b == 0xe0 ? 0xa0 : 0x80, b == 0xed ? 0x9f : 0xbf};
    return (struct lead){3, b == 0xf0 ? 0x90 : 0x80, b == 0xf4 ? 0x8f : 0xbf};
}

uint32_t pd_utf8_next(const uint8_t **at, const uint8_t *end)
{
    const uint8_t *p = *at;
    uint8_t first = *p++;

    if (first < 0x80) {
        *at = p;
        return first;
    }
    struct lead lead = lead_of(first);
    uint32_t point = first & (0x3fu >> lead.more);
    unsigned got = 0;
    for (; got < lead.more && p < end && *p >= lead.from && *p <= lead.to; got++) {
        point = point << 6 | (*p++ & 0x3fu);
        lead.from = 0x80;
        lead.to = 0xbf;
    }
    *at = p;
    return lead.more && got == lead.more ? point : PD_UTF8_BAD;
}

struct pd_slice pd_utf8_trim(struct pd_slice s)
{
    /* The last lead byte stands at most three from the end. */
    for (uint32_t back = 1; back <= 3 && back <= s.len; back++) {
        uint8_t b = s.p[s.len - back];
        if (b < 0x80)
            break;
        if (b >= 0xc0) {
            if (lead_of(b).more >= back)
                s.len -= back;
            break;
        }
    }
    return s;
}

static int hex(uint8_t c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    c |= 0x20;
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* Undoes percent escapes, as far as there is room. */
static uint32_t decode(uint8_t out[KEY_MAX], struct pd_slice in)
{
    uint32_t n = 0;

    for (uint32_t i = 0; i < in.len && n < KEY_MAX; i++) {
        bool escape = in.p[i] == '%' && i + 2 < in.len && hex(in.p[i + 1]) >= 0 && hex(in.p[i + 2]) >= 0;
        out[n++] = escape ? (uint8_t)(hex(in.p[i + 1]) << 4 | hex(in.p[i + 2])) : in.p[i];
        i += escape ? 2 : 0;
    }
    return n;
}

static bool secret_key(const struct pd_redact *redact, struct pd_slice key)
{
    uint8_t plain[KEY_MAX];

    if (pd_redact_name(redact, key))
        return true;
    if (!memchr(key.p, '%', key.len))
        return false;
    return pd_redact_name(redact, (struct pd_slice){plain, decode(plain, key)});
}

/* Where, from `from` on, the first of two bytes stands, or the end. */
static uint32_t find(struct pd_slice s, uint32_t from, uint8_t a, uint8_t b)
{
    while (from < s.len && s.p[from] != a && s.p[from] != b)
        from++;
    return from;
}

bool pd_query_next(struct pd_slice *query, const struct pd_redact *redact, struct pd_slice *piece,
                   bool *secret)
{
    struct pd_slice q = *query;

    *secret = false;
    for (uint32_t at = 0; redact && at < q.len && !*secret; at = find(q, at, '&', ';') + 1) {
        uint32_t key = at;
        while (at < q.len && q.p[at] != '=' && q.p[at] != '&' && q.p[at] != ';')
            at++;
        if (at == q.len || q.p[at] != '=' || !secret_key(redact, (struct pd_slice){q.p + key, at - key}))
            continue;
        /* A secret may hold a semicolon: it reaches to the next ampersand. */
        uint32_t value = at + 1, end = find(q, value, '&', '&');
        *secret = end > value;
        piece->len = value;
        query->p = q.p + end;
        query->len = q.len - end;
    }
    piece->p = q.p;
    if (!*secret) {
        piece->len = q.len;
        query->len = 0;
    }
    return piece->len > 0;
}

struct pd_slice pd_masked(const struct pd_rec *r, const struct pd_field *f, const struct pd_text *t,
                          const struct pd_redact *redact, char room[PD_MASK_CAP])
{
    uint32_t n = redact ? r->schema->mask(r, f, PD_MASK_SECRETS, room, PD_MASK_CAP) : PD_AS_IS;

    if (n == PD_AS_IS)
        return pd_text_slice(t);
    PD_ASSERT(n <= PD_MASK_CAP);
    return pd_utf8_trim((struct pd_slice){(const uint8_t *)room, n});
}

void pd_date_from(struct pd_date *d, uint64_t seconds)
{
    uint64_t days = seconds / 86400 + DAYS_TO_1970; /* since 1 March of the year 0: leap days come last */
    uint32_t in_day = (uint32_t)(seconds % 86400);
    uint32_t rest = (uint32_t)(days % DAYS_IN_400_YEARS);
    uint32_t year = (rest - rest / 1460 + rest / 36524 - rest / 146096) / 365;
    uint32_t in_year = rest - (365 * year + year / 4 - year / 100);
    uint32_t month = (5 * in_year + 2) / 153; /* 153 days: five months from March or August on */

    d->day = (uint8_t)(in_year - (153 * month + 2) / 5 + 1);
    d->month = (uint8_t)(month < 10 ? month + 3 : month - 9);
    d->year = (uint32_t)(days / DAYS_IN_400_YEARS) * 400 + year + (d->month <= 2);
    d->hour = (uint8_t)(in_day / 3600);
    d->minute = (uint8_t)(in_day / 60 % 60);
    d->second = (uint8_t)(in_day % 60);
}

char *pd_digits(char *to, uint64_t v, unsigned width)
{
    unsigned i = width;

    for (; i > 1; i -= 2, v /= 100)
        memcpy(to + i - 2, &pd_digit_triples[4 * (v % 100) + 1], 2);
    if (i)
        *to = (char)('0' + v % 10);
    return to + width;
}

uint64_t pd_rec_time(const struct pd_rec *r)
{
    if (r->first_req)
        return r->first_req;
    if (r->last_req)
        return r->last_req;
    return r->first_rsp ? r->first_rsp : r->last_rsp;
}

bool pd_rec_has_response(const struct pd_rec *r)
{
    return r->status != PD_UNANSWERED;
}

static bool between(const struct pd_rec *r, uint64_t from, uint64_t to, uint64_t *ns)
{
    if (!from || to < from || r->status == PD_UNANSWERED || r->status == PD_ONEWAY)
        return false; /* one of them was not seen, or both */
    *ns = to - from;
    return true;
}

bool pd_rec_duration(const struct pd_rec *r, uint64_t *ns)
{
    return between(r, r->first_req, r->last_rsp, ns);
}

bool pd_rec_wait(const struct pd_rec *r, uint64_t *ns)
{
    return between(r, r->last_req, r->first_rsp, ns);
}
