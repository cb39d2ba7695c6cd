"""source.py: what the checks of the sources share: the list of files, and code without its comments."""
import pathlib
import re

FOLDERS = ["base", "config", "sniffer", "roundtrip", "protocol", "exporter", "cmd", "tests"]
# One protocol stands on another: FOLDER: HEADER FOLDER.
CHILDREN = {"protocol/grpc": "protocol/http2/"}


def root(argv):
    return pathlib.Path(argv[1] if len(argv) > 1 else pathlib.Path(__file__).parent.parent).resolve()


def files(top, *suffixes):
    """The files of the folders with these suffixes, as paths relative to top."""
    found = []
    for folder in FOLDERS:
        for path in sorted((top / folder).rglob("*")):
            if path.suffix in suffixes and path.is_file():
                found.append(path.relative_to(top))
    return found


def protocols(top):
    return sorted(path.parent.name for path in (top / "protocol").glob("*/CMakeLists.txt"))


def without_comments(text):
    """Comments become blanks; line numbers stay."""
    def blank(match):
        return match[0] if match[0][0] in "\"'" else re.sub(r"[^\n]", " ", match[0])

    return re.sub(r'"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])*\'|/\*.*?\*/|//[^\n]*', blank, text, flags=re.S)


def exceptions(top, name):
    """Lines 'PATH[:FUNCTION] REASON' of tests/NAME; a line without a reason is no exception."""
    path = top / "tests" / name
    lines = path.read_text().splitlines() if path.exists() else []
    parts = [line.split(None, 1) for line in lines if line.strip() and not line.startswith("#")]
    return {part[0] for part in parts if len(part) == 2}


def report(what, bad, unused=()):
    for line in bad:
        print(line)
    for line in sorted(unused):
        print(f"{line}: the exception is not needed any more")
    print(f"{what}: {len(bad) + len(unused)} wrong")
    return 1 if bad or unused else 0
