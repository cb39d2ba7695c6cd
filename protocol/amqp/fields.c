/* fields.c: the record's fields as a table, and how they are filled. */
#include "protocol/amqp/amqp.h"

enum { SHORT_MAX = 255, ERROR_MAX = 300 }; /* a short string's bytes; a code and one */

static bool failed(const struct pd_rec *r, struct pd_text *error)
{
    const struct pd_amqp *f = pd_fields_const(r);

    *error = f->error;
    return f->error.s;
}

#define OFF(member) offsetof(struct pd_amqp, member)

static const struct pd_field field_table[] = {
    {"channel", NULL, "number of the channel; 0 is the connection itself", PD_REQUEST, PD_INT, PD_LOG,
     OFF(channel), NULL},
    {"class", NULL, "`Connection`, `Channel`, `Exchange`, `Queue`, `Basic`, `Confirm`, `Tx`, `Access`",
     PD_REQUEST, PD_TEXT, PD_LABEL | PD_ATTRIBUTE | PD_LOG | PD_ASKED, OFF(class_name), NULL},
    {"method", "messaging.operation.name", "`Publish`, `Deliver`, `Declare`…", PD_REQUEST, PD_TEXT,
     PD_LABEL | PD_ATTRIBUTE | PD_LOG | PD_ASKED, OFF(method), NULL},
    {"exchange", "messaging.destination.name",
     "the exchange; empty is the default one. Of Exchange.Bind and Unbind the source", PD_REQUEST, PD_TEXT,
     PD_LABEL | PD_ATTRIBUTE | PD_LOG | PD_ASKED, OFF(exchange), NULL},
    {"routing_key", "messaging.rabbitmq.destination.routing_key", "the routing key", PD_REQUEST, PD_TEXT,
     PD_ATTRIBUTE | PD_LOG | PD_ASKED, OFF(routing_key), NULL},
    {"queue_name", NULL, "the queue, also one that the server named", PD_REQUEST, PD_TEXT,
     PD_LABEL | PD_ATTRIBUTE | PD_LOG | PD_ASKED, OFF(queue_name), NULL},
    {"consumer_tag", NULL, "the consumer, also one that the server named", PD_REQUEST, PD_TEXT, PD_LOG,
     OFF(consumer_tag), NULL},
    {"delivery_tag", "messaging.rabbitmq.message.delivery_tag",
     "number of a delivery in its channel; of a publish in confirm mode, its number there", PD_REQUEST,
     PD_INT, PD_ATTRIBUTE | PD_LOG, OFF(delivery_tag), NULL},
    {"body_bytes", "messaging.message.body.size", "the message's length, without headers", PD_REQUEST, PD_INT,
     PD_ATTRIBUTE | PD_LOG | PD_METRIC, OFF(body_bytes[PD_REQUEST]), NULL},
    {"class", NULL, "class of the method that answered", PD_RESPONSE, PD_TEXT, PD_LABEL | PD_LOG,
     OFF(reply_class), NULL},
    {"method", NULL, "the method that answered", PD_RESPONSE, PD_TEXT, PD_LABEL | PD_LOG | PD_CAME,
     OFF(reply), NULL},
    {"body_bytes", NULL, "length of the message that Basic.Get brought", PD_RESPONSE, PD_INT,
     PD_LOG | PD_METRIC, OFF(body_bytes[PD_RESPONSE]), NULL},
    {"error_code", "error.type", "reply code, `404`", PD_RESPONSE, PD_TEXT,
     PD_LABEL | PD_ATTRIBUTE | PD_LOG | PD_CAME, OFF(error_code), NULL},
    {"error_message", NULL, "reply text; of Connection.Blocked the reason", PD_RESPONSE, PD_TEXT,
     PD_LOG | PD_CAME, OFF(error_message), NULL},
    {0},
};

const struct pd_schema pd_amqp_schema = {
    .proto = "amqp",
    .help = "AMQP 0-9-1 with RabbitMQ's extensions",
    .fields = field_table,
    .rec_size = sizeof(struct pd_amqp),
    .arena_max = 2048,
    .failed = failed,
};

static void set(struct pd_rec *r, struct pd_text *t, struct pd_slice in)
{
    if (in.p)
        pd_text_set(r, t, in, SHORT_MAX);
}

void pd_amqp_fill_request(struct pd_rec *r, uint16_t channel, const struct pd_amqp_method *m,
                          const struct pd_amqp_args *args)
{
    struct pd_amqp *f = pd_fields(r);

    f->class_id = m->class_id;
    f->id = m->id;
    f->flags = args->flags;
    pd_int_set(&f->channel, channel);
    f->class_name = m->class_name;
    f->method = m->name;
    set(r, &f->exchange, args->exchange);
    set(r, &f->routing_key, args->routing_key);
    if (args->queue.len)
        set(r, &f->queue_name, args->queue);
    if (args->consumer_tag.len)
        set(r, &f->consumer_tag, args->consumer_tag);
}

void pd_amqp_fill_reply(struct pd_rec *r, const struct pd_amqp_method *m)
{
    struct pd_amqp *f = pd_fields(r);

    f->reply_class = m->class_name;
    f->reply = m->name;
}

void pd_amqp_fill_error(struct pd_rec *r, uint16_t code, struct pd_slice text)
{
    enum { CODE_MAX = 5, WELL = 200 };
    struct pd_amqp *f = pd_fields(r);
    uint8_t digits[CODE_MAX + 1];
    uint32_t at = CODE_MAX;

    if (!code || code == WELL)
        return;
    digits[at] = ' ';
    for (unsigned rest = code; rest; rest /= 10)
        digits[--at] = (uint8_t)('0' + rest % 10);
    pd_text_set(r, &f->error_code, (struct pd_slice){digits + at, CODE_MAX - at}, CODE_MAX);
    set(r, &f->error_message, text);
    pd_text_set(r, &f->error, (struct pd_slice){digits + at, CODE_MAX + 1 - at}, ERROR_MAX);
    if (text.p)
        pd_text_add(r, &f->error, text, ERROR_MAX);
}
