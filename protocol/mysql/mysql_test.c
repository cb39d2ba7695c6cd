/* mysql_test.c: commands and their answers. */
#include "protocol/mysql/mysql_test.h"

#define QUERY(sql) C(0, "\003" sql)
/* One column, one row, which is 1. */
#define ROW "\0011"
#define FETCH C(0, "\034\007\000\000\000\002\000\000\000")

static const struct talk talks[] = {
    {
        .name = "several results",
        .packet = {MYSQL, LOGIN, S(2, OK), QUERY("SELECT 1; INSERT INTO t VALUES (1); SELECT 2"),
                   S(1, "\001"), S(2, DEFINITION("1")), S(3, EOF_), S(4, ROW), S(5, ROW),
                   S(6, "\376\000\000" MORE), S(7, "\000\003\011" MORE "\002\000"), S(8, "\002"),
                   S(9, DEFINITION("2")), S(10, DEFINITION("3")), S(11, EOF_), S(12, ROW ROW),
                   S(13, "\376\001\000\002\000"), PING},
        .line = {LOGGED_IN,
                 "'ok','request':{'command':'QUERY','statement':'SELECT 1; INSERT INTO t VALUES (1); SELECT "
                 "2','summary':'SELECT; INSERT t; SELECT','database':'shop','bytes':49}"
                 ",'response':{'result':'rows','rows':3,'columns':1,'affected_rows':3,'last_insert_id':9,'"
                 "warnings':1,'bytes':158}",
                 PINGED},
    },
    {
        .name = "several results without EOF",
        .packet = {MYSQL, LOGIN_NO_EOF, S(2, OK), QUERY("SELECT 1; INSERT INTO t VALUES (1); SELECT 2"),
                   S(1, "\001"), S(2, DEFINITION("1")), S(3, ROW), S(4, ROW),
                   S(5, "\376\000\000" MORE "\000\000"), S(6, "\000\003\011" MORE "\002\000"), S(7, "\001"),
                   S(8, DEFINITION("2")), S(9, "\376\000\000\002\000\001\000"), PING},
        .line = {LOGGED_IN,
                 "'ok','request':{'command':'QUERY','statement':'SELECT 1; INSERT INTO t VALUES (1); SELECT "
                 "2','summary':'SELECT; INSERT t; SELECT','database':'shop','bytes':49}"
                 ",'response':{'result':'rows','rows':2,'columns':1,'affected_rows':3,'last_insert_id':9,'"
                 "warnings':1,'bytes':109}",
                 PINGED},
    },
    {
        .name = "an error in the second result",
        .packet = {MYSQL, LOGIN, S(2, OK), QUERY("DO 1; nope"), S(1, "\000\000\000" MORE "\000\000"),
                   S(2, ERR("\050", "\004", "no")), PING},
        .line = {LOGGED_IN,
                 "'error','error':'1064 no','request':{'command':'QUERY','statement':'DO 1; "
                 "nope','summary':'DO; nope','database':'shop','bytes':15}"
                 ",'response':{'result':'error','affected_rows':0,'warnings':0,'error_code':'1064','sql_"
                 "state':'42000','error_message':'no','bytes':26}",
                 PINGED},
    },
    {
        .name = "joined: EOF behind definitions",
        .joined = true,
        .least = 16,
        .packet = {QUERY("SELECT 1"), S(1, "\001"), S(2, DEFINITION("1")), S(3, EOF_), S(4, ROW), S(5, EOF_),
                   C(0, "\026SELECT ?"), S(1, "\000\001\000\000\000\000\000\001\000\000\000\000"),
                   S(2, DEFINITION("?")), S(3, EOF_), PING},
        .line = {"'ok','request':{'command':'QUERY','statement':'SELECT 1','summary':'SELECT','bytes':13}"
                 ",'response':{'result':'rows','rows':1,'columns':1,'warnings':0,'bytes':56}",
                 "'ok','request':{'command':'STMT_PREPARE','statement':'SELECT "
                 "?','summary':'SELECT','statement_id':1,'bytes':13}"
                 ",'response':{'result':'prepared','columns':0,'warnings':0,'bytes':52}",
                 "'ok','request':{'command':'PING','bytes':5}"
                 ",'response':{'result':'ok','affected_rows':0,'warnings':0,'bytes':11}"},
    },
    {
        .name = "joined: no EOF",
        .joined = true,
        .least = 16,
        .packet = {QUERY("SELECT 1"), S(1, "\001"), S(2, DEFINITION("1")), S(3, ROW), S(4, OK_FOR_EOF),
                   C(0, "\026SELECT ?"), S(1, "\000\001\000\000\000\000\000\001\000\000\000\000"),
                   S(2, DEFINITION("?")), PING},
        .line = {"'ok','request':{'command':'QUERY','statement':'SELECT 1','summary':'SELECT','bytes':13}"
                 ",'response':{'result':'rows','rows':1,'columns':1,'warnings':0,'bytes':49}",
                 "'ok','request':{'command':'STMT_PREPARE','statement':'SELECT "
                 "?','summary':'SELECT','statement_id':1,'bytes':13}"
                 ",'response':{'result':'prepared','columns':0,'warnings':0,'bytes':43}",
                 "'ok','request':{'command':'PING','bytes':5}"
                 ",'response':{'result':'ok','affected_rows':0,'warnings':0,'bytes':11}"},
    },
    {
        .name = "joined: no rows, no EOF",
        .joined = true,
        .least = 16,
        .packet = {QUERY("SELECT 1"), S(1, "\001"), S(2, DEFINITION("1")), S(3, OK_FOR_EOF),
                   C(0, "\026SELECT ?"), S(1, "\000\001\000\000\000\000\000\001\000\000\000\000"),
                   S(2, DEFINITION("?")), PING},
        .line = {"'ok','request':{'command':'QUERY','statement':'SELECT 1','summary':'SELECT','bytes':13}"
                 ",'response':{'result':'rows','rows':0,'columns':1,'warnings':0,'bytes':43}",
                 "'ok','request':{'command':'STMT_PREPARE','statement':'SELECT "
                 "?','summary':'SELECT','statement_id':1,'bytes':13}"
                 ",'response':{'result':'prepared','columns':0,'warnings':0,'bytes':43}",
                 "'ok','request':{'command':'PING','bytes':5}"
                 ",'response':{'result':'ok','affected_rows':0,'warnings':0,'bytes':11}"},
    },
    {
        .name = "joined: whether there is an EOF is not known",
        .joined = true,
        .least = 16,
        .packet = {C(0, "\026SELECT ?"), S(1, "\000\001\000\000\000\000\000\001\000\000\000\000"),
                   S(2, DEFINITION("?")), PING, C(0, "\026SELECT ? + 1"),
                   S(1, "\000\002\000\000\000\000\000\001\000\000\000\000"), S(2, DEFINITION("?")),
                   C(0, "\016"), S(1, OK)},
        .line = {"'incomplete','request':{'command':'STMT_PREPARE','statement':'SELECT "
                 "?','summary':'SELECT','statement_id':1,'bytes':13}"
                 ",'response':{'result':'prepared','columns':0,'warnings':0,'bytes':43}",
                 "'ok','request':{'command':'PING','bytes':5}"
                 ",'response':{'result':'ok','affected_rows':0,'warnings':0,'bytes':11}",
                 "'ok','request':{'command':'STMT_PREPARE','statement':'SELECT ? + "
                 "1','summary':'SELECT','statement_id':2,'bytes':17}"
                 ",'response':{'result':'prepared','columns':0,'warnings':0,'bytes':43}",
                 "'ok','request':{'command':'PING','bytes':5}"
                 ",'response':{'result':'ok','affected_rows':0,'warnings':0,'bytes':11}"},
    },
    {
        .name = "a cursor",
        .packet = {MYSQL,
                   LOGIN,
                   S(2, OK),
                   C(0, "\026SELECT a"),
                   S(1, "\000\007\000\000\000\001\000\000\000\000\000\000"),
                   S(2, DEFINITION("a")),
                   S(3, EOF_),
                   C(0, "\027\007\000\000\000\001\001\000\000\000"),
                   S(1, "\001"),
                   S(2, DEFINITION("a")),
                   S(3, "\376\000\000\102\000"),
                   FETCH,
                   S(1, "\000\000\001"),
                   S(2, "\000\000\002"),
                   S(3, "\376\000\000\102\000"),
                   FETCH,
                   S(1, "\000\000\003"),
                   S(2, "\376\000\000\202\000"),
                   FETCH,
                   S(1, ERR("\373", "\004", "no cursor")),
                   PING},
        .line = {LOGGED_IN,
                 "'ok','request':{'command':'STMT_PREPARE','statement':'SELECT "
                 "a','summary':'SELECT','statement_id':7,'database':'shop','bytes':13}"
                 ",'response':{'result':'prepared','columns':1,'warnings':0,'bytes':52}",
                 "'ok','request':{'command':'STMT_EXECUTE','statement':'SELECT "
                 "a','summary':'SELECT','statement_id':7,'database':'shop','bytes':14}"
                 ",'response':{'result':'rows','rows':0,'columns':1,'warnings':0,'bytes':41}",
                 "'ok','request':{'command':'STMT_FETCH','statement_id':7,'database':'shop','bytes':13}"
                 ",'response':{'result':'rows','rows':2,'warnings':0,'bytes':23}",
                 "'ok','request':{'command':'STMT_FETCH','statement_id':7,'database':'shop','bytes':13}"
                 ",'response':{'result':'rows','rows':1,'warnings':0,'bytes':16}",
                 "'error','error':'1275 no "
                 "cursor','request':{'command':'STMT_FETCH','statement_id':7,'database':'shop','bytes':13}"
                 ",'response':{'result':'error','rows':0,'error_code':'1275','sql_state':'42000','error_"
                 "message':'no cursor','bytes':22}",
                 PINGED},
    },
    {
        .name = "a cursor without EOF",
        .packet = {MYSQL, LOGIN_NO_EOF, S(2, OK), C(0, "\026SELECT a"),
                   S(1, "\000\007\000\000\000\001\000\000\000\000\000\000"), S(2, DEFINITION("a")),
                   C(0, "\027\007\000\000\000\001\001\000\000\000"), S(1, "\001"), S(2, DEFINITION("a")),
                   S(3, "\376\000\000\102\000\000\000"), FETCH, S(1, "\000\000\001"), S(2, "\000\000\002"),
                   S(3, "\376\000\000\202\000\000\000"), PING},
        .line = {LOGGED_IN,
                 "'ok','request':{'command':'STMT_PREPARE','statement':'SELECT "
                 "a','summary':'SELECT','statement_id':7,'database':'shop','bytes':13}"
                 ",'response':{'result':'prepared','columns':1,'warnings':0,'bytes':43}",
                 "'ok','request':{'command':'STMT_EXECUTE','statement':'SELECT "
                 "a','summary':'SELECT','statement_id':7,'database':'shop','bytes':14}"
                 ",'response':{'result':'rows','rows':0,'columns':1,'warnings':0,'bytes':43}",
                 "'ok','request':{'command':'STMT_FETCH','statement_id':7,'database':'shop','bytes':13}"
                 ",'response':{'result':'rows','rows':2,'warnings':0,'bytes':25}",
                 PINGED},
    },
    {
        .name = "MariaDB: definitions that the client has",
        .packet = {MARIADB, LOGIN_OF("\010\242\010\001", "\020\000\000\000"), S(2, OK),
                   C(0, "\027\007\000\000\000\000\001\000\000\000"), S(1, "\002\001"), S(2, DEFINITION("a")),
                   S(3, DEFINITION("b")), S(4, "\000\000\001\002"), S(5, OK_FOR_EOF),
                   C(0, "\027\007\000\000\000\000\001\000\000\000"), S(1, "\002\000"),
                   S(2, "\000\000\001\002"), S(3, "\000\000\003\004"), S(4, OK_FOR_EOF),
                   C(0, "\027\007\000\000\000\000\001\000\000\000"), S(1, "\002\000"), S(2, OK_FOR_EOF)},
        .line = {LOGGED_IN,
                 "'ok','request':{'command':'STMT_EXECUTE','statement_id':7,'database':'shop','bytes':14}"
                 ",'response':{'result':'rows','rows':1,'columns':2,'warnings':0,'bytes':79}",
                 "'ok','request':{'command':'STMT_EXECUTE','statement_id':7,'database':'shop','bytes':14}"
                 ",'response':{'result':'rows','rows':2,'columns':2,'warnings':0,'bytes':33}",
                 "'ok','request':{'command':'STMT_EXECUTE','statement_id':7,'database':'shop','bytes':14}"
                 ",'response':{'result':'rows','rows':0,'columns':2,'warnings':0,'bytes':17}"},
    },
    {
        .name = "MySQL: definitions that the client does not want",
        .packet = {MYSQL, LOGIN_OF("\011\242\010\003", "\000\000\000\000"), S(2, OK), QUERY("SELECT 1"),
                   S(1, "\001\001"), S(2, DEFINITION("1")), S(3, ROW), S(4, OK_FOR_EOF), QUERY("SELECT 1"),
                   S(1, "\000\001"), S(2, ROW), S(3, ROW), S(4, OK_FOR_EOF)},
        .line = {LOGGED_IN,
                 "'ok','request':{'command':'QUERY','statement':'SELECT "
                 "1','summary':'SELECT','database':'shop','bytes':13}"
                 ",'response':{'result':'rows','rows':1,'columns':1,'warnings':0,'bytes':50}",
                 "'ok','request':{'command':'QUERY','statement':'SELECT "
                 "1','summary':'SELECT','database':'shop','bytes':13}"
                 ",'response':{'result':'rows','rows':2,'columns':1,'warnings':0,'bytes':29}"},
    },
    {
        .name = "MariaDB: progress",
        .packet = {MARIADB, LOGIN_OF("\010\242\010\000", "\001\000\000\000"), S(2, OK),
                   QUERY("ALTER TABLE t ENGINE=InnoDB"), S(1, "\377\377\377\001\001\002\350\003\000\004copy"),
                   S(2, "\377\377\377\001\002\002\350\003\000\004copy"), S(3, OK), QUERY("SELECT 1"),
                   S(1, "\001"), S(2, DEFINITION("1")), S(3, EOF_), S(4, ROW),
                   S(5, "\377\377\377\001\002\002\350\003\000\004sort"), S(6, ROW), S(7, EOF_)},
        .line = {LOGGED_IN,
                 "'ok','request':{'command':'QUERY','statement':'ALTER TABLE t "
                 "ENGINE=InnoDB','summary':'ALTER TABLE t','database':'shop','bytes':32}"
                 ",'response':{'result':'ok','affected_rows':0,'warnings':0,'bytes':47}",
                 "'ok','request':{'command':'QUERY','statement':'SELECT "
                 "1','summary':'SELECT','database':'shop','bytes':13}"
                 ",'response':{'result':'rows','rows':2,'columns':1,'warnings':0,'bytes':80}"},
    },
    {
        .name = "long data, and a statement that is closed",
        .packet = {MYSQL, LOGIN, S(2, OK), C(0, "\026INSERT INTO t VALUES (?)"),
                   S(1, "\000\007\000\000\000\000\000\001\000\000\000\000"), S(2, DEFINITION("?")),
                   S(3, EOF_), C(0, "\030\007\000\000\000\000\000one"),
                   C(0, "\030\007\000\000\000\000\000\003SELECT 1"),
                   C(0, "\027\007\000\000\000\000\001\000\000\000\000\001\374\000"),
                   S(1, "\000\001\000\002\000\000\000"), C(0, "\031\007\000\000\000"),
                   C(0, "\027\007\000\000\000\000\001\000\000\000"), S(1, ERR("\333", "\004", "unknown"))},
        .line = {LOGGED_IN,
                 "'ok','request':{'command':'STMT_PREPARE','statement':'INSERT INTO t VALUES "
                 "(?)','summary':'INSERT t','statement_id':7,'database':'shop','bytes':29}"
                 ",'response':{'result':'prepared','columns':0,'warnings':0,'bytes':52}",
                 "'oneway','request':{'command':'STMT_SEND_LONG_DATA','statement_id':7,'database':'shop','"
                 "bytes':14}",
                 "'oneway','request':{'command':'STMT_SEND_LONG_DATA','statement_id':7,'database':'shop','"
                 "bytes':20}",
                 "'ok','request':{'command':'STMT_EXECUTE','statement':'INSERT INTO t VALUES "
                 "(?)','summary':'INSERT t','statement_id':7,'database':'shop','bytes':18}"
                 ",'response':{'result':'ok','affected_rows':1,'warnings':0,'bytes':11}",
                 "'oneway','request':{'command':'STMT_CLOSE','statement_id':7,'database':'shop','bytes':9}",
                 "'error','error':'1243 "
                 "unknown','request':{'command':'STMT_EXECUTE','statement_id':7,'database':'shop','bytes':14}"
                 ",'response':{'result':'error','error_code':'1243','sql_state':'42000','error_message':'"
                 "unknown','bytes':20}"},
    },
    {
        .name = "a file that is not there",
        .packet = {MYSQL, LOGIN, S(2, OK), QUERY("LOAD DATA LOCAL INFILE 'f' INTO TABLE t"), S(1, "\373f"),
                   C(2, ""), S(3, ERR("\002", "\000", "no file")), PING},
        .line = {LOGGED_IN,
                 "'error','error':'2 no file','request':{'command':'QUERY','statement':'LOAD DATA LOCAL "
                 "INFILE 'f' INTO TABLE t','summary':'LOAD t','database':'shop','bytes':48}"
                 ",'response':{'result':'error','error_code':'2','sql_state':'42000','error_message':'no "
                 "file','bytes':26}",
                 PINGED},
    },
    {
        .name = "an answer with the wrong number",
        .bad = 1,
        .packet = {MYSQL, LOGIN, S(2, OK), C(0, "\016"), S(2, OK)},
        .line = {LOGGED_IN, "'incomplete','request':{'command':'PING','database':'shop','bytes':5}"},
    },
    {
        .name = "a row with the wrong number",
        .bad = 1,
        .packet = {MYSQL, LOGIN, S(2, OK), QUERY("SELECT 1"), S(1, "\001"), S(2, DEFINITION("1")), S(3, EOF_),
                   S(4, ROW), S(6, ROW), S(6, EOF_)},
        .line = {LOGGED_IN, "'incomplete','request':{'command':'QUERY','statement':'SELECT "
                            "1','summary':'SELECT','database':'shop','bytes':13}"
                            ",'response':{'result':'rows','columns':1,'warnings':0}"},
    },
    {
        .name = "a definition with the wrong number",
        .bad = 1,
        .packet = {MYSQL, LOGIN, S(2, OK), QUERY("SELECT 1"), S(1, "\001"), S(3, DEFINITION("1")), S(4, EOF_),
                   S(5, ROW), S(6, EOF_)},
        .line = {LOGGED_IN, "'incomplete','request':{'command':'QUERY','statement':'SELECT "
                            "1','summary':'SELECT','database':'shop','bytes':13}"
                            ",'response':{'result':'rows','columns':1}"},
    },
};

/* --- longer than a table shows --- */

static struct drive *logged_in(uint32_t cut)
{
    static const struct packet login[] = {MYSQL, LOGIN, S(2, OK), {0}};
    struct drive *d = drive_new("mysql");

    drive_cut(d, cut);
    drive_syn(d);
    send_packets(d, login);
    return d;
}

static void send_head(struct drive *d, enum pd_dir dir, size_t len, uint8_t seq)
{
    const uint8_t head[HEAD] = {(uint8_t)len, (uint8_t)(len >> 8), (uint8_t)(len >> 16), seq};

    drive_send(d, dir, head, sizeof head);
}

/* A packet of len bytes: first, then x as often as it takes. */
static void send_long(struct drive *d, enum pd_dir dir, uint8_t seq, const char *first, size_t len)
{
    static char some[60000];
    size_t n = strlen(first);

    memset(some, 'x', sizeof some);
    send_head(d, dir, len, seq);
    drive_send(d, dir, first, n);
    for (; n < len; n += sizeof some)
        drive_send(d, dir, some, len - n < sizeof some ? len - n : sizeof some);
}

static void finish(struct drive *d, size_t records, uint64_t bad)
{
    drive_finish(d);
    assert_int_equal(drive_count(d), records);
    assert_int_equal(drive_counter(d, PD_C_BAD), bad);
}

/* A payload of 16 MB - 1 goes on in the next packet, which may be empty. */
static void test_long_statement(void **state)
{
    static const struct {
        size_t rest;
        const char *bytes;
    } cases[] = {{0, "\"bytes\":16777223}"}, {9, "\"bytes\":16777232}"}};

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct drive *d = logged_in(0);
        send_long(d, PD_C2S, 0, "\003INSERT INTO t VALUES ('", FULL);
        send_long(d, PD_C2S, 1, "", cases[i].rest);
        send_packet(d, &(struct packet)S(2, OK));
        send_packets(d, (const struct packet[]){PING, {0}});
        finish(d, 3, 0);
        const char *line = drive_line(d, 1);
        assert_non_null(strstr(line, "\"status\":\"ok\""));
        assert_non_null(strstr(line, "\"statement\":\"INSERT INTO t VALUES ('xxx"));
        assert_non_null(strstr(line, cases[i].bytes));
        assert_non_null(strstr(line, "\"cut\":[\"request.statement\"]"));
        assert_string_equal(drive_row(d, 2), PINGED);
        drive_free(d);
    }
}

static void test_long_statement_torn(void **state)
{
    struct drive *d = logged_in(0);

    (void)state;
    send_long(d, PD_C2S, 0, "\003INSERT INTO t VALUES ('", FULL);
    send_long(d, PD_C2S, 2, "", 9);
    send_packet(d, &(struct packet)S(3, OK));
    finish(d, 2, 1);
    assert_non_null(strstr(drive_line(d, 1), "\"status\":\"incomplete\""));
    drive_free(d);
}

/* What a long row goes on with is no row, nor the end of them, however it looks. */
static void test_long_row(void **state)
{
    static const struct packet before[] = {QUERY("SELECT b"),
                                           S(1, "\001"),
                                           S(2, DEFINITION("b")),
                                           S(3, EOF_),
                                           {0}},
                               behind[] = {S(5, EOF_), S(6, ROW), S(7, EOF_), PING, {0}};
    struct drive *d = logged_in(0);

    (void)state;
    send_packets(d, before);
    send_long(d, PD_S2C, 4, "\376\001\001\001\001", FULL);
    send_packets(d, behind);
    finish(d, 3, 0);
    assert_non_null(strstr(drive_line(d, 1), "\"rows\":2,"));
    assert_string_equal(drive_row(d, 2), PINGED);
    drive_free(d);
}

/* LOAD DATA LOCAL: so many packets that their numbers begin again, with what looks like commands in them. */
static void test_long_file(void **state)
{
    static const uint32_t cuts[] = {0, 1, 3, 7};
    enum { PACKETS = 600, LAST = 2 + PACKETS };

    (void)state;
    for (size_t i = 0; i < sizeof cuts / sizeof *cuts; i++) {
        struct drive *d = logged_in(cuts[i]);
        send_packets(
            d, (const struct packet[]){QUERY("LOAD DATA LOCAL INFILE 'f' INTO TABLE t"), S(1, "\373f"), {0}});
        for (unsigned n = 0; n < PACKETS; n++)
            send_packet(d, &(struct packet)C((uint8_t)(2 + n), "\003SELECT 1\n"));
        send_packet(d, &(struct packet)C((uint8_t)LAST, ""));
        send_packet(d, &(struct packet)S((uint8_t)(LAST + 1), "\000\012\000\002\000\000\000"));
        send_packets(d, (const struct packet[]){PING, {0}});
        finish(d, 3, 0);
        assert_string_equal(
            drive_row(d, 1),
            "'ok','request':{'command':'QUERY','statement':'LOAD DATA LOCAL INFILE 'f' INTO TABLE t',"
            "'summary':'LOAD t','database':'shop','bytes':8448},"
            "'response':{'result':'ok','affected_rows':10,'warnings':0,'bytes':17}");
        assert_string_equal(drive_row(d, 2), PINGED);
        drive_free(d);
    }
}

int main(void)
{
    static const struct CMUnitTest others[] = {
        cmocka_unit_test(test_long_statement),
        cmocka_unit_test(test_long_statement_torn),
        cmocka_unit_test(test_long_row),
        cmocka_unit_test(test_long_file),
    };
    enum { TALKS = sizeof talks / sizeof *talks, OTHERS = sizeof others / sizeof *others };
    struct CMUnitTest tests[TALKS + OTHERS];

    for (size_t i = 0; i < TALKS; i++)
        tests[i] = (struct CMUnitTest){
            .name = talks[i].name, .test_func = test_talk, .initial_state = (void *)(uintptr_t)&talks[i]};
    memcpy(tests + TALKS, others, sizeof others);
    return _cmocka_run_group_tests("mysql", tests, TALKS + OTHERS, NULL, NULL);
}
