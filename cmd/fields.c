/* fields.c: `packetd help protocols`: what is read of each protocol, as Markdown, from the tables that lines
 * are made from too. docs/protocols.md holds what is printed here; a test fails when that is stale. */
#include "cmd/cmd.h"
#include "protocol/protocol.h"
#include <stdio.h>
#include <string.h>

/* A table's cell: a bar would end it. */
static void print_cell(const char *text)
{
    fputs(" ", stdout);
    for (; *text; text++)
        printf("%s%c", *text == '|' ? "\\" : "", *text);
    fputs(" |", stdout);
}

/* Names in cells are code. */
static void print_name(const char *path, const char *name, const char *behind)
{
    printf("| `%s%s%s` |", path, name, behind);
}

static void print_attribute(const struct pd_field *f)
{
    if (f->otel)
        printf(" `%s%s` |\n", f->otel, f->type == PD_HEADERS ? ".<name>" : "");
    else
        puts(" - |");
}

static void print_field(const struct pd_field *f, const char *path)
{
    static const char *const types[] = {
        [PD_TEXT] = "text",         [PD_INT] = "integer",           [PD_BOOL] = "boolean",
        [PD_LIST] = "list of text", [PD_HEADERS] = "lists by name", [PD_OBJECTS] = "list of objects",
    };

    print_name(path, f->name, "");
    print_cell(types[f->type]);
    print_cell(f->help);
    print_attribute(f);
}

/* The fields of one object in a list; they are no lists of objects themselves. */
static void print_members(const struct pd_field *list, const char *side)
{
    char path[80];

    snprintf(path, sizeof path, "%s%s[].", side, list->name);
    for (const struct pd_field *f = list->sub; f->name; f++)
        print_field(f, path);
}

/* What is no part of a line is only a column of the text form, or hidden. */
static void print_fields(const struct pd_field *table)
{
    puts("\n| field | type | what it is | OpenTelemetry |\n|---|---|---|---|");
    for (const struct pd_field *f = table; f->name; f++) {
        const char *side = f->side == PD_REQUEST ? "request." : "response.";
        if (!(f->roles & PD_LOG) || f->roles & PD_HIDDEN)
            continue;
        print_field(f, side);
        if (f->type == PD_OBJECTS)
            print_members(f, side);
    }
}

static void print_options(const struct pd_option *table)
{
    if (!table || !table->name) {
        puts("\nNo options.");
        return;
    }
    puts("\n| option | default | what it does |\n|---|---|---|");
    for (const struct pd_option *o = table; o->name; o++) {
        print_name("", o->name, "");
        print_cell(o->def);
        print_cell(o->help);
        putchar('\n');
    }
}

static void print_ports(const struct pd_proto *p)
{
    static const char *const transports[] = {
        [PD_ON_TCP] = "TCP", [PD_ON_UDP] = "UDP", [PD_ON_TCP | PD_ON_UDP] = "TCP and UDP"};

    printf("Over %s", transports[p->transports & (PD_ON_TCP | PD_ON_UDP)]);
    for (const uint16_t *port = p->ports; port && *port; port++)
        printf("%s%u", port > p->ports ? ", " : port[1] ? "; usual ports " : "; usual port ", *port);
    puts(".");
}

static void print_protocol(const struct pd_proto *p)
{
    printf("### %s\n\n%s. ", p->schema->proto, p->schema->help);
    print_ports(p);
    print_fields(p->schema->fields);
    print_options(p->options);
}

bool pd_explain_protocol(const char *name)
{
    for (const struct pd_proto *const *p = pd_protocols; *p; p++)
        if (strcmp((*p)->schema->proto, name) == 0) {
            print_protocol(*p);
            return true;
        }
    return false;
}

void pd_explain_protocols(void)
{
    for (const struct pd_proto *const *p = pd_protocols; *p; p++) {
        if (p > pd_protocols)
            putchar('\n');
        print_protocol(*p);
    }
}
