# SPDX-License-Identifier: BSL-1.0
"""Corpora read by other means than the project's own: JSON to the bytes of each packet.

An oracle for what milter-replay writes, after docs/corpus-format.md alone.
"""
import base64
import json
import os
import struct

COMMANDS = {
    "negotiate": "O", "macros": "D", "connect": "C", "helo": "H", "mail": "M", "rcpt": "R", "data": "T",
    "header": "L", "end_of_headers": "N", "body": "B", "end_of_message": "E", "unknown": "U", "abort": "A",
    "quit": "Q", "quit_new_connection": "K",
}  # fmt: skip
REPLIES = {
    "negotiate": "O", "continue": "c", "accept": "a", "reject": "r", "tempfail": "t", "discard": "d", "skip": "s",
    "reply": "y", "shutdown": "4", "connection_failed": "f", "progress": "p", "add_header": "h",
    "insert_header": "i", "change_header": "m", "replace_body": "b", "add_rcpt": "+", "add_rcpt_with_args": "2",
    "delete_rcpt": "-", "change_from": "e", "quarantine": "q",
}  # fmt: skip
FAMILIES = {"inet": b"4", "inet6": b"6", "unix": b"L", "unknown": b"U"}


def text(value, folder=""):
    """The bytes of a text: a string, {"base64"}, or a part of a file beside the corpus."""
    if isinstance(value, str):
        return value.encode()
    if "base64" in value:
        return base64.b64decode(value["base64"], validate=True)
    with open(os.path.join(folder, value["file"]), "rb") as file:
        file.seek(value["at"])
        return file.read(value["size"])


def zstr(value):
    return text(value) + b"\0"


def number(value):
    return struct.pack("!I", value)


def negotiation(event):
    out = number(event["version"]) + number(int(event["actions"], 16)) + number(int(event["steps"], 16))
    return out + b"".join(number(stage) + zstr(names) for stage, names in event.get("lists", ()))


def connect(event):
    out = zstr(event["hostname"]) + FAMILIES[event["family"]]
    if "port" in event:
        out += struct.pack("!H", event["port"])
    return out + (zstr(event["address"]) if "address" in event else b"")


def payload(name, event, folder):
    """What follows the code of a packet."""
    if "raw" in event:
        return text(event["raw"], folder)
    if name == "negotiate":
        return negotiation(event)
    if name == "connect":
        return connect(event)
    if name == "macros":
        return COMMANDS[event["stage"]].encode() + b"".join(zstr(a) + zstr(b) for a, b in event["macros"])
    if name in ("mail", "rcpt"):
        return zstr(event["address"]) + b"".join(map(zstr, event["args"]))
    if "bytes" in event:
        return text(event["bytes"], folder)
    out = number(event["index"]) if "index" in event else b""
    fields = ("name", "value", "line", "text", "reason", "address", "args")
    return out + b"".join(zstr(event[field]) for field in fields if field in event)


def packets(conversation, folder=""):
    """(microseconds, "mta" or "filter", code, payload) of each packet."""
    for event in conversation["events"]:
        side = "mta" if "mta" in event else "filter"
        name = event[side]
        if name == "(packet)":
            yield event["t"], side, chr(event["code"]), payload(name, event, folder)
        elif not name.startswith("("):
            code = (COMMANDS if side == "mta" else REPLIES)[name]
            yield event["t"], side, code, payload(name, event, folder)


def conversations(lines):
    """Those of a corpus."""
    for line in lines:
        value = json.loads(line)
        if "milter_corpus" not in value:
            yield value
