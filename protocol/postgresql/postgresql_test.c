/* postgresql_test.c: conversations in hand-written messages, each played whole and in pieces. A turn is what
 * one side sends at once: a line for each message, its type and then its body, in which `~` is a zero byte.
 * The length is put in. `0` begins a session (version 3.0), `8` asks for TLS, `!` is a byte without more. */
#include "protocol/postgresql/postgresql.h"
#include "tests/drive.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

struct turn {
    enum pd_dir dir;
    const char *text; /* NULL ends */
};

struct talk {
    const char *name;
    struct turn turn[12];
    const char *line[10]; /* as drive_row() has them */
};

#define C(text)                                                                                              \
    {                                                                                                        \
        PD_C2S, text                                                                                         \
    }
#define S(text)                                                                                              \
    {                                                                                                        \
        PD_S2C, text                                                                                         \
    }
#define UNSEEN(dir, bytes)                                                                                   \
    {                                                                                                        \
        (dir), "?" bytes                                                                                     \
    }

#define READY "ZI"
#define ROW "D~\001~~~\0011"
#define ERROR_OF(code) "ESERROR~VERROR~C" code "~Mno~~"
#define SIMPLE(command, text, bytes)                                                                         \
    "'request':{'command':'" command "','statement':'" text "','summary':'" command                          \
    "','mode':'simple','bytes':" bytes "}"
#define EXTENDED(command, text, bytes)                                                                       \
    "'request':{'command':'" command "','statement':'" text "','summary':'" command                          \
    "','mode':'extended','bytes':" bytes "}"

enum { BYTES = 4096 };
static const uint32_t cuts[] = {0, 1, 2, 7, 64};

static const struct talk talks[] = {
    {
        .name = "start-up, a wrong password",
        .turn = {C("0user~joe~database~shop~~"), S("R~~~\003"), C("psecret~"),
                 S("R~~~~\nSa~b~\nK~~~\001~~~\002\nZI"), C("QSELECT 1~"),
                 S("T~~\n" ROW "\nCSELECT 1~\n" READY)},
        .line = {"'ok','request':{'command':'STARTUP','database':'shop','user':'joe','bytes':44},"
                 "'response':{'bytes':46}",
                 "'ok','request':{'command':'SELECT','statement':'SELECT "
                 "1','summary':'SELECT','mode':'simple','database':'shop','user':'joe','bytes':14},"
                 "'response':{'tag':'SELECT 1','rows':1,'bytes':39}"},
    },
    {
        .name = "TLS refused, the database is the user's",
        .turn = {C("8"), S("!N"), C("0user~joe~~"), S("ESFATAL~C28P01~Mpassword~~")},
        .line =
            {"'error','error':'28P01 "
             "password','request':{'command':'STARTUP','database':'joe','user':'joe','bytes':18},"
             "'response':{'severity':'FATAL','error_code':'28P01','error_message':'password','bytes':30}"},
    },
    {
        .name = "TLS granted",
        .turn = {C("8"), S("!S"), C("!\026\003\001")},
    },
    {
        .name = "an error in place of an answer about TLS",
        .turn = {C("8"), S("ESFATAL~C53300~Mfull~~")},
        .line = {"'error','error':'53300 full','request':{'command':'STARTUP','bytes':8},"
                 "'response':{'severity':'FATAL','error_code':'53300','error_message':'full','bytes':26}"},
    },
    {
        .name = "several statements, several results",
        .turn = {C("QBEGIN; UPDATE t SET a = 1; TABLE t; COMMIT~"),
                 S("CBEGIN~\nCUPDATE 3~\nT~~\n" ROW "\n" ROW "\nCSELECT 2~\nCCOMMIT~\n" READY)},
        .line = {"'ok','request':{'command':'BEGIN','statement':'BEGIN; UPDATE t SET a = 1; TABLE t; COMMIT',"
                 "'summary':'BEGIN; UPDATE t; TABLE t; COMMIT','mode':'simple','bytes':48},"
                 "'response':{'tag':'COMMIT','rows':2,'affected_rows':3,'bytes':88}"},
    },
    {
        .name = "nothing, a notice, a notification",
        .turn = {C("Q;~"), S("NSNOTICE~C00000~Mhm~~\nI\nA~~~\001a~b~\n" READY)},
        .line = {"'ok','request':{'statement':';','mode':'simple','bytes':7},'response':{'bytes':24}"},
    },
    {
        .name = "the unnamed statement, in its own group and again",
        .turn = {C("P~SELECT 1~~~\nB~~~~~~~~\nDP~\nE~~~~~\nS"), S("1\n2\nn\n" ROW "\nCSELECT 1~\n" READY),
                 C("B~~~~~~~~\nE~~~~~\nS"), S("2\nCSELECT 0~\n" READY)},
        .line = {"'ok'," EXTENDED("SELECT", "SELECT 1",
                                  "52") ",'response':{'tag':'SELECT 1','rows':1,'bytes':47}",
                 "'ok'," EXTENDED("SELECT", "SELECT 1",
                                  "28") ",'response':{'tag':'SELECT 0','rows':0,'bytes':25}"},
    },
    {
        .name = "a Query forgets the unnamed statement",
        .turn = {C("P~SELECT 1~~~\nS"), S("1\n" READY), C("QSHOW a~"), S("CSHOW~\n" READY),
                 C("B~~~~~~~~\nE~~~~~\nS"), S(ERROR_OF("26000") "\n" READY)},
        .line = {"'ok','request':{'command':'PREPARE','statement':'SELECT "
                 "1','summary':'SELECT','mode':'extended','bytes':22},'response':{'bytes':11}",
                 "'ok','request':{'command':'SHOW','statement':'SHOW a','summary':'SHOW "
                 "a','mode':'simple','bytes':12},'response':{'tag':'SHOW','rows':0,'bytes':16}",
                 "'error','error':'26000 no','request':{'mode':'extended','bytes':28},"
                 "'response':{'severity':'ERROR','error_code':'26000','error_message':'no','bytes':37}"},
    },
    {
        .name = "named statements, DEALLOCATE and Close",
        .turn = {C("Pa~SELECT 1~~~\nPb~SELECT 2~~~\nS"), S("1\n1\n" READY), C("B~b~~~~~~~\nE~~~~~\nS"),
                 S("2\nCSELECT 0~\n" READY), C("CSb~\nS"), S("3\n" READY),
                 C("B~b~~~~~~~\nE~~~~~\nB~a~~~~~~~\nE~~~~~\nS"), S(ERROR_OF("26000") "\n" READY)},
        .line = {"'ok','request':{'command':'PREPARE','statement':'SELECT "
                 "1','summary':'SELECT','mode':'extended','bytes':41},'response':{'bytes':16}",
                 "'ok'," EXTENDED("SELECT", "SELECT 2",
                                  "29") ",'response':{'tag':'SELECT 0','rows':0,'bytes':25}",
                 "'error','error':'26000 no','request':{'mode':'extended','bytes':24},"
                 "'response':{'severity':'ERROR','error_code':'26000','error_message':'no','bytes':31}",
                 "'error','error':'skipped'," EXTENDED("SELECT", "SELECT 1", "29") ",'response':{'bytes':6}"},
    },
    {
        .name = "an error passes over all up to the Sync, queries too",
        .turn = {C("P~SELECT 1~~~\nB~~~~~~~~\nE~~~~~\nP~SELECT 2~~~\nB~~~~~~~~\nE~~~~~\nQSELECT 3~\nS"),
                 S("1\n" ERROR_OF("22012")), S(READY), C("QSELECT 4~"), S("CSELECT 0~\n" READY)},
        .line = {"'error','error':'22012 no'," EXTENDED("SELECT", "SELECT 1",
                                                        "40") ",'response':{'severity':'ERROR','error_code':'"
                                                              "22012','error_message':'no','bytes':36}",
                 "'error','error':'skipped'," EXTENDED("SELECT", "SELECT 2", "40"),
                 "'error','error':'skipped'," SIMPLE("SELECT", "SELECT 3", "14"),
                 "'ok'," SIMPLE("SELECT", "SELECT 4",
                                "14") ",'response':{'tag':'SELECT 0','rows':0,'bytes':20}"},
    },
    {
        .name = "a portal in parts, with Flush",
        .turn = {C("P~SELECT 1~~~\nBp~~~~~~~~\nEp~~~~\001\nH"), S("1\n2\n" ROW "\ns"), C("Ep~~~~\001\nS"),
                 S(ROW "\nCSELECT 1~\n" READY), C("Ep~~~~\001\nS"), S(ERROR_OF("34000") "\n" READY)},
        .line = {"'ok'," EXTENDED("SELECT", "SELECT 1", "47") ",'response':{'rows':1,'bytes':27}",
                 "'ok'," EXTENDED("SELECT", "SELECT 1",
                                  "16") ",'response':{'tag':'SELECT 1','rows':1,'bytes':32}",
                 "'error','error':'34000 no','request':{'mode':'extended','bytes':16},"
                 "'response':{'severity':'ERROR','error_code':'34000','error_message':'no','bytes':37}"},
    },
    {
        .name = "an error that comes before the rest of its group is sent",
        .turn = {C("P~SELECT 1~~~"), S(ERROR_OF("42601")), C("B~~~~~~~~\nE~~~~~"), C("S"), S(READY),
                 C("P~SELECT 2~~~"), S(ERROR_OF("42601")), C("S"), S(READY), C("Q;~")},
        .line = {"'error','error':'42601 no'," EXTENDED("SELECT", "SELECT 1",
                                                        "40") ",'response':{'severity':'ERROR','error_code':'"
                                                              "42601','error_message':'no','bytes':31}",
                 "'error','error':'42601 no','request':{'command':'PREPARE','statement':'SELECT "
                 "2','summary':'SELECT','mode':'extended','bytes':22},"
                 "'response':{'severity':'ERROR','error_code':'42601','error_message':'no','bytes':31}",
                 "'unanswered','request':{'statement':';','mode':'simple','bytes':7}"},
    },
    {
        .name = "COPY in by the extended protocol passes over the first Sync",
        .turn = {C("P~COPY t FROM STDIN~~~\nB~~~~~~~~\nE~~~~~\nS"), S("1\n2\nG~~~"), C("d1\nd2\nc\nS"),
                 S("CCOPY 2~\n" READY), C("QSELECT 1~"), S("CSELECT 0~\n" READY)},
        .line = {"'ok','request':{'command':'COPY','statement':'COPY t FROM STDIN','summary':'COPY "
                 "t','mode':'extended','bytes':76},'response':{'tag':'COPY 2','affected_rows':2,'bytes':36}",
                 "'ok'," SIMPLE("SELECT", "SELECT 1",
                                "14") ",'response':{'tag':'SELECT 0','rows':0,'bytes':20}"},
    },
    {
        .name = "replication",
        .turn = {C("QSTART_REPLICATION 0/0~"), S("W~~~"), S("dw\ndww"), C("dr"), S("dw\nc"), C("c"),
                 S("CCOPY 0~\n" READY), C("QSELECT 1~"), S("CSELECT 0~\n" READY)},
        .line = {"'oneway','request':{'command':'START_REPLICATION','statement':'START_REPLICATION "
                 "0/0','summary':'START_REPLICATION','mode':'simple','bytes':27},'response':{'bytes':8}",
                 "'ok'," SIMPLE("SELECT", "SELECT 1",
                                "14") ",'response':{'tag':'SELECT 0','rows':0,'bytes':20}"},
    },
    {
        .name = "a lost response is not mixed up with the next one",
        .turn = {C("QSELECT 1~"), S("T~~\n" ROW), UNSEEN(PD_S2C, "20"), C("QSELECT 2~"),
                 S("CSELECT 0~\n" READY)},
        .line = {"'incomplete'," SIMPLE("SELECT", "SELECT 1", "14"),
                 "'ok'," SIMPLE("SELECT", "SELECT 2",
                                "14") ",'response':{'tag':'SELECT 0','rows':0,'bytes':20}"},
    },
    {
        .name = "answers that do not fit",
        .turn = {C("P~SELECT 1~~~\nB~~~~~~~~\nE~~~~~\nS"), S("2\n2\nCSELECT 0~\n" READY)},
        .line = {"'incomplete'," EXTENDED("SELECT", "SELECT 1", "45")},
    },
    {
        .name = "a Parse without an end",
        .turn = {C("Pno end\nS"), S(ERROR_OF("08P01") "\n" READY)},
        .line = {"'error','error':'08P01 "
                 "no','request':{'command':'PREPARE','statement':'','mode':'extended','bytes':"
                 "16},'response':{'severity':'ERROR','error_code':'08P01','error_message':'no','bytes':37}"},
    },
    {
        .name = "no message",
        .turn = {C("QSELECT 1~"), S("!?????????")},
        .line = {"'incomplete'," SIMPLE("SELECT", "SELECT 1", "14")},
    },
};

static size_t put_length(uint8_t *out, size_t at, size_t len)
{
    for (int i = 0; i < 4; i++)
        out[at + (size_t)i] = (uint8_t)(len >> (24 - 8 * i));
    return at + 4;
}

/* One line to its message. */
static size_t put_message(uint8_t *out, size_t at, const char *text, size_t len)
{
    static const uint8_t version[] = {0, 3, 0, 0}, tls[] = {4, 210, 22, 47};
    const uint8_t *code = text[0] == '0' ? version : text[0] == '8' ? tls : NULL;

    if (text[0] != '!') {
        if (!code)
            out[at++] = (uint8_t)text[0];
        at = put_length(out, at, len - 1 + 4 + (code ? 4 : 0));
    }
    for (int i = 0; code && i < 4; i++)
        out[at++] = code[i];
    for (size_t i = 1; i < len; i++)
        out[at++] = text[i] == '~' ? 0 : (uint8_t)text[i];
    return at;
}

static size_t put_turn(uint8_t *out, const char *text)
{
    size_t at = 0;

    while (*text) {
        size_t len = strcspn(text, "\n");
        at = put_message(out, at, text, len);
        text += len + (text[len] == '\n');
    }
    return at;
}

static void say(struct drive *d, const struct turn *turn)
{
    uint8_t out[BYTES];

    if (turn->text[0] == '?')
        drive_gap(d, turn->dir, (uint32_t)strtoul(turn->text + 1, NULL, 10));
    else
        drive_send(d, turn->dir, out, put_turn(out, turn->text));
}

/* What follows the protocol's name, with ' for ". */
static void play(const struct talk *t, uint32_t cut)
{
    struct drive *d = drive_new("postgresql");
    size_t n = 0;

    drive_cut(d, cut);
    drive_syn(d);
    if (t->turn[0].text[0] != '0' && t->turn[0].text[0] != '8') { /* a session without names */
        say(d, &(struct turn)C("0replication~true~~"));
        say(d, &(struct turn)S("R~~~~\nZI"));
        n = 1;
    }
    for (const struct turn *turn = t->turn; turn->text; turn++)
        say(d, turn);
    drive_finish(d);
    for (size_t i = 0; t->line[i]; i++, n++) {
        assert_string_equal(drive_row(d, n), t->line[i]);
    }
    assert_int_equal(drive_count(d), n);
    drive_free(d);
}

static void test_talk(void **state)
{
    for (size_t i = 0; i < sizeof cuts / sizeof *cuts; i++)
        play(*state, cuts[i]);
}

/* More outstanding than are kept: what is kept pairs, the rest is counted up to its Sync. */
static void test_no_room(void **state)
{
    struct drive *d = drive_new("postgresql");
    uint8_t out[BYTES];
    size_t n = 0;

    (void)state;
    drive_setup(d)->limits.outstanding = 4;
    drive_syn(d);
    say(d, &(struct turn)C("0user~joe~~"));
    say(d, &(struct turn)S("R~~~~\nZI"));
    for (int i = 0; i < 10; i++)
        n += put_turn(out + n, "P~SELECT 1~~~\nB~~~~~~~~\nE~~~~~");
    n += put_turn(out + n, "S\nQSELECT 2~");
    drive_send(d, PD_C2S, out, n);
    n = 0;
    for (int i = 0; i < 10; i++)
        n += put_turn(out + n, "1\n2\nCSELECT 0~");
    n += put_turn(out + n, "ZI\nCSELECT 2~\nZI");
    drive_send(d, PD_S2C, out, n);
    say(d, &(struct turn)C("QSELECT 3~"));
    say(d, &(struct turn)S("CSELECT 0~\nZI"));
    drive_finish(d);
    assert_int_equal(drive_count(d), 1 + 4 + 1);
    assert_non_null(strstr(drive_line(d, 5), "\"statement\":\"SELECT 3\""));
    assert_non_null(strstr(drive_line(d, 5), "\"status\":\"ok\""));
    assert_int_equal(drive_counter(d, PD_C_ORPHAN), 0);
    drive_free(d);
}

/* Statements fill a record, so that its Sync has no room: pairs are not trusted any more, and the record,
 * which goes out with that, is not touched again. */
static void test_full_record(void **state)
{
    enum { PARSES = 16, TEXT = PD_PG_STATEMENT_MAX + 8 };
    static uint8_t out[(PARSES + 1) * (TEXT + 16)];
    char parse[TEXT + 1] = "P~SELECT ";
    struct drive *d = drive_new("postgresql");
    size_t n = 0;

    (void)state;
    memset(parse + strlen(parse), 'x', TEXT - strlen(parse) - 3);
    memcpy(parse + TEXT - 3, "~~~", 4);
    drive_syn(d);
    say(d, &(struct turn)C("0user~joe~~"));
    say(d, &(struct turn)S("R~~~~\nZI"));
    for (int i = 0; i < PARSES; i++)
        n += put_turn(out + n, parse);
    n += put_turn(out + n, "S");
    drive_send(d, PD_C2S, out, n);
    assert_int_equal(drive_counter(d, PD_C_ORPHAN), 1);
    drive_finish(d);
    assert_int_equal(drive_count(d), 2);
    assert_non_null(strstr(drive_line(d, 1), "\"status\":\"incomplete\""));
    drive_free(d);
}

/* In mid-stream what looks like a notice may be anything: no more counts as understood than came. */
static void test_guessed_length(void **state)
{
    struct drive *d = drive_new("postgresql");

    (void)state;
    drive_send(d, PD_S2C, DRIVE_TEXT("N\x20\0\0\0SNOTICE\0"));
    drive_finish(d);
    assert_int_equal(drive_counter(d, PD_C_RESYNCS), 1);
    assert_int_equal(drive_counter(d, PD_C_BYTES), 13);
    assert_int_equal(drive_counter(d, PD_C_PAIRED_BYTES), 0);
    drive_free(d);
}

int main(void)
{
    enum { TALKS = sizeof talks / sizeof *talks };
    struct CMUnitTest tests[TALKS + 3];

    for (size_t i = 0; i < TALKS; i++)
        tests[i] = (struct CMUnitTest){
            .name = talks[i].name, .test_func = test_talk, .initial_state = (void *)(uintptr_t)&talks[i]};
    tests[TALKS] = (struct CMUnitTest)cmocka_unit_test(test_no_room);
    tests[TALKS + 1] = (struct CMUnitTest)cmocka_unit_test(test_full_record);
    tests[TALKS + 2] = (struct CMUnitTest)cmocka_unit_test(test_guessed_length);
    return _cmocka_run_group_tests("postgresql", tests, TALKS + 3, NULL, NULL);
}
