/* hpack_late.c: a queue in one piece of memory: before each field stand its length and its size. */
#include "protocol/http2/hpack_late.h"
#include <string.h>

struct head {
    uint16_t length, size;
};

static struct head oldest(const struct pd_hpack_late *late)
{
    struct head head;

    memcpy(&head, late->bytes + late->first, sizeof head);
    return head;
}

bool pd_hpack_late_take(struct pd_hpack_late *late, struct pd_slice *field)
{
    if (late->first == late->end)
        return false;
    struct head head = oldest(late);
    *field = (struct pd_slice){late->bytes + late->first + sizeof head, head.length};
    late->size -= head.size;
    late->first = (uint16_t)(late->first + sizeof head + head.length);
    return true;
}

bool pd_hpack_late_put(struct pd_hpack_late *late, struct pd_slice field, uint32_t size, uint32_t max)
{
    struct head head = {(uint16_t)field.len, (uint16_t)size};
    uint32_t all = field.len + (uint32_t)sizeof head;
    struct pd_slice gone;

    /* When those behind a field fill the table, nothing is left of it, nor of what the table held before. */
    while (late->first < late->end && late->size + size - oldest(late).size >= max)
        pd_hpack_late_take(late, &gone);
    if (all > sizeof late->bytes - late->end) {
        late->end = (uint16_t)(late->end - late->first);
        memmove(late->bytes, late->bytes + late->first, late->end);
        late->first = 0;
    }
    if (all > sizeof late->bytes - late->end)
        return false;
    memcpy(late->bytes + late->end, &head, sizeof head);
    memcpy(late->bytes + late->end + sizeof head, field.p, field.len);
    late->end = (uint16_t)(late->end + all);
    late->size += size;
    return true;
}
