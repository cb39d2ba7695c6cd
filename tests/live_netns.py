#!/usr/bin/env python3
"""Live capture from outside: live_netns.py PACKETD.

Two network namespaces joined by a veth pair: the client's (this process, with packetd) and the server's, plus the
client's loopback. Needs root or unprivileged user namespaces; exits with 77 and says why where it has neither.
"""

import contextlib
import http.client
import http.server
import json
import os
import re
import select
import signal
import socket
import socketserver
import struct
import subprocess
import sys
import threading
import time
import unittest

PACKETD = "packetd"
WAIT = 20  # seconds that a step may take before the test fails
CLIENT, SERVER, LOOPBACK = "10.77.0.1", "10.77.0.2", "127.0.0.1"
WEB, DNS = 8080, 53


class Web(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self):
        body = b"x" * int(self.path.rsplit("/", 1)[1])
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


class WebServer(http.server.ThreadingHTTPServer):
    request_queue_size = 128


class Names(socketserver.BaseRequestHandler):
    """Answers every question with one A record, except those for names that begin with "silent"."""

    def handle(self):
        query, sock = self.request
        if b"silent" in query:
            return
        head = query[:2] + struct.pack("!HHHHH", 0x8180, 1, 1, 0, 0)
        answer = b"\xc0\x0c" + struct.pack("!HHIH4s", 1, 1, 60, 4, socket.inet_aton("192.0.2.1"))
        sock.sendto(head + query[12:] + answer, self.client_address)


def serve(address):
    servers = [WebServer((address, WEB), Web), socketserver.ThreadingUDPServer((address, DNS), Names)]
    for server in servers:
        server.daemon_threads = True
        threading.Thread(target=server.serve_forever, daemon=True).start()


def question(number, name):
    labels = b"".join(bytes([len(part)]) + part.encode() for part in name.split("."))
    return struct.pack("!HHHHHH", number, 0x0100, 1, 0, 0, 0) + labels + b"\0" + struct.pack("!HH", 1, 1)


def ask(address, number, name, answered=True):
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.settimeout(WAIT)
        sock.sendto(question(number, name), (address, DNS))
        if answered:
            sock.recv(512)


def get(address, sizes):
    """One connection, a request for each size."""
    connection = http.client.HTTPConnection(address, WEB, timeout=WAIT)
    for size in sizes:
        connection.request("GET", f"/{size}")
        assert len(connection.getresponse().read()) == size
    connection.close()


class Packetd:
    """A running `packetd log` whose lines are read as they come."""

    def __init__(self, *arguments):
        self.process = subprocess.Popen([PACKETD, "log", "--json", *arguments], stdout=subprocess.PIPE,
                                        stderr=subprocess.PIPE)
        self.text = b""
        self.said = b""
        self.until(self.process.stderr, lambda line: b"listening on" in line)

    def until(self, stream, enough):
        """Lines of standard error up to the one that is enough."""
        end = time.monotonic() + WAIT
        while time.monotonic() < end and self.process.poll() is None:
            if select.select([stream], [], [], 0.1)[0]:
                line = stream.readline()
                self.said += line
                if enough(line):
                    return
        raise AssertionError(f"packetd did not say that it listens: {self.said!r} {stream.read()!r}")

    def lines(self, count):
        """The next `count` records, waited for. Workers print each for itself: in order of their times."""
        end = time.monotonic() + WAIT
        while self.text.count(b"\n") < count:
            if not select.select([self.process.stdout], [], [], max(0, end - time.monotonic()))[0]:
                raise AssertionError("%d of %d lines" % (self.text.count(b"\n"), count))
            self.text += os.read(self.process.stdout.fileno(), 1 << 16)
        parts = self.text.split(b"\n", count)
        self.text = parts.pop()
        return sorted((json.loads(part) for part in parts), key=lambda record: record["time"])

    def end(self):
        """Ends it as ^C does; what it printed since lines(), and its summary."""
        self.process.send_signal(signal.SIGINT)
        out, err = self.process.communicate(timeout=WAIT)
        assert self.process.returncode == 0, (self.process.returncode, err)
        return [json.loads(part) for part in (self.text + out).splitlines()], (self.said + err).decode()


@contextlib.contextmanager
def running(*arguments):
    packetd = Packetd(*arguments)
    try:
        yield packetd
    finally:
        if packetd.process.poll() is None:
            packetd.process.kill()
            packetd.process.wait()
        packetd.process.stdout.close()
        packetd.process.stderr.close()


class Live(unittest.TestCase):
    def check(self, record, proto, iface, address):
        self.assertEqual(record["proto"], proto, record)
        self.assertEqual(record["status"], "ok", record)
        self.assertEqual(record["iface"], iface, record)
        self.assertEqual(record["server"]["address"], address, record)
        self.assertGreater(record["duration"], 0)
        self.assertLess(record["duration"], WAIT)

    def test_both_protocols_on_one_interface(self):
        for engine in "afpacket", "libpcap":
            with self.subTest(engine), running("-i", "v0", "--engine", engine) as packetd:
                get(SERVER, [10, 100000, 0])
                ask(SERVER, 7, "www.example.com")
                get(LOOPBACK, [5])
                records = packetd.lines(4)

                for record, size in zip(records, [10, 100000, 0]):
                    self.check(record, "http", "v0", SERVER)
                    self.assertEqual(record["response"]["body_bytes"], size)
                self.check(records[3], "dns", "v0", SERVER)
                self.assertEqual(records[3]["response"]["answers"][0]["data"], "192.0.2.1")
                rest, summary = packetd.end()
                self.assertEqual(rest, [])
                self.assertIn("0 dropped by the kernel", summary)

    def test_any_sees_each_roundtrip_once(self):
        for engine in "afpacket", "libpcap":
            with self.subTest(engine), running("--engine", engine) as packetd:
                get(LOOPBACK, [1, 2, 3])
                get(SERVER, [4, 5])
                records = packetd.lines(5)
                for record in records[:3]:
                    self.check(record, "http", "lo", LOOPBACK)
                for record in records[3:]:
                    self.check(record, "http", "v0", SERVER)
                self.assertEqual(packetd.end()[0], [])

    def test_rules_narrow_in_the_kernel(self):
        with running("-i", "v0", "--proto", "dns:53") as packetd:
            for number in range(5):
                get(SERVER, [50000])
                ask(SERVER, number, f"n{number}.example.com")
            records = packetd.lines(5)
            self.assertEqual([record["proto"] for record in records], ["dns"] * 5)
            rest, summary = packetd.end()
            self.assertEqual(rest, [])
            packets = int(re.search(r"([0-9,]+) packets", summary).group(1).replace(",", ""))
            self.assertTrue(10 <= packets < 20, summary)  # the kernel's own IPv6 talk, and nothing of HTTP

    def test_filter(self):
        with running("-i", "v0", "-f", f"udp port {DNS}") as packetd:
            get(SERVER, [1])
            ask(SERVER, 1, "only.example.com")
            self.assertEqual(packetd.lines(1)[0]["request"]["question"], "only.example.com")
            self.assertEqual(packetd.end()[0], [])

    def test_workers_share_and_lose_nothing(self):
        with running("-i", "v[0-9]|lo", "--workers", "2") as packetd:
            clients = [threading.Thread(target=get, args=(address, [number] * 20))
                       for number in range(8) for address in (SERVER, LOOPBACK)]
            for client in clients:
                client.start()
            for client in clients:
                client.join()
            records = packetd.lines(320)
            for address, iface in (SERVER, "v0"), (LOOPBACK, "lo"):
                of_this = [record for record in records if record["server"]["address"] == address]
                self.assertEqual(len(of_this), 160)
                for record in of_this:
                    self.check(record, "http", iface, address)
            rest, summary = packetd.end()
            self.assertEqual(rest, [])
            self.assertIn("completeness 100.0 %", summary)

    def test_line_comes_soon(self):
        with running("-i", "v0") as packetd:
            took = []
            for number in range(10):
                start = time.time()
                ask(SERVER, number, "soon.example.com")
                packetd.lines(1)
                took.append(time.time() - start)
            self.assertLess(min(took), 0.045)  # 20 ms in the kernel, 20 ms to be written, the answer's own time

    def test_unanswered_on_a_silent_link(self):
        with running("-i", "v0", "--timeout", "1s") as packetd:
            start = time.time()
            ask(SERVER, 9, "silent.example.com", answered=False)
            record = packetd.lines(1)[0]
            self.assertEqual(record["status"], "unanswered")
            self.assertGreater(time.time() - start, 0.9)
            self.assertLess(time.time() - start, 5)
            self.assertEqual(packetd.end()[0], [])

    def test_errors_are_one_line(self):
        for arguments, words in (["-i", "nothere9"], "no such interface; there are lo, v0"), \
                (["-i", "lo", "-f", "tcp prt 80"], "syntax error"):
            ended = subprocess.run([PACKETD, "log", *arguments], capture_output=True, text=True, timeout=WAIT)
            self.assertEqual(ended.returncode, 1, ended)
            self.assertIn(words, ended.stderr)
            self.assertEqual(ended.stderr.count("\n"), 1, ended.stderr)
            self.assertEqual(ended.stdout, "")

    def test_ifaces(self):
        shown = subprocess.run([PACKETD, "ifaces"], capture_output=True, text=True, timeout=WAIT, check=True)
        rows = {line.split()[0]: line for line in shown.stdout.splitlines()}
        self.assertRegex(rows["v0"], r"up +ethernet +1500 +yes +10\.77\.0\.1")
        self.assertRegex(rows["lo"], r"up +loopback +65536 +yes +127\.0\.0\.1")
        self.assertRegex(rows["d0"], r"down +ethernet +1500 +no, down")


def ip(*words):
    subprocess.run(["ip", *words], check=True)


def run_tests():
    """In the client's namespace. The server's is that of a child, which ends when its standard input does."""
    server = subprocess.Popen(["unshare", "--net", sys.executable, __file__, "--serve"], stdin=subprocess.PIPE,
                              stdout=subprocess.PIPE, text=True)
    server.stdout.readline()
    ip("link", "set", "lo", "up")
    ip("link", "add", "v0", "type", "veth", "peer", "name", "v1", "netns", str(server.pid))
    ip("link", "add", "d0", "type", "veth", "peer", "name", "d1")
    ip("address", "add", CLIENT + "/24", "dev", "v0")
    ip("link", "set", "v0", "up")
    server.stdin.write("\n")
    server.stdin.flush()
    server.stdout.readline()
    serve(LOOPBACK)
    result = unittest.main(argv=[sys.argv[0]], exit=False).result
    server.stdin.close()
    server.wait()
    return 0 if result.wasSuccessful() else 1


def run_server():
    print("there", flush=True)
    sys.stdin.readline()
    ip("address", "add", SERVER + "/24", "dev", "v1")
    ip("link", "set", "v1", "up")
    serve(SERVER)
    print("ready", flush=True)
    sys.stdin.read()


def enter():
    """Starts this script again inside a namespace."""
    how = ["--net"] if os.geteuid() == 0 else ["--net", "--map-root-user"]
    probe = "ip link add p0 type veth peer name p1"
    probed = subprocess.run(["unshare", *how, "sh", "-c", probe], capture_output=True, text=True)
    if probed.returncode != 0:
        print("skipped: no right to make network namespaces and veth pairs:", probed.stderr.strip())
        return 77
    return subprocess.run(["unshare", *how, sys.executable, __file__, "--inside", sys.argv[1]]).returncode


if __name__ == "__main__":
    if sys.argv[1] == "--serve":
        run_server()
    elif sys.argv[1] == "--inside":
        PACKETD = sys.argv[2]
        sys.exit(run_tests())
    else:
        sys.exit(enter())
