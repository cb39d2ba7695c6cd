/* element.c: one element of a BSON document: type, name, value (bsonspec.org, version 1.1). A value is passed
 * by its length, kept, or entered; visit.c says which. */
#include "protocol/mongodb/mongodb.h"

enum { NAME_MAX_BYTES = 40 }; /* longer names are none of ours */
enum { REGEX_TEXTS = 2 };     /* a pattern and its options, each up to NUL */

struct type { /* what a value's length is */
    bool known;
    uint8_t fixed; /* so many bytes; 0: none, or see `add` */
    bool counted;  /* an int32 leads it */
    uint8_t least; /* that the int32 may say */
    uint8_t add;   /* bytes besides those that the int32 counts, its own included where it does not */
};

static const struct type types[256] = {
    [PD_BSON_DOUBLE] = {.known = true, .fixed = 8},
    [PD_BSON_STRING] = {.known = true, .counted = true, .least = 1, .add = 4},
    [PD_BSON_DOCUMENT] = {.known = true, .counted = true, .least = PD_MONGODB_DOCUMENT_MIN},
    [PD_BSON_ARRAY] = {.known = true, .counted = true, .least = PD_MONGODB_DOCUMENT_MIN},
    [5] = {.known = true, .counted = true, .add = 5}, /* binary */
    [6] = {.known = true},                            /* undefined */
    [7] = {.known = true, .fixed = 12},               /* ObjectId */
    [PD_BSON_BOOL] = {.known = true, .fixed = 1},
    [9] = {.known = true, .fixed = 8}, /* date */
    [10] = {.known = true},            /* null */
    [PD_BSON_REGEX] = {.known = true},
    [12] = {.known = true, .counted = true, .least = 1, .add = 4 + 12}, /* DBPointer */
    [13] = {.known = true, .counted = true, .least = 1, .add = 4},      /* JavaScript */
    [PD_BSON_SYMBOL] = {.known = true, .counted = true, .least = 1, .add = 4},
    [15] = {.known = true, .counted = true, .least = 14}, /* JavaScript with scope */
    [PD_BSON_INT32] = {.known = true, .fixed = 4},
    [17] = {.known = true, .fixed = 8}, /* timestamp */
    [PD_BSON_INT64] = {.known = true, .fixed = 8},
    [19] = {.known = true, .fixed = 16}, /* decimal128 */
    [0x7f] = {.known = true},            /* max key */
    [0xff] = {.known = true},            /* min key */
};

bool pd_mongodb_charge(struct pd_mongodb_reader *m, uint32_t n)
{
    uint32_t *open = &m->open[m->depth - 1];

    if (n >= *open) /* its last byte is the NUL that ends it */
        return false;
    *open -= n;
    return true;
}

static void enter(struct pd_mongodb_reader *m, uint32_t length, enum pd_mongodb_place place)
{
    m->place[m->depth] = (uint8_t)place;
    m->open[m->depth++] = length - (uint32_t)sizeof length;
    m->stage = PD_MONGODB_S_ELEMENT;
}

int pd_mongodb_document(struct pd_mongodb_reader *m, struct pd_slice in, enum pd_mongodb_place place)
{
    if (in.len < sizeof(uint32_t))
        return PD_MONGODB_NEED;
    uint32_t length = pd_le32(in.p);
    if (length < PD_MONGODB_DOCUMENT_MIN || length > m->left)
        return PD_MONGODB_FAULT;
    enter(m, length, place);
    return sizeof length;
}

/* The innermost document ends. */
static int leave(struct pd_mongodb_reader *m, struct pd_rec *r)
{
    if (m->open[--m->depth] != 1)
        return PD_MONGODB_FAULT;
    pd_mongodb_leave(m, r, (enum pd_mongodb_place)m->place[m->depth]);
    if (m->depth == 0)
        m->stage = PD_MONGODB_S_PART;
    return 1;
}

static int pass_nuls(struct pd_mongodb_reader *m, uint8_t nuls, enum pd_mongodb_stage after, uint32_t used)
{
    if (!pd_mongodb_charge(m, used))
        return PD_MONGODB_FAULT;
    m->nuls = nuls;
    m->after = (uint8_t)after;
    m->stage = PD_MONGODB_S_NUL;
    return (int)used;
}

/* The string at p, of which in_sight bytes are there. Returns how many of them are used. */
static uint32_t keep(struct pd_mongodb_reader *m, struct pd_rec *r, const uint8_t *p, uint32_t in_sight)
{
    uint32_t length = pd_le32(p), head = sizeof length;
    struct pd_slice text = {p + head, length - 1};
    uint16_t cap;
    struct pd_text *t = pd_mongodb_text_of(pd_fields(r), (enum pd_mongodb_text)m->text, &cap);

    if (length <= in_sight - head) {
        pd_text_set(r, t, text, cap);
        return head + length;
    }
    m->text_left = text.len;
    m->stage = PD_MONGODB_S_TEXT;
    return head;
}

/* A value of `total` bytes, of which `in` is in sight behind the `lead` bytes before it. Its first `head`
 * bytes are used in any case: some of them may wait in the carry. */
static int take(struct pd_mongodb_reader *m, struct pd_rec *r, const struct pd_mongodb_seen *e,
                struct pd_slice in, uint32_t lead, uint32_t head, uint32_t total)
{
    enum pd_mongodb_place place;

    switch (pd_mongodb_visit(m, r, e, &place)) {
    case PD_MONGODB_KEEP:
        return (int)(lead + keep(m, r, in.p, in.len));
    case PD_MONGODB_ENTER:
        enter(m, total, place);
        return (int)(lead + head);
    case PD_MONGODB_PASS:
        break;
    }
    if (total <= in.len)
        return (int)(lead + total);
    m->skip = total - head;
    return (int)(lead + head);
}

/* The value behind a name, which ended `lead` bytes into `in`. */
static int value(struct pd_mongodb_reader *m, struct pd_rec *r, struct pd_mongodb_seen *e, struct pd_slice in,
                 uint32_t lead)
{
    const struct type *t = &types[e->type];
    struct pd_slice rest = {in.p + lead, in.len - lead};
    uint32_t head = t->counted ? sizeof(uint32_t) : t->fixed, total = t->fixed;

    if (!t->known)
        return PD_MONGODB_FAULT;
    if (e->type == PD_BSON_REGEX)
        return pass_nuls(m, REGEX_TEXTS, PD_MONGODB_S_ELEMENT, lead);
    if (rest.len < head)
        return PD_MONGODB_NEED;
    if (t->counted) {
        total = pd_le32(rest.p);
        if (total < t->least || total > PD_MONGODB_LENGTH_MAX)
            return PD_MONGODB_FAULT;
        total += t->add;
    }
    if (!pd_mongodb_charge(m, lead + total))
        return PD_MONGODB_FAULT;
    m->stage = PD_MONGODB_S_ELEMENT;
    e->value = rest.p;
    return take(m, r, e, rest, lead, head, total);
}

static int element(struct pd_mongodb_reader *m, struct pd_rec *r, struct pd_slice in)
{
    if (!in.len)
        return PD_MONGODB_NEED;
    struct pd_mongodb_seen e = {.type = in.p[0]};
    if (!e.type)
        return leave(m, r);
    uint32_t rest = in.len - 1, most = rest < NAME_MAX_BYTES + 1 ? rest : NAME_MAX_BYTES + 1;
    const uint8_t *name = in.p + 1, *nul = memchr(name, 0, most);
    if (nul) {
        e.name = (struct pd_slice){name, (uint32_t)(nul - name)};
        return value(m, r, &e, in, e.name.len + 2);
    }
    if (most == rest)
        return PD_MONGODB_NEED;
    m->type = e.type;
    return pass_nuls(m, 1, PD_MONGODB_S_VALUE, 1 + most); /* there is no NUL in what is in sight */
}

int pd_mongodb_elements(struct pd_mongodb_reader *m, struct pd_rec *r, struct pd_slice in)
{
    uint32_t used = 0;

    do {
        int n = element(m, r, (struct pd_slice){in.p + used, in.len - used});
        if (n == PD_MONGODB_FAULT || (n == PD_MONGODB_NEED && !used))
            return n;
        if (n == PD_MONGODB_NEED)
            break;
        used += (uint32_t)n;
    } while (m->stage == PD_MONGODB_S_ELEMENT && !m->skip);
    return (int)used;
}

int pd_mongodb_value(struct pd_mongodb_reader *m, struct pd_rec *r, struct pd_slice in)
{
    struct pd_mongodb_seen e = {.type = m->type, .name = {(const uint8_t *)"", 0}};

    return value(m, r, &e, in, 0);
}
