"""client.py: what psql and drivers do not do, as bytes over a socket. usage: client.py CASE ADDRESS PORT"""
import socket
import struct
import sys
import time


def message(kind, body=b""):
    return kind + struct.pack("!I", len(body) + 4) + body


def text(s):
    return s.encode() + b"\0"


def parse(sql, name=""):
    return message(b"P", text(name) + text(sql) + b"\0\0")


def bind(name="", portal="", values=()):
    body = text(portal) + text(name) + b"\0\0" + struct.pack("!H", len(values))
    for v in values:
        body += struct.pack("!I", len(v)) + v.encode()
    return message(b"B", body + b"\0\0")


def execute(portal="", rows=0):
    return message(b"E", text(portal) + struct.pack("!I", rows))


def describe(kind, name=""):
    return message(b"D", kind + text(name))


def close(kind, name=""):
    return message(b"C", kind + text(name))


SYNC, FLUSH = message(b"S"), message(b"H")


def query(sql):
    return message(b"Q", text(sql))


class Session:
    def __init__(self, version=0x30000, user="trusted", extra=b"", **more):
        self.s = socket.create_connection((ADDRESS, PORT))
        self.s.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        body = struct.pack("!I", version) + text("user") + text(user) + text("database") + text("shop") + extra + b"\0"
        self.s.sendall(struct.pack("!I", len(body) + 4) + body)
        self.seen = []
        self.until(b"Z")

    def one(self):
        head = b""
        while len(head) < 5:
            head += self.s.recv(5 - len(head)) or sys.exit("closed")
        n = struct.unpack("!I", head[1:])[0] - 4
        body = b""
        while len(body) < n:
            body += self.s.recv(n - len(body))
        if head[:1] == b"K":
            self.key = body
        return head[:1], body

    def until(self, *kinds):
        while True:
            kind, body = self.one()
            self.seen.append(kind)
            if kind in kinds:
                return body

    def ask(self, *parts, end=b"Z", pieces=False):
        if pieces:
            for p in parts:
                self.s.sendall(p)
                time.sleep(0.02)
        else:
            self.s.sendall(b"".join(parts))
        return self.until(end)

    def end(self):
        self.s.sendall(message(b"X"))
        self.s.close()


def portals(s):
    s.ask(query("BEGIN"))
    s.ask(parse("SELECT n, n * n FROM generate_series(1, $1) n", "numbers"), describe(b"S", "numbers"), SYNC)
    s.ask(bind("numbers", "p", ["7"]), describe(b"P", "p"), execute("p", 3), FLUSH, end=b"s")
    s.ask(execute("p", 3), FLUSH, end=b"s")
    s.ask(execute("p", 3), SYNC)
    s.ask(bind("numbers", "", ["5"]), execute("", 2), SYNC)
    s.ask(execute("", 2), SYNC)
    s.ask(close(b"P", "p"), close(b"S", "numbers"), SYNC)
    s.ask(query("COMMIT"))
    s.ask(bind("numbers", "", ["5"]), execute(), SYNC)


def prepared(s):
    s.ask(parse("INSERT INTO items (name, price) VALUES ($1, $2)", "ins"), SYNC)
    s.ask(parse("SELECT name FROM items WHERE id = $1", "sel"), describe(b"S", "sel"), FLUSH, end=b"T")
    s.ask(SYNC)
    s.ask(bind("ins", values=["chair", "12"]), execute(), bind("sel", values=["1"]), execute(), SYNC)
    s.ask(parse("SELECT 1", "sel"), SYNC)
    s.ask(query("DEALLOCATE sel; PREPARE sel AS SELECT 'by SQL'"))
    s.ask(bind("sel"), execute(), SYNC)
    s.ask(parse("UPDATE items SET price = price + 1"), bind(), execute(), SYNC)
    s.ask(bind(), execute(), SYNC)
    s.ask(query("SELECT 'forgets the unnamed one'"))
    s.ask(bind(), execute(), SYNC)
    s.ask(parse("DELETE FROM items WHERE id > $1 RETURNING id"), bind(values=["1"]), describe(b"P"), execute(), SYNC, pieces=True)
    s.ask(parse(""), bind(), describe(b"P"), execute(), SYNC)
    s.ask(SYNC)


def pipeline(s):
    s.ask(*[x for n in range(3) for x in (parse("SELECT %d" % n), bind(), describe(b"P"), execute())], SYNC)
    s.ask(parse("SELECT 10"), bind(), execute(), parse("SELECT 1 / 0"), bind(), execute(),
          parse("SELECT 12"), bind(), execute(), parse("SELECT 13", "late"), SYNC)
    s.ask(parse("SELECT 20"), bind(), execute(), SYNC, parse("SELEC 21"), bind(), execute(), SYNC,
          parse("SELECT 22"), bind(), execute(), SYNC)
    s.until(b"Z")
    s.until(b"Z")
    s.ask(parse("SELECT 30"), bind(), execute(), FLUSH, end=b"C")
    s.ask(parse("SELECT 31"), bind(), execute(), FLUSH, end=b"C")
    s.ask(SYNC)
    s.ask(parse("SELEC 40"), FLUSH, end=b"E")
    s.ask(bind(), execute(), parse("SELECT 41"), bind(), execute(), SYNC)
    s.ask(parse("INSERT INTO lines (item) VALUES (999)"), bind(), execute(), SYNC)  # fails at its commit
    s.ask(query("SELECT 50"), query("SELECT 51; SELECT 52"))
    s.until(b"Z")


def copies(s):
    s.ask(parse("COPY items (name) FROM STDIN"), bind(), describe(b"P"), execute(), SYNC, end=b"G")
    s.ask(*[message(b"d", b"row %d\n" % n) for n in range(50)], message(b"c"), SYNC)
    s.ask(query("COPY items (price) FROM STDIN"), end=b"G")
    s.ask(message(b"d", b"no number\n"), message(b"c"))
    s.ask(query("COPY items FROM STDIN"), end=b"G")
    s.ask(message(b"f", text("changed my mind")))
    s.ask(query("COPY (SELECT n, repeat('x', n % 50) FROM generate_series(1, 200) n) TO STDOUT"))
    s.ask(parse("COPY (SELECT 1) TO STDOUT"), bind(), execute(), SYNC)


def call(s):
    oid = struct.pack("!I", 1598)  # random()
    s.ask(message(b"F", oid + b"\0\0" + b"\0\0" + b"\0\1"))
    s.ask(message(b"F", struct.pack("!I", 1) + b"\0\0" + b"\0\0" + b"\0\1"))


def cancel(s):
    s.s.sendall(query("SELECT pg_sleep(60)"))
    time.sleep(0.2)
    other = socket.create_connection((ADDRESS, PORT))
    other.sendall(struct.pack("!II", 16, 80877102) + s.key)
    other.recv(1)
    s.until(b"Z")


def unanswered(s):
    s.s.sendall(query("SELECT pg_sleep(60)"))
    time.sleep(0.2)
    s.s.close()


def farewell(s):
    """The server ends another session, which then has nothing outstanding, and one that has."""
    other, busy = Session(), Session()
    busy.s.sendall(query("SELECT pg_sleep(60)"))
    for x in (other, busy):
        s.ask(query("SELECT pg_terminate_backend(%d)" % struct.unpack("!I", x.key[:4])[0]))
        x.until(b"E")
        x.s.close()


def main():
    global ADDRESS, PORT
    ADDRESS, PORT = sys.argv[2], int(sys.argv[3])
    s = Session()
    globals()[sys.argv[1]](s)
    if sys.argv[1] != "unanswered":
        s.end()


main()
