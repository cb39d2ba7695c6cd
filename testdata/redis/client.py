#!/usr/bin/env python3
"""client.py CASE HOST PORT: what redis-cli does not do: pipelines, pieces, inline commands, subscriptions on one socket."""
import socket
import sys
import time


class Client:
    def __init__(self, host, port):
        self.socket = socket.create_connection((host, port))
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.socket.settimeout(2)

    def raw(self, data):
        self.socket.sendall(data)

    def read(self, until, seconds=0.1):
        """Reads until the bytes end so, or nothing comes for a while."""
        self.socket.settimeout(seconds)
        got = b""
        try:
            while not got.endswith(until) or not until:
                more = self.socket.recv(1 << 20)
                if not more:
                    break
                got += more
        except TimeoutError:
            pass
        return got

    def ask(self, *commands, seconds=0.1):
        self.raw(b"".join(command(*c.split(" ")) if isinstance(c, str) else command(*c) for c in commands))
        return self.read(b"", seconds)


def command(*words):
    words = [w if isinstance(w, bytes) else str(w).encode() for w in words]
    return b"*%d\r\n" % len(words) + b"".join(b"$%d\r\n%s\r\n" % (len(w), w) for w in words)


def pipelined(host, port):
    c = Client(host, port)
    c.raw(b"".join(command("SET", f"key:{i}", "v" * (i % 40)) for i in range(300)))
    time.sleep(0.2)
    c.raw(b"".join(command("GET", f"key:{i}") + command("INCR", "counter") for i in range(100)))
    time.sleep(0.2)
    c.ask("DEL counter", "MULTI", "INCR counter", "EXEC")


def pieces(host, port):
    """Commands cut anywhere, at the worst places too."""
    c = Client(host, port)
    data = command("SET", "cut", b"a\r\n$3\r\nGET\r\n") + command("GET", "cut") + command("LRANGE", "nothing", 0, -1)
    for i in range(len(data)):
        c.raw(data[i:i + 1])
        time.sleep(0.001)
    c.read(b"", 0.1)
    c.raw(b"*3\r\n$3\r\nSET\r\n$3\r\ncut\r\n$5\r\nhe")
    time.sleep(0.02)
    c.raw(b"llo\r\n*2\r\n$3\r\nGET\r\n")
    time.sleep(0.02)
    c.raw(b"$3\r\ncut\r\n")
    c.read(b"", 0.1)


def inline(host, port):
    c = Client(host, port)
    c.raw(b"PING\r\nSET words \"two words\\n\\x01\" \n\r\nGET words\r\nset single 'it\\'s'\r\n")
    c.read(b"", 0.1)
    c.raw(b"ec")
    time.sleep(0.02)
    c.raw(b"ho \"hello ")
    time.sleep(0.02)
    c.raw(b"world\"\r\nAUTH guess\r\n")
    c.read(b"", 0.1)
    c.raw(b"SET open \"never closed\r\n")
    c.read(b"", 0.1)
    c = Client(host, port)
    c.raw(b"GET / HTTP/1.1\r\nHost: redis\r\n\r\n")
    c.read(b"", 0.1)


def pubsub(host, port):
    other = Client(host, port)
    c = Client(host, port)
    c.ask("SUBSCRIBE news sports", "PSUBSCRIBE n*")
    other.ask("PUBLISH news hello", ("PUBLISH", "news", "two words"), "PUBLISH sports 3:1")
    c.ask("PING", "GET refused")
    c.ask("SUBSCRIBE a b c", "UNSUBSCRIBE news")
    c.raw(command("UNSUBSCRIBE"))
    other.ask("PUBLISH news again")
    c.ask("PUNSUBSCRIBE", "UNSUBSCRIBE", "SSUBSCRIBE shard", "GET refused", "SUNSUBSCRIBE", "GET works")
    c.ask(["SUBSCRIBE"], "LRANGE list 0 -1")
    other.ask("RPUSH list message news hello")
    c.ask("LRANGE list 0 -1", "RESET", "PING")


def resp3(host, port):
    other = Client(host, port)
    c = Client(host, port)
    c.ask("HELLO 3", "CLIENT TRACKING on", "GET tracked", "SUBSCRIBE news", "GET works")
    other.ask("SET tracked 1", "PUBLISH news hello", "DEL tracked")
    c.ask("UNSUBSCRIBE", "UNSUBSCRIBE", "PSUBSCRIBE a* b*", "PUNSUBSCRIBE")
    c.ask("HSET map a 1 b 2", "HGETALL map", "SADD set x y", "SMEMBERS set", "ZADD z 1.5 m", "ZSCORE z m", "GET nothing")
    for kind in "string integer double null array set map attrib push verbatim true bignum".split():
        c.ask(f"DEBUG PROTOCOL {kind}")
    c.ask("CLIENT TRACKING off", "INFO server", "HELLO 2", "GET nothing", "HGETALL map")


def replies(host, port):
    c = Client(host, port)
    c.ask("PING", "CLIENT REPLY OFF", "SET silent 1", "GET silent", "CLIENT REPLY ON", "GET silent")
    c.ask("CLIENT REPLY SKIP", "INCR silent", "GET silent")
    c.ask("SELECT 3", "SET k v", "SELECT 99", "GET k", "MULTI", "SELECT 4", "SET k w", "EXEC", "GET k", "SELECT 0", "GET k")
    c.ask("MULTI", "SET a 1", "LPUSH a 2", "NOSUCH x", "EXEC", "MULTI", "INCR a", "LPUSH a 2", "EXEC")
    c.ask("WATCH a", "MULTI", "INCR a", "DISCARD", "UNWATCH", "EXEC")
    c.ask(("EVAL", "return {KEYS[1],{1,{2,{}}},redis.call('GET',KEYS[1])}", "1", "a"), ("EVAL", "return 1", "0", "x"))
    c.ask("COMMAND COUNT", "OBJECT ENCODING a", "XADD s * f v", "XREAD COUNT 1 STREAMS s 0", "BITOP AND d a b", "NOSUCH secret")
    c.ask("MSET k1 v1 k2 v2", "MGET k1 k2 k3", ("SET", "", ""), ("SET", b"\xff\x00", "caf\u00e9 \t\x1b"), ("GET", b"\xff\x00"))


def secrets(host, port):
    c = Client(host, port)
    c.ask("AUTH wrong", "AUTH joe wrong", "HELLO 3 AUTH joe wrong SETNAME me", "ACL SETUSER joe on >s3cret ~* +@all", "AUTH joe s3cret")
    c.ask("CONFIG SET requirepass s3cret maxmemory 100mb", "CONFIG GET maxmemory", "CONFIG SET requirepass s3cret", "ACL WHOAMI")
    c.ask("MIGRATE 127.0.0.1 1 key 0 10 AUTH s3cret", ("MIGRATE", "127.0.0.1", 1, "", 0, 10, "AUTH2", "joe", "s3cret", "KEYS", "a", "b"))
    c.ask(("CONFIG", "SET", "requirepass", ""), "ACL DELUSER joe", "GET x")


def monitor(host, port):
    other = Client(host, port)
    c = Client(host, port)
    c.ask("MONITOR")
    other.ask("SET seen \"x\"", "AUTH secret", ("SET", "long", "x" * 200), "GET seen")
    c.ask("PING", "RESET", "PING")
    other.ask("GET seen")


def blocking(host, port):
    other = Client(host, port)
    c = Client(host, port)
    c.raw(command("BLPOP", "queue", 0))
    time.sleep(0.3)
    other.ask("RPUSH queue job")
    c.ask("BLPOP queue 0.1", seconds=0.3)
    c.raw(command("BRPOP", "queue", 0))
    time.sleep(0.1)


def large(host, port):
    c = Client(host, port)
    big = bytes(range(256)) * 400
    c.ask(("SET", "big", big))
    c.ask("GET big", "STRLEN big")
    c.ask(("RPUSH", "list", *["x" * 20 for _ in range(1500)]), "LRANGE list 0 -1", ("SET", "words", "word " * 300), "GET words")
    c.ask(("MSET", *[f"k{i}" for i in range(400)]), "MGET " + " ".join(f"k{i}" for i in range(0, 400, 2)))


def replica(host, port):
    c = Client(host, port)
    other = Client(host, port)
    c.ask("PING", "REPLCONF listening-port 6380", "REPLCONF capa eof capa psync2")
    c.raw(command("PSYNC", "?", "-1"))
    time.sleep(1.5)
    other.ask("SET replicated 1", "INCR replicated")
    c.raw(command("REPLCONF", "ACK", "0"))
    c.read(b"", 0.2)


def cluster(host, port):
    c = Client(host, port)
    c.ask("CLUSTER SLOTS", "GET unassigned", "CLUSTER ADDSLOTSRANGE 0 8000", "CLUSTER SET-CONFIG-EPOCH 1")
    time.sleep(0.5)
    c.ask("CLUSTER INFO", "GET foo", "SET bar 1", "MGET foo bar", "CLUSTER KEYSLOT bar", "ASKING", "READONLY")


globals()[sys.argv[1]](sys.argv[2], int(sys.argv[3]))
