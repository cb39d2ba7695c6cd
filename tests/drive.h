/* drive.h: the driver for tests with hand-written bytes. It plays both ends of connections against a worker:
 * sequence numbers, acknowledgements and time are its business, the bytes are the test's.
 *
 *   struct drive *d = drive_new("http");
 *   drive_syn(d);
 *   drive_send(d, PD_C2S, DRIVE_TEXT("GET / HTTP/1.1\r\nHost: a\r\n\r\n"));
 *   drive_send(d, PD_S2C, DRIVE_TEXT("HTTP/1.1 204 No Content\r\n\r\n"));
 *   drive_finish(d);
 *   assert_int_equal(drive_count(d), 1);
 *   assert_string_equal(drive_line(d, 0), "{\"proto\":\"http\",\"status\":\"ok\",\"request\":...}");
 *   drive_free(d);
 */
#ifndef PD_TESTS_DRIVE_H
#define PD_TESTS_DRIVE_H
#include "protocol/worker.h"

#define DRIVE_TEXT(literal) ("" literal), (sizeof(literal) - 1)

enum { DRIVE_CONNS = 64 };

struct drive;

/* proto: whose first well-known port the server listens on; all protocols of the registry are wanted. NULL:
 * port 4242, which nobody knows. */
struct drive *drive_new(const char *proto);
/* The same with a test's own registry (NULL ends). */
struct drive *drive_new_from(const struct pd_proto *const *registry, const char *proto);
void drive_free(struct drive *);

/* Before the first packet: the setup, to change limits, times, ports; one option of the protocol. */
struct pd_setup *drive_setup(struct drive *);
void drive_option(struct drive *, const char *name, const char *text);

/* Before the first packet: each send arrives in pieces of at most n bytes with the same time and packet
 * number, so that the lines are those of the whole. 0: whole. */
void drive_cut(struct drive *, uint32_t n);

/* The server's port and the clock: ns since the test's beginning for the next packet; ns between packets (1
 * ms). */
void drive_port(struct drive *, uint16_t server_port);
void drive_time(struct drive *, uint64_t ns);
void drive_step(struct drive *, uint64_t ns);
/* Time passes without a packet of this input's connections. */
void drive_tick(struct drive *, uint64_t ns);

/* What follows belongs to connection n < DRIVE_CONNS (0 at first): client port 50000 + n. */
void drive_conn(struct drive *, unsigned n);
/* The next byte of that direction has this sequence number. Before drive_syn() it is the first data byte's.
 */
void drive_seq(struct drive *, enum pd_dir, uint32_t seq);

/* SYN, SYN+ACK, ACK. Without it the connection is joined in mid-stream. */
void drive_syn(struct drive *);
/* One segment; it acknowledges all that the other side sent. */
void drive_send(struct drive *, enum pd_dir, const void *bytes, size_t len);
/* The same, but acknowledging only so many bytes less. */
void drive_send_unacked(struct drive *, enum pd_dir, const void *bytes, size_t len, uint32_t less);
/* One segment of wire_len bytes of which the first len were captured. */
void drive_send_short(struct drive *, enum pd_dir, const void *bytes, size_t len, uint32_t wire_len);
/* The last `back` bytes that the direction sent come again. They must be those sent; nothing advances. */
void drive_again(struct drive *, enum pd_dir, const void *bytes, size_t len, uint32_t back);
/* n bytes were sent that nobody captured. */
void drive_gap(struct drive *, enum pd_dir, uint32_t n);
void drive_ack(struct drive *, enum pd_dir);
void drive_fin(struct drive *, enum pd_dir);
void drive_rst(struct drive *, enum pd_dir);
/* A datagram of wire_len bytes (0: len) of which len were captured. */
void drive_udp(struct drive *, enum pd_dir, const void *bytes, size_t len, uint32_t wire_len);
/* Datagrams to this address instead of the server's, NULL: the server's again. */
void drive_to(struct drive *, const char *address);
/* The end of the input: what is outstanding goes out. */
void drive_finish(struct drive *);

size_t drive_count(const struct drive *);
/* Record i, in the order of the output, as JSON without time, ends, packet, duration and wait; NULL when
 * there is none. Valid until drive_free(). All secrets are shown. */
const char *drive_line(struct drive *, size_t i);
/* The same from the status on, with ' for " and without the brace that closes it, as tables in tests have it;
 * "nothing" when there is none. */
const char *drive_row(struct drive *, size_t i);
/* The same with everything. */
const char *drive_full(const struct drive *, size_t i);

/* A counter of the driven protocol (drive_new() with NULL: of the first), of the flows, and everything. */
uint64_t drive_counter(const struct drive *, enum pd_proto_counter);
uint64_t drive_flow(const struct drive *, enum pd_flow_counter);
const struct pd_tally *drive_tally(const struct drive *);
#endif
