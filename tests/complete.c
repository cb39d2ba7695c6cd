/* complete.c: of a capture in which nothing was lost every byte is in the numbers, as the summary's
 * completeness says; and never more than every byte. */
#include "tests/inherit.h"
#include <inttypes.h>
#include <stdio.h>

/* These say what was there. Any other that is not 0 says that something was missed. */
static const uint32_t plain = UINT32_C(1) << PD_C_CONNECTIONS | UINT32_C(1) << PD_C_OK |
                              UINT32_C(1) << PD_C_ERROR | UINT32_C(1) << PD_C_UNANSWERED |
                              UINT32_C(1) << PD_C_ONEWAY | UINT32_C(1) << PD_C_BYTES |
                              UINT32_C(1) << PD_C_PAIRED_BYTES | UINT32_C(1) << PD_C_OPAQUE;

static void add(const uint64_t *counter, uint64_t *paired, bool *missed)
{
    *paired += counter[PD_C_PAIRED_BYTES];
    for (int i = 0; i < PD_C_COUNT; i++)
        *missed |= counter[i] && !(plain >> i & 1);
}

/* One protocol with its children, whose bytes came on its connections. */
static bool complete(const struct bench *b, const struct pd_tally *tally, int proto)
{
    uint64_t bytes = tally->proto[proto][PD_C_BYTES], paired = 0;
    bool missed = false;

    add(tally->proto[proto], &paired, &missed);
    for (int i = 0; i < b->setup->proto_count; i++)
        if (b->setup->parent[i] == proto)
            add(tally->proto[i], &paired, &missed);
    if (missed ? paired <= bytes : paired == bytes)
        return true;
    fprintf(stderr, "%s: %s: of %" PRIu64 " bytes %" PRIu64 " are in the numbers\n", b->capture->stem,
            b->setup->protos[proto]->schema->proto, bytes, paired);
    return false;
}

bool inherit_complete(const struct bench *b)
{
    struct replay r;
    bool ok = true;

    inherit_whole(b, &r);
    for (int i = 0; i < b->setup->proto_count; i++)
        if (b->setup->parent[i] < 0)
            ok &= complete(b, pd_worker_tally(r.worker), i);
    replay_free(&r);
    return ok;
}
