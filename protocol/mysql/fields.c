/* fields.c: the record's fields as a table, what failure is, what may be shown of statements. */
#include "protocol/mysql/mysql.h"
#include "protocol/sql.h"

static bool failed(const struct pd_rec *r, struct pd_text *error)
{
    const struct pd_mysql *f = pd_fields_const(r);

    *error = f->failure;
    return f->error_code.s;
}

static uint32_t mask(const struct pd_rec *r, const struct pd_field *field, unsigned what, char *out,
                     uint32_t cap)
{
    const struct pd_mysql *f = pd_fields_const(r);
    const struct pd_text *t = &f->statement;

    (void)field;
    if (f->clean && what == PD_MASK_SECRETS)
        return PD_AS_IS;
    return pd_sql_mask(pd_text_bytes(t), PD_SQL_MYSQL, what, out, cap);
}

#define OFF(member) offsetof(struct pd_mysql, member)

static const struct pd_field field_table[] = {
    {"command", "db.operation.name", "`QUERY`, `STMT_EXECUTE`, `PING` and the like; `LOGIN`", PD_REQUEST,
     PD_TEXT, PD_LABEL | PD_ATTRIBUTE | PD_LOG | PD_ASKED, OFF(command), NULL},
    {"statement", "db.query.text", "the SQL text; of STMT_EXECUTE the text that was prepared", PD_REQUEST,
     PD_TEXT, PD_ATTRIBUTE | PD_LOG | PD_ASKED | PD_MASKED, OFF(statement), NULL},
    {"summary", "db.query.summary", "what it does to what: `SELECT users`", PD_REQUEST, PD_TEXT,
     PD_LABEL | PD_ATTRIBUTE | PD_LOG, OFF(summary), NULL},
    {"statement_id", NULL, "number of the prepared statement", PD_REQUEST, PD_INT, PD_LOG, OFF(statement_id),
     NULL},
    {"database", "db.namespace", "the current one, or the one that is asked for", PD_REQUEST, PD_TEXT,
     PD_LABEL | PD_ATTRIBUTE | PD_LOG, OFF(database), NULL},
    {"user", NULL, "who logs in", PD_REQUEST, PD_TEXT, PD_LOG | PD_ASKED, OFF(user), NULL},
    {"result", NULL, "`ok`, `error`, `rows` or `prepared`", PD_RESPONSE, PD_TEXT, PD_LABEL | PD_LOG | PD_CAME,
     OFF(result), NULL},
    {"rows", "db.response.returned_rows", "rows, of all results together", PD_RESPONSE, PD_INT,
     PD_ATTRIBUTE | PD_LOG | PD_METRIC | PD_CAME, OFF(rows), NULL},
    {"columns", NULL, "columns of the first rows", PD_RESPONSE, PD_INT, PD_LOG, OFF(columns), NULL},
    {"affected_rows", NULL, "rows changed, of all results together", PD_RESPONSE, PD_INT, PD_LOG | PD_METRIC,
     OFF(affected_rows), NULL},
    {"last_insert_id", NULL, "the number that the last insertion was given", PD_RESPONSE, PD_INT, PD_LOG,
     OFF(last_insert_id), NULL},
    {"warnings", NULL, "warnings, of the last result", PD_RESPONSE, PD_INT, PD_LOG, OFF(warnings), NULL},
    {"error_code", "db.response.status_code", "the error's number", PD_RESPONSE, PD_TEXT,
     PD_LABEL | PD_ATTRIBUTE | PD_LOG | PD_CAME, OFF(error_code), NULL},
    {"sql_state", NULL, "the error's SQLSTATE", PD_RESPONSE, PD_TEXT, PD_LABEL | PD_LOG, OFF(sql_state),
     NULL},
    {"error_message", NULL, "the error's text", PD_RESPONSE, PD_TEXT, PD_LOG | PD_CAME, OFF(error_message),
     NULL},
    {0},
};

const struct pd_schema pd_mysql_schema = {
    .proto = "mysql",
    .help = "MySQL and MariaDB",
    .fields = field_table,
    .rec_size = sizeof(struct pd_mysql),
    .arena_max = 4096, /* all bounds together, so that no field starves another */
    .failed = failed,
    .mask = mask,
};
