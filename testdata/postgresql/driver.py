"""driver.py: sessions of psycopg and pg8000. usage: driver.py CASE ADDRESS PORT"""
import sys

import pg8000.native
import psycopg

CASE, ADDRESS, PORT = sys.argv[1], sys.argv[2], sys.argv[3]


def connect(**more):
    return psycopg.connect(host=ADDRESS, port=PORT, dbname="shop", user="trusted", sslmode="disable",
                           gssencmode="disable", **more)


def psycopg_pipeline():
    with connect(autocommit=True) as c:
        with c.pipeline() as p:
            results = [c.execute("SELECT %s::int + 1", [n]) for n in range(4)]
            p.sync()
            for r in results:
                r.fetchone()
        try:
            with c.pipeline():
                c.execute("INSERT INTO items (name) VALUES (%s)", ["table"])
                c.execute("SELECT * FROM nowhere")
                c.execute("SELECT 'not reached'")
        except psycopg.Error:
            pass
        c.cursor().executemany("INSERT INTO items (name, price) VALUES (%s, %s)", [("n%d" % n, n) for n in range(40)])


def psycopg_cursors():
    with connect() as c:
        c.prepare_threshold = 2
        for n in range(5):
            c.execute("SELECT count(*) FROM items WHERE price > %s", [n]).fetchone()
        with c.cursor("named") as cursor:
            cursor.itersize = 10
            cursor.execute("SELECT * FROM generate_series(1, 25)")
            cursor.fetchall()
        with c.cursor() as cursor:
            with cursor.copy("COPY items (name, price) FROM STDIN") as copy:
                for n in range(100):
                    copy.write_row(("copied %d" % n, n))
            with cursor.copy("COPY items TO STDOUT") as copy:
                for _ in copy:
                    pass
            cursor.execute("SELECT repeat('x', 30000), %s::text", ["y" * 20000], binary=True)
            cursor.fetchall()
        c.execute("LISTEN news")
        c.commit()
        with connect(autocommit=True) as other:
            other.execute("NOTIFY news, 'hello'")
        c.execute("SELECT 1")
        c.commit()


def pg8000_session():
    c = pg8000.native.Connection("trusted", host=ADDRESS, port=int(PORT), database="shop", ssl_context=False)
    for n in range(3):
        c.run("SELECT name FROM items WHERE price = :p", p=n)
    statement = c.prepare("UPDATE items SET price = :p WHERE id = :i")
    for n in range(3):
        statement.run(p=n, i=n)
    statement.close()
    c.close()


def newer():
    """Protocol 3.2, which the server answers with NegotiateProtocolVersion."""
    with connect(max_protocol_version="latest") as c:
        c.execute("SELECT 1")


globals()[CASE]()
