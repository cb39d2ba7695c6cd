"""client.py CASE ADDRESS:PORT: gRPC calls whose messages are plain bytes, for the captures of make_grpc.sh."""
import sys
import time

import grpc

case, address = sys.argv[1:]
channel = grpc.insecure_channel(address)


def method(kind, name):
    return getattr(channel, kind)("/test.Echo/" + name)


def quietly(call):
    try:
        return call()
    except grpc.RpcError as error:
        return error.code()


def unary():
    call = method("unary_unary", "Unary")
    for i in range(3):
        call(b"hello %d" % i, metadata=(("x-request", str(i)), ("authorization", "Bearer s3cret")))
    call(b"", timeout=5)


def streams():
    list(method("unary_stream", "ServerStream")(b"5"))
    method("stream_unary", "ClientStream")(b"part %d" % i for i in range(4))
    list(method("stream_stream", "Bidi")(b"turn %d" % i for i in range(3)))
    list(method("unary_stream", "ServerStream")(b"0"))


def errors():
    for name in ("Fail", "Broken", "None"):
        quietly(lambda name=name: method("unary_unary", name)(b"x"))
    quietly(lambda: list(method("unary_stream", "Half")(b"x")))


def deadlines():
    quietly(lambda: method("unary_unary", "Slow")(b"x", timeout=0.1))
    call = method("unary_stream", "ServerStream")(b"100000")
    next(call)
    call.cancel()
    time.sleep(0.1)


def large():
    method("unary_unary", "Unary")(b"l" * 60000)


def compressed():
    call = method("unary_unary", "Unary")
    call(b"c" * 2000, compression=grpc.Compression.Gzip)


def proxied():
    method("unary_unary", "Unary")(b"hello")
    list(method("unary_stream", "ServerStream")(b"3"))
    for name in ("Echo/Fail", "Secret/Get", "None/Get"):
        quietly(lambda name=name: channel.unary_unary("/test." + name)(b"x"))


globals()[case]()
channel.close()
