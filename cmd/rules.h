/* rules.h: from the command line to what workers are made from: which protocols, ports, hosts, settings. */
#ifndef PD_CMD_RULES_H
#define PD_CMD_RULES_H
#include "cmd/args.h"
#include "protocol/worker.h"

/* Puts --proto, --port, --headers, --body, --timeout and --memory-limit into a setup fresh from
 * pd_setup_init(). 0, or the exit status after one line on standard error. */
int pd_rules_apply(struct pd_setup *, const struct pd_args *, unsigned workers);

/* The rules as a capture filter in tcpdump's language, for the kernel; NULL when they exclude nothing, or are
 * too many for it. The caller frees it. */
char *pd_rules_narrow(const struct pd_setup *);
#endif
