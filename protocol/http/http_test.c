/* http_test.c: HTTP/1 in hand-written bytes: each conversation is played whole and in pieces of 1, 2, 7 and
 * 64 bytes, and has to give the same lines. */
#include "tests/drive.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

struct turn { /* what one side sends at once */
    enum pd_dir dir;
    const char *text;
};

struct talk {
    const char *name;
    struct turn turn[8];         /* NULL text ends */
    const char *line[8];         /* see plain() */
    bool client_fin, server_fin; /* in this order, at the end */
};

#define C(text)                                                                                              \
    {                                                                                                        \
        PD_C2S, text                                                                                         \
    }
#define S(text)                                                                                              \
    {                                                                                                        \
        PD_S2C, text                                                                                         \
    }

static const uint32_t cuts[] = {0, 1, 2, 7, 64};
enum { CUTS = sizeof cuts / sizeof cuts[0] };

static const struct talk talks[] = {
    {
        .name = "get",
        .turn = {C("GET /a?b=1 HTTP/1.1\r\nHost: x\r\n\r\n"),
                 S("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi")},
        .line = {"'ok','request':{'method':'GET','path':'/a','query':'b=1','host':'x',"
                 "'version':'1.1','body_bytes':0,'bytes':32},"
                 "'response':{'status_code':200,'version':'1.1','reason':'OK','body_bytes':2,'bytes':40}"},
    },
    {
        .name = "unusual header lines behind usual start lines",
        .turn = {C("PUT /a?b HTTP/1.0\r\nX_Y: 1\r\nContent-Length: 01\n\r\n1"),
                 S("HTTP/1.1 201 Made\r\nX_Y: 1\nContent-Length: 0\r\n\r\n")},
        .line = {"'ok','request':{'method':'PUT','path':'/a','query':'b','version':'1.0',"
                 "'body_bytes':1,'bytes':49},"
                 "'response':{'status_code':201,'version':'1.1','reason':'Made','body_bytes':0,'bytes':47}"},
    },
    {
        .name = "CONNECT to a path, which is no path",
        .turn = {C("CONNECT /a?b HTTP/1.1\r\n\r\n"), S("HTTP/1.1 400 No\r\nContent-Length: 0\r\n\r\n")},
        .line = {"'ok','request':{'method':'CONNECT','path':'/a?b','host':'/a?b','version':'1.1',"
                 "'body_bytes':0,'bytes':25},"
                 "'response':{'status_code':400,'version':'1.1','reason':'No','body_bytes':0,'bytes':38}"},
    },
    {
        .name = "keep-alive and empty lines between messages",
        .turn = {C("POST /1 HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n\r\na=1\r\n"),
                 S("HTTP/1.1 204 No Content\r\n\r\n"), C("\nGET /2 HTTP/1.0\r\n\r\n"),
                 S("\r\n\r\nHTTP/1.0 404\r\nContent-Length: 0\r\n\r\n"), C("\r\n")},
        .line =
            {"'ok','request':{'method':'POST','path':'/1','host':'x',"
             "'version':'1.1','body_bytes':3,'bytes':51},"
             "'response':{'status_code':204,'version':'1.1','reason':'No Content','body_bytes':0,'bytes':27}",
             "'ok','request':{'method':'GET','path':'/2','version':'1.0','body_bytes':0,'bytes':19},"
             "'response':{'status_code':404,'version':'1.0','body_bytes':0,'bytes':35}"},
    },
    {
        .name = "pipelined",
        .turn =
            {C("GET /1 HTTP/1.1\r\n\r\nHEAD /2 HTTP/1.1\r\n\r\nGET /3 HTTP/1.1\r\n\r\n"),
             S("HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\n1HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\n"
               "HTTP/1.1 503 Busy\r\nContent-Length: 1\r\n\r\n3")},
        .line = {"'ok','request':{'method':'GET','path':'/1','version':'1.1','body_bytes':0,'bytes':19},"
                 "'response':{'status_code':200,'version':'1.1','reason':'OK','body_bytes':1,'bytes':39}",
                 "'ok','request':{'method':'HEAD','path':'/2','version':'1.1','body_bytes':0,'bytes':20},"
                 "'response':{'status_code':200,'version':'1.1','reason':'OK','body_bytes':0,'bytes':39}",
                 "'error','error':'503','request':{'method':'GET','path':'/3',"
                 "'version':'1.1','body_bytes':0,'bytes':19},"
                 "'response':{'status_code':503,'version':'1.1','reason':'Busy','body_bytes':1,'bytes':41}"},
    },
    {
        .name = "chunked both ways, extensions, trailers",
        .turn =
            {C("PUT / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n3;a=\"b\"\r\nabc\r\n000A "
               "\r\n0123456789\r\n0\r\n\r\n"),
             S("HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n1\r\n\n\r\n0\r\nX-Sum: 1\r\nY: "
               "2\r\n\r\n")},
        .line = {"'ok','request':{'method':'PUT','path':'/','version':'1.1','body_bytes':13,'bytes':84},"
                 "'response':{'status_code':200,'version':'1.1','reason':'OK','body_bytes':1,'bytes':80}"},
    },
    {
        .name = "no body: 204, 304, HEAD, whatever the headers say",
        .turn = {C("GET /1 HTTP/1.1\r\n\r\nGET /2 HTTP/1.1\r\n\r\nHEAD /3 HTTP/1.1\r\n\r\nHEADER /4 "
                   "HTTP/1.1\r\n\r\n"),
                 S("HTTP/1.1 204 No Content\r\nContent-Length: 7\r\n\r\nHTTP/1.1 304 Not "
                   "Modified\r\nContent-Length: "
                   "7\r\n\r\n"
                   "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: "
                   "2\r\n\r\nhi")},
        .line =
            {"'ok','request':{'method':'GET','path':'/1','version':'1.1','body_bytes':0,'bytes':19},"
             "'response':{'status_code':204,'version':'1.1','reason':'No Content','body_bytes':0,'bytes':46}",
             "'ok','request':{'method':'GET','path':'/2','version':'1.1','body_bytes':0,'bytes':19},"
             "'response':{'status_code':304,'version':'1.1','reason':'Not "
             "Modified','body_bytes':0,'bytes':48}",
             "'ok','request':{'method':'HEAD','path':'/3','version':'1.1','body_bytes':0,'bytes':20},"
             "'response':{'status_code':200,'version':'1.1','reason':'OK','body_bytes':0,'bytes':47}",
             "'ok','request':{'method':'HEADER','path':'/4','version':'1.1','body_bytes':0,'bytes':22},"
             "'response':{'status_code':200,'version':'1.1','reason':'OK','body_bytes':2,'bytes':40}"},
    },
    {
        .name = "interim responses are not the response",
        .turn = {C("POST / HTTP/1.1\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n"),
                 S("HTTP/1.1 100 Continue\r\nServer: a\r\n\r\n"), C("hi"),
                 S("HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\nHTTP/1.1 201 Created\r\nContent-Length: "
                   "0\r\n\r\n")},
        .line =
            {"'ok','request':{'method':'POST','path':'/','version':'1.1','body_bytes':2,'bytes':62},"
             "'response':{'status_code':201,'version':'1.1','reason':'Created','body_bytes':0,'bytes':116}"},
    },
    {
        .name = "a body that ends with the connection",
        .turn = {C("GET / HTTP/1.0\r\n\r\n"), S("HTTP/1.0 200 OK\r\n\r\nHTTP/1.0 200 OK\r\n\r\n")},
        .line = {"'ok','request':{'method':'GET','path':'/','version':'1.0','body_bytes':0,'bytes':18},"
                 "'response':{'status_code':200,'version':'1.0','reason':'OK','body_bytes':19,'bytes':38}"},
        .server_fin = true,
    },
    {
        .name = "a body that ends with a connection that nobody saw end",
        .turn = {C("GET / HTTP/1.0\r\n\r\n"), S("HTTP/1.0 200 OK\r\n\r\nhello")},
        .line = {"'incomplete','request':{'method':'GET','path':'/',"
                 "'version':'1.0','body_bytes':0,'bytes':18},"
                 "'response':{'status_code':200,'version':'1.0','reason':'OK'}"},
    },
    {
        .name = "HTTP/1.0 keep-alive",
        .turn = {C("GET /1 HTTP/1.0\r\nConnection: keep-alive\r\n\r\n"),
                 S("HTTP/1.0 200 OK\r\nConnection: keep-alive\r\nContent-Length: 2\r\n\r\nhi"),
                 C("GET /2 HTTP/1.0\r\n\r\n"), S("HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\nho")},
        .line = {"'ok','request':{'method':'GET','path':'/1','version':'1.0','body_bytes':0,'bytes':43},"
                 "'response':{'status_code':200,'version':'1.0','reason':'OK','body_bytes':2,'bytes':64}",
                 "'ok','request':{'method':'GET','path':'/2','version':'1.0','body_bytes':0,'bytes':19},"
                 "'response':{'status_code':200,'version':'1.0','reason':'OK','body_bytes':2,'bytes':40}"},
        .client_fin = true,
        .server_fin = true,
    },
    {
        .name = "unanswered, and cut off in a body by the end of the input",
        .turn = {C("GET /1 HTTP/1.1\r\n\r\nGET /2 HTTP/1.1\r\n\r\n"),
                 S("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhi")},
        .line = {"'incomplete','request':{'method':'GET','path':'/1',"
                 "'version':'1.1','body_bytes':0,'bytes':19},"
                 "'response':{'status_code':200,'version':'1.1','reason':'OK'}",
                 "'unanswered','request':{'method':'GET','path':'/2',"
                 "'version':'1.1','body_bytes':0,'bytes':19}"},
    },
    {
        .name = "the server closes in a body",
        .turn = {C("GET /1 HTTP/1.1\r\n\r\nGET /2 HTTP/1.1\r\n\r\n"),
                 S("HTTP/1.1 502 No\r\nContent-Length: 9\r\n\r\nhi")},
        .line = {"'error','error':'502','request':{'method':'GET','path':'/1',"
                 "'version':'1.1','body_bytes':0,'bytes':19},"
                 "'response':{'status_code':502,'version':'1.1','reason':'No','body_bytes':2,'bytes':40}",
                 "'unanswered','request':{'method':'GET','path':'/2',"
                 "'version':'1.1','body_bytes':0,'bytes':19}"},
        .server_fin = true,
    },
    {
        .name = "the server closes in a chunk",
        .turn = {C("GET / HTTP/1.1\r\n\r\n"),
                 S("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\na\r\nhi")},
        .line = {"'ok','request':{'method':'GET','path':'/','version':'1.1','body_bytes':0,'bytes':18},"
                 "'response':{'status_code':200,'version':'1.1','reason':'OK','body_bytes':5,'bytes':60}"},
        .server_fin = true,
    },
    {
        .name = "the server closes between chunks",
        .turn = {C("GET / HTTP/1.1\r\n\r\n"),
                 S("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\na")},
        .line = {"'ok','request':{'method':'GET','path':'/','version':'1.1','body_bytes':0,'bytes':18},"
                 "'response':{'status_code':200,'version':'1.1','reason':'OK','body_bytes':3,'bytes':56}"},
        .server_fin = true,
    },
    {
        .name = "the server closes in trailers",
        .turn = {C("GET / HTTP/1.1\r\n\r\n"),
                 S("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n0\r\nX: 1\r\n")},
        .line = {"'ok','request':{'method':'GET','path':'/','version':'1.1','body_bytes':0,'bytes':18},"
                 "'response':{'status_code':200,'version':'1.1','reason':'OK','body_bytes':1,'bytes':62}"},
        .server_fin = true,
    },
    {
        .name = "the server closes in a head",
        .turn = {C("GET / HTTP/1.1\r\n\r\n"), S("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n")},
        .line = {"'incomplete','request':{'method':'GET','path':'/',"
                 "'version':'1.1','body_bytes':0,'bytes':18},'response':{'reason':'OK'}"},
        .server_fin = true,
    },
    {
        .name = "the client closes in a body",
        .turn = {C("PUT / HTTP/1.1\r\nContent-Length: 5\r\n\r\nabc"),
                 S("HTTP/1.1 400 Bad\r\nContent-Length: 0\r\n\r\n")},
        .line = {"'ok','request':{'method':'PUT','path':'/','version':'1.1'},"
                 "'response':{'status_code':400,'version':'1.1','reason':'Bad','body_bytes':0,'bytes':39}"},
        .client_fin = true,
    },
    {
        .name = "targets",
        .turn = {C("GET http://u:p@h.example:81/p?q=/x?y HTTP/1.1\r\n\r\nGET http://h?q HTTP/1.1\r\nHost: "
                   "real\r\n\r\n"
                   "GET HTTPS://h HTTP/1.1\r\nHost:\r\n\r\nOPTIONS * HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n"
                   "GET //a:1/b HTTP/1.1\r\nhOST:  c \t\r\n\r\n"),
                 S("HTTP/1.1 204 a\r\n\r\nHTTP/1.1 204 b\r\n\r\nHTTP/1.1 204 c\r\n\r\nHTTP/1.1 204 d\r\n\r\n"
                   "HTTP/1.1 204 e\r\n\r\n")},
        .line = {"'ok','request':{'method':'GET','path':'/p','query':'q=/x?y','host':'h.example:81',"
                 "'version':'1.1','body_bytes':0,'bytes':49},"
                 "'response':{'status_code':204,'version':'1.1','reason':'a','body_bytes':0,'bytes':18}",
                 "'ok','request':{'method':'GET','path':'/','query':'q','host':'real',"
                 "'version':'1.1','body_bytes':0,'bytes':39},"
                 "'response':{'status_code':204,'version':'1.1','reason':'b','body_bytes':0,'bytes':18}",
                 "'ok','request':{'method':'GET','path':'/','host':'h',"
                 "'version':'1.1','body_bytes':0,'bytes':33},"
                 "'response':{'status_code':204,'version':'1.1','reason':'c','body_bytes':0,'bytes':18}",
                 "'ok','request':{'method':'OPTIONS','path':'*','host':'a',"
                 "'version':'1.1','body_bytes':0,'bytes':40},"
                 "'response':{'status_code':204,'version':'1.1','reason':'d','body_bytes':0,'bytes':18}",
                 "'ok','request':{'method':'GET','path':'//a:1/b','host':'c',"
                 "'version':'1.1','body_bytes':0,'bytes':36},"
                 "'response':{'status_code':204,'version':'1.1','reason':'e','body_bytes':0,'bytes':18}"},
    },
    {
        .name = "methods that nobody knows, bare line feeds",
        .turn = {C("VERSION-CONTROL / HTTP/1.1\nHost: a\n\nX / HTTP/1.1\n\nM!#$%&'*+-.^_`|~ / HTTP/1.1\n\n"),
                 S("HTTP/1.1 405 No\nContent-Length: 1\n\n1HTTP/1.1 405 No\nContent-Length:1\n\n2"
                   "HTTP/1.1 405 No\nContent-Length:\t1\n\n3")},
        .line = {"'ok','request':{'method':'VERSION-CONTROL','path':'/','host':'a',"
                 "'version':'1.1','body_bytes':0,'bytes':36},"
                 "'response':{'status_code':405,'version':'1.1','reason':'No','body_bytes':1,'bytes':36}",
                 "'ok','request':{'method':'X','path':'/','version':'1.1','body_bytes':0,'bytes':14},"
                 "'response':{'status_code':405,'version':'1.1','reason':'No','body_bytes':1,'bytes':35}",
                 "'ok','request':{'method':'M!#$%&'*+-.^_`|~','path':'/',"
                 "'version':'1.1','body_bytes':0,'bytes':29},"
                 "'response':{'status_code':405,'version':'1.1','reason':'No','body_bytes':1,'bytes':36}"},
    },
    {
        .name = "CONNECT granted",
        .turn = {C("CONNECT a.example:443 HTTP/1.1\r\nHost: a.example:443\r\n\r\n"),
                 S("HTTP/1.1 200 Connection established\r\nContent-Length: 5\r\n\r\n"),
                 C("GET / HTTP/1.1\r\n\r\n"), S("HTTP/1.1 200 OK\r\n\r\n")},
        .line = {"'ok','request':{'method':'CONNECT','path':'a.example:443','host':'a.example:443',"
                 "'version':'1.1','body_bytes':0,'bytes':55},"
                 "'response':{'status_code':200,'version':'1.1','reason':'Connection "
                 "established','body_bytes':0,'bytes':58}"},
    },
    {
        .name = "CONNECT refused",
        .turn = {C("CONNECT a:1 HTTP/1.1\r\n\r\n"), S("HTTP/1.1 407 Auth\r\nContent-Length: 2\r\n\r\nno"),
                 C("GET / HTTP/1.1\r\n\r\n"), S("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")},
        .line = {"'ok','request':{'method':'CONNECT','path':'a:1','host':'a:1',"
                 "'version':'1.1','body_bytes':0,'bytes':24},"
                 "'response':{'status_code':407,'version':'1.1','reason':'Auth','body_bytes':2,'bytes':42}",
                 "'ok','request':{'method':'GET','path':'/','version':'1.1','body_bytes':0,'bytes':18},"
                 "'response':{'status_code':200,'version':'1.1','reason':'OK','body_bytes':0,'bytes':38}"},
    },
    {
        .name = "bytes that a refused tunnel was to carry",
        .turn = {C("CONNECT a:1 HTTP/1.1\r\n\r\n"), C("GET /in HTTP/1.1\r\n\r\n"),
                 S("HTTP/1.1 407 Auth\r\nContent-Length: 2\r\n\r\nno"),
                 S("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")},
        .line = {"'incomplete','request':{'method':'CONNECT','path':'a:1','host':'a:1',"
                 "'version':'1.1','body_bytes':0,'bytes':24},"
                 "'response':{'status_code':407,'version':'1.1','reason':'Auth'}"},
    },
    {
        .name = "upgrade to websocket",
        .turn = {C("GET /ws HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n"),
                 S("HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: "
                   "WebSocket\r\n\r\n\x81\x02hi"),
                 C("\x81\x82"
                   "1234xy")},
        .line = {"'ok','request':{'method':'GET','path':'/ws','host':'a',"
                 "'version':'1.1','body_bytes':0,'bytes':70},"
                 "'response':{'status_code':101,'version':'1.1','reason':'Switching "
                 "Protocols','body_bytes':0,'bytes':77}"},
    },
    {
        .name = "upgrade declined",
        .turn = {C("GET / HTTP/1.1\r\nConnection: Upgrade\r\nUpgrade: h2c\r\n\r\n"),
                 S("HTTP/1.1 200 OK\r\nUpgrade: h2c\r\nConnection: Upgrade\r\nContent-Length: 1\r\n\r\n1"),
                 C("GET /2 HTTP/1.1\r\n\r\n"), S("HTTP/1.1 204 x\r\n\r\n")},
        .line = {"'ok','request':{'method':'GET','path':'/','version':'1.1','body_bytes':0,'bytes':53},"
                 "'response':{'status_code':200,'version':'1.1','reason':'OK','body_bytes':1,'bytes':74}",
                 "'ok','request':{'method':'GET','path':'/2','version':'1.1','body_bytes':0,'bytes':19},"
                 "'response':{'status_code':204,'version':'1.1','reason':'x','body_bytes':0,'bytes':18}"},
    },
    {
        .name = "the same length twice",
        .turn =
            {C("POST / HTTP/1.1\r\nContent-Length: 2\r\ncontent-length:2\r\n\r\nhiGET /2 HTTP/1.1\r\n\r\n"),
             S("HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 2\r\n\r\nhiHTTP/1.1 204 x\r\n\r\n")},
        .line = {"'ok','request':{'method':'POST','path':'/','version':'1.1','body_bytes':2,'bytes':58},"
                 "'response':{'status_code':200,'version':'1.1','reason':'OK','body_bytes':2,'bytes':59}",
                 "'ok','request':{'method':'GET','path':'/2','version':'1.1','body_bytes':0,'bytes':19},"
                 "'response':{'status_code':204,'version':'1.1','reason':'x','body_bytes':0,'bytes':18}"},
    },
    {
        .name = "a request with two lengths is the last one that is read",
        .turn = {C("POST /1 HTTP/1.1\r\nContent-Length: 2\r\nContent-Length: 3\r\nHost: a\r\n\r\nhiGET /2 "
                   "HTTP/1.1\r\n\r\n"),
                 S("HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: "
                   "0\r\n\r\n")},
        .line = {"'ok','request':{'method':'POST','path':'/1','host':'a','version':'1.1'},"
                 "'response':{'status_code':400,'version':'1.1','reason':'Bad "
                 "Request','body_bytes':0,'bytes':47}"},
    },
    {
        .name = "a request with a length and chunks is the last one that is read",
        .turn =
            {C("POST /1 HTTP/1.1\r\nContent-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\nGET /2 "
               "HTTP/1.1\r\n\r\n"),
             S("HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n")},
        .line = {"'ok','request':{'method':'POST','path':'/1','version':'1.1'},"
                 "'response':{'status_code':400,'version':'1.1','reason':'Bad "
                 "Request','body_bytes':0,'bytes':47}"},
    },
    {
        .name = "a response with two lengths",
        .turn = {C("GET / HTTP/1.1\r\n\r\n"),
                 S("HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\nhi")},
        .line = {"'incomplete','request':{'method':'GET','path':'/',"
                 "'version':'1.1','body_bytes':0,'bytes':18},"
                 "'response':{'status_code':200,'version':'1.1','reason':'OK'}"},
    },
    {
        .name = "a folded header",
        .turn = {C("GET / HTTP/1.1\r\nX: a\r\n b\r\n\r\n"),
                 S("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")},
        .line = {"'incomplete','request':{'method':'GET','path':'/'}"},
    },
    {
        .name = "a header folded at once",
        .turn = {C("POST / HTTP/1.1\r\nTransfer-Encoding:\r\n chunked\r\n\r\n0\r\n\r\n"),
                 S("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")},
        .line = {"'incomplete','request':{'method':'POST','path':'/'}"},
    },
    {
        .name = "an empty header is not a folded one",
        .turn = {C("GET / HTTP/1.1\r\nX:\r\nY: \r\nZ: 1\r\n\r\n"),
                 S("HTTP/1.1 200 OK\r\nX:\r\nContent-Length: 0\r\n\r\n")},
        .line = {"'ok','request':{'method':'GET','path':'/','version':'1.1','body_bytes':0,'bytes':33},"
                 "'response':{'status_code':200,'version':'1.1','reason':'OK','body_bytes':0,'bytes':42}"},
    },
    {
        .name = "bad chunks",
        .turn =
            {C("GET / HTTP/1.1\r\n\r\n"),
             S("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n10000000000000000\r\nabc\r\n0\r\n\r\n")},
        .line = {"'incomplete','request':{'method':'GET','path':'/',"
                 "'version':'1.1','body_bytes':0,'bytes':18},"
                 "'response':{'status_code':200,'version':'1.1','reason':'OK'}"},
    },
    {
        .name = "a chunk longer than its size",
        .turn = {C("GET / HTTP/1.1\r\n\r\n"),
                 S("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nabc\r\n0\r\n\r\n")},
        .line = {"'incomplete','request':{'method':'GET','path':'/',"
                 "'version':'1.1','body_bytes':0,'bytes':18},"
                 "'response':{'status_code':200,'version':'1.1','reason':'OK'}"},
    },
    {
        .name = "bad length, bad version, no method",
        .turn = {C("POST / HTTP/1.1\r\nContent-Length: -1\r\n\r\n"),
                 S("HTTP/1.1 400 Bad\r\nContent-Length: 0\r\n\r\n")},
        .line = {"'incomplete','request':{'method':'POST','path':'/'}"},
    },
    {
        .name = "HTTP/2's preface and HTTP/0.9 are not read",
        .turn = {C("GET /1 HTTP/1.1\r\n\r\n"), S("HTTP/1.1 204 x\r\n\r\n"),
                 C("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n")},
        .line = {"'ok','request':{'method':'GET','path':'/1','version':'1.1','body_bytes':0,'bytes':19},"
                 "'response':{'status_code':204,'version':'1.1','reason':'x','body_bytes':0,'bytes':18}",
                 "'incomplete','request':{'method':'PRI','path':'*'}"},
    },
    {
        .name = "a response that nobody asked for",
        .turn = {C("GET /1 HTTP/1.1\r\n\r\n"),
                 S("HTTP/1.1 204 x\r\n\r\nHTTP/1.1 408 Timeout\r\nContent-Length: 0\r\n\r\n")},
        .line = {"'ok','request':{'method':'GET','path':'/1','version':'1.1','body_bytes':0,'bytes':19},"
                 "'response':{'status_code':204,'version':'1.1','reason':'x','body_bytes':0,'bytes':18}"},
    },
    {
        .name = "an answer before the request's end",
        .turn = {C("POST /1 HTTP/1.1\r\nContent-Length: 4\r\n\r\nab"),
                 S("HTTP/1.1 413 Large\r\nContent-Length: 0\r\n\r\n"), C("cdGET /2 HTTP/1.1\r\n\r\n"),
                 S("HTTP/1.1 204 x\r\n\r\n")},
        .line = {"'ok','request':{'method':'POST','path':'/1','version':'1.1','body_bytes':4,'bytes':43},"
                 "'response':{'status_code':413,'version':'1.1','reason':'Large','body_bytes':0,'bytes':41}",
                 "'ok','request':{'method':'GET','path':'/2','version':'1.1','body_bytes':0,'bytes':19},"
                 "'response':{'status_code':204,'version':'1.1','reason':'x','body_bytes':0,'bytes':18}"},
    },
};
enum { TALKS = sizeof talks / sizeof talks[0] };

static struct drive *play(const struct talk *t, uint32_t cut)
{
    struct drive *d = drive_new("http");

    drive_cut(d, cut);
    drive_option(d, "headers", "none");
    drive_syn(d);
    for (const struct turn *turn = t->turn; turn->text; turn++)
        drive_send(d, turn->dir, turn->text, strlen(turn->text));
    if (t->client_fin)
        drive_fin(d, PD_C2S);
    if (t->server_fin)
        drive_fin(d, PD_S2C);
    drive_finish(d);
    return d;
}

/* A line as the table has it: what all have in common is left out, and quotes are single. */
static const char *plain(const char *line, char *out, size_t size)
{
    static const char common[] = "{\"proto\":\"http\",\"status\":";

    if (!line || strncmp(line, common, sizeof common - 1) != 0)
        return "nothing";
    snprintf(out, size, "%.*s", (int)(strlen(line) - sizeof common), line + sizeof common - 1);
    for (char *p = out; (p = strchr(p, '"'));)
        *p = '\'';
    return out;
}

static void test_talk(void **state)
{
    const struct talk *t = *state;

    for (unsigned i = 0; i < CUTS; i++) {
        struct drive *d = play(t, cuts[i]);
        size_t n = 0;
        for (; n < 8 && t->line[n]; n++) {
            char text[1024];
            const char *line = plain(drive_line(d, n), text, sizeof text);
            if (strcmp(line, t->line[n]) != 0)
                fail_msg("cut %u, line %zu:\n got %s\nwant %s", cuts[i], n, line, t->line[n]);
        }
        if (drive_count(d) != n)
            fail_msg("cut %u: a line more: %s", cuts[i], drive_line(d, n));
        drive_free(d);
    }
}

int main(void)
{
    struct CMUnitTest tests[TALKS];

    for (unsigned i = 0; i < TALKS; i++)
        tests[i] = (struct CMUnitTest){
            .name = talks[i].name, .test_func = test_talk, .initial_state = (void *)(uintptr_t)&talks[i]};
    return _cmocka_run_group_tests("http", tests, TALKS, NULL, NULL);
}
