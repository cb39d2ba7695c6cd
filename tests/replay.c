/* replay.c: records become lines as they are emitted, and are sorted by their place at the end, as the writer
 * of packetd merges them. */
#include "tests/replay.h"
#include "base/check.h"
#include "base/hash.h"
#include <stdlib.h>

enum { LINE_LIMIT = 16 << 20 };

static void keep(struct replay *r, const struct pd_rec *rec)
{
    if (r->count == r->cap) {
        r->cap = r->cap ? 2 * r->cap : 64;
        r->line = realloc(r->line, r->cap * sizeof *r->line);
        PD_ASSERT(r->line);
    }
    PD_ASSERT(r->buf.len > 0 && r->buf.p[r->buf.len - 1] == '\n');
    char *text = malloc(r->buf.len);
    PD_ASSERT(text);
    memcpy(text, r->buf.p, r->buf.len - 1);
    text[r->buf.len - 1] = 0;
    PD_ASSERT(strlen(text) == r->buf.len - 1 && !strchr(text, '\n'));
    r->line[r->count] = (struct replay_line){
        .text = text, .place = pd_worker_place(r->worker, rec), .nth = r->count, .status = rec->status};
    r->count++;
}

static void emit(void *arg, struct pd_rec *rec)
{
    struct replay *r = arg;

    PD_ASSERT(rec->status < PD_STATUS_COUNT);
    pd_buf_clear(&r->buf);
    pd_line_json(&r->buf, rec, &r->style, r->memo);
    PD_ASSERT(!r->buf.full);
    if (!r->discard)
        keep(r, rec);
}

void replay_init(struct replay *r, const struct pd_setup *setup, bool redact)
{
    char err[256] = "";

    memset(r, 0, sizeof *r);
    pd_buf_init(&r->buf, LINE_LIMIT);
    r->memo = pd_line_memo_new();
    PD_ASSERT(r->memo);
    r->style.files = true;
    if (redact) {
        r->redact = pd_redact_new(pd_redact_defaults);
        PD_ASSERT(r->redact);
    }
    r->style.redact = r->redact;
    r->worker = pd_worker_new(setup, emit, r, err, sizeof err);
    PD_ASSERT(r->worker);
}

void replay_clear(struct replay *r)
{
    for (size_t i = 0; i < r->count; i++)
        free(r->line[i].text);
    r->count = 0;
}

void replay_free(struct replay *r)
{
    replay_clear(r);
    free(r->line);
    pd_worker_free(r->worker);
    pd_buf_free(&r->buf);
    pd_line_memo_free(r->memo);
    pd_redact_free(r->redact);
}

void replay_packet(struct replay *r, const struct pd_packet *p)
{
    r->ordinal = p->ordinal;
    pd_worker_time(r->worker, p->ts, p->ordinal);
    if (p->transport)
        pd_worker_packet(r->worker, p);
}

void replay_packet_copy(struct replay *r, const struct pd_packet *p)
{
    struct pd_packet copy = *p;
    uint8_t *bytes = malloc(p->payload.len ? p->payload.len : 1);

    PD_ASSERT(bytes);
    if (p->payload.len)
        memcpy(bytes, p->payload.p, p->payload.len);
    copy.payload.p = bytes;
    replay_packet(r, &copy);
    free(bytes);
}

static int by_place(const void *va, const void *vb)
{
    const struct replay_line *a = va, *b = vb;

    if (a->place.major != b->place.major)
        return a->place.major < b->place.major ? -1 : 1;
    if (a->place.minor != b->place.minor)
        return a->place.minor < b->place.minor ? -1 : 1;
    return a->nth < b->nth ? -1 : 1;
}

void replay_finish(struct replay *r)
{
    if (r->finished)
        return;
    r->finished = true;
    pd_worker_finish(r->worker, r->ordinal);
    if (r->count)
        qsort(r->line, r->count, sizeof *r->line, by_place);
}

static uint32_t end_hash(const struct pd_end *end)
{
    return (uint32_t)pd_hash(end->addr.b, sizeof end->addr.b, end->port);
}

uint32_t replay_hash(const struct pd_packet *p)
{
    uint32_t both = end_hash(&p->src) + end_hash(&p->dst);

    return (uint32_t)pd_hash(&both, sizeof both, p->transport);
}

/* The end of the JSON value at p. */
static const char *value_end(const char *p)
{
    int depth = 0;
    bool quoted = false;

    for (; *p; p++) {
        if (quoted) {
            if (*p == '\\' && p[1])
                p++;
            else if (*p == '"')
                quoted = false;
        } else if (*p == '"') {
            quoted = true;
        } else if (*p == '{' || *p == '[') {
            depth++;
        } else if (depth == 0 && (*p == ',' || *p == '}' || *p == ']')) {
            break;
        } else if (*p == '}' || *p == ']') {
            depth--;
        }
    }
    return p;
}

static bool listed(const char *const *keys, const char *key, size_t len)
{
    for (; *keys; keys++)
        if (strlen(*keys) == len && memcmp(*keys, key, len) == 0)
            return true;
    return false;
}

void replay_strip(char *json, const char *const *keys)
{
    const char *from = json;
    char *to = json;

    PD_ASSERT(*from == '{');
    *to++ = *from++;
    while (*from == '"') {
        const char *colon = value_end(from);
        const char *quote = strchr(from + 1, '"');
        PD_ASSERT(quote && quote[1] == ':' && colon > quote);
        const char *end = colon;

        if (!listed(keys, from + 1, (size_t)(quote - from - 1))) {
            if (to[-1] != '{')
                *to++ = ',';
            memmove(to, from, (size_t)(end - from));
            to += end - from;
        }
        from = *end == ',' ? end + 1 : end;
    }
    PD_ASSERT(*from == '}');
    memmove(to, "}", 2);
}
