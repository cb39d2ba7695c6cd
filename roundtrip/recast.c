/* recast.c: a record under another schema. A request that asked for a change of protocol is answered in the
 * new one: what both name alike is carried over. */
#include "roundtrip/record.h"
#include <string.h>

/* False: there is no more room. */
static bool copy_header(struct pd_rec *to, struct pd_list *list, struct pd_pair *old)
{
    if (old->shared) {
        pd_list_header_shared(to, list, UINT16_MAX, pd_shared_of(old));
        return true;
    }
    struct pd_pair *pair = pd_list_header(to, list, UINT16_MAX, pd_text_bytes(&old->name),
                                          pd_text_bytes(&old->value), UINT16_MAX);
    if (!pair)
        return false;
    pair->name.full = old->name.full;
    pair->value.full = old->value.full;
    return true;
}

static void copy_headers(struct pd_rec *to, struct pd_list *list, const struct pd_list *old)
{
    const struct pd_header *h = old->first;

    while (h && copy_header(to, list, h->pair))
        h = h->next;
    list->full = old->full;
}

static void copy_field(struct pd_rec *to, const struct pd_field *f, const void *old)
{
    void *field = to->data + f->off;
    const struct pd_text *text = old;

    switch ((enum pd_type)f->type) {
    case PD_TEXT:
        if (text->s)
            pd_text_set(to, field, pd_text_bytes(text), UINT16_MAX);
        ((struct pd_text *)field)->full = text->full;
        ((struct pd_text *)field)->holed = text->holed;
        break;
    case PD_INT:
        memcpy(field, old, sizeof(struct pd_int));
        break;
    case PD_BOOL:
        memcpy(field, old, 1);
        break;
    case PD_HEADERS:
        copy_headers(to, field, old);
        break;
    case PD_LIST:
    case PD_OBJECTS:
        break;
    }
}

static const struct pd_field *same(const struct pd_schema *schema, const struct pd_field *f)
{
    for (const struct pd_field *old = schema->fields; old->name; old++)
        if (old->side == f->side && old->type == f->type && strcmp(old->name, f->name) == 0)
            return old;
    return NULL;
}

/* Does an earlier row stand for the same place? (A field may be two columns.) */
static bool seen_before(const struct pd_schema *schema, const struct pd_field *f)
{
    const struct pd_field *first = same(schema, f);

    return first != f && first->off == f->off;
}

static void copy_head(struct pd_rec *to, const struct pd_rec *r)
{
    to->owner = r->owner;
    to->client = r->client;
    to->server = r->server;
    to->link = r->link;
    to->ordinal = r->ordinal;
    to->first_req = r->first_req;
    to->last_req = r->last_req;
    to->first_rsp = r->first_rsp;
    to->last_rsp = r->last_rsp;
    to->req_bytes = r->req_bytes;
    to->rsp_bytes = r->rsp_bytes;
    to->req_at = r->req_at;
    to->req_part = r->req_part;
    to->rsp_at = r->rsp_at;
    to->req_ack = r->req_ack;
    to->has_req_ack = r->has_req_ack;
    to->flags = r->flags;
    to->transport = r->transport;
    to->asked_by = r->asked_by;
    to->retransmissions = r->retransmissions;
}

struct pd_rec *pd_rec_recast(struct pd_rec *r, const struct pd_schema *schema, uint64_t *counters)
{
    struct pd_rec *to = pd_rec_new(r->store, schema);

    if (to) {
        copy_head(to, r);
        to->counters = counters;
        for (const struct pd_field *f = schema->fields; f->name; f++) {
            const struct pd_field *old = same(r->schema, f);
            if (old && f->side == PD_REQUEST && !seen_before(schema, f))
                copy_field(to, f, r->data + old->off);
        }
    }
    pd_rec_free(r);
    return to;
}
