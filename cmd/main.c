/* main.c: picks the command. */
#include "cmd/cmd.h"

int main(int argc, char **argv)
{
    return pd_command_run(argc, argv);
}
