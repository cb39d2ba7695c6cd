#!/usr/bin/env python3
"""client.py CASE HOST: what testdata/make_amqp.sh records, said with pika."""
import socket
import sys
import threading
import time

import pika
from pika import frame, spec

HOST = sys.argv[2]


def connect(vhost="/", password="guest", host=HOST, **more):
    return pika.BlockingConnection(pika.ConnectionParameters(
        host, 5672, vhost, pika.PlainCredentials("guest", password), **{"heartbeat": 0, **more}))


def tries(what, *args, **more):
    """Something that the server refuses."""
    try:
        what(*args, **more)
    except (pika.exceptions.AMQPError, ConnectionError):
        pass


def session():
    c = connect()
    ch = c.channel()
    ch.exchange_declare("orders", "topic", durable=True)
    ch.exchange_declare("audit", "fanout")
    ch.exchange_bind("audit", "orders", "#")
    ch.queue_declare("billing", durable=True, arguments={"x-max-length": 1000})
    ch.queue_bind("billing", "orders", "order.*")
    named = ch.queue_declare("", exclusive=True).method.queue
    ch.queue_bind(named, "audit")
    ch.basic_qos(prefetch_count=10)
    for i in range(5):
        ch.basic_publish("orders", f"order.{i}", b"x" * 100, pika.BasicProperties(content_type="text/plain", delivery_mode=2))
    ch.basic_publish("", "billing", b"", pika.BasicProperties(headers={"traceparent": "00-1-2-01", "n": {"deep": [1, 2]}}))
    for method, _, _ in ch.consume("billing", inactivity_timeout=1):
        if method is None:
            break
        ch.basic_ack(method.delivery_tag)
    ch.cancel()
    tag = ch.basic_consume(named, lambda *_: None, auto_ack=True)
    c.process_data_events(0.3)
    ch.basic_cancel(tag)
    ch.queue_unbind("billing", "orders", "order.*")
    ch.queue_purge("billing")
    ch.queue_delete("billing")
    ch.exchange_unbind("audit", "orders", "#")
    ch.exchange_delete("audit")
    ch.exchange_delete("orders")
    ch.close()
    c.close()


def confirms():
    c = connect()
    ch = c.channel()
    ch.queue_declare("confirmed")
    ch.confirm_delivery()
    for i in range(10):
        ch.basic_publish("", "confirmed", b"one at a time")
    other = c.channel()
    for i in range(3):
        other.basic_publish("", "confirmed", b"not confirmed")
    ch.queue_declare("full", arguments={"x-max-length": 1, "x-overflow": "reject-publish"})
    for i in range(3):
        tries(ch.basic_publish, "", "full", b"refused when full")
    ch.queue_delete("confirmed")
    ch.queue_delete("full")
    c.close()


def acks():
    c = connect()
    ch = c.channel()
    ch.queue_declare("work")
    for i in range(40):
        ch.basic_publish("", "work", b"task %d" % i)
    got = []
    ch.basic_qos(prefetch_count=8)
    silent = c.channel()
    ch.basic_consume("work", lambda _, m, p, b: got.append(m.delivery_tag))
    c.process_data_events(0.2)
    ch.basic_ack(got[1])  # out of turn
    ch.basic_ack(got[3], multiple=True)
    c.process_data_events(0.2)
    ch.basic_nack(got[5], multiple=True, requeue=True)
    c.process_data_events(0.2)
    ch.basic_reject(got[6], requeue=False)
    ch.basic_nack(got[7], requeue=False)
    c.process_data_events(0.2)
    ch.basic_ack(0, multiple=True)
    c.process_data_events(0.2)
    ch.basic_recover(requeue=True)
    c.process_data_events(0.2)
    ch.basic_ack(0, multiple=True)
    silent.basic_consume("work", lambda *_: None, auto_ack=True)
    c.process_data_events(0.2)
    silent.queue_delete("work")  # the server cancels both consumers
    c.process_data_events(0.2)
    c.close()


def get():
    c = connect()
    ch = c.channel()
    ch.queue_declare("polled")
    for i in range(3):
        ch.basic_publish("", "polled", b"y" * 1000)
    for auto in (False, True, False, False):
        method, _, _ = ch.basic_get("polled", auto_ack=auto)
        if method and not auto:
            ch.basic_ack(method.delivery_tag)
    ch.queue_delete("polled")
    c.close()


def returns():
    c = connect()
    ch = c.channel()
    ch.add_on_return_callback(lambda *_: None)
    ch.basic_publish("", "nowhere", b"comes back", mandatory=True)
    c.process_data_events(0.2)
    sure = c.channel()
    sure.confirm_delivery()
    tries(sure.basic_publish, "amq.topic", "nobody", b"comes back", mandatory=True)
    sure.basic_publish("amq.topic", "nobody", b"is dropped")
    c.close()


def errors():
    tries(connect, vhost="/none")
    tries(connect, password="wrong")
    c = connect()
    for what, args, more in (("queue_declare", ["none"], {"passive": True}),
                             ("queue_bind", ["none", "amq.topic", "k"], {}),
                             ("exchange_declare", ["amq.topic", "fanout"], {}),
                             ("basic_consume", ["none", print], {}),
                             ("basic_get", ["none"], {}),
                             ("queue_delete", ["amq.x"], {})):
        ch = c.channel()
        tries(getattr(ch, what), *args, **more)
    ch = c.channel()
    ch.basic_publish("none", "k", b"to no exchange")
    tries(c.process_data_events, 0.2)
    ch = c.channel()
    ch.basic_ack(77)
    tries(c.process_data_events, 0.2)
    ch = c.channel()
    ch.confirm_delivery()
    tries(ch.basic_publish, "none", "k", b"to no exchange")
    ch = c.channel()
    tries(ch.exchange_declare, "odd", "no-such-type")
    tries(c.close)


def large():
    for frame_max, sizes in ((131072, (10000, 131064, 131065)), (4096, (4088, 30000))):
        c = connect(frame_max=frame_max)
        ch = c.channel()
        ch.queue_declare("large")
        ch.confirm_delivery()
        for n in sizes:
            ch.basic_publish("", "large", b"z" * n, pika.BasicProperties(headers={"big": "h" * 1500}))
        ch.basic_get("large", auto_ack=True)
        ch.queue_delete("large")
        c.close()


def tx():
    c = connect()
    ch = c.channel()
    ch.queue_declare("ledger")
    ch.tx_select()
    ch.basic_publish("", "ledger", b"+1")
    ch.basic_publish("", "ledger", b"-1")
    ch.tx_commit()
    ch.basic_publish("", "ledger", b"oops")
    ch.tx_rollback()
    method, _, _ = ch.basic_get("ledger")
    ch.basic_ack(method.delivery_tag)
    ch.tx_commit()
    ch.queue_delete("ledger")
    c.close()


def heartbeats():
    c = connect(heartbeat=2, blocked_connection_timeout=30)
    ch = c.channel()
    ch.queue_declare("slow")
    c.process_data_events(6)
    ch.queue_delete("slow")
    c.close()


def blocked():
    """Publishes until the server, which was told that memory is short, blocks the connection and unblocks it."""
    c = connect(blocked_connection_timeout=30)
    ch = c.channel()
    ch.queue_declare("blocked")
    ch.basic_publish("", "blocked", b"the server stops reading")
    c.process_data_events(6)
    c.update_secret("s3cret-token", "rotated")
    ch.queue_delete("blocked")
    c.close()


class Raw:
    """A connection whose frames are made by hand."""

    def __init__(self, header=b"AMQP\0\0\x09\x01"):
        self.s = socket.create_connection((HOST, 5672))
        self.s.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.buffer = b""
        self.s.sendall(header)

    def frames(self, *methods, channel=1):
        return b"".join(frame.Method(channel, m).marshal() for m in methods)

    def content(self, method, body, channel=1, size=4000):
        out = frame.Method(channel, method).marshal() + frame.Header(channel, len(body), pika.BasicProperties()).marshal()
        return [out] + [frame.Body(channel, body[i:i + size]).marshal() for i in range(0, len(body), size)]

    def send(self, *methods, channel=1):
        self.s.sendall(self.frames(*methods, channel=channel))

    def wait(self, *names):
        """Reads until each of these methods came, in order."""
        for name in names:
            while True:
                used, f = frame.decode_frame(self.buffer)
                if f is None:
                    more = self.s.recv(65536)
                    if not more:
                        return
                    self.buffer += more
                    continue
                self.buffer = self.buffer[used:]
                if isinstance(f, frame.Method) and f.method.NAME == name:
                    break

    def open(self):
        self.wait("Connection.Start")
        self.send(spec.Connection.StartOk({}, "PLAIN", b"\0guest\0guest", "en_US"), channel=0)
        self.wait("Connection.Tune")
        self.send(spec.Connection.TuneOk(2047, 131072, 0), spec.Connection.Open("/"), channel=0)
        self.wait("Connection.OpenOk")
        return self

    def close(self):
        self.send(spec.Connection.Close(200, "bye", 0, 0), channel=0)
        self.wait("Connection.CloseOk")
        self.s.close()


def pipelined():
    """Many methods before the first answer, and all the no-wait forms."""
    r = Raw().open()
    r.send(spec.Channel.Open(), spec.Queue.Declare(queue="p1"), spec.Queue.Declare(queue="p2"),
           spec.Queue.Declare(queue="p3", nowait=True), spec.Queue.Bind(queue="p1", exchange="amq.topic", routing_key="a"),
           spec.Queue.Bind(queue="p2", exchange="amq.topic", routing_key="b"),
           spec.Queue.Bind(queue="p3", exchange="amq.topic", routing_key="c", nowait=True),
           spec.Confirm.Select(nowait=True), spec.Basic.Consume(queue="p1", consumer_tag="t1", nowait=True),
           spec.Basic.Consume(queue="p2", consumer_tag="t2", no_ack=True), spec.Basic.Qos(0, 5, False))
    r.wait("Basic.QosOk")
    for key in ("a", "b", "c", "a"):
        r.s.sendall(b"".join(r.content(spec.Basic.Publish(exchange="amq.topic", routing_key=key), b"to " + key.encode())))
    r.send(spec.Basic.Get(queue="p3"), spec.Basic.Get(queue="p3"), spec.Basic.Get(queue="p3"))
    r.wait("Basic.GetOk", "Basic.GetEmpty", "Basic.GetEmpty")
    time.sleep(0.2)
    r.send(spec.Basic.Ack(0, True), spec.Basic.Cancel("t1", nowait=True), spec.Basic.Recover(True))
    r.wait("Basic.RecoverOk")
    r.send(spec.Queue.Purge(queue="p1", nowait=True), *[spec.Queue.Delete(queue=f"p{i}", nowait=i == 3) for i in (1, 2, 3)],
           spec.Exchange.Declare(exchange="pe", nowait=True), spec.Exchange.Bind(destination="pe", source="amq.topic", nowait=True),
           spec.Exchange.Unbind(destination="pe", source="amq.topic", nowait=True), spec.Exchange.Delete(exchange="pe", nowait=True),
           spec.Channel.Flow(True), spec.Channel.Close(200, "", 0, 0))
    r.wait("Channel.CloseOk")
    r.send(spec.Channel.Open(), spec.Channel.Open(), channel=7)  # the second is an error of the connection
    r.wait("Connection.Close")
    r.send(spec.Connection.CloseOk(), channel=0)
    r.s.close()


def pieces():
    """Frames cut anywhere, with heartbeats and another channel's frames between those of a message."""
    r = Raw().open()
    for ch in (1, 2):
        r.send(spec.Channel.Open(), spec.Confirm.Select(), spec.Queue.Declare(queue=f"cut{ch}"), channel=ch)
        r.wait("Queue.DeclareOk")
    one = r.content(spec.Basic.Publish(routing_key="cut1"), b"1" * 9000, 1, 3000)
    two = r.content(spec.Basic.Publish(routing_key="cut2"), b"2" * 9000, 2, 3000)
    beat = frame.Heartbeat().marshal()
    data = b"".join(a + beat + b for a, b in zip(one, two))
    for i in range(0, len(data), 700):
        r.s.sendall(data[i:i + 700])
        time.sleep(0.003)
    r.wait("Basic.Ack", "Basic.Ack")
    small = b"".join(r.content(spec.Basic.Publish(routing_key="cut1"), b"small"))
    for i in range(0, len(small), 5):
        r.s.sendall(small[i:i + 5])
        time.sleep(0.003)
    r.wait("Basic.Ack")
    for ch in (1, 2):
        r.send(spec.Basic.Get(queue=f"cut{ch}", no_ack=True), channel=ch)
        r.wait("Basic.GetOk")
        r.send(spec.Queue.Delete(queue=f"cut{ch}"), channel=ch)
        r.wait("Queue.DeleteOk")
    r.close()


def versions():
    for header in (b"AMQP\1\1\0\x09", b"AMQP\1\1\x08\0"):
        r = Raw(header)
        r.wait("Connection.Start")
        r.s.close()
    for header in (b"AMQP\0\1\0\0", b"AMQP\3\1\0\0", b"AMQP\1\1\0\x0a"):
        r = Raw(header)
        r.s.settimeout(1)
        try:
            r.s.recv(1000)
        except TimeoutError:
            pass
        r.s.close()


def ipv6():
    c = connect()
    ch = c.channel()
    ch.queue_declare("six")
    ch.confirm_delivery()
    ch.basic_publish("", "six", b"over IPv6")
    method, _, _ = next(ch.consume("six"))
    ch.basic_ack(method.delivery_tag)
    ch.cancel()
    ch.queue_delete("six")
    c.close()


def load():
    """Three connections, each publishing with confirms and consuming with acknowledgements."""
    def one(n):
        c = connect()
        ch = c.channel()
        ch.queue_declare(f"load{n}")
        ch.confirm_delivery()
        for i in range(50):
            ch.basic_publish("", f"load{n}", b"m" * 100)
        for i, (method, _, _) in enumerate(ch.consume(f"load{n}")):
            ch.basic_ack(method.delivery_tag)
            if i == 49:
                break
        ch.cancel()
        ch.queue_delete(f"load{n}")
        c.close()

    threads = [threading.Thread(target=one, args=(n,)) for n in range(3)]
    for t in threads:
        t.start()
    for t in threads:
        t.join()


globals()[sys.argv[1]]()
