#!/usr/bin/env python3
# SPDX-License-Identifier: BSL-1.0
"""layers.py [ROOT] - fails when a file includes what its layer must not know

Folder = layer. The tables below are the figure in docs/architecture.md; a new layer or library is one row.
Each finding is one line, "file:line: what; why", so that an editor can jump to it.
"""

import dataclasses
import os
import re
import sys

# ---- layers ----------------------------------------------------------------------------------------------------

BELOW_PROTO = ("base", "wire")
PUBLIC = ("base", "wire", "proto", "message", "corpus", "capture", "net", "filter", "test", "compat")


@dataclasses.dataclass(frozen=True)
class Layer:
    name: str
    folder: str  # below the root; the longest match decides
    layers: tuple  # what it may include besides itself
    libraries: tuple = ()  # third-party libraries (LIBRARIES) besides Boost.System
    pure: bool = True  # sans-I/O: no sockets, files, threads, clocks
    json: bool = False  # files named *_json.* may include nlohmann_json


LAYERS = (
    Layer("base", "include/milter", ()),
    Layer("wire", "include/milter/wire", ("base",)),
    Layer("proto", "include/milter/proto", BELOW_PROTO),
    Layer("message", "include/milter/message", BELOW_PROTO),
    Layer("corpus", "include/milter/corpus", BELOW_PROTO + ("proto", "message"), json=True),
    Layer("capture", "include/milter/capture", BELOW_PROTO + ("proto",)),
    Layer("net", "include/milter/net", BELOW_PROTO + ("proto",), ("asio", "POSIX"), pure=False),
    Layer("filter", "include/milter/filter", PUBLIC, ("asio",), pure=False),
    Layer("test", "include/milter/test", PUBLIC, ("asio",), pure=False),
    Layer("compat", "include/milter/compat", BELOW_PROTO + ("proto", "net"), ("asio", "POSIX"), pure=False),
    Layer("rule", "apps/rule", BELOW_PROTO, ("re2", "idn2", "toml++"), json=True),
    Layer("manager", "apps/manager/core", BELOW_PROTO + ("proto", "message", "rule")),
    Layer("config", "apps/manager/config", BELOW_PROTO + ("proto", "message", "rule", "manager"),
          ("toml++",), pure=False, json=True),
    Layer("import", "apps/manager/import", BELOW_PROTO + ("proto", "message", "rule", "manager", "config")),
    Layer("cli", "apps/cli", PUBLIC, ("nlohmann_json", "fmt", "POSIX"), pure=False),
    Layer("rules", "apps/manager/rules", PUBLIC + ("rule", "manager", "config", "cli"),
          ("nlohmann_json", "POSIX"), pure=False),
    Layer("service", "apps/manager/service", PUBLIC + ("rule", "manager", "config"),
          ("asio", "nlohmann_json", "POSIX"), pure=False),
    Layer("doctor", "apps/manager/doctor", PUBLIC + ("rule", "manager", "config", "service", "program"),
          ("asio", "nlohmann_json", "POSIX"), pure=False),
    Layer("load", "apps/load", PUBLIC, ("asio", "POSIX"), pure=False),
    Layer("asio", "apps/asio", (), ("asio",), pure=False),
    Layer("replay", "replay", PUBLIC + ("cli", "load", "program"),
          ("asio", "nlohmann_json", "CLI11", "fmt", "POSIX", "other"), pure=False),
    Layer("program", "apps",
          PUBLIC + ("rule", "manager", "config", "import", "rules", "service", "doctor", "cli", "load"),
          ("asio", "nlohmann_json", "toml++", "CLI11", "fmt", "POSIX", "other"), pure=False),
)

# The umbrella header stands in the folder of base and includes the layers of milter::milter.
UMBRELLA = Layer("umbrella", "include/milter/milter.hpp", ("base", "wire", "proto", "message"))

# Single files that may do what their layer may not, and why.
EXCEPTIONS = {
    "include/milter/message/body_store.hpp": ("POSIX",),  # what does not fit in memory goes to an unlinked file
    "include/milter/capture/packet.hpp": ("POSIX",),  # inet_ntop() spells IPv6 addresses
    "apps/manager/config/config_socket.cpp": ("POSIX",),  # inet_pton() knows what all addresses are
    "apps/manager/config/config_files.cpp": ("POSIX",),  # open() and fstat(): a pipe in place of a file is not waited for
    "apps/manager/config/descriptor.hpp": ("POSIX",),  # close(): config_files opens files, and service sockets
    "apps/manager/config/file_state.cpp": ("POSIX",),  # stat() tells whether a file is still the one that was read
    "apps/manager/config/sqlite_set.cpp": ("sqlite3",),  # the only file that reads databases
    "apps/manager/service/dns_channel.cpp": ("c-ares",),  # nobody else speaks DNS
    "apps/cli/option_text.hpp": ("CLI11",),  # how programs show their options
    "apps/cli/command_line.hpp": ("CLI11",),  # how programs read them
    "apps/cli/toml_reader.hpp": ("toml++",),  # how programs read files of their own
}

LIBRARIES = (  # first match decides
    ("boost.system", r"boost/(system/|assert|config)"),
    ("asio", r"boost/asio/"),
    ("boost", r"boost/"),
    ("nlohmann_json", r"nlohmann/"),
    ("toml++", r"toml\+\+/"),
    ("CLI11", r"CLI/"),
    ("fmt", r"fmt/"),
    ("re2", r"re2/"),
    ("idn2", r"idn2\.h$"),
    ("c-ares", r"ares\w*\.h$"),
    ("sqlite3", r"sqlite3\.h$"),
    ("std", r"[a-z_]+$"),
    ("POSIX", r"((sys|netinet|arpa|net|linux)/)?\w+\.h$"),
    ("other", r""),
)

# ---- forbidden everywhere, tests included ----------------------------------------------------------------------

FORBIDDEN_INCLUDES = {
    "regex": "std::regex overflows the stack on long subjects; apps/rule/match.hpp is the place that matches patterns",
    "boost/asio.hpp": "includes all of Asio; include the narrow headers",
    "boost/test/included/unit_test.hpp": "costs 10 s a program; Boost.Test is linked",
}
FORBIDDEN_TEXT = ((re.compile(r"\bstd::w?regex\b"), "std::regex", FORBIDDEN_INCLUDES["regex"]),)

# ---- forbidden where there is no I/O ---------------------------------------------------------------------------

IMPURE_INCLUDES = frozenset("""thread mutex shared_mutex condition_variable future semaphore latch barrier stop_token
    fstream filesystem iostream csignal""".split())
CLOCK = re.compile(r"\b\w*clock\s*::\s*now\b")

INCLUDE = re.compile(r'^\s*#\s*include\s*([<"])([^>"]+)[>"]')


def without_comments(text):
    """The text with comments blanked, so that line numbers stay. Literals are left alone but skipped over."""
    token = re.compile(r"""//[^\n]*|/\*.*?\*/|"(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\\n])'""", re.S)

    def blank(match):
        return match[0] if match[0][0] in "\"'" else re.sub(r"[^\n]", " ", match[0])

    return token.sub(blank, text)


def layer_of(path):
    """Layer of a path relative to the root; None outside of all layers."""
    if path == UMBRELLA.folder:
        return UMBRELLA
    inside = [layer for layer in LAYERS if path.startswith(layer.folder + "/")]
    return max(inside, key=lambda layer: len(layer.folder), default=None)


def resolve(root, path, quoted, name):
    """The project's file that an include names, relative to the root; None when it is not ours."""
    places = ["include", "apps", "."]
    if quoted:
        places.insert(0, os.path.dirname(path))
    for place in places:
        candidate = os.path.normpath(os.path.join(place, name))
        if os.path.isfile(os.path.join(root, candidate)):
            return candidate
    return None


def check_own(layer, target):
    other = layer_of(target)
    if other is None or other.name == layer.name or other.name in layer.layers:
        return None
    return f'layer {layer.name} includes "{target}" of layer {other.name}; it may include {", ".join(layer.layers) or "no layer"}'


def check_foreign(layer, path, name):
    library = next(library for library, pattern in LIBRARIES if re.match(pattern, name))
    if layer.pure and name in IMPURE_INCLUDES:
        return f"<{name}> in layer {layer.name}, which has no I/O, threads or clocks"
    if library in ("std", "boost.system") + layer.libraries + EXCEPTIONS.get(path, ()):
        return None
    if library == "nlohmann_json" and layer.json and re.search(r"_json\.[hc]pp$", path):
        return None
    hint = "; only files named *_json.* may" if library == "nlohmann_json" and layer.json else ""
    return f"<{name}> ({library}) in layer {layer.name}{hint}"


def check_file(root, path):
    """Findings (line, text) of one file."""
    with open(os.path.join(root, path), encoding="utf-8") as file:
        text = without_comments(file.read())
    layer = layer_of(path)
    for number, line in enumerate(text.splitlines(), 1):
        for pattern, what, why in FORBIDDEN_TEXT:
            if pattern.search(line):
                yield number, f"{what}; {why}"
        if layer and layer.pure and CLOCK.search(line):
            yield number, f"reads a clock in layer {layer.name}; the time comes in as an argument"
        include = INCLUDE.match(line)
        if not include:
            continue
        name = include[2]
        if name in FORBIDDEN_INCLUDES:
            yield number, f"<{name}>; {FORBIDDEN_INCLUDES[name]}"
            continue
        if not layer:
            continue
        target = resolve(root, path, include[1] == '"', name)
        if target:
            finding = check_own(layer, target)
        elif include[1] == '"' or name.startswith("milter/"):
            finding = f'"{name}" does not exist'
        else:
            finding = check_foreign(layer, path, name)
        if finding:
            yield number, finding


def sources(root):
    for top in ("include", "apps", "replay", "tests"):
        for folder, _, names in os.walk(os.path.join(root, top)):
            for name in sorted(names):
                if name.endswith((".hpp", ".cpp")):
                    yield os.path.relpath(os.path.join(folder, name), root)


def main(root):
    count = findings = 0
    for path in sources(root):
        count += 1
        for line, text in check_file(root, path):
            findings += 1
            print(f"{path}:{line}: {text}", file=sys.stderr)
    print(f"layers: {findings} findings in {count} files")
    return 1 if findings or not count else 0


if __name__ == "__main__":
    here = os.path.dirname(os.path.abspath(__file__))
    sys.exit(main(sys.argv[1] if len(sys.argv) > 1 else os.path.join(here, "..", "..")))
