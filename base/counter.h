/* counter.h: what was missed, and what was seen, as numbers. One table feeds enum, names and help, so that
 * summary, metrics and docs cannot disagree. A worker owns its counters; they are added up when printed. */
#ifndef PD_BASE_COUNTER_H
#define PD_BASE_COUNTER_H
#include <stdint.h>

/* X(symbol, name, help): per protocol. */
#define PD_PROTO_COUNTERS(X)                                                                                 \
    X(CONNECTIONS, "connections", "connections that were found to speak the protocol")                       \
    X(OK, "ok", "roundtrips whose response says success")                                                    \
    X(ERROR, "error", "roundtrips whose response says failure")                                              \
    X(UNANSWERED, "unanswered", "requests without a response by connection end, timeout or end of input")    \
    X(ONEWAY, "oneway", "messages to which the protocol sends no response")                                  \
    X(INCOMPLETE, "incomplete", "roundtrips of which lost bytes hide a part that matters")                   \
    X(LATE, "late", "responses that came after their request was reported unanswered")                       \
    X(ORPHAN, "orphan", "responses whose request was not seen")                                              \
    X(QUARANTINED, "quarantined", "requests not paired because bytes before them were lost")                 \
    X(DISCARDED, "discarded", "provisional roundtrips dropped because a response did not fit")               \
    X(EVICTED, "evicted", "requests dropped because a limit was reached")                                    \
    X(RETRANSMITTED, "retransmitted", "requests sent again while outstanding")                               \
    X(UNTRACKED, "untracked", "requests beyond limits.outstanding, counted but not kept")                    \
    X(BYTES, "bytes", "payload bytes on the wire of the protocol's connections")                             \
    X(PAIRED_BYTES, "paired_bytes", "of these, bytes of messages that are in the numbers")                   \
    X(GAP_BYTES, "gap_bytes", "payload bytes that were never captured")                                      \
    X(GAPS, "gaps", "places where bytes are missing")                                                        \
    X(ABSORBED, "absorbed", "gaps that fell where nobody was looking")                                       \
    X(LOST, "lost", "times a direction lost its message boundaries")                                         \
    X(RESYNCS, "resyncs", "times it found them again")                                                       \
    X(TURNS, "turns", "times a new request showed where the response side stands")                           \
    X(BAD, "bad", "messages that break the protocol's rules")                                                \
    X(OPAQUE, "opaque", "connections that turned unreadable: encrypted, compressed, upgraded")               \
    X(NO_BUFFER, "no_buffer", "messages skipped because no buffer was free")                                 \
    X(FORGOTTEN, "forgotten", "prepared statements and names dropped because a limit was reached")           \
    X(UNKNOWN, "unknown", "values left out because they refer to something that was not seen")

/* X(symbol, name, help): of a worker. */
#define PD_FLOW_COUNTERS(X)                                                                                  \
    X(TCP_PACKETS, "tcp_packets", "TCP segments followed")                                                   \
    X(UDP_PACKETS, "udp_packets", "UDP datagrams looked at")                                                 \
    X(PAYLOAD_BYTES, "payload_bytes", "TCP and UDP payload on the wire")                                     \
    X(CONNECTIONS, "connections", "TCP connections")                                                         \
    X(MIDSTREAM, "midstream", "connections joined without their handshake")                                  \
    X(EVICTED, "evicted", "connections dropped because limits.connections was reached")                      \
    X(RETRANSMITTED, "retransmitted", "segments whose bytes were seen before")                               \
    X(KEEPALIVES, "keepalives", "keep-alive probes")                                                         \
    X(LATE_BYTES, "late_bytes", "bytes that came after they had been given up")                              \
    X(DUPLICATES, "duplicates", "segments seen a second time on another interface")                          \
    X(RESETS, "resets", "connections ended by RST")                                                          \
    X(EPOCHS, "epochs", "jumps of a sequence number too large to be loss")                                   \
    X(CUT_BYTES, "cut_bytes", "bytes that the snap length cut off")                                          \
    X(ONE_SIDED, "one_sided", "connections of which one direction was never seen")                           \
    X(TIME_BACKWARDS, "time_backwards", "packets older than the one before them")                            \
    X(NOT_SELECTED, "not_selected", "packets of ports and hosts that were not asked for")                    \
    X(UNKNOWN, "unknown", "connections that no protocol understands")                                        \
    X(TLS, "tls", "connections that are TLS")

#define X(symbol, name, help) PD_C_##symbol,
enum pd_proto_counter { PD_PROTO_COUNTERS(X) PD_C_COUNT };
#undef X
#define X(symbol, name, help) PD_F_##symbol,
enum pd_flow_counter { PD_FLOW_COUNTERS(X) PD_F_COUNT };
#undef X

struct pd_counter_name {
    const char *name, *help;
};
extern const struct pd_counter_name pd_proto_counter_names[PD_C_COUNT];
extern const struct pd_counter_name pd_flow_counter_names[PD_F_COUNT];
#endif
