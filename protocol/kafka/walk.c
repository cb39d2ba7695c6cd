/* walk.c: the interpreter of rows. A state machine that goes on wherever a piece ended: numbers whose length
 * is known are asked for whole, varints and names are put together byte by byte, the rest is passed over.
 * Arrays stand on a stack as deep as the rows need it, whatever the wire says. */
#include "protocol/kafka/walk.h"
#include "base/check.h"

enum phase {
    P_ROW, /* the row's first bytes come */
    P_TEXT,
    P_TAG_COUNT,
    P_TAG,
    P_TAG_SIZE,
    P_TAG_ERROR,
    P_BATCH,
    P_BATCH_HEAD
};

enum {
    VARINT_BITS = 35,  /* five bytes; the longest of a length or a number of tags */
    BATCH_BEGIN = 17,  /* offset, length, epoch or CRC, magic: the same in all formats */
    BATCH_PREFIX = 12, /* of that, what the length does not count */
    BATCH_MIN = 14,    /* the least length of any format */
    BATCH_HEAD = 61,   /* of format 2, up to the number of records */
    CONTROL = 0x20,    /* attribute of batches with transaction markers */
    COMPRESSED = 7     /* attributes that name a compression */
};

void pd_kafka_walk_begin(struct pd_kafka_walk *w, const struct pd_kafka_row *header,
                         const struct pd_kafka_row *body, int version, bool flexible)
{
    w->at = header;
    w->body = body;
    w->pass = w->number = w->partitions = w->count = 0;
    w->phase = P_ROW;
    w->depth = w->shift = 0;
    w->version = version < UINT8_MAX ? (uint8_t)version : UINT8_MAX;
    w->flexible = flexible;
    w->has_partitions = w->has_records = w->uncounted = false;
    w->type = -1;
    w->named = 0;
}

static const uint8_t *take(struct pd_slice *in, uint32_t n)
{
    const uint8_t *p = in->p;

    in->p += n;
    in->len -= n;
    return p;
}

static enum pd_kafka_walked need(struct pd_kafka_walk *w, uint8_t n)
{
    w->need = n;
    return PD_KAFKA_NEED;
}

static enum pd_kafka_walked varint(struct pd_kafka_walk *w, struct pd_slice *in, uint64_t *v)
{
    while (in->len) {
        uint8_t b = *take(in, 1);
        w->number |= (uint64_t)(b & 0x7f) << w->shift;
        w->shift += 7;
        if (!(b & 0x80)) {
            *v = w->number;
            w->number = w->shift = 0;
            return *v <= UINT32_MAX ? PD_KAFKA_ON : PD_KAFKA_BAD;
        }
        if (w->shift == VARINT_BITS)
            return PD_KAFKA_BAD;
    }
    return PD_KAFKA_MORE;
}

/* A length or a number of elements: compact, or in `size` bytes. -1: null. */
static enum pd_kafka_walked length(struct pd_kafka_walk *w, struct pd_slice *in, uint8_t size, int64_t *n)
{
    uint64_t v;

    if (w->flexible) {
        enum pd_kafka_walked walked = varint(w, in, &v);
        if (walked == PD_KAFKA_ON)
            *n = (int64_t)v - 1;
        return walked;
    }
    if (in->len < size)
        return need(w, size);
    const uint8_t *p = take(in, size);
    *n = size == 2 ? (int16_t)pd_be16(p) : (int32_t)pd_be32(p);
    return *n >= -1 ? PD_KAFKA_ON : PD_KAFKA_BAD;
}

/* --- arrays --- */

/* Behind the array or structure whose row is in hand. */
static void leave_array(struct pd_kafka_walk *w)
{
    unsigned depth = 0;

    do {
        uint8_t kind = w->at++->kind;
        if (pd_kafka_opens(kind))
            depth++;
        else if (kind == PD_KAFKA_END || kind == PD_KAFKA_NEXT)
            depth--;
    } while (depth);
}

/* Into the rows behind the one in hand, n times. */
static void enter(struct pd_kafka_walk *w, uint32_t n)
{
    PD_ASSERT(w->depth < PD_KAFKA_DEPTH);
    w->loop[w->depth] = ++w->at;
    w->left[w->depth++] = n;
}

static void count_partitions(struct pd_kafka_walk *w, int64_t n)
{
    if (w->at->arg != PD_KAFKA_PARTITIONS)
        return;
    w->has_partitions = true;
    w->partitions += n > 0 ? (uint64_t)n : 0;
}

static enum pd_kafka_walked array(struct pd_kafka_walk *w, struct pd_slice *in)
{
    int64_t n;
    enum pd_kafka_walked walked = length(w, in, 4, &n);

    if (walked != PD_KAFKA_ON)
        return walked;
    count_partitions(w, n);
    if (n <= 0) {
        leave_array(w);
        return PD_KAFKA_ON;
    }
    enter(w, (uint32_t)n);
    return PD_KAFKA_ON;
}

/* A structure that is there is an array of one. */
static enum pd_kafka_walked maybe(struct pd_kafka_walk *w, struct pd_slice *in)
{
    if (!in->len)
        return PD_KAFKA_MORE;
    if ((int8_t)*take(in, 1) < 0)
        leave_array(w);
    else
        enter(w, 1);
    return PD_KAFKA_ON;
}

static enum pd_kafka_walked ints(struct pd_kafka_walk *w, struct pd_slice *in)
{
    int64_t n;
    enum pd_kafka_walked walked = length(w, in, 4, &n);

    if (walked != PD_KAFKA_ON)
        return walked;
    count_partitions(w, n);
    w->pass = n > 0 ? (uint64_t)n * 4 : 0;
    w->at++;
    return PD_KAFKA_ON;
}

/* An element ends. */
static void next_element(struct pd_kafka_walk *w)
{
    if (--w->left[w->depth - 1]) {
        w->at = w->loop[w->depth - 1];
        return;
    }
    w->depth--;
    w->at++;
}

/* --- tagged fields: number, size, content. KIP-482 --- */

static void end_tags(struct pd_kafka_walk *w)
{
    w->phase = P_ROW;
    if (w->at->kind == PD_KAFKA_END)
        next_element(w);
    else
        w->at++;
}

static enum pd_kafka_walked begin_tags(struct pd_kafka_walk *w, struct pd_slice *in)
{
    uint64_t n;
    enum pd_kafka_walked walked = varint(w, in, &n);

    if (walked != PD_KAFKA_ON)
        return walked;
    w->tags = (uint32_t)n;
    w->phase = P_TAG;
    if (!n)
        end_tags(w);
    return PD_KAFKA_ON;
}

static enum pd_kafka_walked tag(struct pd_kafka_walk *w, struct pd_slice *in)
{
    uint64_t n;

    if (w->phase == P_TAG && !w->tags) {
        end_tags(w);
        return PD_KAFKA_ON;
    }
    enum pd_kafka_walked walked = varint(w, in, &n);
    if (walked != PD_KAFKA_ON)
        return walked;
    if (w->phase == P_TAG) {
        w->tag = (uint32_t)n;
        w->phase = P_TAG_SIZE;
        return PD_KAFKA_ON;
    }
    w->tags--;
    w->phase = P_TAG;
    if (w->at->kind == PD_KAFKA_END && w->at->arg && w->tag == 0 && n == 2)
        w->phase = P_TAG_ERROR;
    else
        w->pass = n;
    return PD_KAFKA_ON;
}

/* --- record batches --- */

static void end_records(struct pd_kafka_walk *w)
{
    w->pass = w->records; /* a batch that was cut to the size asked for: nobody reads it */
    w->phase = P_ROW;
    w->at++;
}

static enum pd_kafka_walked records(struct pd_kafka_walk *w, struct pd_slice *in)
{
    int64_t n;
    enum pd_kafka_walked walked = length(w, in, 4, &n);

    if (walked != PD_KAFKA_ON)
        return walked;
    w->records = n > 0 ? (uint32_t)n : 0;
    w->phase = P_BATCH;
    w->has_records = true;
    return PD_KAFKA_ON;
}

/* Format 2: offset 8, length 4, epoch 4, magic 1, CRC 4, attributes 2, ... number of records 4. Formats 0 and
 * 1: offset 8, length 4, CRC 4, magic 1, attributes 1, ..., each a record or a compressed set of them. */
static enum pd_kafka_walked batch(struct pd_kafka_walk *w, struct pd_slice *in)
{
    if (w->records < BATCH_BEGIN) {
        end_records(w);
        return PD_KAFKA_ON;
    }
    if (in->len < BATCH_BEGIN)
        return need(w, BATCH_BEGIN);
    const uint8_t *p = take(in, BATCH_BEGIN);
    uint32_t size = pd_be32(p + 8), rest = w->records - BATCH_BEGIN;
    uint8_t magic = p[BATCH_BEGIN - 1];
    bool known = magic <= 2 && size >= (magic < 2 ? BATCH_MIN : BATCH_HEAD - BATCH_PREFIX);
    w->records = rest;
    if (!known || size > rest + (BATCH_BEGIN - BATCH_PREFIX)) {
        w->uncounted |= !known;
        end_records(w);
        return PD_KAFKA_ON;
    }
    w->batch = size - (BATCH_BEGIN - BATCH_PREFIX);
    w->need = magic < 2 ? 1 : BATCH_HEAD - BATCH_BEGIN;
    w->phase = P_BATCH_HEAD;
    return PD_KAFKA_ON;
}

static enum pd_kafka_walked batch_head(struct pd_kafka_walk *w, struct pd_slice *in)
{
    uint8_t n = w->need;

    if (in->len < n)
        return PD_KAFKA_NEED;
    const uint8_t *p = take(in, n);
    if (n == 1) {
        w->uncounted |= (p[0] & COMPRESSED) != 0;
        w->count++;
    } else if (!(p[5] & CONTROL)) {
        uint32_t count = pd_be32(p + n - 4);
        w->uncounted |= count > INT32_MAX;
        w->count += count;
    }
    w->pass = w->batch - n;
    w->records -= w->batch;
    w->phase = P_BATCH;
    return PD_KAFKA_ON;
}

/* --- single fields --- */

static void end_text(struct pd_kafka_walk *w, struct pd_kafka_sink *s, struct pd_slice name)
{
    const struct pd_kafka_row *row = w->at++;

    w->phase = P_ROW;
    if (row->kind == PD_KAFKA_CLIENT) {
        pd_kafka_saw_client(s, name, w->full);
    } else if (row->arg == PD_KAFKA_LEARN) {
        w->named = (uint16_t)name.len;
        if (name.len && name.p != w->name)
            memcpy(w->name, name.p, name.len);
    } else {
        pd_kafka_saw_text(s, row->arg, name, w->full, w->type);
    }
}

static uint32_t kept(uint32_t n)
{
    return n < PD_KAFKA_TEXT_KEPT ? n : PD_KAFKA_TEXT_KEPT;
}

static enum pd_kafka_walked text(struct pd_kafka_walk *w, struct pd_kafka_sink *s, struct pd_slice *in)
{
    uint32_t n = w->text < in->len ? w->text : in->len, keep = kept(w->named + n) - w->named;
    const uint8_t *p = take(in, n);

    if (keep)
        memcpy(w->name + w->named, p, keep);
    w->named = (uint16_t)(w->named + keep);
    w->text -= n;
    if (w->text)
        return PD_KAFKA_MORE;
    end_text(w, s, (struct pd_slice){w->name, w->named});
    return PD_KAFKA_ON;
}

static enum pd_kafka_walked name(struct pd_kafka_walk *w, struct pd_kafka_sink *s, struct pd_slice *in)
{
    bool flexible = w->flexible;
    int64_t n;

    w->flexible &= w->at->kind != PD_KAFKA_CLIENT;
    enum pd_kafka_walked walked = length(w, in, 2, &n);
    w->flexible = flexible;
    if (walked != PD_KAFKA_ON)
        return walked;
    w->named = 0;
    if (n < 0) { /* null is no text */
        w->at++;
        return PD_KAFKA_ON;
    }
    w->full = (uint32_t)n;
    if (in->len >= n) {
        end_text(w, s, (struct pd_slice){take(in, w->full), kept(w->full)});
        return PD_KAFKA_ON;
    }
    w->text = w->full;
    w->phase = P_TEXT;
    return PD_KAFKA_ON;
}

static enum pd_kafka_walked bytes(struct pd_kafka_walk *w, struct pd_slice *in)
{
    int64_t n;
    enum pd_kafka_walked walked = length(w, in, w->at->arg, &n);

    if (walked != PD_KAFKA_ON)
        return walked;
    w->pass = n > 0 ? (uint64_t)n : 0;
    w->at++;
    return PD_KAFKA_ON;
}

static enum pd_kafka_walked number(struct pd_kafka_walk *w, struct pd_kafka_sink *s, struct pd_slice *in)
{
    uint8_t size = w->at->kind == PD_KAFKA_INT8 ? 1 : 2;

    if (in->len < size)
        return need(w, size);
    const uint8_t *p = take(in, size);
    int v = size == 1 ? (int8_t)p[0] : (int16_t)pd_be16(p);
    if (size == 1)
        w->type = (int8_t)v;
    pd_kafka_saw_number(s, w->at->arg, v);
    w->at++;
    return PD_KAFKA_ON;
}

static enum pd_kafka_walked uuid(struct pd_kafka_walk *w, struct pd_kafka_sink *s, struct pd_slice *in)
{
    if (in->len < PD_KAFKA_UUID_BYTES)
        return need(w, PD_KAFKA_UUID_BYTES);
    const uint8_t *id = take(in, PD_KAFKA_UUID_BYTES);
    if (w->at->arg == PD_KAFKA_LEARN)
        pd_kafka_learn(s, id, (struct pd_slice){w->name, w->named}, w->full);
    else
        pd_kafka_saw_topic_id(s, id);
    w->at++;
    return PD_KAFKA_ON;
}

static enum pd_kafka_walked error_tag(struct pd_kafka_walk *w, struct pd_kafka_sink *s, struct pd_slice *in)
{
    if (in->len < 2)
        return need(w, 2);
    pd_kafka_saw_number(s, PD_KAFKA_ERROR, (int16_t)pd_be16(take(in, 2)));
    w->phase = P_TAG;
    return PD_KAFKA_ON;
}

/* --- the loop --- */

static enum pd_kafka_walked row(struct pd_kafka_walk *w, struct pd_kafka_sink *s, struct pd_slice *in)
{
    const struct pd_kafka_row *at = w->at;

    if (w->version < at->from || w->version > at->to) {
        if (pd_kafka_opens(at->kind))
            leave_array(w);
        else
            w->at++;
        return PD_KAFKA_ON;
    }
    switch ((enum pd_kafka_kind)at->kind) {
    case PD_KAFKA_DONE:
        return PD_KAFKA_OVER;
    case PD_KAFKA_SKIP:
        w->pass = at->arg;
        w->at++;
        return PD_KAFKA_ON;
    case PD_KAFKA_INT8:
    case PD_KAFKA_INT16:
        return number(w, s, in);
    case PD_KAFKA_UUID:
        return uuid(w, s, in);
    case PD_KAFKA_STRING:
    case PD_KAFKA_CLIENT:
        return name(w, s, in);
    case PD_KAFKA_BYTES:
        return bytes(w, in);
    case PD_KAFKA_RECORDS:
        return records(w, in);
    case PD_KAFKA_INTS:
        return ints(w, in);
    case PD_KAFKA_ARRAY:
        return array(w, in);
    case PD_KAFKA_MAYBE:
        return maybe(w, in);
    case PD_KAFKA_END:
    case PD_KAFKA_TAGS:
        w->phase = P_TAG_COUNT;
        if (!w->flexible)
            end_tags(w);
        return PD_KAFKA_ON;
    case PD_KAFKA_NEXT:
        next_element(w);
        return PD_KAFKA_ON;
    case PD_KAFKA_BODY:
        w->at = w->body;
        return w->body ? PD_KAFKA_ON : PD_KAFKA_OVER;
    }
    return PD_KAFKA_BAD;
}

static enum pd_kafka_walked advance(struct pd_kafka_walk *w, struct pd_kafka_sink *s, struct pd_slice *in)
{
    switch ((enum phase)w->phase) {
    case P_ROW:
        return row(w, s, in);
    case P_TEXT:
        return text(w, s, in);
    case P_TAG_COUNT:
        return begin_tags(w, in);
    case P_TAG:
    case P_TAG_SIZE:
        return tag(w, in);
    case P_TAG_ERROR:
        return error_tag(w, s, in);
    case P_BATCH:
        return batch(w, in);
    case P_BATCH_HEAD:
        return batch_head(w, in);
    }
    return PD_KAFKA_BAD;
}

enum pd_kafka_walked pd_kafka_walk_on(struct pd_kafka_walk *w, struct pd_kafka_sink *s, struct pd_slice *in)
{
    enum pd_kafka_walked walked = PD_KAFKA_ON;

    while (walked == PD_KAFKA_ON) {
        uint32_t n = w->pass < in->len ? (uint32_t)w->pass : in->len;
        take(in, n);
        w->pass -= n;
        if (w->pass)
            return PD_KAFKA_PASS;
        walked = advance(w, s, in);
    }
    return walked;
}
