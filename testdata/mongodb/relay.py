"""relay.py LISTEN UPSTREAM: a relay (both ADDRESS:PORT) in front of FerretDB that speaks what FerretDB does not: OP_COMPRESSED,
exhaust cursors and the awaitable hello, checksums, and the messages of before OP_MSG. Commands and documents pass
through; each reply is packed as its request was. Drivers must not notice: they are told of compressors and of a
topology version in the reply to hello."""
import socket
import socketserver
import struct
import sys
import time
import zlib

import bson
import crc32c
import snappy
from backports import zstd

OP_REPLY, OP_UPDATE, OP_INSERT, OP_QUERY, OP_GET_MORE, OP_DELETE, OP_KILL_CURSORS = 1, 2001, 2002, 2004, 2005, 2006, 2007
OP_COMPRESSED, OP_MSG = 2012, 2013
CHECKSUM, MORE, EXHAUST = 1, 2, 1 << 16
PACK = {0: bytes, 1: snappy.compress, 2: zlib.compress, 3: zstd.compress}
UNPACK = {0: bytes, 1: snappy.decompress, 2: zlib.decompress, 3: zstd.decompress}
VERSION = {"processId": bson.ObjectId(), "counter": bson.Int64(1)}


def exactly(sock, n):
    data = b""
    while len(data) < n:
        piece = sock.recv(n - len(data))
        if not piece:
            raise EOFError
        data += piece
    return data


def receive(sock):
    """id, opcode, body."""
    length, number, _, opcode = struct.unpack("<iIIi", exactly(sock, 16))
    return number, opcode, exactly(sock, length - 16)


def cstring(data, at):
    end = data.index(b"\0", at)
    return data[at:end].decode(), end + 1


def documents(data, at):
    while at < len(data):
        size = struct.unpack_from("<i", data, at)[0]
        yield bson.decode(data[at:at + size])
        at += size


def read_msg(body):
    """flags, command document with its sequences put in."""
    flags = struct.unpack_from("<I", body)[0]
    at, end, command, sequences = 4, len(body) - 4 * (flags & CHECKSUM), None, {}
    while at < end:
        kind = body[at]
        size = struct.unpack_from("<i", body, at + 1)[0]
        if kind == 0:
            command = bson.decode(body[at + 1:at + 1 + size])
        elif kind == 1:
            name, first = cstring(body, at + 5)
            sequences[name] = list(documents(body[:at + 1 + size], first))
        at += 1 + size
    command.update(sequences)
    return flags, command


class Relay(socketserver.BaseRequestHandler):
    number = 0x20000000

    def setup(self):
        self.request.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.up = socket.create_connection(self.server.upstream)
        self.up.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.packer = None

    def run(self, command):
        """The reply of the real server."""
        body = struct.pack("<IB", 0, 0) + bson.encode(command)
        self.up.sendall(struct.pack("<iIIi", 16 + len(body), 1, 0, OP_MSG) + body)
        return read_msg(receive(self.up)[2])[1]

    def send(self, to, opcode, body):
        Relay.number += 1
        if self.packer is not None:
            body = struct.pack("<iiB", opcode, len(body), self.packer) + PACK[self.packer](body)
            opcode = OP_COMPRESSED
        self.request.sendall(struct.pack("<iIIi", 16 + len(body), Relay.number, to, opcode) + body)
        return Relay.number

    def send_msg(self, to, reply, flags=0):
        body = struct.pack("<IB", flags, 0) + bson.encode(reply)
        if flags & CHECKSUM:
            head = struct.pack("<iIIi", 16 + len(body) + 4, Relay.number + 1, to, OP_MSG)
            body += struct.pack("<I", crc32c.crc32c(head + body))
        return self.send(to, OP_MSG, body)

    def send_reply(self, to, found, flags=0, cursor=0):
        body = struct.pack("<Iqii", flags, cursor, 0, len(found)) + b"".join(map(bson.encode, found))
        return self.send(to, OP_REPLY, body)

    def hello(self, command):
        reply = self.run({k: v for k, v in command.items() if k not in ("topologyVersion", "maxAwaitTimeMS", "compression")})
        reply["topologyVersion"] = VERSION
        offered = command.get("compression", [])
        if offered:
            reply["compression"] = [c for c in ("snappy", "zlib", "zstd") if c in offered]
        return reply

    def msg(self, number, body):
        flags, command = read_msg(body)
        name = next(iter(command))
        sums = flags & CHECKSUM
        if name in ("hello", "isMaster", "ismaster"):
            while "topologyVersion" in command:
                time.sleep(command["maxAwaitTimeMS"] / 1000)
                more = MORE if flags & EXHAUST else 0
                number = self.send_msg(number, self.hello(command), sums | more)
                if not more:
                    return
            self.send_msg(number, self.hello(command), sums)
        elif name == "getMore" and flags & EXHAUST:
            while True:
                reply = self.run(command)
                more = MORE if reply.get("cursor", {}).get("id") else 0
                number = self.send_msg(number, reply, sums | more)
                if not more:
                    return
        else:
            reply = self.run(command)
            if not flags & MORE:
                self.send_msg(number, reply, sums)

    def query(self, number, body):
        flags = struct.unpack_from("<I", body)[0]
        space, at = cstring(body, 4)
        skip, limit = struct.unpack_from("<ii", body, at)
        asked = next(documents(body, at + 8))
        database, collection = space.split(".", 1)
        if collection == "$cmd":
            command = asked.get("$query", asked)
            command["$db"] = database
            hello = next(iter(command)) in ("hello", "isMaster", "ismaster")
            self.send_reply(number, [self.hello(command) if hello else self.run(command)])
            return
        size = limit or 10
        reply = self.run({"find": collection, "filter": asked.get("$query", asked), "skip": skip, "batchSize": size, "$db": database})
        if not reply["ok"]:
            self.send_reply(number, [{"$err": reply["errmsg"], "code": reply["code"]}], 2)
            return
        cursor = reply["cursor"]
        number = self.send_reply(number, cursor["firstBatch"], 8, cursor["id"])
        while flags & 64 and cursor["id"]:
            cursor = self.run({"getMore": cursor["id"], "collection": collection, "batchSize": size, "$db": database})["cursor"]
            number = self.send_reply(number, cursor["nextBatch"], 8, cursor["id"])

    def get_more(self, number, body):
        space, at = cstring(body, 4)
        limit, cursor = struct.unpack_from("<iq", body, at)
        database, collection = space.split(".", 1)
        reply = self.run({"getMore": cursor, "collection": collection, "batchSize": limit or 10, "$db": database})
        if reply["ok"]:
            self.send_reply(number, reply["cursor"]["nextBatch"], 8, reply["cursor"]["id"])
        else:
            self.send_reply(number, [], 1)

    def write(self, opcode, body):
        space, at = cstring(body, 4)
        database, collection = space.split(".", 1)
        if opcode == OP_INSERT:
            self.run({"insert": collection, "documents": list(documents(body, at)), "$db": database})
            return
        flags = struct.unpack_from("<I", body, at)[0]
        parts = list(documents(body, at + 4))
        if opcode == OP_UPDATE:
            one = {"q": parts[0], "u": parts[1], "multi": bool(flags & 2), "upsert": bool(flags & 1)}
            self.run({"update": collection, "updates": [one], "$db": database})
        else:
            self.run({"delete": collection, "deletes": [{"q": parts[0], "limit": flags & 1}], "$db": database})

    def handle(self):
        try:
            while True:
                number, opcode, body = receive(self.request)
                self.packer = None
                if opcode == OP_COMPRESSED:
                    opcode, _, self.packer = struct.unpack_from("<iiB", body)
                    body = UNPACK[self.packer](body[9:])
                if opcode == OP_MSG:
                    self.msg(number, body)
                elif opcode == OP_QUERY:
                    self.query(number, body)
                elif opcode == OP_GET_MORE:
                    self.get_more(number, body)
                elif opcode in (OP_INSERT, OP_UPDATE, OP_DELETE):
                    self.write(opcode, body)
        except (EOFError, OSError):
            pass
        self.up.close()


class Server(socketserver.ThreadingTCPServer):
    allow_reuse_address = True
    daemon_threads = True


def address(text):
    host, port = text.rsplit(":", 1)
    return host, int(port)


with Server(address(sys.argv[1]), Relay) as server:
    server.upstream = address(sys.argv[2])
    server.serve_forever()
