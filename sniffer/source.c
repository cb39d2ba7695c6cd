/* source.c: the names of what decoding met, from the one table in source.h. */
#include "sniffer/source.h"

#define X(symbol, name, help) [PD_S_##symbol] = name,
const char *const pd_sniff_counter_names[PD_S_COUNT] = {PD_SNIFF_COUNTERS(X)};
#undef X

#define X(symbol, name, help) [PD_S_##symbol] = help,
const char *const pd_sniff_counter_help[PD_S_COUNT] = {PD_SNIFF_COUNTERS(X)};
#undef X
