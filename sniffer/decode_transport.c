/* decode_transport.c: the steps for TCP and UDP. */
#include "sniffer/decode_usual.h"

enum pd_layer pd_tcp_step(struct pd_frame *f)
{
    f->done = pd_tcp_header(f);
    return PD_L_END;
}

enum pd_layer pd_udp_step(struct pd_frame *f)
{
    enum pd_layer inside = PD_L_END;

    if (pd_udp_header(f))
        f->done = !pd_udp_tunnel(f, f->out->dst.port, &inside);
    return inside;
}
