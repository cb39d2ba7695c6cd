/* methods.c: the table of methods, and how their arguments are read. Tables and long strings stand behind
 * everything that is kept, so none is ever walked; so nothing of a SASL response or a new secret is read. */
#include "protocol/amqp/methods.h"
#include <stddef.h>
#include <string.h>

/* Where a method stands in the table: each in a place of its own, or this does not compile. */
enum { PLACES = 128 };
#define PLACE(class, id) ((36u * (class) + (id)) % PLACES)

/* Letters of args: s a short string nobody keeps, e r q c t kept ones (exchange, routing key, queue, consumer
 * tag, text), h u16, k reply code, d u64 delivery tag, b flags, f class and method that failed. */
#define ROW(class, id, class_name, name, by, role, of, nowait, args)                                         \
    [PLACE(class, id)] = {class,           id, by, PD_AMQP_##role, of, nowait, args, PD_TEXT_OF(class_name), \
                          PD_TEXT_OF(name)}
#define C PD_AMQP_BY_CLIENT
#define S PD_AMQP_BY_SERVER
#define CS PD_AMQP_BY_BOTH

/* AMQP 0-9-1, section 1.3 of the reference; RabbitMQ's extensions: connection 60 to 71, exchange 30 to 51,
 * basic 120, confirm; basic 30 by the server. */
static const struct pd_amqp_method methods[PLACES] = {
    ROW(10, 10, "Connection", "Start", S, ASKS, 0, 0, ""),
    ROW(10, 11, "Connection", "StartOk", C, REPLIES, 10, 0, ""),
    ROW(10, 20, "Connection", "Secure", S, ASKS, 0, 0, ""),
    ROW(10, 21, "Connection", "SecureOk", C, REPLIES, 20, 0, ""),
    ROW(10, 30, "Connection", "Tune", S, ASKS, 0, 0, ""),
    ROW(10, 31, "Connection", "TuneOk", C, REPLIES, 30, 0, ""),
    ROW(10, 40, "Connection", "Open", C, ASKS, 0, 0, ""),
    ROW(10, 41, "Connection", "OpenOk", S, REPLIES, 40, 0, ""),
    ROW(10, 50, "Connection", "Close", CS, ASKS, 0, 0, "ktf"),
    ROW(10, 51, "Connection", "CloseOk", CS, REPLIES, 50, 0, ""),
    ROW(10, 60, "Connection", "Blocked", S, TELLS, 0, 0, "t"),
    ROW(10, 61, "Connection", "Unblocked", S, TELLS, 0, 0, ""),
    ROW(10, 70, "Connection", "UpdateSecret", C, ASKS, 0, 0, ""),
    ROW(10, 71, "Connection", "UpdateSecretOk", S, REPLIES, 70, 0, ""),
    ROW(20, 10, "Channel", "Open", C, ASKS, 0, 0, ""),
    ROW(20, 11, "Channel", "OpenOk", S, REPLIES, 10, 0, ""),
    ROW(20, 20, "Channel", "Flow", CS, ASKS, 0, 0, ""),
    ROW(20, 21, "Channel", "FlowOk", CS, REPLIES, 20, 0, ""),
    ROW(20, 40, "Channel", "Close", CS, ASKS, 0, 0, "ktf"),
    ROW(20, 41, "Channel", "CloseOk", CS, REPLIES, 40, 0, ""),
    ROW(30, 10, "Access", "Request", C, ASKS, 0, 0, ""),
    ROW(30, 11, "Access", "RequestOk", S, REPLIES, 10, 0, ""),
    ROW(40, 10, "Exchange", "Declare", C, ASKS, 0, 16, "hesb"),
    ROW(40, 11, "Exchange", "DeclareOk", S, REPLIES, 10, 0, ""),
    ROW(40, 20, "Exchange", "Delete", C, ASKS, 0, 2, "heb"),
    ROW(40, 21, "Exchange", "DeleteOk", S, REPLIES, 20, 0, ""),
    ROW(40, 30, "Exchange", "Bind", C, ASKS, 0, 1, "hserb"),
    ROW(40, 31, "Exchange", "BindOk", S, REPLIES, 30, 0, ""),
    ROW(40, 40, "Exchange", "Unbind", C, ASKS, 0, 1, "hserb"),
    ROW(40, 51, "Exchange", "UnbindOk", S, REPLIES, 40, 0, ""),
    ROW(50, 10, "Queue", "Declare", C, ASKS, 0, 16, "hqb"),
    ROW(50, 11, "Queue", "DeclareOk", S, REPLIES, 10, 0, "q"),
    ROW(50, 20, "Queue", "Bind", C, ASKS, 0, 1, "hqerb"),
    ROW(50, 21, "Queue", "BindOk", S, REPLIES, 20, 0, ""),
    ROW(50, 30, "Queue", "Purge", C, ASKS, 0, 1, "hqb"),
    ROW(50, 31, "Queue", "PurgeOk", S, REPLIES, 30, 0, ""),
    ROW(50, 40, "Queue", "Delete", C, ASKS, 0, 4, "hqb"),
    ROW(50, 41, "Queue", "DeleteOk", S, REPLIES, 40, 0, ""),
    ROW(50, 50, "Queue", "Unbind", C, ASKS, 0, 0, "hqer"),
    ROW(50, 51, "Queue", "UnbindOk", S, REPLIES, 50, 0, ""),
    ROW(60, 10, "Basic", "Qos", C, ASKS, 0, 0, ""),
    ROW(60, 11, "Basic", "QosOk", S, REPLIES, 10, 0, ""),
    ROW(60, 20, "Basic", "Consume", C, ASKS, 0, 8, "hqcb"),
    ROW(60, 21, "Basic", "ConsumeOk", S, REPLIES, 20, 0, "c"),
    ROW(60, 30, "Basic", "Cancel", CS, ASKS, 0, 1, "cb"),
    ROW(60, 31, "Basic", "CancelOk", CS, REPLIES, 30, 0, "c"),
    ROW(60, 40, "Basic", "Publish", C, CARRIES, 0, 0, "herb"),
    ROW(60, 50, "Basic", "Return", S, CARRIES, 0, 0, "kter"),
    ROW(60, 60, "Basic", "Deliver", S, CARRIES, 0, 0, "cdber"),
    ROW(60, 70, "Basic", "Get", C, ASKS, 0, 0, "hqb"),
    ROW(60, 71, "Basic", "GetOk", S, REPLIES, 70, 0, "db"),
    ROW(60, 72, "Basic", "GetEmpty", S, REPLIES, 70, 0, ""),
    ROW(60, 80, "Basic", "Ack", CS, SETTLES, 0, 0, "db"),
    ROW(60, 90, "Basic", "Reject", C, SETTLES, 0, 0, "db"),
    ROW(60, 100, "Basic", "RecoverAsync", C, TELLS, 0, 0, "b"),
    ROW(60, 110, "Basic", "Recover", C, ASKS, 0, 0, "b"),
    ROW(60, 111, "Basic", "RecoverOk", S, REPLIES, 110, 0, ""),
    ROW(60, 120, "Basic", "Nack", CS, SETTLES, 0, 0, "db"),
    ROW(85, 10, "Confirm", "Select", C, ASKS, 0, 1, "b"),
    ROW(85, 11, "Confirm", "SelectOk", S, REPLIES, 10, 0, ""),
    ROW(90, 10, "Tx", "Select", C, ASKS, 0, 0, ""),
    ROW(90, 11, "Tx", "SelectOk", S, REPLIES, 10, 0, ""),
    ROW(90, 20, "Tx", "Commit", C, ASKS, 0, 0, ""),
    ROW(90, 21, "Tx", "CommitOk", S, REPLIES, 20, 0, ""),
    ROW(90, 30, "Tx", "Rollback", C, ASKS, 0, 0, ""),
    ROW(90, 31, "Tx", "RollbackOk", S, REPLIES, 30, 0, ""),
};

const struct pd_amqp_method *pd_amqp_find(unsigned class_id, unsigned id)
{
    const struct pd_amqp_method *m = &methods[PLACE(class_id, id)];

    return m->args && m->class_id == class_id && m->id == id ? m : NULL;
}

/* What a letter of args stands for: a number of some bytes, or else a short string and where it goes. */
struct letter {
    uint8_t number, text;
};
#define AT(member) offsetof(struct pd_amqp_args, member)

static const struct letter letters[128] = {
    ['h'] = {2, 0},
    ['k'] = {2, 0},
    ['d'] = {8, 0},
    ['b'] = {1, 0},
    ['f'] = {4, 0},
    ['s'] = {0, AT(unkept)},
    ['e'] = {0, AT(exchange)},
    ['r'] = {0, AT(routing_key)},
    ['q'] = {0, AT(queue)},
    ['c'] = {0, AT(consumer_tag)},
    ['t'] = {0, AT(text)},
};

static void read_number(struct pd_amqp_args *a, char letter, const uint8_t *p)
{
    if (letter == 'b')
        a->flags = p[0];
    else if (letter == 'd')
        a->tag = pd_be64(p);
    else if (letter == 'k')
        a->code = pd_be16(p);
    else if (letter == 'f') { /* no class or method beyond 255 was ever defined */
        a->class_id = p[0] ? 0 : p[1];
        a->id = p[2] ? 0 : p[3];
    }
}

bool pd_amqp_read_args(const struct pd_amqp_method *m, struct pd_slice in, struct pd_amqp_args *a)
{
    const struct pd_slice none = {NULL, 0};

    /* One by one: all at once is a loop of the processor's, slow to begin. */
    a->exchange = a->routing_key = a->queue = a->consumer_tag = a->text = none;
    a->tag = 0;
    a->code = 0;
    a->class_id = a->id = a->flags = 0;
    for (const char *at = m->args; *at; at++) {
        struct letter letter = letters[(unsigned char)*at];
        uint32_t size = letter.number ? letter.number : in.len ? 1u + in.p[0] : 1;
        if (in.len < size)
            return false;
        if (letter.number) {
            read_number(a, *at, in.p);
        } else {
            struct pd_slice text = {in.p + 1, size - 1};
            memcpy((char *)a + letter.text, &text, sizeof text);
        }
        in.p += size;
        in.len -= size;
    }
    return true;
}
