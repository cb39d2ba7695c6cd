#!/usr/bin/env python3
"""arrows.py: who may include whom (docs/architecture.md). Tests may also include tests/."""
import re
import sys

import source

# Folder: what it may include besides itself; whole folders, or single headers.
MAY = {
    "base": [],
    "config": ["base/"],
    "sniffer": ["base/", "config/"],
    "roundtrip": ["base/", "config/"],
    "protocol": ["base/", "config/", "roundtrip/", "sniffer/packet.h"],
    "exporter": ["base/", "config/", "roundtrip/"],
    "cmd": [folder + "/" for folder in source.FOLDERS if folder != "tests"],
    "tests": [folder + "/" for folder in source.FOLDERS],
}
# A protocol's own folder: the engine's faces, the record's, never another protocol.
PROTOCOL = ["base/", "config/option.h", "protocol/learnt.h", "protocol/machine.h", "protocol/protocol.h", "protocol/sql.h", "protocol/sql_memo.h",
            "protocol/tls.h",
            "roundtrip/schema.h", "roundtrip/record.h", "roundtrip/match.h"]


def allowed(path):
    parts = path.parts
    if parts[0] == "protocol" and len(parts) > 2:
        own = "/".join(parts[:2])
        may = PROTOCOL + [own + "/"] + ([source.CHILDREN[own]] if own in source.CHILDREN else [])
    else:
        may = MAY[parts[0]] + [parts[0] + "/"]
    is_test = "_test" in path.stem or "_fixture" in path.stem
    return may + (["tests/", "protocol/worker.h"] if is_test else [])


def fits(include, may):
    for entry in may:
        if include == entry:
            return True
        # protocol/ as a whole means the folder's own files, not those of a protocol
        if entry.endswith("/") and include.startswith(entry):
            return entry.count("/") > 1 or not re.match(r"protocol/[^/]+/", include)
    return False


def main():
    top = source.root(sys.argv)
    bad = []
    checked = 0
    for path in source.files(top, ".c", ".h"):
        text = source.without_comments((top / path).read_text())
        for number, line in enumerate(text.splitlines(), 1):
            match = re.match(r'\s*#\s*include\s+"([^"]+)"', line)
            if not match:
                continue
            checked += 1
            if "/" not in match[1]:
                bad.append(f"{path}:{number}: \"{match[1]}\": write the path from the top")
            elif not fits(match[1], allowed(path)):
                bad.append(f"{path}:{number}: may not include {match[1]}")
    if not checked:
        bad.append("no includes were found")
    return source.report(f"{checked} includes", bad)


sys.exit(main())
