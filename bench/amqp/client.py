#!/usr/bin/env python3
"""client.py SIZE MESSAGES [PAIRS]: publishes with confirms and consumes with acknowledgements, with nothing but
sockets, since a library would be the slowest part. Each pair is a publisher with at most 500 messages outstanding and
a consumer with a prefetch of 200, each with a connection of its own. Every message and every acknowledgement is a
write of its own, as most libraries do it. Prints, as one JSON object, how many there were of each."""
import json
import multiprocessing
import socket
import struct
import sys

WINDOW, PREFETCH, FRAME_MAX = 500, 200, 131072


def short(s):
    return bytes([len(s)]) + s.encode()


def frame(kind, channel, payload):
    return struct.pack(">BHI", kind, channel, len(payload)) + payload + b"\xce"


def method(channel, class_id, method_id, args=b""):
    return frame(1, channel, struct.pack(">HH", class_id, method_id) + args)


class Client:
    def __init__(self):
        self.s = socket.create_connection(("127.0.0.1", 5672))
        self.s.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.buffer = b""
        self.s.sendall(b"AMQP\0\0\x09\x01")
        self.wait(10, 10)
        sasl = struct.pack(">I", 12) + b"\0guest\0guest"
        self.call(10, 30, method(0, 10, 11, struct.pack(">I", 0) + short("PLAIN") + sasl + short("en_US")))
        self.s.sendall(method(0, 10, 31, struct.pack(">HIH", 2047, FRAME_MAX, 0)))
        self.call(10, 41, method(0, 10, 40, short("/") + b"\0\0"))
        self.call(20, 11, method(1, 20, 10, b"\0"))

    def frames(self):
        """What came, at least one frame."""
        while True:
            out, at, buffer = [], 0, self.buffer
            while len(buffer) - at >= 8:
                size = int.from_bytes(buffer[at + 3:at + 7], "big")
                if len(buffer) - at < size + 8:
                    break
                out.append((buffer[at], buffer[at + 7:at + 7 + size]))
                at += size + 8
            self.buffer = buffer[at:]
            if out:
                return out
            more = self.s.recv(1 << 18)
            if not more:
                sys.exit("the server closed")
            self.buffer += more

    def wait(self, class_id, method_id):
        want = struct.pack(">HH", class_id, method_id)
        while not any(kind == 1 and payload[:4] == want for kind, payload in self.frames()):
            pass

    def call(self, class_id, method_id, data):
        self.s.sendall(data)
        self.wait(class_id, method_id)

    def close(self):
        self.call(10, 51, method(0, 10, 50, struct.pack(">H", 200) + short("bye") + b"\0\0\0\0"))
        self.s.close()


def publish(queue, size, messages):
    c = Client()
    c.call(50, 11, method(1, 50, 10, b"\0\0" + short(queue) + b"\0" + struct.pack(">I", 0)))
    c.call(85, 11, method(1, 85, 10, b"\0"))
    body = b"m" * size
    message = method(1, 60, 40, b"\0\0" + short("") + short(queue) + b"\0")
    message += frame(2, 1, struct.pack(">HHQH", 60, 0, size, 0))
    message += b"".join(frame(3, 1, body[i:i + FRAME_MAX - 8]) for i in range(0, size, FRAME_MAX - 8))
    sent = confirmed = 0
    while confirmed < messages:
        while sent < messages and sent - confirmed < WINDOW:
            c.s.sendall(message)
            sent += 1
        for _, payload in c.frames():
            tag, several = struct.unpack(">QB", payload[4:13])
            confirmed = tag if several else confirmed + 1
    c.close()
    return confirmed


def consume(queue, messages):
    c = Client()
    c.call(50, 11, method(1, 50, 10, b"\0\0" + short(queue) + b"\0" + struct.pack(">I", 0)))
    c.call(60, 11, method(1, 60, 10, struct.pack(">IHB", 0, PREFETCH, 0)))
    c.s.sendall(method(1, 60, 20, b"\0\0" + short(queue) + short("bench") + b"\0" + struct.pack(">I", 0)))
    acked, left, tag = 0, 0, 0
    while acked < messages:
        for kind, payload in c.frames():
            if kind == 1 and payload[:4] == b"\0\x3c\0\x3c":
                at = 5 + payload[4]
                tag = payload[at:at + 8]
            elif kind == 2:
                left = int.from_bytes(payload[4:12], "big")
            elif kind == 3:
                left -= len(payload)
                if left == 0:
                    c.s.sendall(method(1, 60, 80, tag + b"\0"))
                    acked += 1
    c.close()
    return acked


def main():
    size, messages = int(sys.argv[1]), int(sys.argv[2])
    pairs = int(sys.argv[3]) if len(sys.argv) > 3 else 2
    with multiprocessing.Pool(2 * pairs) as pool:
        jobs = [(pool.apply_async(publish, (f"bench{i}", size, messages // pairs)),
                 pool.apply_async(consume, (f"bench{i}", messages // pairs))) for i in range(pairs)]
        done = [(p.get(), c.get()) for p, c in jobs]
    print(json.dumps({"published": sum(p for p, _ in done), "delivered": sum(c for _, c in done)}))


main()
