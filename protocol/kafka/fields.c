/* fields.c: the fields of a Kafka roundtrip, and filling them. */
#include "protocol/kafka/fields.h"
#include "base/hash.h"
#include <stddef.h>

enum { KEY_GROUP, KEY_TRANSACTION, RESOURCE_TOPIC = 2, UUID_TEXT = 36, NUMBER_TEXT = 12 };

#define OFF(member) offsetof(struct pd_kafka_rec, member)

static const struct pd_field fields[] = {
    {"api", "messaging.operation.name", "what is asked for, its number when it has no name", PD_REQUEST,
     PD_TEXT, PD_LOG | PD_ATTRIBUTE | PD_LABEL | PD_ASKED, OFF(api), NULL},
    {"version", NULL, "version of the message", PD_REQUEST, PD_TEXT, PD_LOG | PD_LABEL, OFF(version), NULL},
    {"correlation_id", NULL, "what the response repeats", PD_REQUEST, PD_INT, PD_LOG, OFF(correlation_id),
     NULL},
    {"client_id", "messaging.client.id", "name that the client gives itself", PD_REQUEST, PD_TEXT,
     PD_LOG | PD_ATTRIBUTE | PD_LABEL, OFF(client_id), NULL},
    {"topics", "messaging.destination.name", "topics that the request names, by name or by a known id",
     PD_REQUEST, PD_LIST, PD_LOG | PD_ATTRIBUTE | PD_LABEL | PD_ASKED, OFF(topics), NULL},
    {"topic_ids", NULL, "ids of topics whose names are not known", PD_REQUEST, PD_LIST,
     PD_LOG | PD_ASKED | PD_STAND_IN, OFF(topic_ids), NULL},
    {"partitions", NULL, "how many partitions the request names", PD_REQUEST, PD_INT, PD_LOG, OFF(partitions),
     NULL},
    {"group_id", "messaging.consumer.group.name", "consumer group; the first, when there are several",
     PD_REQUEST, PD_TEXT, PD_LOG | PD_ATTRIBUTE | PD_LABEL | PD_ASKED, OFF(group_id), NULL},
    {"transactional_id", NULL, "transactional id of the producer", PD_REQUEST, PD_TEXT, PD_LOG | PD_ASKED,
     OFF(transactional_id), NULL},
    {"acks", NULL, "replicas that must have it before the answer: 0 asks for none, -1 for all", PD_REQUEST,
     PD_INT, PD_LOG, OFF(acks), NULL},
    {"records", "messaging.batch.message_count", "records that are sent", PD_REQUEST, PD_INT,
     PD_LOG | PD_ATTRIBUTE | PD_METRIC, OFF(sent), NULL},
    {"records", "messaging.batch.message_count", "records that came", PD_RESPONSE, PD_INT,
     PD_LOG | PD_ATTRIBUTE | PD_METRIC | PD_CAME, OFF(fetched), NULL},
    {"error_code", NULL, "first error code that is not 0", PD_RESPONSE, PD_TEXT, PD_LOG | PD_LABEL,
     OFF(error_code), NULL},
    {"error_name", "error.type", "its name", PD_RESPONSE, PD_TEXT, PD_LOG | PD_ATTRIBUTE | PD_LABEL | PD_CAME,
     OFF(error_name), NULL},
    {0},
};

static bool failed(const struct pd_rec *r, struct pd_text *error)
{
    const struct pd_kafka_rec *f = pd_fields_const(r);

    *error = f->error_name.s ? f->error_name : f->error_code;
    return f->error_code.s;
}

const struct pd_schema pd_kafka_schema = {
    .proto = "kafka",
    .help = "Apache Kafka",
    .fields = fields,
    .rec_size = sizeof(struct pd_kafka_rec),
    .arena_max = 16384,
    .failed = failed,
};

static struct pd_slice number(char buffer[static NUMBER_TEXT], int n)
{
    unsigned rest = n < 0 ? 0u - (unsigned)n : (unsigned)n;
    char *end = buffer + NUMBER_TEXT, *p = end;

    do
        *--p = (char)('0' + rest % 10);
    while (rest /= 10);
    if (n < 0)
        *--p = '-';
    return (struct pd_slice){(const uint8_t *)p, (uint32_t)(end - p)};
}

static void set_number(struct pd_rec *r, struct pd_text *to, int n)
{
    static const char *const few[] = {"0",  "1",  "2",  "3",  "4",  "5",  "6",  "7",  "8",  "9",
                                      "10", "11", "12", "13", "14", "15", "16", "17", "18", "19"};
    char buffer[NUMBER_TEXT];

    if (n >= 0 && (size_t)n < sizeof few / sizeof *few)
        pd_text_static(to, few[n]);
    else
        pd_text_set(r, to, number(buffer, n), NUMBER_TEXT);
}

void pd_kafka_fill_head(struct pd_rec *r, const struct pd_kafka_head *head)
{
    struct pd_kafka_rec *f = pd_fields(r);
    const struct pd_kafka_api *api = pd_kafka_api_of(head->api_key);

    f->api_key = head->api_key;
    f->api_version = head->api_version;
    pd_int_set(&f->correlation_id, head->correlation_id);
    if (api)
        pd_text_static(&f->api, api->name);
    else
        set_number(r, &f->api, head->api_key);
    set_number(r, &f->version, head->api_version);
}

/* --- topics --- */

static bool listed(const struct pd_list *list, struct pd_slice name)
{
    for (const struct pd_item *i = list->first; i; i = i->next)
        if (pd_slice_eq((struct pd_slice){(const uint8_t *)i->text.s, i->text.len}, name))
            return true;
    return false;
}

static void add_to(struct pd_rec *r, struct pd_list *list, struct pd_slice name, uint32_t full)
{
    if (listed(list, name))
        return;
    struct pd_item *item = pd_list_item(r, list, PD_KAFKA_TOPICS_KEPT);
    if (!item)
        return;
    pd_text_set(r, &item->text, name, PD_KAFKA_TEXT_KEPT);
    item->text.full = full;
}

static bool no_id(const uint8_t *id)
{
    static const uint8_t none[PD_KAFKA_UUID_BYTES];

    return memcmp(id, none, sizeof none) == 0;
}

static uint64_t key_of(const uint8_t *id)
{
    return pd_hash(id, PD_KAFKA_UUID_BYTES, 0);
}

void pd_kafka_saw_topic_id(struct pd_kafka_sink *s, const uint8_t *id)
{
    static const char hex[] = "0123456789abcdef";
    struct pd_kafka_rec *f = pd_fields(s->rec);
    uint8_t text[UUID_TEXT];
    struct pd_slice name;
    uint32_t full, n = 0;

    if (no_id(id))
        return;
    if (pd_learnt_get(s->topics, key_of(id), &name, &full)) {
        add_to(s->rec, &f->topics, name, full);
        return;
    }
    for (int i = 0; i < PD_KAFKA_UUID_BYTES; i++) {
        if (i == 4 || i == 6 || i == 8 || i == 10)
            text[n++] = '-';
        text[n++] = (uint8_t)hex[id[i] >> 4];
        text[n++] = (uint8_t)hex[id[i] & 15];
    }
    add_to(s->rec, &f->topic_ids, (struct pd_slice){text, n}, n);
}

void pd_kafka_learn(struct pd_kafka_sink *s, const uint8_t *id, struct pd_slice name, uint32_t full)
{
    if (name.len && !no_id(id))
        pd_learnt_put(s->conn, s->topics, key_of(id), name, full);
}

/* --- the rest --- */

static void set_once(struct pd_rec *r, struct pd_text *to, struct pd_slice text, uint32_t full)
{
    if (to->s)
        return;
    pd_text_set(r, to, text, PD_KAFKA_TEXT_KEPT);
    to->full = full;
}

void pd_kafka_saw_text(struct pd_kafka_sink *s, uint8_t meaning, struct pd_slice text, uint32_t full,
                       int type)
{
    struct pd_kafka_rec *f = pd_fields(s->rec);

    switch ((enum pd_kafka_meaning)meaning) {
    case PD_KAFKA_TOPIC:
        add_to(s->rec, &f->topics, text, full);
        break;
    case PD_KAFKA_RESOURCE:
        if (type == RESOURCE_TOPIC)
            add_to(s->rec, &f->topics, text, full);
        break;
    case PD_KAFKA_GROUP:
        set_once(s->rec, &f->group_id, text, full);
        break;
    case PD_KAFKA_TXN:
        set_once(s->rec, &f->transactional_id, text, full);
        break;
    case PD_KAFKA_KEY:
        if (type == KEY_TRANSACTION)
            set_once(s->rec, &f->transactional_id, text, full);
        else if (type <= KEY_GROUP)
            set_once(s->rec, &f->group_id, text, full);
        break;
    default:
        break;
    }
}

void pd_kafka_saw_client(struct pd_kafka_sink *s, struct pd_slice text, uint32_t full)
{
    struct pd_kafka_rec *f = pd_fields(s->rec);

    set_once(s->rec, &f->client_id, text, full);
}

/* The key came before its type. */
static void retype_key(struct pd_kafka_rec *f, int type)
{
    if (type == KEY_GROUP)
        return;
    if (type == KEY_TRANSACTION && f->group_id.s)
        f->transactional_id = f->group_id;
    f->group_id = (struct pd_text){0};
}

void pd_kafka_saw_number(struct pd_kafka_sink *s, uint8_t meaning, int number)
{
    struct pd_kafka_rec *f = pd_fields(s->rec);

    if (meaning == PD_KAFKA_ACKS)
        pd_int_set(&f->acks, number);
    else if (meaning == PD_KAFKA_KEY_TYPE)
        retype_key(f, number);
    if (meaning != PD_KAFKA_ERROR || number == 0 || f->error_code.s)
        return;
    const char *name = pd_kafka_error_name((int16_t)number);
    set_number(s->rec, &f->error_code, number);
    if (name)
        pd_text_static(&f->error_name, name);
}
