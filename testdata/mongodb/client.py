"""client.py CASE ADDRESS: what PyMongo says, case by case; what no driver says any more goes over a plain socket."""
import random
import socket
import struct
import sys
import threading
import time

import bson
import crc32c
import pymongo
from pymongo import errors

CASE, ADDRESS = sys.argv[1:3]
OP_REPLY, OP_UPDATE, OP_INSERT, OP_QUERY, OP_GET_MORE, OP_DELETE, OP_KILL_CURSORS, OP_MSG = 1, 2001, 2002, 2004, 2005, 2006, 2007, 2013


def connect(**options):
    options = {"maxPoolSize": 1, "serverMonitoringMode": "poll", "heartbeatFrequencyMS": 60000, "retryWrites": False} | options
    return pymongo.MongoClient(f"mongodb://{ADDRESS}/", **options)


def expect(error, call, *args, **kwargs):
    try:
        call(*args, **kwargs)
    except error:
        return
    raise SystemExit(f"{CASE}: {call} did not fail")


def session():
    with connect(appname="session") as client:
        items = client.shop.items
        items.drop()
        items.insert_one({"_id": 1, "name": "nut", "price": 2.5})
        items.insert_many([{"_id": i, "name": f"n{i}", "size": {"w": i, "h": 2 * i}} for i in range(2, 40)])
        items.find_one({"_id": 7})
        list(items.find({"_id": {"$gt": 10}}, batch_size=10))
        items.update_many({"size.w": {"$gt": 30}}, {"$set": {"big": True}})
        items.bulk_write([pymongo.UpdateOne({"_id": 2}, {"$inc": {"price": 1}}), pymongo.DeleteOne({"_id": 3}), pymongo.InsertOne({"_id": 99})])
        items.find_one_and_update({"_id": 4}, {"$set": {"name": "four"}})
        items.count_documents({"big": True})
        items.distinct("name")
        list(items.aggregate([{"$match": {"_id": {"$lt": 5}}}, {"$sort": {"_id": 1}}]))
        items.create_index("name")
        list(items.list_indexes())
        client.shop.list_collection_names()
        client.list_database_names()
        client.shop.command("explain", {"find": "items", "filter": {"_id": 1}})
        cursor = items.find({}, batch_size=2)
        next(cursor)
        cursor.close()
        items.delete_many({"_id": {"$gte": 30}})


def failures():
    with connect() as client:
        items = client.shop.items
        items.drop()
        items.insert_one({"_id": 1})
        expect(errors.DuplicateKeyError, items.insert_one, {"_id": 1, "password": "s3cret"})
        expect(errors.BulkWriteError, items.insert_many, [{"_id": 2}, {"_id": 2}, {"_id": 1}, {"_id": 3}], ordered=False)
        expect(errors.OperationFailure, items.find_one, {"_id": {"$nonsense": 1}})
        expect(errors.OperationFailure, client.shop.command, "noSuchCommand")
        expect(errors.OperationFailure, client.shop.command, "getMore", bson.Int64(12345), collection="items")
        expect(errors.OperationFailure, items.update_one, {"_id": 1}, {"$set": {"_id": 5}})
        items.find_one({"_id": 2})


def unacknowledged():
    with connect() as client:
        items = client.shop.get_collection("items", write_concern=pymongo.WriteConcern(w=0))
        for i in range(5):
            items.insert_one({"n": i})
        items.update_one({"n": 1}, {"$set": {"n": 7}})
        items.delete_many({"n": {"$gt": 3}})
        client.shop.items.find_one({"n": 2})


def large():
    with connect() as client:
        items = client.shop.large
        items.drop()
        items.insert_one({"_id": 1, "text": "x" * 100000})
        items.insert_many([{"_id": i, "text": "y" * 1000, "tags": [{"t": j} for j in range(9)]} for i in range(2, 22)])
        items.find_one({"_id": 1})
        list(items.find({"_id": {"$gt": 1}}, {"tags": 0}))
        items.insert_one({"_id": 99, "deep": nested(90)})
        items.find_one({"_id": 99})


def nested(depth):
    value = 1
    for _ in range(depth):
        value = {"a": value}
    return value


def compressed():
    for name in ("snappy", "zlib", "zstd"):
        with connect(compressors=name) as client:
            items = client.shop[name]
            items.drop()
            items.insert_many([{"_id": i, "text": "some text that comes again " * 8} for i in range(40)])
            list(items.find({}, batch_size=20))
            expect(errors.DuplicateKeyError, items.insert_one, {"_id": 1})
            hard = random.Random(1).randbytes(70000 if name == "snappy" else 2000)
            items.insert_one({"_id": 100, "hard": hard, "easy": "easy " * 10000})
            items.find_one({"_id": 100})
            w0 = client.shop.get_collection(name, write_concern=pymongo.WriteConcern(w=0))
            w0.insert_one({"_id": 101})
            items.count_documents({})


def beyond_bound():
    for name in ("snappy", "zlib", "zstd"):
        with connect(compressors=name) as client:
            items = client.shop[name]
            items.drop()
            items.insert_many([{"_id": i, "text": "z" * 150000} for i in range(8)])
            items.find_one({"_id": 1})
            list(items.find({}))


def exhaust():
    with connect() as client:
        items = client.shop.items
        items.drop()
        items.insert_many([{"_id": i} for i in range(50)])
        list(items.find({}, cursor_type=pymongo.CursorType.EXHAUST, batch_size=10))
        items.find_one({"_id": 2})


def monitor():
    """Two monitors: one streams (exhaust), one polls; each beat takes half a second."""
    for mode in ("stream", "poll"):
        with connect(serverMonitoringMode=mode, heartbeatFrequencyMS=500) as client:
            client.admin.command("ping")
            time.sleep(1.8)


def login():
    for mechanism in ("PLAIN", "SCRAM-SHA-256"):
        with connect(username="joe", password="s3cret", authMechanism=mechanism, serverSelectionTimeoutMS=2000) as client:
            try:
                client.shop.items.find_one({})
            except errors.PyMongoError:
                pass


def load():
    def work(n):
        with connect() as client:
            items = client.shop.load
            for i in range(60):
                items.insert_one({"_id": 1000 * n + i, "text": "abc"})
                items.find_one({"_id": 1000 * n + i})
    with connect() as client:
        client.shop.load.drop()
    threads = [threading.Thread(target=work, args=(n,)) for n in range(4)]
    for t in threads:
        t.start()
    for t in threads:
        t.join()


# --- over a plain socket ---


class Plain:
    def __init__(self):
        host, port = ADDRESS.rsplit(":", 1)
        self.sock = socket.create_connection((host.strip("[]"), int(port)))
        self.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.number = 100

    def send(self, opcode, body, to=0):
        self.sock.sendall(self.message(opcode, body, to))

    def message(self, opcode, body, to=0):
        self.number += 1
        return struct.pack("<iIIi", 16 + len(body), self.number, to, opcode) + body

    def receive(self):
        head = self.exactly(16)
        return self.exactly(struct.unpack_from("<i", head)[0] - 16)

    def exactly(self, n):
        data = b""
        while len(data) < n:
            piece = self.sock.recv(n - len(data))
            if not piece:
                raise EOFError
            data += piece
        return data

    def ask(self, opcode, body):
        self.send(opcode, body)
        return self.receive()


def query(space, asked, limit=0, flags=0):
    return struct.pack("<I", flags) + space.encode() + b"\0" + struct.pack("<ii", 0, limit) + bson.encode(asked)


def older():
    """OP_QUERY, OP_REPLY, OP_GET_MORE, OP_INSERT, OP_UPDATE, OP_DELETE, OP_KILL_CURSORS."""
    p = Plain()
    space = b"shop.older\0"
    p.ask(OP_QUERY, query("admin.$cmd", {"isMaster": 1}, -1))
    p.ask(OP_QUERY, query("shop.$cmd", {"$query": {"drop": "older"}, "$readPreference": {"mode": "primary"}}, -1))
    p.send(OP_INSERT, bytes(4) + space + b"".join(bson.encode({"_id": i}) for i in range(35)))
    p.send(OP_UPDATE, bytes(4) + space + struct.pack("<I", 2) + bson.encode({}) + bson.encode({"$set": {"a": 1}}))
    p.send(OP_DELETE, bytes(4) + space + bytes(4) + bson.encode({"_id": {"$gt": 30}}))
    reply = p.ask(OP_QUERY, query("shop.older", {}, 10))
    cursor = reply[4:12]
    reply = p.ask(OP_GET_MORE, bytes(4) + space + struct.pack("<i", 5) + cursor)
    p.send(OP_KILL_CURSORS, bytes(4) + struct.pack("<i", 1) + cursor)
    p.ask(OP_GET_MORE, bytes(4) + space + struct.pack("<iq", 5, 987654321))
    p.ask(OP_QUERY, query("shop.older", {"_id": {"$nonsense": 1}}, 10))
    p.ask(OP_QUERY, query("shop.$cmd", {"noSuchCommand": 1}, -1))
    p.send(OP_QUERY, query("shop.older", {}, 10, 64))
    for _ in range(4):
        p.receive()
    p.ask(OP_QUERY, query("shop.$cmd", {"count": "older"}, -1))


def msg(command, flags=0, sections=b"", first=b""):
    return struct.pack("<I", flags) + first + b"\0" + bson.encode(command) + sections


def sequence(name, found):
    body = name.encode() + b"\0" + b"".join(map(bson.encode, found))
    return b"\1" + struct.pack("<i", 4 + len(body)) + body


def sections():
    """Sequences before and behind the command, several of them, and a checksum."""
    p = Plain()
    many = [{"_id": 1000 + i} for i in range(7)]
    p.ask(OP_MSG, msg({"drop": "sections", "$db": "shop"}))
    p.ask(OP_MSG, msg({"insert": "sections", "$db": "shop"}, sections=sequence("documents", many)))
    p.ask(OP_MSG, msg({"insert": "sections", "$db": "shop"}, first=sequence("documents", [{"_id": 1}, {"_id": 2}])))
    p.ask(OP_MSG, msg({"$db": "shop", "ping": 1}))
    body = msg({"find": "sections", "$db": "shop"}, flags=1)
    head = struct.pack("<iIIi", 16 + len(body) + 4, p.number + 1, 0, OP_MSG)
    p.ask(OP_MSG, body + struct.pack("<I", crc32c.crc32c(head + body)))
    p.ask(OP_MSG, msg({"ping": 1, "$db": "admin"}))


def pipelined():
    """Several requests in one segment, then one in pieces."""
    p = Plain()
    asked = [msg({"find": "items", "filter": {"n": i}, "limit": 1, "$db": "shop"}) for i in range(6)]
    p.sock.sendall(b"".join(p.message(OP_MSG, body) for body in asked))
    for _ in asked:
        p.receive()
    whole = p.message(OP_MSG, msg({"count": "items", "query": {"n": 1}, "$db": "shop"}))
    for i in range(0, len(whole), 9):
        p.sock.sendall(whole[i:i + 9])
        time.sleep(0.002)
    p.receive()


def unanswered():
    p = Plain()
    p.ask(OP_MSG, msg({"ping": 1, "$db": "admin"}))
    p.sock.sendall(p.message(OP_MSG, msg({"find": "items", "$db": "shop"}))[:46])
    p.sock.close()


globals()[CASE]()
