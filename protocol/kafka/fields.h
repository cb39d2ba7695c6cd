/* fields.h: a Kafka roundtrip's record, and how what is read of a message gets into it. */
#ifndef PD_PROTOCOL_KAFKA_FIELDS_H
#define PD_PROTOCOL_KAFKA_FIELDS_H
#include "protocol/kafka/messages.h"
#include "protocol/learnt.h"
#include "protocol/protocol.h"

enum {
    PD_KAFKA_TOPICS_KEPT = 64, /* listed of one request */
    PD_KAFKA_TEXT_KEPT = 256,  /* bytes kept of a name; a topic has at most 249 */
    PD_KAFKA_UUID_BYTES = 16
};

struct pd_kafka_rec {
    struct pd_text api, version, client_id;
    struct pd_int correlation_id;
    struct pd_list topics, topic_ids;
    struct pd_int partitions;
    struct pd_text group_id, transactional_id;
    struct pd_int acks, sent, fetched; /* the last two: records */
    struct pd_text error_code, error_name;
    int16_t api_key, api_version; /* what the response is read with */
};

extern const struct pd_schema pd_kafka_schema;

struct pd_kafka_head {
    uint32_t length; /* of what follows it */
    int16_t api_key, api_version;
    int32_t correlation_id;
};

void pd_kafka_fill_head(struct pd_rec *, const struct pd_kafka_head *);

/* What a message says goes into its record, and ids of topics into what the connection taught. */
struct pd_kafka_sink {
    struct pd_conn *conn;
    struct pd_rec *rec;
    struct pd_learnt *topics; /* names by id */
};

/* A text of that meaning (enum pd_kafka_meaning), which had `full` bytes. type: what kind of key or resource
 * it names, -1 when that was not said yet. */
void pd_kafka_saw_text(struct pd_kafka_sink *, uint8_t meaning, struct pd_slice, uint32_t full, int type);
void pd_kafka_saw_client(struct pd_kafka_sink *, struct pd_slice, uint32_t full);
void pd_kafka_saw_topic_id(struct pd_kafka_sink *, const uint8_t *id);
/* A response has both. */
void pd_kafka_learn(struct pd_kafka_sink *, const uint8_t *id, struct pd_slice name, uint32_t full);
void pd_kafka_saw_number(struct pd_kafka_sink *, uint8_t meaning, int number);
#endif
