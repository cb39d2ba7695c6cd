/* reader.c: a message's body in pieces of any size. Each kind of message is a row of parts; a part is a few
 * stages. A stage looks at contiguous bytes and says how many it used, or that it needs more: then what there
 * is waits in the reader's carry, of which no stage ever needs more than there is room for. */
#include "base/check.h"
#include "protocol/mongodb/mongodb.h"

enum { LAYOUT_PARTS = 5, IDENT_MAX = 40, PAD_QUERY = 8 };

enum part {
    PART_END,       /* nothing of interest follows */
    PART_LEAD,      /* numbers */
    PART_NAMESPACE, /* "db.collection" */
    PART_DATABASE,
    PART_COMMAND,
    PART_PAD,      /* OP_QUERY: what to skip and to return */
    PART_DOCUMENT, /* of which something is kept */
    PART_IGNORED,  /* a document of which nothing is */
    PART_COUNT,    /* documents to the message's end */
    PART_SECTIONS  /* of OP_MSG */
};

struct layout {
    uint16_t opcode;
    uint8_t lead; /* bytes of PART_LEAD */
    uint8_t part[LAYOUT_PARTS];
    const char *command; /* what it does, where the message says it by its kind */
};

static const struct layout layouts[] = {
    {PD_MONGODB_MSG, 4, {PART_LEAD, PART_SECTIONS}, NULL},
    {PD_MONGODB_REPLY, 20, {PART_LEAD, PART_DOCUMENT}, NULL},
    {PD_MONGODB_QUERY, 4, {PART_LEAD, PART_NAMESPACE, PART_PAD, PART_DOCUMENT}, "find"},
    {PD_MONGODB_GET_MORE, 4, {PART_LEAD, PART_NAMESPACE}, "getMore"},
    {PD_MONGODB_INSERT, 4, {PART_LEAD, PART_NAMESPACE, PART_COUNT}, "insert"},
    {PD_MONGODB_UPDATE, 4, {PART_LEAD, PART_NAMESPACE}, "update"},
    {PD_MONGODB_DELETE, 4, {PART_LEAD, PART_NAMESPACE}, "delete"},
    {PD_MONGODB_KILL_CURSORS, 0, {PART_END}, "killCursors"},
    {PD_MONGODB_COMMAND, 0, {PART_DATABASE, PART_COMMAND, PART_IGNORED, PART_DOCUMENT}, NULL},
    {PD_MONGODB_COMMAND_REPLY,
     0,
     {PART_DOCUMENT, PART_DOCUMENT},
     NULL}, /* reply and metadata, either first */
};

enum { /* flag bits */
       QUERY_EXHAUST = 1 << 6,
       REPLY_CURSOR_NOT_FOUND = 1,
       REPLY_QUERY_FAILURE = 2
};

static const struct layout *layout_of(uint32_t opcode)
{
    const struct layout *l = layouts;

    while (l->opcode != opcode)
        l++;
    return l;
}

void pd_mongodb_reader_init(struct pd_mongodb_reader *m, uint32_t opcode, unsigned dir, uint32_t length)
{
    *m = (struct pd_mongodb_reader){.opcode = (uint16_t)opcode,
                                    .response = dir == PD_S2C,
                                    .left = length,
                                    .first = true,
                                    .stage = PD_MONGODB_S_PART};
}

/* --- parts --- */

static void begin_name(struct pd_mongodb_reader *m, enum pd_mongodb_text text)
{
    m->text = (uint8_t)text;
    m->stage = PD_MONGODB_S_NAME;
}

/* A document of users holds names of their own: only what a command or a failure answers is looked at. */
static void begin_document(struct pd_mongodb_reader *m, const struct pd_mongodb *f)
{
    bool ours = f->commands || (m->opcode == PD_MONGODB_REPLY && (m->flags & REPLY_QUERY_FAILURE));

    m->stage = ours && m->left ? PD_MONGODB_S_DOCUMENT : PD_MONGODB_S_DONE;
}

/* The next part of the layout. */
static int next_part(struct pd_mongodb_reader *m, struct pd_rec *r)
{
    struct pd_mongodb *f = pd_fields(r);
    const struct layout *l = layout_of(m->opcode);
    enum part part = m->part < LAYOUT_PARTS ? (enum part)l->part[m->part] : PART_END;

    if (m->part == 0 && !m->response) {
        f->commands = !l->command;
        if (l->command)
            pd_text_static(&f->command, l->command);
    }
    m->part++;
    switch (part) {
    case PART_END:
        m->stage = PD_MONGODB_S_DONE;
        break;
    case PART_LEAD:
        m->stage = PD_MONGODB_S_LEAD;
        break;
    case PART_NAMESPACE:
        begin_name(m, PD_MONGODB_T_NAMESPACE);
        break;
    case PART_DATABASE:
        begin_name(m, PD_MONGODB_T_DATABASE);
        break;
    case PART_COMMAND:
        begin_name(m, PD_MONGODB_T_COMMAND);
        break;
    case PART_PAD:
        m->skip = PAD_QUERY;
        break;
    case PART_DOCUMENT:
        begin_document(m, f);
        break;
    case PART_IGNORED:
        m->stage = PD_MONGODB_S_SIZE;
        break;
    case PART_COUNT:
        m->section = m->left;
        m->stage = PD_MONGODB_S_COUNT;
        break;
    case PART_SECTIONS:
        m->part--; /* as many as there are */
        m->stage = PD_MONGODB_S_KIND;
        break;
    }
    return 0;
}

/* --- numbers --- */

static bool lead_msg(struct pd_mongodb_reader *m)
{
    enum { CHECKSUM_BYTES = 4, KNOWN = PD_MONGODB_CHECKSUM | PD_MONGODB_MORE_TO_COME };

    if (m->flags & PD_MONGODB_REQUIRED & ~(uint32_t)KNOWN)
        return false;
    if (m->flags & PD_MONGODB_CHECKSUM) { /* the message ends before it */
        if (m->left < CHECKSUM_BYTES + sizeof m->flags)
            return false;
        m->left -= CHECKSUM_BYTES;
    }
    return true;
}

/* Flags, the cursor's id, where it starts, how many documents follow. */
static void lead_reply(struct pd_mongodb_reader *m, struct pd_rec *r, const uint8_t *p)
{
    enum { CURSOR = 4, RETURNED = 16 };
    struct pd_mongodb *f = pd_fields(r);

    m->cursor = pd_le64(p + CURSOR);
    f->not_ok |= (m->flags & (REPLY_CURSOR_NOT_FOUND | REPLY_QUERY_FAILURE)) != 0;
    if (m->flags & REPLY_CURSOR_NOT_FOUND)
        pd_text_static(&f->error_name, "CursorNotFound");
    if (!f->commands && !f->not_ok)
        pd_int_set(&f->documents[PD_RESPONSE], (int32_t)pd_le32(p + RETURNED));
}

static int lead(struct pd_mongodb_reader *m, struct pd_rec *r, struct pd_slice in)
{
    struct pd_mongodb *f = pd_fields(r);
    uint32_t n = layout_of(m->opcode)->lead;

    if (in.len < n)
        return PD_MONGODB_NEED;
    m->flags = pd_le32(in.p);
    m->stage = PD_MONGODB_S_PART;
    if (m->opcode == PD_MONGODB_MSG && !lead_msg(m))
        return PD_MONGODB_FAULT;
    if (m->opcode == PD_MONGODB_REPLY)
        lead_reply(m, r, in.p);
    if (m->opcode == PD_MONGODB_QUERY)
        f->exhaust = m->flags & QUERY_EXHAUST;
    return (int)n;
}

/* --- texts --- */

/* OP_QUERY to "db.$cmd" asks for a command. */
static void named(struct pd_mongodb_reader *m, struct pd_rec *r)
{
    struct pd_mongodb *f = pd_fields(r);

    m->stage = PD_MONGODB_S_PART;
    if (m->text != PD_MONGODB_T_NAMESPACE)
        return;
    pd_mongodb_split_namespace(f);
    if (m->opcode == PD_MONGODB_QUERY && f->collection.len == f->collection.full &&
        pd_slice_eq((struct pd_slice){(const uint8_t *)f->collection.s, f->collection.len},
                    PD_SLICE("$cmd"))) {
        f->commands = true;
        f->command = f->collection = (struct pd_text){0};
    }
    if (m->opcode == PD_MONGODB_UPDATE || m->opcode == PD_MONGODB_DELETE)
        pd_mongodb_add_statements(r, 1);
}

static int name(struct pd_mongodb_reader *m, struct pd_rec *r, struct pd_slice in)
{
    uint16_t cap;
    const uint8_t *nul = in.len ? memchr(in.p, 0, in.len) : NULL;
    struct pd_slice text = {in.p, nul ? (uint32_t)(nul - in.p) : in.len};
    struct pd_text *t = pd_mongodb_text_of(pd_fields(r), (enum pd_mongodb_text)m->text, &cap);

    if (!in.len)
        return PD_MONGODB_NEED;
    pd_text_add(r, t, text, cap);
    if (!nul)
        return (int)text.len;
    named(m, r);
    return (int)text.len + 1;
}

static int text(struct pd_mongodb_reader *m, struct pd_rec *r, struct pd_slice in)
{
    uint16_t cap;
    struct pd_text *t = pd_mongodb_text_of(pd_fields(r), (enum pd_mongodb_text)m->text, &cap);
    struct pd_slice piece = {in.p, in.len < m->text_left ? in.len : m->text_left};

    if (!in.len)
        return PD_MONGODB_NEED;
    pd_text_add(r, t, piece, cap);
    m->text_left -= piece.len;
    if (m->text_left == 0) {
        m->skip = 1; /* its NUL */
        m->stage = PD_MONGODB_S_ELEMENT;
    }
    return (int)piece.len;
}

static int nul(struct pd_mongodb_reader *m, struct pd_slice in)
{
    const uint8_t *found = in.len ? memchr(in.p, 0, in.len) : NULL;
    uint32_t n = found ? (uint32_t)(found - in.p) + 1 : in.len;

    if (!in.len)
        return PD_MONGODB_NEED;
    if (m->depth && !pd_mongodb_charge(m, n))
        return PD_MONGODB_FAULT;
    if (found && --m->nuls == 0)
        m->stage = m->after;
    return (int)n;
}

/* --- OP_MSG's sections, and documents that are counted --- */

static int kind(struct pd_mongodb_reader *m, struct pd_slice in)
{
    if (!m->left) {
        m->stage = PD_MONGODB_S_DONE;
        return 0;
    }
    if (!in.len)
        return PD_MONGODB_NEED;
    switch (in.p[0]) {
    case 0:
        m->stage = PD_MONGODB_S_DOCUMENT;
        return 1;
    case 1:
        m->stage = PD_MONGODB_S_SIZE;
        return 1;
    case 2:
        m->stage = PD_MONGODB_S_TOKEN;
        return 1;
    default:
        return PD_MONGODB_FAULT;
    }
}

/* Of a sequence of documents, or of a document that is passed. */
static int size(struct pd_mongodb_reader *m, struct pd_slice in)
{
    if (in.len < sizeof m->section)
        return PD_MONGODB_NEED;
    uint32_t n = pd_le32(in.p);
    if (n < PD_MONGODB_DOCUMENT_MIN || n > m->left)
        return PD_MONGODB_FAULT;
    m->section = n - (uint32_t)sizeof n;
    if (m->opcode == PD_MONGODB_MSG) {
        m->stage = PD_MONGODB_S_IDENT;
    } else {
        m->skip = m->section;
        m->stage = PD_MONGODB_S_PART;
    }
    return sizeof n;
}

static bool is_counted(struct pd_slice ident)
{
    return pd_slice_eq(ident, PD_SLICE("documents")) || pd_slice_eq(ident, PD_SLICE("updates")) ||
           pd_slice_eq(ident, PD_SLICE("deletes")) || pd_slice_eq(ident, PD_SLICE("ops"));
}

static int ident(struct pd_mongodb_reader *m, struct pd_slice in)
{
    uint32_t most = in.len < m->section ? in.len : m->section;
    const uint8_t *end = most ? memchr(in.p, 0, most) : NULL;
    uint32_t n = end ? (uint32_t)(end - in.p) + 1 : 0;

    if (!n && most < IDENT_MAX && most < m->section)
        return PD_MONGODB_NEED;
    if (!n && most == m->section)
        return PD_MONGODB_FAULT;
    if (n && !m->response && is_counted((struct pd_slice){in.p, n - 1})) {
        m->section -= n;
        m->count = 0;
        m->stage = PD_MONGODB_S_COUNT;
        return (int)n;
    }
    /* None of ours. At least one byte is used, so that what waited in the carry is. */
    n = most;
    m->skip = m->section - n;
    m->stage = PD_MONGODB_S_KIND;
    return (int)n;
}

static int count(struct pd_mongodb_reader *m, struct pd_rec *r, struct pd_slice in)
{
    if (!m->section) {
        pd_mongodb_add_statements(r, m->count);
        m->stage = PD_MONGODB_S_PART;
        return 0;
    }
    if (in.len < sizeof m->section)
        return PD_MONGODB_NEED;
    uint32_t n = pd_le32(in.p);
    if (n < PD_MONGODB_DOCUMENT_MIN || n > m->section)
        return PD_MONGODB_FAULT;
    m->section -= n;
    m->count++;
    m->skip = n - (uint32_t)sizeof n;
    return sizeof n;
}

/* What servers tell each other of tenants: a document in older versions, a text up to NUL in newer ones. A
 * text of four letters would be a length beyond any message's. */
static int token(struct pd_mongodb_reader *m, struct pd_slice in)
{
    if (in.len < sizeof(uint32_t))
        return PD_MONGODB_NEED;
    uint32_t n = pd_le32(in.p);
    m->stage = PD_MONGODB_S_KIND;
    if (n >= PD_MONGODB_DOCUMENT_MIN && n <= m->left) {
        m->skip = n - (uint32_t)sizeof n;
        return sizeof n;
    }
    if (memchr(in.p, 0, sizeof n))
        return PD_MONGODB_FAULT;
    m->nuls = 1;
    m->after = PD_MONGODB_S_KIND;
    m->stage = PD_MONGODB_S_NUL;
    return sizeof n;
}

/* --- the loop --- */

static int run(struct pd_mongodb_reader *m, struct pd_rec *r, struct pd_slice in)
{
    switch ((enum pd_mongodb_stage)m->stage) {
    case PD_MONGODB_S_ELEMENT:
        return pd_mongodb_elements(m, r, in);
    case PD_MONGODB_S_PART:
        return next_part(m, r);
    case PD_MONGODB_S_LEAD:
        return lead(m, r, in);
    case PD_MONGODB_S_NAME:
        return name(m, r, in);
    case PD_MONGODB_S_NUL:
        return nul(m, in);
    case PD_MONGODB_S_TEXT:
        return text(m, r, in);
    case PD_MONGODB_S_KIND:
        return kind(m, in);
    case PD_MONGODB_S_SIZE:
        return size(m, in);
    case PD_MONGODB_S_IDENT:
        return ident(m, in);
    case PD_MONGODB_S_COUNT:
        return count(m, r, in);
    case PD_MONGODB_S_TOKEN:
        return token(m, in);
    case PD_MONGODB_S_DOCUMENT:
        return pd_mongodb_document(m, in, m->response ? PD_MONGODB_P_REPLY : PD_MONGODB_P_COMMAND);
    case PD_MONGODB_S_VALUE:
        return pd_mongodb_value(m, r, in);
    case PD_MONGODB_S_DONE:
        break;
    }
    return 0;
}

static uint32_t least(uint32_t a, uint32_t b)
{
    return a < b ? a : b;
}

static void advance(struct pd_slice *in, uint32_t n)
{
    in->p += n;
    in->len -= n;
}

/* A stage needed more than there was: goes on with what waits and what came. */
static int run_carried(struct pd_mongodb_reader *m, struct pd_rec *r, struct pd_slice *in)
{
    uint32_t before = m->carried, more = least(PD_MONGODB_CARRY - before, in->len);

    if (more)
        memcpy(m->carry + before, in->p, more);
    int n = run(m, r, (struct pd_slice){m->carry, before + more});
    if (n >= 0) {
        PD_ASSERT((uint32_t)n >= before);
        m->carried = 0;
        m->left -= before;
        return n - (int)before;
    }
    if (n == PD_MONGODB_NEED) {
        m->carried = (uint8_t)(before + more);
        advance(in, more);
    }
    return n;
}

static int run_stage(struct pd_mongodb_reader *m, struct pd_rec *r, struct pd_slice *in)
{
    if (m->carried)
        return run_carried(m, r, in);
    int n = run(m, r, *in);
    if (n == PD_MONGODB_NEED) {
        PD_ASSERT(in->len < PD_MONGODB_CARRY);
        m->carried = (uint8_t)in->len;
        if (in->len)
            memcpy(m->carry, in->p, in->len);
        advance(in, in->len);
    }
    return n;
}

static enum pd_mongodb_read read_on(struct pd_mongodb_reader *m, struct pd_rec *r, struct pd_slice *in)
{
    while (m->skip || m->stage != PD_MONGODB_S_DONE) {
        in->len = least(in->len, m->left - m->carried);
        if (m->skip) {
            uint32_t n = least(m->skip, in->len);
            if (m->skip > m->left)
                return PD_MONGODB_BAD;
            pd_mongodb_passed(m, n);
            advance(in, n);
            if (m->skip)
                return PD_MONGODB_SKIPPED;
            continue;
        }
        bool last = m->carried + in->len == m->left; /* there is no more than this */
        int n = run_stage(m, r, in);
        if (n == PD_MONGODB_FAULT || (n == PD_MONGODB_NEED && last))
            return PD_MONGODB_BAD;
        if (n == PD_MONGODB_NEED)
            return PD_MONGODB_MORE;
        advance(in, (uint32_t)n);
        m->left -= (uint32_t)n;
    }
    return PD_MONGODB_DONE;
}

enum pd_mongodb_read pd_mongodb_read(struct pd_mongodb_reader *m, struct pd_rec *r, struct pd_slice in,
                                     uint32_t *used)
{
    const uint8_t *begin = in.p;
    enum pd_mongodb_read end = read_on(m, r, &in);

    *used = (uint32_t)(in.p - begin);
    return end;
}

void pd_mongodb_abandon(const struct pd_mongodb_reader *m, struct pd_rec *r)
{
    uint16_t cap;

    if (m->stage == PD_MONGODB_S_TEXT || m->stage == PD_MONGODB_S_NAME)
        *pd_mongodb_text_of(pd_fields(r), (enum pd_mongodb_text)m->text, &cap) = (struct pd_text){0};
}
