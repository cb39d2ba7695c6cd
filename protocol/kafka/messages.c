/* messages.c: what of each message is looked at, from the message definitions of Kafka 4.4 and, for versions
 * that brokers dropped since, of 3.9. Rows end at the last field that matters: what follows is skipped. Where
 * only the beginning of a version range is given, all later versions have the field. */
#include "protocol/kafka/messages.h"
#include <stddef.h>

enum { ANY = 255, NEVER = 255 };

/* clang-format off */
#define ROW(kind, arg, from, to) {PD_KAFKA_##kind, arg, from, to}
#define SKIP(n)          ROW(SKIP, n, 0, ANY)
#define SKIP_IN(n, a, b) ROW(SKIP, n, a, b)
#define SKIP_FROM(n, a)  ROW(SKIP, n, a, ANY)
#define TEXT             ROW(BYTES, 2, 0, ANY)
#define TEXT_IN(a, b)    ROW(BYTES, 2, a, b)
#define TEXT_FROM(a)     ROW(BYTES, 2, a, ANY)
#define BYTES            ROW(BYTES, 4, 0, ANY)
#define INTS             ROW(INTS, PD_KAFKA_NOTHING, 0, ANY)
#define INTS_FROM(a)     ROW(INTS, PD_KAFKA_NOTHING, a, ANY)
#define NAME(m)          ROW(STRING, PD_KAFKA_##m, 0, ANY)
#define NAME_IN(m, a, b) ROW(STRING, PD_KAFKA_##m, a, b)
#define NAME_FROM(m, a)  ROW(STRING, PD_KAFKA_##m, a, ANY)
#define ID_FROM(m, a)    ROW(UUID, PD_KAFKA_##m, a, ANY)
#define ERROR_CODE           ROW(INT16, PD_KAFKA_ERROR, 0, ANY)
#define ERROR_CODE_IN(a, b)  ROW(INT16, PD_KAFKA_ERROR, a, b)
#define ERROR_CODE_FROM(a)   ROW(INT16, PD_KAFKA_ERROR, a, ANY)
#define ARRAY            ROW(ARRAY, PD_KAFKA_NOTHING, 0, ANY)
#define ARRAY_IN(a, b)   ROW(ARRAY, PD_KAFKA_NOTHING, a, b)
#define ARRAY_FROM(a)    ROW(ARRAY, PD_KAFKA_NOTHING, a, ANY)
#define MAYBE            ROW(MAYBE, PD_KAFKA_NOTHING, 0, ANY)
#define MAYBE_FROM(a)    ROW(MAYBE, PD_KAFKA_NOTHING, a, ANY)
#define PARTITIONS       ROW(ARRAY, PD_KAFKA_PARTITIONS, 0, ANY)
#define PARTITION_INTS   ROW(INTS, PD_KAFKA_PARTITIONS, 0, ANY)
#define END              ROW(END, 0, 0, ANY)
#define NEXT             ROW(NEXT, 0, 0, ANY)
#define TAGS             ROW(TAGS, 0, 0, ANY) /* of a structure that is no array's */
#define DONE             ROW(DONE, 0, 0, ANY)
#define ROWS static const struct pd_kafka_row

const struct pd_kafka_row pd_kafka_request_header[] = {
    ROW(CLIENT, 0, 0, ANY), TAGS, ROW(BODY, 0, 0, ANY)};
const struct pd_kafka_row pd_kafka_response_header[] = {TAGS, ROW(BODY, 0, 0, ANY)};

/* A response that is one error code, behind the time that a client was throttled where it has that. */
ROWS error_first[] = {ERROR_CODE, DONE};
ROWS throttle_error[] = {SKIP(4), ERROR_CODE, DONE};
ROWS throttle_1_error[] = {SKIP_FROM(4, 1), ERROR_CODE, DONE};
ROWS group_first[] = {NAME(GROUP), DONE};

ROWS produce_request[] = {
    NAME_FROM(TXN, 3), ROW(INT16, PD_KAFKA_ACKS, 0, ANY), SKIP(4), /* timeout */
    ARRAY, NAME_IN(TOPIC, 0, 12), ID_FROM(TOPIC, 13),
        PARTITIONS, SKIP(4), ROW(RECORDS, 0, 0, ANY), END,
    END, DONE};
ROWS produce_response[] = {
    ARRAY, TEXT_IN(0, 12), SKIP_FROM(16, 13), /* topic */
        ARRAY, SKIP(4), ERROR_CODE, SKIP(8), SKIP_FROM(8, 2), SKIP_FROM(8, 5), /* offsets, time */
            ARRAY_FROM(8), SKIP(4), TEXT, END, /* errors of records */
        TEXT_FROM(8), END,
    END, DONE};

ROWS fetch_request[] = {
    SKIP_IN(4, 0, 14), SKIP(8), SKIP_FROM(4, 3), SKIP_FROM(1, 4), /* replica; wait, bytes, isolation */
    SKIP_FROM(8, 7), /* session */
    ARRAY, NAME_IN(TOPIC, 0, 12), ID_FROM(TOPIC, 13),
        PARTITIONS, SKIP(4), SKIP_FROM(4, 9), SKIP(8), SKIP_FROM(4, 12), SKIP_FROM(8, 5), SKIP(4), END,
    END, DONE};
ROWS fetch_response[] = {
    SKIP_FROM(4, 1), ERROR_CODE_FROM(7), SKIP_FROM(4, 7),
    ARRAY, TEXT_IN(0, 12), SKIP_FROM(16, 13), /* topic */
        ARRAY, SKIP(4), ERROR_CODE, SKIP(8), SKIP_FROM(8, 4), SKIP_FROM(8, 5), /* offsets */
            ARRAY_FROM(4), SKIP(16), END, /* aborted transactions */
        SKIP_FROM(4, 11), ROW(RECORDS, 0, 0, ANY), END,
    END, DONE};

ROWS list_offsets_request[] = {
    SKIP(4), SKIP_FROM(1, 2), /* replica, isolation */
    ARRAY, NAME(TOPIC), PARTITIONS, SKIP(4), SKIP_FROM(4, 4), SKIP(8), SKIP_IN(4, 0, 0), END, END, DONE};
ROWS list_offsets_response[] = {
    SKIP_FROM(4, 2),
    ARRAY, TEXT,
        ARRAY, SKIP(4), ERROR_CODE, ARRAY_IN(0, 0), SKIP(8), NEXT, SKIP_FROM(16, 1), SKIP_FROM(4, 4), END,
    END, DONE};

ROWS metadata_request[] = {ARRAY, ID_FROM(TOPIC, 10), NAME(TOPIC), END, DONE};
ROWS metadata_response[] = {
    SKIP_FROM(4, 3), ARRAY, SKIP(4), TEXT, SKIP(4), TEXT_FROM(1), END, /* brokers */
    TEXT_FROM(2), SKIP_FROM(4, 1), /* cluster, controller */
    ARRAY, ERROR_CODE, NAME(LEARN), ID_FROM(LEARN, 10), SKIP_FROM(1, 1),
        ARRAY, ERROR_CODE, SKIP(8), SKIP_FROM(4, 7), INTS, INTS, INTS_FROM(5), END,
        SKIP_FROM(4, 8), END,
    SKIP_IN(4, 8, 10), ERROR_CODE_FROM(13), DONE};

ROWS offset_commit_request[] = {
    NAME(GROUP), SKIP_FROM(4, 1), TEXT_FROM(1), TEXT_FROM(7), SKIP_IN(8, 2, 4), /* member, retention */
    ARRAY, NAME_IN(TOPIC, 0, 9), ID_FROM(TOPIC, 10),
        PARTITIONS, SKIP(12), SKIP_FROM(4, 6), SKIP_IN(8, 1, 1), TEXT, END,
    END, DONE};
ROWS offset_commit_response[] = {
    SKIP_FROM(4, 3), ARRAY, TEXT_IN(0, 9), SKIP_FROM(16, 10), ARRAY, SKIP(4), ERROR_CODE, END, END, DONE};

ROWS offset_fetch_request[] = {
    NAME_IN(GROUP, 0, 7), ARRAY_IN(0, 7), NAME(TOPIC), PARTITION_INTS, END,
    ARRAY_FROM(8), NAME(GROUP), TEXT_FROM(9), SKIP_FROM(4, 9), /* member */
        ARRAY, NAME_IN(TOPIC, 8, 9), ID_FROM(TOPIC, 10), PARTITION_INTS, END,
    END, DONE};
ROWS offset_fetch_response[] = {
    SKIP_FROM(4, 3),
    ARRAY_IN(0, 7), TEXT, ARRAY, SKIP(12), SKIP_FROM(4, 5), TEXT, ERROR_CODE, END, END, ERROR_CODE_IN(2, 7),
    ARRAY_FROM(8), TEXT,
        ARRAY, TEXT_IN(8, 9), SKIP_FROM(16, 10), ARRAY, SKIP(16), TEXT, ERROR_CODE, END, END,
        ERROR_CODE, END,
    DONE};

ROWS find_coordinator_request[] = {
    NAME_IN(KEY, 0, 3), ROW(INT8, PD_KAFKA_KEY_TYPE, 1, ANY), ARRAY_FROM(4), NAME(KEY), NEXT, DONE};
ROWS find_coordinator_response[] = {
    SKIP_FROM(4, 1), ERROR_CODE_IN(0, 3),
    ARRAY_FROM(4), TEXT, SKIP(4), TEXT, SKIP(4), ERROR_CODE, TEXT, END, DONE};

ROWS leave_group_response[] = {SKIP_FROM(4, 1), ERROR_CODE, ARRAY_FROM(3), TEXT, TEXT, ERROR_CODE, END, DONE};
ROWS join_group_response[] = {SKIP_FROM(4, 2), ERROR_CODE, DONE};

ROWS groups_request[] = {ARRAY, NAME(GROUP), NEXT, DONE};
ROWS describe_groups_response[] = {
    SKIP_FROM(4, 1),
    ARRAY, ERROR_CODE, TEXT_FROM(6), TEXT, TEXT, TEXT, TEXT,
        ARRAY, TEXT, TEXT_FROM(4), TEXT, TEXT, BYTES, BYTES, END, /* members */
        SKIP_FROM(4, 3), END,
    DONE};
ROWS delete_groups_response[] = {SKIP(4), ARRAY, TEXT, ERROR_CODE, TEXT_FROM(3), END, DONE};

ROWS create_topics_request[] = {
    ARRAY, NAME(TOPIC), SKIP(6), /* partitions, replicas */
        ARRAY, SKIP(4), INTS, END, ARRAY, TEXT, TEXT, END, /* assignments, settings */
    END, DONE};
ROWS create_topics_response[] = {
    SKIP_FROM(4, 2),
    ARRAY, NAME(LEARN), ID_FROM(LEARN, 7), ERROR_CODE, TEXT_FROM(1), SKIP_FROM(6, 5),
        ARRAY_FROM(5), TEXT, TEXT, SKIP(3), END, ROW(END, 1, 0, ANY),
    DONE};
ROWS delete_topics_request[] = {
    ARRAY_FROM(6), NAME(TOPIC), ID_FROM(TOPIC, 6), END, ARRAY_IN(0, 5), NAME(TOPIC), NEXT, DONE};
ROWS delete_topics_response[] = {
    SKIP_FROM(4, 1), ARRAY, TEXT, SKIP_FROM(16, 6), ERROR_CODE, TEXT_FROM(5), END, DONE};
ROWS create_partitions_request[] = {
    ARRAY, NAME(TOPIC), SKIP(4), ARRAY, INTS, END, END, DONE};
ROWS create_partitions_response[] = {SKIP(4), ARRAY, TEXT, ERROR_CODE, TEXT, END, DONE};
ROWS delete_records_request[] = {ARRAY, NAME(TOPIC), PARTITIONS, SKIP(12), END, END, DONE};
ROWS delete_records_response[] = {SKIP(4), ARRAY, TEXT, ARRAY, SKIP(12), ERROR_CODE, END, END, DONE};

ROWS leader_epoch_request[] = {
    SKIP_FROM(4, 3), ARRAY, NAME(TOPIC), PARTITIONS, SKIP(4), SKIP_FROM(4, 2), SKIP(4), END, END, DONE};
ROWS leader_epoch_response[] = {
    SKIP_FROM(4, 2), ARRAY, TEXT, ARRAY, ERROR_CODE, SKIP(4), SKIP_FROM(4, 1), SKIP(8), END, END, DONE};

ROWS transaction_first[] = {NAME(TXN), DONE};
ROWS add_partitions_request[] = {
    ARRAY_FROM(4), NAME(TXN), SKIP(11), ARRAY, NAME(TOPIC), PARTITION_INTS, END, END,
    NAME_IN(TXN, 0, 3), SKIP_IN(10, 0, 3), ARRAY_IN(0, 3), NAME(TOPIC), PARTITION_INTS, END, DONE};
ROWS add_partitions_response[] = {
    SKIP(4), ERROR_CODE_FROM(4),
    ARRAY_FROM(4), TEXT, ARRAY, TEXT, ARRAY, SKIP(4), ERROR_CODE, END, END, END,
    ARRAY_IN(0, 3), TEXT, ARRAY, SKIP(4), ERROR_CODE, END, END, DONE};
ROWS add_offsets_request[] = {NAME(TXN), SKIP(10), NAME(GROUP), DONE};
ROWS txn_commit_request[] = {
    NAME(TXN), NAME(GROUP), SKIP(10), SKIP_FROM(4, 3), TEXT_FROM(3), TEXT_FROM(3), /* producer, member */
    ARRAY, NAME_IN(TOPIC, 0, 5), ID_FROM(TOPIC, 6), PARTITIONS, SKIP(12), SKIP_FROM(4, 2), TEXT, END, END, DONE};
ROWS txn_commit_response[] = {
    SKIP(4), ARRAY, TEXT_IN(0, 5), SKIP_FROM(16, 6), ARRAY, SKIP(4), ERROR_CODE, END, END, DONE};

#define RESOURCE_ROWS ROW(INT8, PD_KAFKA_RESOURCE_TYPE, 0, ANY), NAME(RESOURCE)
ROWS describe_configs_request[] = {ARRAY, RESOURCE_ROWS, ARRAY, TEXT, NEXT, END, DONE};
ROWS describe_configs_response[] = {
    SKIP(4),
    ARRAY, ERROR_CODE, TEXT, SKIP(1), TEXT,
        ARRAY, TEXT, TEXT, SKIP(3), /* value; read only, source or default, sensitive */
            ARRAY_FROM(1), TEXT, TEXT, SKIP(1), END, /* synonyms */
        SKIP_FROM(1, 3), TEXT_FROM(3), END,
    END, DONE};
ROWS alter_configs_request[] = {ARRAY, RESOURCE_ROWS, ARRAY, TEXT, TEXT, END, END, DONE};
ROWS alter_configs_response[] = {SKIP(4), ARRAY, ERROR_CODE, TEXT, SKIP(1), TEXT, END, DONE};

ROWS incremental_configs_request[] = {ARRAY, RESOURCE_ROWS, ARRAY, TEXT, SKIP(1), TEXT, END, END, DONE};

ROWS group_heartbeat_request[] = {
    NAME(GROUP), TEXT, SKIP(4), TEXT, TEXT, SKIP(4), /* member, instance, rack, timeout */
    ARRAY, NAME(TOPIC), NEXT, TEXT_FROM(1), TEXT, /* subscribed; pattern, assignor */
    ARRAY, ID_FROM(TOPIC, 0), PARTITION_INTS, END, DONE};

/* Topics by name, and their partitions, which begin with a number and an error. */
#define TOPIC_ERRORS ARRAY, TEXT, ARRAY, SKIP(4), ERROR_CODE

ROWS leader_and_isr_response[] = {
    ERROR_CODE, ARRAY_IN(0, 4), TEXT, SKIP(4), ERROR_CODE, END,
    ARRAY_FROM(5), SKIP(16), ARRAY, SKIP(4), ERROR_CODE, END, END, DONE};
ROWS stop_replica_response[] = {ERROR_CODE, ARRAY, TEXT, SKIP(4), ERROR_CODE, END, DONE};
ROWS txn_markers_response[] = {ARRAY, SKIP(8), ARRAY, TEXT, ARRAY, SKIP(4), ERROR_CODE, END, END, END, DONE};

ROWS create_acls_request[] = {
    ARRAY, RESOURCE_ROWS, SKIP_FROM(1, 1), TEXT, TEXT, SKIP(2), END, DONE}; /* principal, host */
ROWS create_acls_response[] = {SKIP(4), ARRAY, ERROR_CODE, TEXT, END, DONE};
ROWS delete_acls_response[] = {
    SKIP(4),
    ARRAY, ERROR_CODE, TEXT,
        ARRAY, ERROR_CODE, TEXT, SKIP(1), TEXT, SKIP_FROM(1, 1), TEXT, TEXT, SKIP(2), END, END,
    DONE};
ROWS log_dirs_response[] = {
    SKIP(4), ERROR_CODE_FROM(3),
    ARRAY, ERROR_CODE, TEXT, ARRAY, TEXT, ARRAY, SKIP(21), END, END, SKIP_FROM(16, 4),
        SKIP_FROM(1, 5), END,
    DONE};
ROWS alter_dirs_response[] = {SKIP(4), TOPIC_ERRORS, END, END, DONE};
ROWS elect_leaders_request[] = {SKIP_FROM(1, 1), ARRAY, NAME(TOPIC), PARTITION_INTS, END, DONE};
ROWS elect_leaders_response[] = {SKIP(4), ERROR_CODE_FROM(1), TOPIC_ERRORS, TEXT, END, END, DONE};
ROWS reassign_request[] = {
    SKIP(4), SKIP_FROM(1, 1), ARRAY, NAME(TOPIC), PARTITIONS, SKIP(4), INTS, END, END, DONE};
ROWS reassign_response[] = {SKIP(4), SKIP_FROM(1, 1), ERROR_CODE, TEXT, TOPIC_ERRORS, TEXT, END, END, DONE};
ROWS reassignments_request[] = {SKIP(4), ARRAY, NAME(TOPIC), PARTITION_INTS, END, DONE};
ROWS offset_delete_request[] = {NAME(GROUP), ARRAY, NAME(TOPIC), PARTITIONS, SKIP(4), END, END, DONE};
ROWS offset_delete_response[] = {ERROR_CODE, SKIP(4), TOPIC_ERRORS, END, END, DONE};
ROWS client_quotas_response[] = {SKIP(4), ARRAY, ERROR_CODE, TEXT, ARRAY, TEXT, TEXT, END, END, DONE};
ROWS describe_scram_response[] = {
    SKIP(4), ERROR_CODE, TEXT, ARRAY, TEXT, ERROR_CODE, TEXT, ARRAY, SKIP(5), END, END, DONE};
ROWS alter_scram_response[] = {SKIP(4), ARRAY, TEXT, ERROR_CODE, TEXT, END, DONE};

ROWS vote_response[] = {ERROR_CODE, TOPIC_ERRORS, SKIP(9), END, END, DONE};
ROWS quorum_epoch_response[] = {ERROR_CODE, TOPIC_ERRORS, SKIP(8), END, END, DONE};
#define REPLICAS ARRAY, SKIP(4), SKIP_FROM(16, 2), SKIP(8), SKIP_FROM(16, 1), END
ROWS quorum_response[] = {
    ERROR_CODE, TEXT_FROM(2), TOPIC_ERRORS, TEXT_FROM(2), SKIP(16), REPLICAS, REPLICAS, END, END, DONE};
ROWS alter_partition_response[] = {
    SKIP(4), ERROR_CODE,
    ARRAY, TEXT_IN(0, 1), SKIP_FROM(16, 2),
        ARRAY, SKIP(4), ERROR_CODE, SKIP(8), INTS, SKIP_FROM(1, 1), SKIP(4), END, END,
    DONE};
ROWS update_features_response[] = {
    SKIP(4), ERROR_CODE, TEXT, ARRAY_IN(0, 1), TEXT, ERROR_CODE, TEXT, END, DONE};
ROWS envelope_response[] = {BYTES, ERROR_CODE, DONE};
ROWS fetch_snapshot_response[] = {
    SKIP(4), ERROR_CODE, TOPIC_ERRORS, SKIP(12), TAGS, SKIP(16), BYTES, END, END, DONE};
ROWS assign_dirs_response[] = {
    SKIP(4), ERROR_CODE, ARRAY, SKIP(16), ARRAY, SKIP(16), ARRAY, SKIP(4), ERROR_CODE, END, END, END, DONE};

ROWS producers_request[] = {ARRAY, NAME(TOPIC), PARTITION_INTS, END, DONE};
ROWS producers_response[] = {SKIP(4), TOPIC_ERRORS, TEXT, ARRAY, SKIP(36), END, END, END, DONE};
ROWS transactions_request[] = {ARRAY, NAME(TXN), NEXT, DONE};
ROWS transactions_response[] = {
    SKIP(4), ARRAY, ERROR_CODE, TEXT, TEXT, SKIP(22), ARRAY, TEXT, INTS, END, END, DONE};
ROWS topic_partitions_request[] = {ARRAY, NAME(TOPIC), END, DONE};
ROWS topic_partitions_response[] = {
    SKIP(4),
    ARRAY, ERROR_CODE, NAME(LEARN), ID_FROM(LEARN, 0), SKIP(1),
        ARRAY, ERROR_CODE, SKIP(12), INTS, INTS, INTS, INTS, INTS, END, SKIP(4), END,
    DONE};

#define ASSIGNMENT ARRAY, SKIP(16), TEXT, INTS, END, TAGS
ROWS group_describe_response[] = {
    SKIP(4),
    ARRAY, ERROR_CODE, TEXT, TEXT, TEXT, SKIP(8), TEXT, /* id, state, epochs, assignor */
        ARRAY, TEXT, TEXT, TEXT, SKIP(4), TEXT, TEXT, ARRAY, TEXT, NEXT, TEXT, ASSIGNMENT, ASSIGNMENT,
            SKIP_FROM(1, 1), END, /* members */
        SKIP(4), END,
    DONE};
ROWS share_describe_response[] = {
    SKIP(4),
    ARRAY, ERROR_CODE, TEXT, TEXT, TEXT, SKIP(8), TEXT,
        ARRAY, TEXT, TEXT, SKIP(4), TEXT, TEXT, ARRAY, TEXT, NEXT, ASSIGNMENT, END,
        SKIP(4), END,
    DONE};
ROWS share_heartbeat_request[] = {NAME(GROUP), TEXT, SKIP(4), TEXT, ARRAY, NAME(TOPIC), NEXT, DONE};

#define TOPIC_INFO ARRAY, TEXT, SKIP(6), ARRAY, TEXT, TEXT, END, END
#define TASKS ARRAY, TEXT, INTS, END
#define TASK_OFFSETS ARRAY, TEXT, SKIP(12), END
#define NODE TEXT, SKIP(1), ARRAY, TEXT, NEXT, TEXT, ARRAY, TEXT, NEXT, ARRAY, TEXT, NEXT
ROWS streams_describe_response[] = {
    SKIP(4),
    ARRAY, ERROR_CODE, TEXT, TEXT, TEXT, SKIP(8), /* id, state, epochs */
        MAYBE, SKIP(4), /* topology */
            ARRAY, TEXT, ARRAY, TEXT, NEXT, ARRAY, TEXT, NEXT, TOPIC_INFO, TOPIC_INFO, END, END,
        ARRAY, TEXT, SKIP(4), TEXT, TEXT, TEXT, TEXT, SKIP(4), TEXT, /* members */
            MAYBE, TEXT, SKIP(2), END, ARRAY, TEXT, TEXT, END, TASK_OFFSETS, TASK_OFFSETS,
            TASKS, TASKS, TASKS, TAGS, TASKS, TASKS, TASKS, TAGS, SKIP(1), END,
        SKIP(4), MAYBE_FROM(1), ARRAY, TEXT, ARRAY, NODE, END, END, ARRAY, NODE, TAGS, NODE, TAGS, END, END,
        SKIP_FROM(1, 1), TEXT_FROM(1), END,
    DONE};

/* What brokers keep of share groups: by topic id and partition. */
#define STATE_ERRORS ARRAY, SKIP(16), ARRAY, SKIP(4), ERROR_CODE, TEXT
ROWS share_state_response[] = {STATE_ERRORS, END, END, DONE};
ROWS read_state_response[] = {STATE_ERRORS, SKIP(12), ARRAY, SKIP(19), END, END, END, DONE};
ROWS state_summary_response[] = {STATE_ERRORS, SKIP(16), SKIP_FROM(4, 1), END, END, DONE};

#define ACKNOWLEDGED ARRAY, SKIP(16), BYTES, END
ROWS share_fetch_request[] = {
    NAME(GROUP), TEXT, SKIP(16), SKIP_FROM(8, 1), SKIP_FROM(2, 2),
    ARRAY, ID_FROM(TOPIC, 0), PARTITIONS, SKIP(4), SKIP_IN(4, 0, 0), ACKNOWLEDGED, END, END, DONE};
ROWS share_fetch_response[] = {
    SKIP(4), ERROR_CODE, TEXT, SKIP_FROM(4, 1),
    ARRAY, SKIP(16),
        ARRAY, SKIP(4), ERROR_CODE, TEXT, ERROR_CODE, TEXT, SKIP(8), TAGS, /* leader */
            ROW(RECORDS, 0, 0, ANY), ARRAY, SKIP(18), END, END,
    END, DONE};
ROWS share_acknowledge_request[] = {
    NAME(GROUP), TEXT, SKIP(4), SKIP_FROM(1, 2),
    ARRAY, ID_FROM(TOPIC, 0), PARTITIONS, SKIP(4), ACKNOWLEDGED, END, END, DONE};
ROWS share_acknowledge_response[] = {
    SKIP(4), ERROR_CODE, TEXT, SKIP_FROM(4, 2),
    ARRAY, SKIP(16), ARRAY, SKIP(4), ERROR_CODE, TEXT, SKIP(8), TAGS, END, END, DONE};
ROWS share_offsets_request[] = {ARRAY, NAME(GROUP), ARRAY, NAME(TOPIC), PARTITION_INTS, END, END, DONE};
ROWS share_offsets_response[] = {
    SKIP(4),
    ARRAY, TEXT, ARRAY, TEXT, SKIP(16), ARRAY, SKIP(16), SKIP_FROM(8, 1), ERROR_CODE, TEXT, END, END,
        ERROR_CODE, TEXT, END,
    DONE};
ROWS alter_share_offsets_request[] = {NAME(GROUP), ARRAY, NAME(TOPIC), PARTITIONS, SKIP(12), END, END, DONE};
ROWS alter_share_offsets_response[] = {
    SKIP(4), ERROR_CODE, TEXT, ARRAY, TEXT, SKIP(16), ARRAY, SKIP(4), ERROR_CODE, TEXT, END, END, DONE};
ROWS delete_share_offsets_request[] = {NAME(GROUP), ARRAY, NAME(TOPIC), END, DONE};
ROWS delete_share_offsets_response[] = {
    SKIP(4), ERROR_CODE, TEXT, ARRAY, TEXT, SKIP(16), ERROR_CODE, TEXT, END, DONE};

static const struct pd_kafka_api apis[] = {
    [0] = {"Produce", 9, 13, produce_request, produce_response},
    [1] = {"Fetch", 12, 18, fetch_request, fetch_response},
    [2] = {"ListOffsets", 6, 11, list_offsets_request, list_offsets_response},
    [3] = {"Metadata", 9, 13, metadata_request, metadata_response},
    [4] = {"LeaderAndIsr", 4, 7, NULL, leader_and_isr_response},
    [5] = {"StopReplica", 2, 4, NULL, stop_replica_response},
    [6] = {"UpdateMetadata", 6, 8, NULL, error_first},
    [7] = {"ControlledShutdown", 3, 3, NULL, error_first},
    [8] = {"OffsetCommit", 8, 10, offset_commit_request, offset_commit_response},
    [9] = {"OffsetFetch", 6, 10, offset_fetch_request, offset_fetch_response},
    [10] = {"FindCoordinator", 3, 6, find_coordinator_request, find_coordinator_response},
    [11] = {"JoinGroup", 6, 9, group_first, join_group_response},
    [12] = {"Heartbeat", 4, 4, group_first, throttle_1_error},
    [13] = {"LeaveGroup", 4, 5, group_first, leave_group_response},
    [14] = {"SyncGroup", 4, 5, group_first, throttle_1_error},
    [15] = {"DescribeGroups", 5, 6, groups_request, describe_groups_response},
    [16] = {"ListGroups", 3, 5, NULL, throttle_1_error},
    [17] = {"SaslHandshake", NEVER, 1, NULL, error_first},
    [18] = {"ApiVersions", 3, 5, NULL, error_first},
    [19] = {"CreateTopics", 5, 7, create_topics_request, create_topics_response},
    [20] = {"DeleteTopics", 4, 6, delete_topics_request, delete_topics_response},
    [21] = {"DeleteRecords", 2, 2, delete_records_request, delete_records_response},
    [22] = {"InitProducerId", 2, 6, transaction_first, throttle_error},
    [23] = {"OffsetForLeaderEpoch", 4, 4, leader_epoch_request, leader_epoch_response},
    [24] = {"AddPartitionsToTxn", 3, 5, add_partitions_request, add_partitions_response},
    [25] = {"AddOffsetsToTxn", 3, 4, add_offsets_request, throttle_error},
    [26] = {"EndTxn", 3, 5, transaction_first, throttle_error},
    [27] = {"WriteTxnMarkers", 1, 2, NULL, txn_markers_response},
    [28] = {"TxnOffsetCommit", 3, 6, txn_commit_request, txn_commit_response},
    [29] = {"DescribeAcls", 2, 3, NULL, throttle_error},
    [30] = {"CreateAcls", 2, 3, create_acls_request, create_acls_response},
    [31] = {"DeleteAcls", 2, 3, NULL, delete_acls_response},
    [32] = {"DescribeConfigs", 4, 4, describe_configs_request, describe_configs_response},
    [33] = {"AlterConfigs", 2, 2, alter_configs_request, alter_configs_response},
    [34] = {"AlterReplicaLogDirs", 2, 2, NULL, alter_dirs_response},
    [35] = {"DescribeLogDirs", 2, 5, NULL, log_dirs_response},
    [36] = {"SaslAuthenticate", 2, 2, NULL, error_first},
    [37] = {"CreatePartitions", 2, 3, create_partitions_request, create_partitions_response},
    [38] = {"CreateDelegationToken", 2, 3, NULL, error_first},
    [39] = {"RenewDelegationToken", 2, 2, NULL, error_first},
    [40] = {"ExpireDelegationToken", 2, 2, NULL, error_first},
    [41] = {"DescribeDelegationToken", 2, 3, NULL, error_first},
    [42] = {"DeleteGroups", 2, 3, groups_request, delete_groups_response},
    [43] = {"ElectLeaders", 2, 2, elect_leaders_request, elect_leaders_response},
    [44] = {"IncrementalAlterConfigs", 1, 1, incremental_configs_request, alter_configs_response},
    [45] = {"AlterPartitionReassignments", 0, 1, reassign_request, reassign_response},
    [46] = {"ListPartitionReassignments", 0, 0, reassignments_request, throttle_error},
    [47] = {"OffsetDelete", NEVER, 0, offset_delete_request, offset_delete_response},
    [48] = {"DescribeClientQuotas", 1, 1, NULL, throttle_error},
    [49] = {"AlterClientQuotas", 1, 1, NULL, client_quotas_response},
    [50] = {"DescribeUserScramCredentials", 0, 0, NULL, describe_scram_response},
    [51] = {"AlterUserScramCredentials", 0, 0, NULL, alter_scram_response},
    [52] = {"Vote", 0, 2, NULL, vote_response},
    [53] = {"BeginQuorumEpoch", 1, 1, NULL, quorum_epoch_response},
    [54] = {"EndQuorumEpoch", 1, 1, NULL, quorum_epoch_response},
    [55] = {"DescribeQuorum", 0, 2, NULL, quorum_response},
    [56] = {"AlterPartition", 0, 3, NULL, alter_partition_response},
    [57] = {"UpdateFeatures", 0, 2, NULL, update_features_response},
    [58] = {"Envelope", 0, 0, NULL, envelope_response},
    [59] = {"FetchSnapshot", 0, 1, NULL, fetch_snapshot_response},
    [60] = {"DescribeCluster", 0, 2, NULL, throttle_error},
    [61] = {"DescribeProducers", 0, 0, producers_request, producers_response},
    [62] = {"BrokerRegistration", 0, 4, NULL, throttle_error},
    [63] = {"BrokerHeartbeat", 0, 2, NULL, throttle_error},
    [64] = {"UnregisterBroker", 0, 0, NULL, throttle_error},
    [65] = {"DescribeTransactions", 0, 0, transactions_request, transactions_response},
    [66] = {"ListTransactions", 0, 2, NULL, throttle_error},
    [67] = {"AllocateProducerIds", 0, 0, NULL, throttle_error},
    [68] = {"ConsumerGroupHeartbeat", 0, 1, group_heartbeat_request, throttle_error},
    [69] = {"ConsumerGroupDescribe", 0, 1, groups_request, group_describe_response},
    [70] = {"ControllerRegistration", 0, 0, NULL, throttle_error},
    [71] = {"GetTelemetrySubscriptions", 0, 0, NULL, throttle_error},
    [72] = {"PushTelemetry", 0, 0, NULL, throttle_error},
    [73] = {"AssignReplicasToDirs", 0, 0, NULL, assign_dirs_response},
    [74] = {"ListConfigResources", 0, 1, NULL, throttle_error},
    [75] = {"DescribeTopicPartitions", 0, 0, topic_partitions_request, topic_partitions_response},
    [76] = {"ShareGroupHeartbeat", 0, 1, share_heartbeat_request, throttle_error},
    [77] = {"ShareGroupDescribe", 0, 1, groups_request, share_describe_response},
    [78] = {"ShareFetch", 0, 2, share_fetch_request, share_fetch_response},
    [79] = {"ShareAcknowledge", 0, 2, share_acknowledge_request, share_acknowledge_response},
    [80] = {"AddRaftVoter", 0, 1, NULL, throttle_error},
    [81] = {"RemoveRaftVoter", 0, 0, NULL, throttle_error},
    [82] = {"UpdateRaftVoter", 0, 0, NULL, throttle_error},
    [83] = {"InitializeShareGroupState", 0, 0, group_first, share_state_response},
    [84] = {"ReadShareGroupState", 0, 0, group_first, read_state_response},
    [85] = {"WriteShareGroupState", 0, 1, group_first, share_state_response},
    [86] = {"DeleteShareGroupState", 0, 0, group_first, share_state_response},
    [87] = {"ReadShareGroupStateSummary", 0, 1, group_first, state_summary_response},
    [88] = {"StreamsGroupHeartbeat", 0, 1, group_first, throttle_error},
    [89] = {"StreamsGroupDescribe", 0, 1, groups_request, streams_describe_response},
    [90] = {"DescribeShareGroupOffsets", 0, 1, share_offsets_request, share_offsets_response},
    [91] = {"AlterShareGroupOffsets", 0, 0, alter_share_offsets_request, alter_share_offsets_response},
    [92] = {"DeleteShareGroupOffsets", 0, 0, delete_share_offsets_request, delete_share_offsets_response},
    [93] = {"StreamsGroupTopologyDescriptionUpdate", 0, 0, group_first, throttle_error},
    [94] = {"UnregisterController", 0, 0, NULL, throttle_error},
};
/* clang-format on */

const struct pd_kafka_api *pd_kafka_api_of(int16_t key)
{
    return key >= 0 && (size_t)key < sizeof apis / sizeof *apis ? &apis[key] : NULL;
}
