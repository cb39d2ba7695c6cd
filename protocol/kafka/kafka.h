/* kafka.h: what the files of this folder know of each other. */
#ifndef PD_PROTOCOL_KAFKA_KAFKA_H
#define PD_PROTOCOL_KAFKA_KAFKA_H
#include "protocol/kafka/fields.h"

int pd_kafka_sync(struct pd_slice, const struct pd_look *, uint8_t *confidence);
#endif
