/* afpacket_filter.h: the program for a packet socket, which sees frames of all kinds of interfaces. */
#ifndef PD_SNIFFER_AFPACKET_FILTER_H
#define PD_SNIFFER_AFPACKET_FILTER_H
#include "sniffer/engine.h"
#include "sniffer/filter.h"

/* The part of the packets that a socket of one of several workers hears. */
enum pd_afpacket_share { PD_SHARE_ALL, PD_SHARE_NO_UDP_TUNNELS, PD_SHARE_UDP_TUNNELS };

/* Builds the whole program: which interfaces, the outgoing copy of loopback left out, the user's and the
 * rules' expressions for the link type of each frame, at most config->snaplen bytes of it. An expression that
 * one of the link types cannot have rejects frames of that type. When the rules' part makes the program too
 * long it is left out: it only saves work. 0, or -EINVAL with one line in err. */
int pd_afpacket_filter(struct pd_filter *, const struct pd_live_config *, const struct pd_live_choice *,
                       enum pd_afpacket_share, char *err, size_t errlen);
#endif
