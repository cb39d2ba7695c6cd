/* mysql.c: the protocol as the engine sees it. */
#include "protocol/mysql/mysql.h"
#include "base/check.h"
#include "protocol/sql_memo.h"

void pd_mysql_forget(struct pd_conn *c)
{
    struct pd_mysql_conn *m = pd_state(c);

    pd_learnt_clear(c, &m->learnt);
}

void pd_mysql_move(struct pd_conn *c, struct pd_slice name)
{
    struct pd_mysql_conn *m = pd_state(c);

    if (name.len)
        pd_learnt_put(c, &m->learnt, PD_MYSQL_KEY_DATABASE, name, name.len);
    else
        pd_learnt_drop(c, &m->learnt, PD_MYSQL_KEY_DATABASE);
}

static void start(struct pd_conn *c, struct pd_half *h)
{
    struct pd_mysql_conn *m = pd_state(c);
    struct pd_mysql_side *s = &m->side[h->dir];

    pd_mysql_drop_carry(c, s);
    *s = (struct pd_mysql_side){0};
    if (h->dir == PD_S2C)
        m->phase = PD_MYSQL_IDLE;
    pd_feed(h, PD_MYSQL_S_WALK, PD_ENDLESS);
}

static uint32_t step(struct pd_conn *c, struct pd_half *h, struct pd_slice in)
{
    if (h->state == PD_MYSQL_S_WALK)
        return pd_mysql_walk(c, h, in);
    PD_ASSERT(h->state == PD_MYSQL_S_SKIPPED); /* an endless want does not end */
    pd_mysql_packet_skipped(c, h);
    return 0;
}

/* Statements and databases are named by one side and confirmed by the other: either's loss hides some. */
static enum pd_verdict lost(struct pd_conn *c, struct pd_half *h, enum pd_lost why, uint64_t n)
{
    struct pd_mysql_conn *m = pd_state(c);

    (void)n;
    if (why == PD_BOUNDARY || why == PD_WAS_BAD) {
        pd_mysql_drop_carry(c, &m->side[h->dir]);
        pd_mysql_forget(c);
    }
    return PD_LOST;
}

static void close_conn(struct pd_conn *c)
{
    pd_mysql_drop_carry(c, pd_mysql_side_of(c, PD_C2S));
    pd_mysql_drop_carry(c, pd_mysql_side_of(c, PD_S2C));
    pd_mysql_forget(c);
}

enum { LENT_BYTES = 128 };
_Static_assert(sizeof(struct pd_mysql_conn) <= LENT_BYTES, "the state takes the smallest size that is lent");

const struct pd_proto pd_proto_mysql = {
    .schema = &pd_mysql_schema,
    .ports = (const uint16_t[]){3306, 0},
    .transports = PD_ON_TCP,
    .match = PD_BY_ORDER,
    .flags = PD_HALF_DUPLEX,
    .conn_size = sizeof(struct pd_mysql_conn),
    .worker_size = sizeof(struct pd_sql_memo),
    .sync = pd_mysql_sync,
    .start = start,
    .step = step,
    .lost = lost,
    .close = close_conn,
};
