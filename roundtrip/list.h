/* list.h: nodes of lists, of whatever kind, for record.c and headers.c. */
#ifndef PD_ROUNDTRIP_LIST_H
#define PD_ROUNDTRIP_LIST_H
#include "roundtrip/record.h"

/* All node kinds begin with their next pointer. */
struct pd_node {
    struct pd_node *next;
};

/* node->next is NULL. */
static inline void pd_list_append(struct pd_list *l, void *node)
{
    if (l->last)
        ((struct pd_node *)l->last)->next = node;
    else
        l->first = node;
    l->last = node;
    l->count++;
}

/* A new node of so many bytes, zeroed, or NULL, as pd_list_item() has it. Inlined, so that where the size is
 * a constant clearing takes a few moves. */
static inline void *pd_list_node(struct pd_rec *r, struct pd_list *l, uint16_t max, uint32_t size)
{
    if (l->full < UINT16_MAX)
        l->full++;
    if (l->count >= max)
        return NULL;
    void *n = pd_rec_alloc(r, size);
    if (!n)
        return NULL;
    memset(n, 0, size);
    pd_list_append(l, n);
    return n;
}

/* headers.c. Copies a name in lower case, its length stays; returns a number that is the same for equal
 * names. */
uint32_t pd_header_name(char *to, struct pd_slice name);
#endif
