#!/usr/bin/env python3
"""names.py: a protocol is one folder. No other code, and no build file, names one: adding the next edits nothing.
Comments and help texts may use one as an example; tests may play with those there are."""
import re
import sys

import source


def outside(path, proto):
    """A child may name its parent."""
    own = "/".join(path.parts[:2])
    return own != f"protocol/{proto}" and source.CHILDREN.get(own) != f"protocol/{proto}/"


def in_code(text, proto):
    """A protocol's symbol, its headers, or its name as a whole string, unless that is a URL's scheme."""
    text = text.replace(f'":scheme", "{proto}"', "")
    return re.search(rf'\bpd_proto_{proto}\b|"protocol/{proto}/|"{proto}"', text)


def in_build(text, proto):
    return re.search(rf"\b{proto}\b", re.sub(r"#.*", "", text), re.I)


def main():
    top = source.root(sys.argv)
    names = source.protocols(top)
    bad = []
    for path in source.files(top, ".c", ".h"):
        if "_test" in path.stem or path.parts[0] == "tests":
            continue
        for number, line in enumerate(source.without_comments((top / path).read_text()).splitlines(), 1):
            bad += [f"{path}:{number}: names {proto}" for proto in names if outside(path, proto) and in_code(line, proto)]
    build = source.files(top, ".txt", ".cmake") + [path.relative_to(top) for path in
                                                  [top / "CMakeLists.txt", top / "cmake/Packetd.cmake"]]
    build += [path.relative_to(top) for path in sorted((top / "scripts").iterdir())]
    for path in build:
        if path.name.endswith("-exceptions.txt"):
            continue
        for number, line in enumerate((top / path).read_text().splitlines(), 1):
            bad += [f"{path}:{number}: names {proto}" for proto in names if outside(path, proto) and in_build(line, proto)]
    if not names:
        bad.append("no protocol was found")
    return source.report(f"{len(names)} protocols", bad)


sys.exit(main())
