#!/usr/bin/env python3
"""What the docs say is so: docs_test.py PACKETD [--write].

docs/protocols.md holds what `packetd help protocols` prints; the console blocks of README.md and docs/ show what packetd
prints for captures of testdata, in a terminal of 100 columns, in UTC; the options and files that the docs name are there.
--write puts in what packetd prints now.
"""

import difflib
import fcntl
import os
import pathlib
import pty
import re
import shutil
import struct
import subprocess
import sys
import termios
import unittest

PACKETD = "packetd"
TOP = pathlib.Path(__file__).resolve().parent.parent
PROTOCOLS = TOP / "docs" / "protocols.md"
PAGES = [TOP / "README.md", *sorted((TOP / "docs").glob("*.md"))]
FOLDERS = "base|bench|cmake|cmd|config|docs|exporter|protocol|roundtrip|scripts|sniffer|testdata|tests"
COLUMNS = 100
GENERATED = re.compile(r"(<!-- begin of what `packetd help protocols` prints -->\n)(.*?)(\n<!-- end -->)", re.S)
CODE = re.compile(r"^```c\n(.*?)^```$", re.S | re.M)
CONSOLE = re.compile(r"(^```console\n)(.*?)(^```$)", re.S | re.M)
AGAIN = "python3 tests/docs_test.py build/packetd --write puts in what is right"


def packetd(*args):
    done = subprocess.run([PACKETD, *args], capture_output=True, text=True, timeout=30)
    return done.stdout


def in_terminal(command):
    """What a terminal shows of it, standard error too."""
    shown, terminal = pty.openpty()
    fcntl.ioctl(terminal, termios.TIOCSWINSZ, struct.pack("HHHH", 50, COLUMNS, 0, 0))
    environment = {**os.environ, "TZ": "UTC", "NO_COLOR": "1", "LC_ALL": "C.UTF-8"}
    process = subprocess.Popen(["bash", "-c", command], stdin=subprocess.DEVNULL, stdout=terminal, stderr=terminal,
                               cwd=TOP, env=environment)
    os.close(terminal)
    output = b""
    while True:
        try:
            piece = os.read(shown, 65536)
        except OSError:  # EIO: nobody holds the terminal any more
            piece = b""
        if not piece:
            break
        output += piece
    os.close(shown)
    process.wait(30)
    return re.sub(r"\x1b\[[\d;]*m", "", output.decode()).replace("\r\n", "\n")


def is_replay(command):
    """Does it show what packetd says of our captures, by programs that are here?"""
    return (re.match(r"\./(scripts/run|build/packetd) log ", command) and "testdata/" in command
            and ("| jq" not in command or shutil.which("jq")))


def fresh_console(text):
    """A console block's commands, those of replays with what they print now."""
    parts = re.split(r"^(\$ .*\n)", text, flags=re.M)
    for i in range(1, len(parts), 2):
        command = parts[i][2:-1]
        if is_replay(command):
            parts[i + 1] = in_terminal(re.sub(r"\./(scripts/run|build/packetd)\b", PACKETD, command))
    return "".join(parts)


def fresh(page):
    text = page.read_text()
    if page == PROTOCOLS:
        text = GENERATED.sub(lambda m: m[1] + packetd("help", "protocols") + m[3], text)
    return CONSOLE.sub(lambda m: m[1] + fresh_console(m[2]) + m[3], text)


def commands(text):
    """packetd's own part of each command line in console blocks, and of inline code."""
    lines = [line[2:] for block in CONSOLE.findall(text) for line in block[1].splitlines() if line.startswith("$ ")]
    lines += re.findall(r"`((?:\./build/|\./scripts/run |sudo )*(?:packetd|log) [^`]*|--?[a-z][^`]*)`", text)
    for line in lines:
        for part in re.split(r"[|;&]", line):
            if re.match(r"\s*(sudo )?(\S*packetd |\./scripts/run |log |-)", part):
                yield part


class Docs(unittest.TestCase):
    def expect_fresh(self, page):
        before, now = page.read_text().splitlines(), fresh(page).splitlines()
        changes = list(difflib.unified_diff(before, now, f"{page.name} says", "packetd prints", lineterm="", n=0))
        self.assertFalse(changes, "\n".join(["", *changes[:20], AGAIN]))

    def test_protocols(self):
        self.assertTrue(GENERATED.search(PROTOCOLS.read_text()), f"{PROTOCOLS} has no generated part")
        self.assertIn("### ", packetd("help", "protocols"))
        self.expect_fresh(PROTOCOLS)

    def test_one_protocol(self):
        whole = packetd("help", "protocols")
        names = packetd("version").split("protocols: ")[1].strip().split(", ")
        self.assertEqual("\n".join(packetd("help", name) for name in names), whole)

    def test_console(self):
        for page in PAGES:
            self.expect_fresh(page)
        shown = [line for page in PAGES for block in CONSOLE.findall(page.read_text()) for line in block[1].splitlines()
                 if line.startswith("$ ") and is_replay(line[2:])]
        self.assertGreater(len(shown), 3)

    def test_options(self):
        known = set(re.findall(r"(?<![\w-])--?[a-zA-Z][\w.-]*", packetd("help", "log") + " -nn -w -r -V --version"))
        named = set()
        for page in PAGES:
            for command in commands(page.read_text()):
                for option in re.findall(r"(?<!\S)(--[a-z][\w.-]*|-[a-z]+)(?![^ ,=)])", re.sub(r"'[^']*'", "", command)):
                    named.add(option)
                    # A letter may have its value behind it: -c3.
                    self.assertTrue(option in known or re.fullmatch(r"-[a-z]\d*|-qq", option), f"{page.name}: {option}")
        self.assertGreater(len(named), 10)

    @unittest.skipUnless(shutil.which("cc"), "no cc")
    def test_code(self):
        """Whole files compile."""
        flags = "-std=c11 -D_GNU_SOURCE -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Werror -fsyntax-only -x c -"
        files = [code for page in PAGES for code in CODE.findall(page.read_text()) if "#include" in code]
        for code in files:
            done = subprocess.run(["cc", "-I", TOP, *flags.split()], input=code, capture_output=True, text=True)
            self.assertEqual((done.returncode, done.stderr), (0, ""))
        self.assertTrue(files)

    def test_files(self):
        for page in PAGES:
            text = page.read_text()
            named = re.findall(rf"`((?:\./)?(?:{FOLDERS})/[\w./*-]*)`", text)
            linked = [link for link in re.findall(r"\]\(([^)#]+)[^)]*\)", text) if "://" not in link]
            for path in named:
                if not re.search(r"\bX\b|\bNAME\b", path):
                    self.assertTrue(list(TOP.glob(path.removeprefix("./").rstrip("/"))), f"{page.name}: {path}")
            for link in linked:
                self.assertTrue((page.parent / link).exists(), f"{page.name}: {link}")


if __name__ == "__main__":
    if len(sys.argv) < 2:
        sys.exit("usage: docs_test.py PACKETD [--write]")
    PACKETD = os.path.abspath(sys.argv.pop(1))
    if "--write" in sys.argv:
        for each in PAGES:
            each.write_text(fresh(each))
    else:
        unittest.main()
