"""client.py CASE HOST: what the command line client does not do, with PyMySQL and MySQL's own connector; and bytes
written by hand where no client sends such packets."""
import os
import socket
import sys
import tempfile

import mysql.connector
import pymysql
from pymysql.constants import CLIENT, COMMAND

case, host = sys.argv[1], sys.argv[2]
user = dict(host=host, port=3306, user="app", password="s3cret")


def pure(**more):
    return mysql.connector.connect(**user, ssl_disabled=True, use_pure=True, **more)


def plain(**more):
    return pymysql.connect(**{**user, "ssl_disabled": True, **more})


def prepared():
    """Binary results, a cursor with fetches, long data, statements that are closed; errors in between."""
    db = pure(database="shop")
    cur = db.cursor(prepared=True)
    cur.execute("SELECT id, name FROM users WHERE id > %s", (1,))
    cur.fetchall()
    cur.execute("SELECT id, name FROM users WHERE id > %s", (2,))
    cur.fetchall()
    other = db.cursor(prepared=True)
    other.execute("INSERT INTO blobs (data) VALUES (%s)", (b"x" * 20000,))
    try:
        other.execute("SELECT nothing FROM nowhere WHERE id = %s", (1,))
    except mysql.connector.Error:
        pass
    other.close()
    cur.close()
    none = db.cursor(prepared=True)
    none.execute("SELECT 1, 2")
    none.fetchall()
    none.close()
    db.close()


def multi():
    """Several statements in one text, a procedure with two results, USE among others."""
    db = plain(database="shop", client_flag=CLIENT.MULTI_STATEMENTS)
    cur = db.cursor()
    cur.execute("SELECT 1; UPDATE users SET name = 'zoe' WHERE id = 3; SELECT id, name FROM users")
    while cur.nextset():
        pass
    cur.execute("CALL twice()")
    while cur.nextset():
        pass
    cur.execute("SELECT 1; USE mysql; SELECT 2")
    while cur.nextset():
        pass
    cur.execute("SELECT 3")
    try:
        cur.execute("SELECT 1; SELEKT 2")
        cur.nextset()
    except pymysql.Error:
        pass
    db.close()


def infile():
    """LOAD DATA LOCAL: the file goes from the client, then the answer."""
    db = plain(database="shop", local_infile=True)
    cur = db.cursor()
    with tempfile.NamedTemporaryFile("w", suffix=".csv") as f:
        f.write("".join("%d,name %d\n" % (i, i) for i in range(100, 400)))
        f.flush()
        cur.execute("LOAD DATA LOCAL INFILE '%s' INTO TABLE users FIELDS TERMINATED BY ','" % f.name)
    try:
        cur.execute("LOAD DATA LOCAL INFILE '/does/not/exist' INTO TABLE users")
    except (pymysql.Error, OSError):
        pass
    db.ping(reconnect=False)
    db.close()


def commands():
    """Commands that are no statements, one after the other."""
    db = plain()
    cur = db.cursor()

    def ask(command, payload=b"", rows=False):
        db._execute_command(command, payload)
        try:
            if rows:
                while not db._read_packet().is_eof_packet():
                    pass
            else:
                db._read_packet()
        except pymysql.Error:
            pass

    ask(COMMAND.COM_PING)
    ask(COMMAND.COM_INIT_DB, b"shop")
    ask(COMMAND.COM_INIT_DB, b"nowhere")
    cur.execute("SELECT DATABASE()")
    ask(COMMAND.COM_FIELD_LIST, b"users\0%", rows=True)
    ask(COMMAND.COM_STATISTICS)
    ask(COMMAND.COM_SET_OPTION, b"\0\0")
    ask(COMMAND.COM_PROCESS_KILL, b"\xff\xff\xff\x7f")
    ask(COMMAND.COM_REFRESH, b"\x02")
    cur.execute("USE mysql")
    cur.execute("SELECT COUNT(*) FROM user")
    ask(31)  # RESET_CONNECTION
    cur.execute("SELECT DATABASE()")
    cur.execute("DROP DATABASE IF EXISTS gone")
    ask(COMMAND.COM_TIME)
    db.close()
    db = pure(database="shop")
    db.cmd_change_user("app2", "other", "mysql")
    cur = db.cursor()
    cur.execute("SELECT DATABASE()")
    cur.fetchall()
    db.close()


def large():
    """A statement of 120 kB, a row of 70 kB, 3,000 small rows."""
    db = plain(database="shop")
    cur = db.cursor()
    cur.execute("SELECT LENGTH('%s')" % ("y" * 120000))
    cur.execute("SELECT REPEAT('z', 70000), 1 UNION SELECT 'b', 2")
    cur.fetchall()
    cur.execute("SELECT seq FROM seq_1_to_3000")
    cur.fetchall()
    db.close()


def errors():
    db = plain(database="shop")
    cur = db.cursor()
    for sql in ("SELEKT 1", "SELECT * FROM nowhere", "INSERT INTO users VALUES (1, 'again')",
                "SELECT 1 FROM users WHERE id = (SELECT id FROM users)", "SET PASSWORD FOR nobody = PASSWORD('n3w')",
                "CREATE USER u IDENTIFIED BY 'h1dden'"):
        try:
            cur.execute(sql)
        except pymysql.Error:
            pass
    db.close()
    for bad in (dict(password="wrong"), dict(database="nowhere")):
        try:
            plain(**bad)
        except pymysql.Error:
            pass


def old():
    """A login as before 4.1: short capabilities, passwords scrambled the old way; refused or not, it is read."""
    s = socket.create_connection((host, 3306))
    s.recv(1000)
    body = b"\x8d\x00\x00\x00\x01" + b"app\0" + b"ABCDEFGH\0" + b"shop"
    s.sendall(len(body).to_bytes(3, "little") + b"\1" + body)
    s.recv(1000)
    s.close()


def dump():
    """A replica that asks for the binary log."""
    db = plain()
    cur = db.cursor()
    cur.execute("SET @master_binlog_checksum = @@global.binlog_checksum, @mariadb_slave_capability = 4")
    cur.execute("SHOW MASTER STATUS")
    name = cur.fetchone()[0].encode()
    db._execute_command(COMMAND.COM_BINLOG_DUMP, (4).to_bytes(4, "little") + b"\1\0" + (99).to_bytes(4, "little") + name)
    for _ in range(20):
        if db._read_packet().is_eof_packet():
            break
    db._sock.close()


def attributes():
    """CLIENT_QUERY_ATTRIBUTES by hand: MariaDB has none, so a server that always says OK plays the part."""
    listener = socket.create_server((host, 3307))
    if os.fork() == 0:
        c = listener.accept()[0]
        c.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        caps = 0xFFFF | 1 << 27 | 1 << 24 | 1 << 19 | 1 << 21
        low, high = (caps & 0xFFFF).to_bytes(2, "little"), (caps >> 16).to_bytes(2, "little")
        send(c, 0, b"\x0a8.0.99\0\1\0\0\0" + b"12345678\0" + low + b"\x21\2\0" + high + b"\x15" + b"\0" * 10 +
             b"123456789012\0caching_sha2_password\0")
        receive(c)
        send(c, 2, b"\1\3")
        send(c, 3, b"\0\0\0\2\0\0\0")
        for _ in range(3):
            receive(c)
            send(c, 1, b"\0\1\0\2\0\0\0")
        receive(c)
        os._exit(0)
    c = socket.create_connection((host, 3307))
    c.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    receive(c)
    caps = (1 << 0 | 1 << 3 | 1 << 9 | 1 << 15 | 1 << 19 | 1 << 21 | 1 << 24 | 1 << 27).to_bytes(4, "little")
    send(c, 1, caps + b"\0\0\0\1\x21" + b"\0" * 23 + b"app\0\x20" + b"p" * 32 + b"shop\0caching_sha2_password\0")
    receive(c)
    receive(c)
    send(c, 0, b"\3\0\1UPDATE a SET b = 1")
    receive(c)
    send(c, 0, b"\3\2\1\0\1\xfe\0\4name\3\0\3num" + b"\5value" + b"\7\0\0\0" + b"DELETE FROM a WHERE b = 2")
    receive(c)
    send(c, 0, b"\3\3\1\2\1\xfe\0\1a\xfe\0\1b\x0c\0\1c" + b"\1x" + b"\4\xe7\7\1\2" + b"INSERT INTO a VALUES (3)")
    receive(c)
    send(c, 0, b"\1")
    c.close()


def receive(s):
    head = s.recv(4, socket.MSG_WAITALL)
    return s.recv(int.from_bytes(head[:3], "little"), socket.MSG_WAITALL)


def send(s, number, payload):
    s.sendall(len(payload).to_bytes(3, "little") + bytes([number]) + payload)


globals()[case]()
