"""What curl does not do: several requests at once, chunks with extensions, upgrades.

usage: client.py CASE ADDRESS PORT
"""
import socket
import subprocess
import sys
import time

case, address, port = sys.argv[1], sys.argv[2], int(sys.argv[3])
host = f"Host: {address}\r\n"


def talk(*pieces, pause=0.05):
    """Sends the pieces with a pause between them, then reads to the end or to a second of silence."""
    with socket.create_connection((address, port)) as s:
        s.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for piece in pieces:
            s.sendall(piece.encode("latin-1"))
            time.sleep(pause)
        s.settimeout(0.3)
        try:
            while s.recv(65536):
                pass
        except OSError:
            pass


def get(path, method="GET", extra=""):
    return f"{method} {path} HTTP/1.1\r\n{host}{extra}\r\n"


cases = {
    "pipelined": lambda: (
        talk(get("/") + get("/numbers.txt", "HEAD") + get("/none") + get("/a.json?n=4") + get("/empty")),
        talk(get("/1"), get("/2") + get("/3")[:20], get("/3")[20:] + "\r\n" + get("/")),
    ),
    "bad": lambda: talk("POST / HTTP/1.1\r\n" + host + "Content-Length: 3\r\nContent-Length: 4\r\n\r\nabc"),
    "chunked": lambda: talk(
        get("/echo", "PUT", "Transfer-Encoding: chunked\r\nTrailer: X-End\r\n") + "5;name=value\r\nhel",
        "lo\r\n0",
        "0a\r\n0123456789\r\n0\r\nX-End: 1\r\n",
        "\r\n" + get("/")),
    "slow_continue": lambda: talk(
        get("/echo", "POST", "Content-Length: 5\r\nExpect: 100-continue\r\n"), "hello", pause=0.2),
    "keepalive10": lambda: talk(
        f"GET / HTTP/1.0\r\n{host}Connection: keep-alive\r\n\r\n", f"GET /a.json HTTP/1.0\r\n{host}\r\n"),
    "tunnel": lambda: talk(
        f"CONNECT {address}:7007 HTTP/1.1\r\nHost: {address}:7007\r\n\r\n", "free text\n", "and more\n"),
    "websocket": lambda: talk(
        get("/ws", "GET", "Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"
            "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"),
        "\x81\x85\x01\x02\x03\x04igoin"),
    "upgrade": lambda: talk(get("/", "GET", "Connection: Upgrade\r\nUpgrade: example/1\r\n"), "GET / HTTP/1.1\r\n\r\n"),
    "upgrade_declined": lambda: talk(
        get("/", "GET", "Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABkAAQAAP__\r\n"),
        get("/a.json")),
    "undici": lambda: subprocess.run(
        ["node", "-e", f"fetch('http://{address}:{port}/echo', {{method: 'POST', body: 'hi'}}).then(r => r.text())"]),
}
cases[case]()
