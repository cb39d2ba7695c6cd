#!/usr/bin/env python3
"""sizes.py: files up to 500 lines, functions up to 60. Exceptions stand in tests/size-exceptions.txt with a reason."""
import re
import sys

import source

FILE_LINES = 500
FUNCTION_LINES = 60


def functions(text):
    """(name, lines) of each function: from the line of its name to the brace in the first column."""
    begin = name = None
    body = False
    for number, line in enumerate(source.without_comments(text).splitlines(), 1):
        line = line.rstrip()
        match = re.match(r"[A-Za-z_][^={]*?\b(\w+)\(", line)
        if match and not body:
            begin, name = number, match[1]
        if begin and line == "{":
            body = True
        elif begin and line == "}" and body:
            yield name, number - begin + 1
            begin, body = None, False
        elif begin and not body and line.endswith((";", "};")):
            begin = None


def main():
    top = source.root(sys.argv)
    excepted = source.exceptions(top, "size-exceptions.txt")
    bad, used, count = [], set(), 0

    def too_long(what, lines, most):
        if what in excepted:
            used.add(what)
        else:
            bad.append(f"{what}: {lines} lines, at most {most}")

    for path in source.files(top, ".c", ".h"):
        text = (top / path).read_text()
        lines = text.count("\n")
        if lines > FILE_LINES:
            too_long(str(path), lines, FILE_LINES)
        for name, lines in functions(text):
            count += 1
            if lines > FUNCTION_LINES:
                too_long(f"{path}:{name}", lines, FUNCTION_LINES)
    if not count:
        bad.append("no functions were found")
    return source.report(f"{count} functions", bad, excepted - used)


sys.exit(main())
