/* methods.h: the methods of AMQP 0-9-1 with RabbitMQ's extensions, as one table. */
#ifndef PD_AMQP_METHODS_H
#define PD_AMQP_METHODS_H
#include "roundtrip/schema.h"

enum pd_amqp_role {
    PD_AMQP_ASKS,    /* a request; with its no-wait bit, nothing comes back */
    PD_AMQP_REPLIES, /* the answer to `of` */
    PD_AMQP_TELLS,   /* nothing comes back */
    PD_AMQP_CARRIES, /* content follows, which nobody or an acknowledgement answers */
    PD_AMQP_SETTLES  /* answers publishes or deliveries */
};

enum pd_amqp_class {
    PD_AMQP_CONNECTION = 10,
    PD_AMQP_CHANNEL = 20,
    PD_AMQP_ACCESS = 30,
    PD_AMQP_EXCHANGE = 40,
    PD_AMQP_QUEUE = 50,
    PD_AMQP_BASIC = 60,
    PD_AMQP_CONFIRM = 85,
    PD_AMQP_TX = 90
};

/* Methods that mean more than their names: class << 8 | id. */
enum pd_amqp_method_code {
    PD_AMQP_CONNECTION_START = 10 << 8 | 10,
    PD_AMQP_CONNECTION_CLOSE = 10 << 8 | 50,
    PD_AMQP_CHANNEL_OPEN = 20 << 8 | 10,
    PD_AMQP_CHANNEL_CLOSE = 20 << 8 | 40,
    PD_AMQP_CHANNEL_CLOSE_OK = 20 << 8 | 41,
    PD_AMQP_QUEUE_DECLARE_OK = 50 << 8 | 11,
    PD_AMQP_CONSUME = 60 << 8 | 20,
    PD_AMQP_CONSUME_OK = 60 << 8 | 21,
    PD_AMQP_CANCEL = 60 << 8 | 30,
    PD_AMQP_CANCEL_OK = 60 << 8 | 31,
    PD_AMQP_PUBLISH = 60 << 8 | 40,
    PD_AMQP_RETURN = 60 << 8 | 50,
    PD_AMQP_DELIVER = 60 << 8 | 60,
    PD_AMQP_GET = 60 << 8 | 70,
    PD_AMQP_GET_OK = 60 << 8 | 71,
    PD_AMQP_ACK = 60 << 8 | 80,
    PD_AMQP_REJECT = 60 << 8 | 90,
    PD_AMQP_RECOVER_ASYNC = 60 << 8 | 100,
    PD_AMQP_RECOVER = 60 << 8 | 110,
    PD_AMQP_RECOVER_OK = 60 << 8 | 111,
    PD_AMQP_CONFIRM_SELECT = 85 << 8 | 10,
    PD_AMQP_TX_SELECT = 90 << 8 | 10
};

enum { PD_AMQP_BY_CLIENT = 1, PD_AMQP_BY_SERVER = 2, PD_AMQP_BY_BOTH = 3 };

/* Bits of a method's octet of flags. */
enum {
    PD_AMQP_NO_ACK_CONSUME = 2,
    PD_AMQP_NO_ACK_GET = 1,
    PD_AMQP_MULTIPLE = 1 /* of Ack and Nack */
};

struct pd_amqp_method {
    uint8_t class_id, id, by, role;
    uint8_t of;       /* REPLIES: the id that it answers */
    uint8_t nowait;   /* ASKS: the bit of its flags that says so, 0: there is none */
    const char *args; /* what its arguments are, as far as they matter */
    struct pd_text class_name, name;
};

/* Arguments of a method; p is NULL for what it does not have. They point into the frame. */
struct pd_amqp_args {
    struct pd_slice exchange, routing_key, queue, consumer_tag, text, unkept;
    uint64_t tag;
    uint16_t code;
    uint8_t class_id, id; /* of the method that failed */
    uint8_t flags;
};

static inline unsigned pd_amqp_code(const struct pd_amqp_method *m)
{
    return (unsigned)m->class_id << 8 | m->id;
}

/* NULL: there is none. */
const struct pd_amqp_method *pd_amqp_find(unsigned class_id, unsigned id);
/* in: behind class and method. False when it is too short. */
bool pd_amqp_read_args(const struct pd_amqp_method *, struct pd_slice in, struct pd_amqp_args *);
#endif
