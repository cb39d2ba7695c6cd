#!/usr/bin/env python3
"""The command line from outside: cmd_test.py PACKETD. Captures are made here, byte by byte."""

import contextlib
import json
import os
import select
import signal
import socket
import ssl
import struct
import subprocess
import sys
import tempfile
import threading
import time
import unittest

PACKETD = "packetd"
WAIT = 30  # seconds that a step may take before the test fails
FIN, SYN, RST, ACK = 1, 2, 4, 16
ETHERNET = b"\x02\0\0\0\0\2" + b"\x02\0\0\0\0\1"


def ipv4(proto, src, dst, body):
    head = struct.pack("!BBHHHBBH4s4s", 0x45, 0, 20 + len(body), 0, 0, 64, proto, 0,
                       socket.inet_aton(src), socket.inet_aton(dst))
    return ETHERNET + b"\x08\0" + head + body


def ipv6(proto, src, dst, body):
    head = struct.pack("!IHBB16s16s", 6 << 28, len(body), proto, 64,
                       socket.inet_pton(socket.AF_INET6, src), socket.inet_pton(socket.AF_INET6, dst))
    return ETHERNET + b"\x86\xdd" + head + body


class Capture:
    """A pcap file in memory; each packet is 1 ms later than the one before."""

    def __init__(self, start=1_700_000_000_000_000):
        self.now = start
        self.packets = []

    def add(self, frame, gap_us=1000):
        self.now += gap_us
        head = struct.pack("<IIII", *divmod(self.now, 1_000_000), len(frame), len(frame))
        self.packets.append(head + frame)

    def udp(self, src, sport, dst, dport, payload):
        body = struct.pack("!HHHH", sport, dport, 8 + len(payload), 0) + payload
        self.add((ipv6 if ":" in src else ipv4)(17, src, dst, body))

    def tcp(self, src, sport, dst, dport, flags, seq, ack, payload=b"", gap_us=1000):
        body = struct.pack("!HHIIBBHHH", sport, dport, seq, ack, 5 << 4, flags, 65535, 0, 0) + payload
        self.add((ipv6 if ":" in src else ipv4)(6, src, dst, body), gap_us)

    def bytes(self):
        return struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 262144, 1) + b"".join(self.packets)


class Connection:
    def __init__(self, capture, client="10.0.0.1", port=40000, server="10.0.0.2", server_port=80):
        self.capture, self.ends = capture, (client, port, server, server_port)
        self.seq = [1000, 2000]
        self.send(0, SYN)
        self.send(1, SYN | ACK)
        self.send(0, ACK)

    def send(self, side, flags, payload=b"", gap_us=1000):
        client, port, server, server_port = self.ends
        src = (client, port, server, server_port) if side == 0 else (server, server_port, client, port)
        ack = self.seq[1 - side] if flags & ACK else 0
        self.capture.tcp(*src, flags, self.seq[side], ack, payload, gap_us)
        self.seq[side] += len(payload) + (1 if flags & (SYN | FIN) else 0)

    def ask(self, path, gap_us=1000):
        self.send(0, ACK, f"GET {path} HTTP/1.1\r\nHost: test.example\r\n\r\n".encode(), gap_us)

    def answer(self, body=b"hello"):
        head = f"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: {len(body)}\r\n\r\n"
        self.send(1, ACK, head.encode() + body)

    def get(self, path):
        self.ask(path)
        self.answer()

    def close(self):
        self.send(0, FIN | ACK)
        self.send(1, FIN | ACK)
        self.send(0, ACK)


def dns(name, identity, answer):
    question = b"".join(bytes([len(x)]) + x.encode() for x in name.split(".")) + b"\0\0\1\0\1"
    if not answer:
        return struct.pack("!HHHHHH", identity, 0x0100, 1, 0, 0, 0) + question
    record = b"\xc0\x0c\0\1\0\1\0\0\0\x3c\0\4\x0a\1\2\3"
    return struct.pack("!HHHHHH", identity, 0x8180, 1, 1, 0, 0) + question + record


def client_hello(name):
    """What a TLS client sends first."""
    incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
    client = ssl.create_default_context().wrap_bio(incoming, outgoing, server_hostname=name)
    try:
        client.do_handshake()
    except ssl.SSLWantReadError:
        pass
    return outgoing.read()


def small_capture():
    """Two HTTP roundtrips, one DNS over UDP, in this order."""
    capture = Capture()
    connection = Connection(capture)
    connection.get("/first")
    connection.get("/second?token=abc")
    connection.close()
    capture.udp("10.0.0.1", 5000, "10.0.0.3", 53, dns("www.test.example", 7, False))
    capture.udp("10.0.0.3", 53, "10.0.0.1", 5000, dns("www.test.example", 7, True))
    return capture


def large_capture(connections=60, rounds=40):
    """More packets than a few batches hold, many connections at once; some requests get no answer."""
    capture = Capture()
    all_of_them = [Connection(capture, port=20000 + i, server=f"10.0.1.{i % 7 + 1}")
                   for i in range(connections)]
    for r in range(rounds):
        for i, connection in enumerate(all_of_them):
            connection.ask(f"/{i}/{r}", 100)
        for i, connection in enumerate(all_of_them):
            if r < rounds - 1 or i % 3:
                connection.answer(b"x" * (i * 37 % 1300))
        for i in range(0, connections, 4):
            query = r * connections + i
            capture.udp("10.0.0.1", 5000 + i, "10.0.0.3", 53, dns(f"n{query}.test", query, False))
            if query % 5:
                capture.udp("10.0.0.3", 53, "10.0.0.1", 5000 + i, dns(f"n{query}.test", query, True))
    return capture


def run(*args, stdin=b"", env=None):
    return subprocess.run([PACKETD, *args], input=stdin, capture_output=True, timeout=WAIT,
                          env={**os.environ, **(env or {})})


def content(path):
    with open(path, "rb") as file:
        return file.read()


def records(output):
    return [json.loads(line) for line in output.splitlines()]


def paths(output):
    return [r["request"]["path"] for r in records(output) if r["proto"] == "http"]


class Case(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.TemporaryDirectory()
        cls.addClassCleanup(cls.folder.cleanup)
        cls.small = cls.write("small.pcap", small_capture().bytes())

    @classmethod
    def write(cls, name, what):
        path = os.path.join(cls.folder.name, name)
        with open(path, "wb") as file:
            file.write(what)
        return path

    def expect_error(self, status, words, *args, stdin=b""):
        """One line on standard error, nothing on standard output."""
        done = run(*args, stdin=stdin)
        error = done.stderr.decode()
        self.assertEqual((done.returncode, done.stdout), (status, b""), error)
        self.assertEqual(error.count("\n"), 1, error)
        self.assertTrue(error.startswith("packetd: "), error)
        self.assertIn(words, error)


class Commands(Case):
    def test_version(self):
        done = run("version")
        text = done.stdout.decode()
        self.assertEqual(done.returncode, 0)
        for part in ("packetd ", "libpcap", "xxHash", "protocols: "):
            self.assertIn(part, text)
        self.assertEqual(run("--version").stdout, done.stdout)

    def test_help(self):
        for args in (("help",), ("--help",), ("-h",)):
            done = run(*args)
            self.assertEqual((done.returncode, done.stderr), (0, b""))
            for command in ("log", "ifaces", "version", "help"):
                self.assertIn(f"  {command} ", done.stdout.decode())
        log = run("help", "log").stdout.decode()
        for option in ("--iface", "--proto", "--rotate-size", "-q, --quiet"):
            self.assertIn(option, log)
        for args in (("log", "--help"), ("watch", "-h"), ("help", "watch")):
            self.assertEqual(run(*args).stdout.decode(), log)
        self.assertLess(max(map(len, log.splitlines())), 120)
        for command in ("ifaces", "version", "help"):
            self.assertEqual(run(command, "--help").stdout, run("help", command).stdout)

    def test_no_command(self):
        done = run()
        self.assertEqual((done.returncode, done.stdout), (2, b""))
        self.assertIn("Usage", done.stderr.decode())
        self.expect_error(2, "did you mean log?", "lgo")
        self.expect_error(2, "'packetd help' lists them", "nonsense")
        self.expect_error(2, "did you mean packetd log", self.small)
        self.expect_error(2, "no command", "help", "nonsense")
        self.expect_error(2, "did you mean packetd log -i?", "-i", "lo")

    def test_ifaces(self):
        done = run("ifaces")
        self.assertEqual(done.returncode, 0)
        self.assertIn("lo", done.stdout.decode())


class BadInput(Case):
    def test_usage(self):
        self.expect_error(2, "did you mean --format?", "log", "--fromat", "json")
        self.expect_error(2, "did you mean --format json?", "log", "-o", "json")
        self.expect_error(2, "tcpdump -w", "log", "-w", "x.pcap")
        self.expect_error(2, "text, json or none", "log", "--format", "xml")
        self.expect_error(2, "wants an argument", "log", "-r")
        self.expect_error(2, "-j; did you mean --json?", "log", "-json", self.small)
        self.expect_error(2, "from 16 to 1048576 MiB", "log", "--memory-limit", "1MB")

    def test_files(self):
        text = self.write("text", b"this is no capture\n" * 20)
        self.expect_error(1, "port: no such file; a capture filter is -f 'port 80'", "log", "port", "80")
        self.expect_error(1, "80: no such file; for a port: --proto NAME:80, or -f 'port 80'\n",
                          "log", "--proto", "http", "80", self.small)
        self.expect_error(1, "a capture filter is -f 'tcp and udp'\n", "log", "tcp", "and", "udp", self.small)
        self.expect_error(1, "a.pcap: no such file\n", "log", "a.pcap", "b.pcap")
        self.expect_error(1, "nowhere.pcap", "log", "nowhere.pcap")
        self.expect_error(1, "nowhere", "log", "-r", "nowhere")
        self.expect_error(1, "text", "log", text)
        self.expect_error(1, self.folder.name, "log", self.folder.name)
        self.expect_error(1, "", "log", "-q", "-", stdin=b"")
        # The second one is looked at before the first is printed.
        self.expect_error(1, "text", "log", "-q", self.small, text)

    def test_choice(self):
        self.expect_error(1, "there are: ", "log", "--proto", "htpp:80", self.small)
        self.expect_error(1, "ports", "log", "--proto", "http:x", self.small)
        self.expect_error(1, "host", "log", "--proto", "http:80@1.2.3.4.5", self.small)
        self.expect_error(1, "PROTO=PORT", "log", "--port", "http", self.small)
        self.expect_error(1, "PROTO=PORT", "log", "--port", "8080", self.small)
        self.expect_error(1, "did you mean http?", "log", "--proto", "HTTP", self.small)
        self.expect_error(1, "", "log", "-f", "port eighty and", self.small)

    def test_nothing_half_written(self):
        output = os.path.join(self.folder.name, "never.json")
        self.expect_error(1, "nowhere", "log", "-o", output, "-r", "nowhere")
        self.expect_error(1, "", "log", "-o", output, "-i", "no-such-interface")
        self.assertFalse(os.path.exists(output))
        self.expect_error(1, "no/such/folder", "log", "-o", "no/such/folder/x", self.small)


class Replay(Case):
    def test_json(self):
        done = run("log", self.small)
        first, second, third = records(done.stdout)
        self.assertEqual(done.returncode, 0)
        self.assertEqual((first["request"]["path"], first["status"]), ("/first", "ok"))
        self.assertEqual(second["request"]["path"], "/second")
        self.assertNotIn("abc", json.dumps(second))
        self.assertEqual((third["proto"], third["request"]["question"]), ("dns", "www.test.example"))
        error = done.stderr.decode()
        self.assertEqual(error.count("JSON lines"), 1)
        self.assertRegex(error, r"packetd: 12 packets.*\n  dns +1 roundtrips: 1 ok; completeness 100.0 %\n"
                                r"  http +2 roundtrips: 2 ok; completeness 100.0 %\n")

    def test_quiet(self):
        self.assertNotIn(b"JSON lines", run("log", "--json", self.small).stderr)
        self.assertTrue(run("log", "-q", self.small).stderr.startswith(b"packetd: 12 packets"))
        done = run("log", "-qq", self.small)
        self.assertEqual((len(records(done.stdout)), done.stderr), (3, b""))

    def test_formats(self):
        text = run("log", "--format", "text", "--time", "utc", self.small).stdout.decode()
        self.assertEqual(len(text.splitlines()), 3)
        self.assertIn("/first", text)
        self.assertNotIn("\033", text)
        self.assertIn("\033", run("log", "--format", "text", "--color", "always", self.small).stdout.decode())
        done = run("log", "--format", "none", self.small)
        self.assertEqual(done.stdout, b"")
        self.assertIn(b"2 roundtrips", done.stderr)
        for form in ("local", "epoch", "delta"):
            self.assertEqual(run("log", "--format", "text", "--time", form, self.small).returncode, 0)

    def test_secrets(self):
        self.assertIn(b"abc", run("log", "--show-secrets", self.small).stdout)

    def test_proto(self):
        only, = records(run("log", "--proto", "dns:53", self.small).stdout)
        self.assertEqual(only["proto"], "dns")
        for spec, lines in (("http:80", 2), ("http:81", 0), ("http;80;10.0.0.2", 2),
                            ("http:80,81@10.0.0.9", 0), ("http@10.0.0.1", 2)):
            done = run("log", "--proto", spec, self.small)
            self.assertEqual(len(done.stdout.splitlines()), lines, spec)
            self.assertNotIn(b"any port", done.stderr)
        done = run("log", "--proto", "http", self.small)
        self.assertEqual(len(records(done.stdout)), 2)
        self.assertEqual(done.stderr.count(b"any port; quote ';' if you meant ports"), 1)

    def test_filter_and_ipv(self):
        capture = small_capture()
        Connection(capture, client="fd00::1", server="fd00::2").get("/six")
        path = self.write("both.pcap", capture.bytes())
        self.assertEqual(paths(run("log", "-f", "tcp and ip", path).stdout), ["/first", "/second"])
        self.assertEqual(paths(run("log", "--ipv", "v6", path).stdout), ["/six"])
        self.assertEqual(paths(run("log", "--ipv", "v4", path).stdout), ["/first", "/second"])
        self.assertEqual(len(records(run("log", "-c", "2", path).stdout)), 2)

    def test_headers_and_body(self):
        plain, = records(run("log", "-c1", "--headers", "none", self.small).stdout)
        self.assertNotIn("headers", plain["request"])
        full, = records(run("log", "-c1", "--headers", "host", "--body", self.small).stdout)
        self.assertEqual(full["request"]["headers"], {"host": ["test.example"]})
        self.assertEqual(full["response"]["body"], "hello")

    def test_duration_is_packet_time(self):
        capture = Capture()
        connection = Connection(capture)
        connection.get("/early")
        connection.ask("/late", gap_us=20_000_000)
        connection.answer()
        path = self.write("slow.pcap", capture.bytes())
        self.assertEqual(paths(run("log", "--duration", "5s", path).stdout), ["/early"])
        self.assertEqual(paths(run("log", path).stdout), ["/early", "/late"])

    def test_timeout(self):
        capture = Capture()
        connection = Connection(capture)
        connection.ask("/never")
        other = Connection(capture, port=40001)
        other.ask("/after", gap_us=3_000_000)
        other.answer()
        path = self.write("timeout.pcap", capture.bytes())
        self.assertEqual(paths(run("log", "--timeout", "1s", path).stdout), ["/never", "/after"])
        self.assertEqual(paths(run("log", path).stdout), ["/after", "/never"])

    def test_not_understood(self):
        capture = small_capture()
        connection = Connection(capture, port=40002, server_port=443)
        connection.send(0, ACK, client_hello("api.example.com"))
        for i in range(94):
            connection.send(1 - i % 2, ACK, b"\x17\x03\x03\0\x04" + bytes([i] * 4))
        other = Connection(capture, port=40003, server_port=22)
        for i in range(20):
            other.send(i % 2, ACK, bytes([i, 255, i ^ 85]) * 5)
        done = run("log", self.write("unknown.pcap", capture.bytes()))
        self.assertEqual(len(records(done.stdout)), 3)
        self.assertRegex(done.stderr.decode(), r"\d packets understood by no protocol: "
                                               r"443 TLS \(SNI api\.example\.com\) \d\d %, 22 \d\d? %\n")

    def test_several_files(self):
        done = run("log", self.small, "-r", self.small, "--file", self.small)
        found = records(done.stdout)
        self.assertEqual(len(found), 9)
        self.assertEqual([r["packet"] for r in found if r["proto"] == "dns"], [11, 23, 35])

    def test_an_older_file_keeps_its_times(self):
        later = Capture(start=1_700_000_100_000_000)
        Connection(later).get("/later")
        later = self.write("later.pcap", later.bytes())
        alone = [r["time"] for r in records(run("log", "-q", self.small).stdout)]
        both = [r["time"] for r in records(run("log", "-q", later, self.small).stdout)]
        self.assertEqual(both[1:], alone)

    def test_truncated_is_a_warning(self):
        path = self.write("short.pcap", small_capture().bytes()[:-10])
        done = run("log", path)
        self.assertEqual(done.returncode, 0)
        self.assertEqual([r["status"] for r in records(done.stdout)][-1], "unanswered")
        self.assertIn(b"short.pcap", done.stderr)


class Workers(Case):
    def test_same_output(self):
        large = self.write("large.pcap", large_capture().bytes())
        for args in ((large,), ("-f", "host 10.0.1.1 or udp", large), ("-c", "777", large),
                     ("--timeout", "100ms", large), (self.small, large, self.small), ("-r", "-")):
            stdin = content(large) if "-" in args else b""
            one, two, four = (run("log", "-qq", "--workers", n, *args, stdin=stdin).stdout for n in "124")
            self.assertGreater(len(one.splitlines()), 400, args)
            self.assertTrue(one == two, args)
            self.assertTrue(one == four, args)

    def test_same_summary(self):
        large = self.write("large.pcap", large_capture().bytes())
        one, four = (run("log", "-q", "--format", "none", "--workers", n, large).stderr for n in "14")
        self.assertEqual(one, four)


class Output(Case):
    def test_file(self):
        path = os.path.join(self.folder.name, "out.json")
        for turn in (1, 2):
            done = run("log", "-o", path, self.small)
            self.assertEqual(done.stdout, b"")
            self.assertEqual(len(records(content(path))), 3 * turn)
        self.assertEqual(os.stat(path).st_mode & 0o777, 0o600)
        done = run("log", "-o", path, "--console", "--format", "text", self.small)
        self.assertEqual(len(done.stdout.splitlines()), 3)
        self.assertEqual(len(records(content(path))), 9)

    def test_rotation(self):
        path = os.path.join(self.folder.name, "rotated.json")
        large = self.write("large.pcap", large_capture().bytes())
        run("log", "-qq", "-o", path, "--rotate-size", "100KB", "--rotate-count", "2", large)
        kept = [name for name in os.listdir(self.folder.name) if name.startswith("rotated.json")]
        self.assertEqual(len(kept), 3)
        for name in kept:
            full = os.path.join(self.folder.name, name)
            self.assertLessEqual(os.path.getsize(full), 110_000)
            records(content(full))

    def test_reader_goes_away(self):
        large = self.write("large.pcap", large_capture().bytes())
        for workers in "13":
            process = subprocess.Popen([PACKETD, "log", "-q", "--workers", workers, large],
                                       stdout=subprocess.PIPE, stderr=subprocess.PIPE)
            process.stdout.readline()
            process.stdout.close()
            self.assertEqual(process.wait(WAIT), 0)
            self.assertEqual(process.stderr.read(), b"")
            process.stderr.close()


class Running:
    """packetd in the background; its lines come with a deadline."""

    def __init__(self, *args, stdin=None):
        self.process = subprocess.Popen([PACKETD, *args], stdin=stdin, stdout=subprocess.PIPE,
                                        stderr=subprocess.PIPE)
        self.rest = {self.process.stdout: b"", self.process.stderr: b""}

    def line(self, stream, seconds=WAIT):
        end = time.monotonic() + seconds
        while b"\n" not in self.rest[stream]:
            left = end - time.monotonic()
            if left < 0 or not select.select([stream], [], [], left)[0]:
                raise AssertionError(f"no line within {seconds} s, only {self.rest[stream]}")
            more = os.read(stream.fileno(), 65536)
            if not more:
                raise AssertionError(f"ended after {self.rest[stream]}")
            self.rest[stream] += more
        line, self.rest[stream] = self.rest[stream].split(b"\n", 1)
        return line

    def error_with(self, words, seconds=WAIT):
        while True:
            line = self.line(self.process.stderr, seconds).decode()
            if words in line:
                return line

    def end(self, number=signal.SIGINT):
        self.process.send_signal(number)
        out, err = self.process.communicate(timeout=WAIT)
        return (self.process.returncode, self.rest[self.process.stdout] + out,
                self.rest[self.process.stderr] + err)

    def drop(self):
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()
        for stream in (self.process.stdin, self.process.stdout, self.process.stderr):
            if stream:
                stream.close()


class Pipe(Case):
    def start(self, *args):
        running = Running("log", "-q", *args, "-", stdin=subprocess.PIPE)
        self.addCleanup(running.drop)
        return running, running.process.stdin

    def test_lines_do_not_wait(self):
        capture = small_capture().bytes()
        cut = capture.index(b"GET /second")
        for workers in "12":
            running, pipe = self.start("--workers", workers)
            pipe.write(capture[:cut])
            pipe.flush()
            self.assertIn(b"/first", running.line(running.process.stdout, 5))
            pipe.write(capture[cut:])
            pipe.close()
            self.assertIn(b"/second", running.line(running.process.stdout, 5))
            self.assertEqual(running.process.wait(WAIT), 0)

    def test_signals(self):
        capture = Capture()
        Connection(capture).ask("/open")
        for workers in "12":
            running, pipe = self.start("--workers", workers)
            pipe.write(capture.bytes())
            pipe.flush()
            time.sleep(0.3)
            running.process.send_signal(signal.SIGUSR1)
            self.assertIn("4 packets", running.error_with("packets", 5))
            running.process.send_signal(signal.SIGINT)
            self.assertIn(b'"unanswered"', running.line(running.process.stdout, 5))
            self.assertEqual(running.process.wait(WAIT), 0)
            self.assertIn(b"4 packets", running.process.stderr.read())
            pipe.close()


def may_capture():
    try:
        socket.socket(socket.AF_PACKET, socket.SOCK_RAW, 0).close()
        return True
    except (AttributeError, PermissionError):
        return False


class Server(threading.Thread):
    """Gives the same answer to everything that comes, on a loopback port of its own."""

    def __init__(self, answer=b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"):
        super().__init__(daemon=True)
        self.answer = answer
        self.socket = socket.create_server(("127.0.0.1", 0))
        self.port = self.socket.getsockname()[1]

    def run(self):
        while True:
            try:
                connection, _ = self.socket.accept()
            except OSError:
                return
            with connection:
                while connection.recv(65536):
                    connection.sendall(self.answer)

    def get(self, path, times=1):
        with socket.create_connection(("127.0.0.1", self.port)) as connection:
            for _ in range(times):
                connection.sendall(f"GET {path} HTTP/1.1\r\nHost: x\r\n\r\n".encode())
                connection.recv(65536)


@unittest.skipUnless(may_capture(), "no right to capture (CAP_NET_RAW)")
class Live(Case):
    def setUp(self):
        self.server = Server()
        self.server.start()
        self.addCleanup(self.server.socket.close)

    def start(self, *args):
        running = Running("log", "-i", "lo", *args)
        self.addCleanup(running.drop)
        self.started = running.error_with("listening on")
        time.sleep(0.2)
        return running

    def test_engines_and_signals(self):
        for args in (("--workers", "1"), ("--workers", "2"), ("--engine", "libpcap")):
            running = self.start("--proto", f"http:{self.server.port}", *args)
            self.assertIn("listening on lo, ", self.started)
            self.assertIn(f"http:{self.server.port}; ^C ends", self.started)
            self.server.get("/live")
            line = json.loads(running.line(running.process.stdout, 5))
            self.assertEqual((line["request"]["path"], line["iface"], line["status"]), ("/live", "lo", "ok"))
            running.process.send_signal(signal.SIGUSR1)
            self.assertRegex(running.error_with("roundtrips", 5),
                             "http +1 roundtrips: 1 ok; completeness 100.0 %")
            status, out, err = running.end()
            self.assertEqual((status, out), (0, b""))
            self.assertIn(b"1 roundtrips", err)

    def test_count_and_duration(self):
        running = self.start("--proto", f"http:{self.server.port}", "-c", "2")
        self.server.get("/live", 5)
        out, _ = running.process.communicate(timeout=WAIT)
        self.assertEqual((running.process.returncode, len(out.splitlines())), (0, 2))
        before = time.monotonic()
        self.assertEqual(run("log", "-qq", "-i", "lo", "--duration", "300ms").returncode, 0)
        self.assertLess(time.monotonic() - before, 5)

    def test_silence(self):
        running = self.start("-f", "tcp port 9")
        self.assertIn("no packet matches tcp port 9", running.error_with("nothing yet", 8))
        self.assertEqual(running.end()[0], 0)

    def test_silence_not_understood(self):
        server = Server(b"\xff\x00 no protocol of ours")
        server.start()
        self.addCleanup(server.socket.close)
        port = server.port
        running = self.start("-f", f"tcp port {port}")
        with socket.create_connection(("127.0.0.1", port)) as connection:
            for i in range(20):
                connection.sendall(bytes([i, 255, 1, 2]))
                connection.recv(65536)
        line = running.error_with("nothing yet", 8)
        self.assertRegex(line, rf"nothing yet: \d+ packets understood by no protocol: {port} 100 %")
        self.assertEqual(running.end()[0], 0)

    def test_timeout_on_a_silent_link(self):
        running = self.start("-f", f"udp port {self.server.port}", "--port", f"dns={self.server.port}",
                             "--timeout", "500ms")
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as client, \
                socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as mute:
            mute.bind(("127.0.0.1", self.server.port))
            client.sendto(dns("www.test.example", 7, False), ("127.0.0.1", self.server.port))
            line = json.loads(running.line(running.process.stdout, 4))
        self.assertEqual((line["proto"], line["status"]), ("dns", "unanswered"))
        self.assertEqual(running.end()[0], 0)

    def test_reader_goes_away(self):
        running = self.start("--proto", f"http:{self.server.port}")
        running.process.stdout.close()
        self.assertEqual(running.process.wait(WAIT), 0)

    def test_blocked_reader_does_not_stop_capture(self):
        running = self.start("--proto", f"http:{self.server.port}", "--headers", "all")
        self.server.get("/" + "long" * 200, 3000)
        running.process.send_signal(signal.SIGINT)
        out, err = running.process.communicate(timeout=WAIT)
        self.assertEqual(running.process.returncode, 0)
        self.assertRegex(err.decode(), "http +3,000 roundtrips: 3,000 ok")
        records(out)

    def test_second_signal_kills(self):
        running = self.start("--proto", f"http:{self.server.port}", "--headers", "all")
        # More than a pipe holds: the main thread hangs in its write.
        self.server.get("/" + "long" * 200, 1000)
        time.sleep(0.3)
        running.process.send_signal(signal.SIGINT)
        time.sleep(0.5)
        self.assertIsNone(running.process.poll())
        running.process.send_signal(signal.SIGINT)
        self.assertEqual(running.process.wait(5), -signal.SIGINT)

    def test_a_signal_and_its_echo(self):
        """timeout(1) sends one to its child and one to its group, the child too."""
        for _ in range(3):
            running = self.start("--proto", f"http:{self.server.port}")
            running.process.send_signal(signal.SIGINT)
            time.sleep(0.01)
            with contextlib.suppress(ProcessLookupError):
                running.process.send_signal(signal.SIGINT)
            status, _, err = running.end(0)
            self.assertEqual(status, 0)
            self.assertIn(b"packets", err)

    def test_no_such_interface(self):
        self.expect_error(1, "lo", "log", "-i", "no-such-interface")


if __name__ == "__main__":
    if len(sys.argv) < 2:
        sys.exit("usage: cmd_test.py PACKETD [TEST...]")
    PACKETD = os.path.abspath(sys.argv.pop(1))
    os.environ.pop("NO_COLOR", None)
    unittest.main()
