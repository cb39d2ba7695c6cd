"""server.py ADDRESS:PORT: a gRPC server whose messages are plain bytes, for the captures of make_grpc.sh."""
import sys
import time
from concurrent import futures

import grpc


def unary(request, context):
    context.send_initial_metadata((("x-served-by", "python"),))
    context.set_trailing_metadata((("x-cost", "1"), ("x-bytes-bin", b"\x00\x01\x02")))
    return request


def server_stream(request, _):
    for i in range(int(request)):
        yield b"message %d" % i


def client_stream(requests, _):
    return b"%d" % sum(1 for _ in requests)


def bidi(requests, _):
    for request in requests:
        yield request


def fail(_, context):
    context.abort(grpc.StatusCode.INVALID_ARGUMENT, "100 % bad: gr\u00fc\u00dfe")


def broken(_, __):
    raise ValueError("broken")


def half(_, context):
    yield b"one"
    context.abort(grpc.StatusCode.DATA_LOSS, "only one")


def slow(request, _):
    time.sleep(1)
    return request


METHODS = {
    "Unary": grpc.unary_unary_rpc_method_handler(unary),
    "ServerStream": grpc.unary_stream_rpc_method_handler(server_stream),
    "ClientStream": grpc.stream_unary_rpc_method_handler(client_stream),
    "Bidi": grpc.stream_stream_rpc_method_handler(bidi),
    "Fail": grpc.unary_unary_rpc_method_handler(fail),
    "Broken": grpc.unary_unary_rpc_method_handler(broken),
    "Half": grpc.unary_stream_rpc_method_handler(half),
    "Slow": grpc.unary_unary_rpc_method_handler(slow),
}


def main():
    server = grpc.server(futures.ThreadPoolExecutor(8), compression=grpc.Compression.NoCompression)
    server.add_generic_rpc_handlers((grpc.method_handlers_generic_handler("test.Echo", METHODS),))
    server.add_insecure_port(sys.argv[1])
    server.start()
    server.wait_for_termination()


main()
