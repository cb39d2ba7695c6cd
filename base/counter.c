/* counter.c: the names of all counters, from the tables in the header. */
#include "base/counter.h"

#define X(symbol, name, help) {name, help},
const struct pd_counter_name pd_proto_counter_names[PD_C_COUNT] = {PD_PROTO_COUNTERS(X)};
const struct pd_counter_name pd_flow_counter_names[PD_F_COUNT] = {PD_FLOW_COUNTERS(X)};
#undef X
