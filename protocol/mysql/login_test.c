/* login_test.c: ways to log in, and what follows another user or a reset. */
#include "protocol/mysql/mysql_test.h"

#define PREPARE C(0, "\026SELECT ?")
#define PREPARED S(1, "\000\007\000\000\000\000\000\001\000\000\000\000"), S(2, DEFINITION("?")), S(3, EOF_)
#define EXECUTE C(0, "\027\007\000\000\000\000\001\000\000\000")

static const struct talk talks[] = {
    {
        .name = "caching_sha2_password, the password is known",
        .packet = {MYSQL, LOGIN, S(2, "\001\003"), S(3, OK), PING},
        .line = {"'ok','request':{'command':'LOGIN','database':'shop','user':'joe','bytes':69}"
                 ",'response':{'result':'ok','affected_rows':0,'warnings':0,'bytes':17}",
                 PINGED},
    },
    {
        .name = "caching_sha2_password, encrypted with the server's key",
        .packet = {MYSQL, LOGIN, S(2, "\001\004"), C(3, "\002"), S(4, "\001-----BEGIN PUBLIC KEY-----\nMII"),
                   C(5, "\003SELECT 1\000\000\000"), S(6, OK), PING},
        .line = {"'ok','request':{'command':'LOGIN','database':'shop','user':'joe','bytes':90}"
                 ",'response':{'result':'ok','affected_rows':0,'warnings':0,'bytes':52}",
                 PINGED},
    },
    {
        .name = "another method",
        .packet = {MYSQL, LOGIN, S(2, "\376mysql_native_password\000saltsaltsaltsaltsalt\000"),
                   C(3, "01234567890123456789"), S(4, OK), PING},
        .line = {"'ok','request':{'command':'LOGIN','database':'shop','user':'joe','bytes':93}"
                 ",'response':{'result':'ok','affected_rows':0,'warnings':0,'bytes':59}",
                 PINGED},
    },
    {
        .name = "another method, and it fails",
        .packet = {MYSQL, LOGIN, S(2, "\376mysql_native_password\000saltsaltsaltsaltsalt\000"),
                   C(3, "01234567890123456789"), S(4, ERR("\025", "\004", "no"))},
        .line = {"'error','error':'1045 "
                 "no','request':{'command':'LOGIN','database':'shop','user':'joe','bytes':93}"
                 ",'response':{'result':'error','error_code':'1045','sql_state':'42000','error_message':'no',"
                 "'bytes':63}"},
    },
    {
        .name = "a further factor",
        .packet = {MYSQL, LOGIN, S(2, "\002dialog\000more"), C(3, "pin"), S(4, OK), PING},
        .line = {"'ok','request':{'command':'LOGIN','database':'shop','user':'joe','bytes':76}"
                 ",'response':{'result':'ok','affected_rows':0,'warnings':0,'bytes':27}",
                 PINGED},
    },
    {
        .name = "too many connections",
        .least = 16,
        .packet = {S(0, "\377\020\004Too many connections")},
        .line = {"'oneway','request':{'bytes':27}"
                 ",'response':{'result':'error','error_code':'1040','error_message':'Too many connections'}"},
    },
    {
        .name = "a reset forgets statements and keeps the database",
        .packet = {MYSQL, LOGIN, S(2, OK), PREPARE, PREPARED, EXECUTE, S(1, OK), C(0, "\037"), S(1, OK),
                   EXECUTE, S(1, ERR("\333", "\004", "unknown")), PING},
        .line = {LOGGED_IN,
                 "'ok','request':{'command':'STMT_PREPARE','statement':'SELECT "
                 "?','summary':'SELECT','statement_id':7,'database':'shop','bytes':13}"
                 ",'response':{'result':'prepared','columns':0,'warnings':0,'bytes':52}",
                 "'ok','request':{'command':'STMT_EXECUTE','statement':'SELECT "
                 "?','summary':'SELECT','statement_id':7,'database':'shop','bytes':14}"
                 ",'response':{'result':'ok','affected_rows':0,'warnings':0,'bytes':11}",
                 "'ok','request':{'command':'RESET_CONNECTION','database':'shop','bytes':5}"
                 ",'response':{'result':'ok','affected_rows':0,'warnings':0,'bytes':11}",
                 "'error','error':'1243 "
                 "unknown','request':{'command':'STMT_EXECUTE','statement_id':7,'database':'shop','bytes':14}"
                 ",'response':{'result':'error','error_code':'1243','sql_state':'42000','error_message':'"
                 "unknown','bytes':20}",
                 PINGED},
    },
    {
        .name = "another user has another database and no statements",
        .packet = {MYSQL, LOGIN, S(2, OK), PREPARE, PREPARED,
                   C(0, "\021ann\000\001yrent\000\055\000mysql_native_password\000"), S(1, OK), EXECUTE,
                   S(1, ERR("\333", "\004", "unknown"))},
        .line = {LOGGED_IN,
                 "'ok','request':{'command':'STMT_PREPARE','statement':'SELECT "
                 "?','summary':'SELECT','statement_id':7,'database':'shop','bytes':13}"
                 ",'response':{'result':'prepared','columns':0,'warnings':0,'bytes':52}",
                 "'ok','request':{'command':'CHANGE_USER','database':'rent','user':'ann','bytes':40}"
                 ",'response':{'result':'ok','affected_rows':0,'warnings':0,'bytes':11}",
                 "'error','error':'1243 "
                 "unknown','request':{'command':'STMT_EXECUTE','statement_id':7,'database':'rent','bytes':14}"
                 ",'response':{'result':'error','error_code':'1243','sql_state':'42000','error_message':'"
                 "unknown','bytes':20}"},
    },
    {
        .name = "another user by another method",
        .packet = {MYSQL, LOGIN, S(2, OK), C(0, "\021ann\000\001y\000\055\000caching_sha2_password\000"),
                   S(1, "\376mysql_native_password\000saltsaltsaltsaltsalt\000"),
                   C(2, "01234567890123456789"), S(3, OK), PING},
        .line = {LOGGED_IN,
                 "'ok','request':{'command':'CHANGE_USER','user':'ann','bytes':60}"
                 ",'response':{'result':'ok','affected_rows':0,'warnings':0,'bytes':59}",
                 "'ok','request':{'command':'PING','bytes':5}"
                 ",'response':{'result':'ok','affected_rows':0,'warnings':0,'bytes':11}"},
    },
    {
        .name = "another user is refused",
        .packet = {MYSQL, LOGIN, S(2, OK), C(0, "\021ann\000\001yrent\000"), S(1, ERR("\025", "\004", "no")),
                   C(0, "\016"), S(1, OK)},
        .line = {LOGGED_IN,
                 "'error','error':'1045 "
                 "no','request':{'command':'CHANGE_USER','database':'rent','user':'ann','bytes':16}"
                 ",'response':{'result':'error','error_code':'1045','sql_state':'42000','error_message':'no',"
                 "'bytes':15}",
                 "'ok','request':{'command':'PING','bytes':5}"
                 ",'response':{'result':'ok','affected_rows':0,'warnings':0,'bytes':11}"},
    },
};

int main(void)
{
    enum { TALKS = sizeof talks / sizeof *talks };
    struct CMUnitTest tests[TALKS];

    for (size_t i = 0; i < TALKS; i++)
        tests[i] = (struct CMUnitTest){
            .name = talks[i].name, .test_func = test_talk, .initial_state = (void *)(uintptr_t)&talks[i]};
    return _cmocka_run_group_tests("login", tests, TALKS, NULL, NULL);
}
