/* version.c: what this program is made of. */
#include "cmd/cmd.h"
#include "protocol/protocol.h"
#include "sniffer/live.h"
#include <pcap/pcap.h>
#include <stdio.h>
#include <xxhash.h>
#ifdef PD_ZLIB
#include <zlib.h>
#endif

/* Of the libraries that protocols bring along; see CMakeLists.txt. */
#ifndef PD_LIBRARIES
#define PD_LIBRARIES ""
#endif

int pd_cmd_version(int argc, char **argv)
{
    unsigned xxhash = XXH_versionNumber();

    if (argc > 1) {
        pd_say("version takes no argument, not '%s'", argv[1]);
        return PD_EXIT_USAGE;
    }
    printf("packetd %s\n", PD_VERSION);
    printf("capture: %s; %s\n", pd_live_engines(), pcap_lib_version());
    printf("libraries: xxHash %u.%u.%u", xxhash / 10000, xxhash / 100 % 100, xxhash % 100);
#ifdef PD_ZLIB
    printf(", zlib %s", zlibVersion());
#endif
    printf("%s\n", PD_LIBRARIES);
    printf("protocols: ");
    for (const struct pd_proto *const *p = pd_protocols; *p; p++)
        printf("%s%s", p == pd_protocols ? "" : ", ", (*p)->schema->proto);
    putchar('\n');
    return PD_EXIT_OK;
}
