# SPDX-License-Identifier: BSL-1.0
"""Changes of the message by one milter (group mod)."""
from .registry import scenario


def _mod(name, doc, mods, **kw):
    only = kw.pop("only", None)
    extra = kw.pop("extra", [("X-Dup", "1"), ("X-Dup", "2"), ("X-Dup", "3"), ("X-Last", "end")])
    to = kw.pop("to", ["bob@field.test", "carol@field.test"])

    def f(x):
        x.one(x.msg(mods=["a; " + m for m in mods], extra=extra, **kw), to=to)

    f.__name__, f.__doc__ = "mod_" + name, doc + ": " + " / ".join(mods)
    scenario("mod", only=only)(f)


_mod(
    "addheader",
    "add headers: plain, empty, folded, leading blanks, 8-bit, duplicate name",
    [
        "addheader; X-Add; value",
        "addheader; X-Empty;",
        "addheader; X-Folded; one\\n\\ttwo\\n three",
        "addheader; X-Lead; \\s\\stwo blanks",
        "addheader; X-Dup; added",
        "addheader; X-Crlf; one\\r\\n two",
        "addheader; X-Semi; a\\; b\\; c",
    ],
)
for _i in (0, 1, 2, 3, 7, 8, 9, 10, 20, 100):
    _mod("insheader_%d" % _i, "insert at index %d" % _i, ["insheader; %d; X-Ins; at %d" % (_i, _i)])
_mod(
    "insheader_many",
    "several inserts at 0 and 1: the order",
    [
        "insheader; 0; X-I; first",
        "insheader; 0; X-I; second",
        "insheader; 1; X-I; third",
        "insheader; 1; X-Fold; a\\n b",
    ],
)
_mod(
    "insheader_dup_name",
    "insert a name that exists",
    ["insheader; 1; X-Dup; inserted", "insheader; 1; Subject; inserted subject"],
)
_mod(
    "chgheader",
    "change 1st, 2nd, 3rd of a name",
    ["chgheader; 1; X-Dup; one", "chgheader; 2; X-Dup; two", "chgheader; 3; x-dup; three"],
)
_mod(
    "chgheader_missing",
    "change an index that is not there (adds?), a name that is not there, index 0",
    ["chgheader; 9; X-Dup; nine", "chgheader; 1; X-None; new", "chgheader; 0; X-Dup; zero"],
)
_mod("chgheader_folded", "change to a folded value", ["chgheader; 1; Subject; one\\n two\\n\\tthree"])
_mod("delheader", "delete the 2nd of three, then the 2nd again", ["delheader; 2; X-Dup", "delheader; 2; X-Dup"])
_mod(
    "delheader_all",
    "delete 3,2,1",
    ["delheader; 3; X-Dup", "delheader; 2; X-Dup", "delheader; 1; X-Dup", "delheader; 1; Subject"],
)
_mod("delheader_forward", "delete 1,2,3", ["delheader; 1; X-Dup", "delheader; 2; X-Dup", "delheader; 3; X-Dup"])
_mod("delheader_missing", "delete what is not there", ["delheader; 4; X-Dup", "delheader; 1; X-None"])
_mod(
    "chg_after_add",
    "add, insert, then change and delete the added",
    ["addheader; X-New; 1", "insheader; 0; X-New; 0", "chgheader; 1; X-New; changed first", "delheader; 2; X-New"],
)
_mod("del_and_add", "replace: delete then add the same name", ["delheader; 1; Subject", "addheader; Subject; replaced"])
_mod(
    "received",
    "change and delete Received: (the MTA's own is not shown to milters)",
    [
        "chgheader; 1; Received; changed",
        "delheader; 2; Received",
        "insheader; 0; Received; from inserted by milter\\; x",
    ],
    extra=[("Received", "from one by two; 1"), ("Received", "from three by four; 2")],
)
_mod(
    "received_ins0",
    "insert Received at 0, above the MTA's own, then change the first one",
    ["insheader; 0; Received; from inserted", "chgheader; 1; Received; changed"],
    extra=[("Received", "from one by two; 1")],
)
_mod(
    "chg_after_ins0",
    "insert at 0, then change that and the first of what was there",
    ["insheader; 0; X-Top; 0", "chgheader; 1; X-Top; changed", "chgheader; 1; From; Bob <bob@sender.test>"],
)
_mod(
    "add_received",
    "add Received: two are there besides the MTA's own",
    ["addheader; Received; from added by milter\\; x"],
    extra=[("Received", "from one by two; 1"), ("Received", "from three by four; 2")],
)
_mod("add_received_only", "add Received: the MTA's own is the only one", ["addheader; Received; from added\\; x"])
_mod(
    "chg_deleted",
    "change what was deleted: 1 of three, and the only one",
    ["delheader; 1; X-Dup", "chgheader; 1; X-Dup; changed", "delheader; 1; X-Last", "chgheader; 1; X-Last; changed"],
)
_mod(
    "addrcpt",
    "add recipients, one twice, one that is there",
    [
        "addrcpt; <new@field.test>",
        "addrcpt; <new@field.test>",
        "addrcpt; <bob@field.test>",
        "addrcpt; nobrackets@field.test",
    ],
)
_mod(
    "addrcpt_par",
    "add recipients with ESMTP arguments",
    [
        "addrcpt_par; <new@field.test>; NOTIFY=NEVER",
        "addrcpt_par; <new2@field.test>",
        "addrcpt_par; <new3@field.test>; NOTIFY=SUCCESS ORCPT=rfc822\\;x@y.test",
    ],
)
_mod(
    "delrcpt",
    "delete one of two, one that is not there",
    ["delrcpt; <carol@field.test>", "delrcpt; <nobody@field.test>"],
)
_mod("delrcpt_all", "delete all recipients", ["delrcpt; <carol@field.test>", "delrcpt; <bob@field.test>"])
_mod(
    "delrcpt_add",
    "delete all, add one; delete without brackets",
    ["delrcpt; carol@field.test", "delrcpt; <bob@field.test>", "addrcpt; <only@field.test>"],
)
_mod("chgfrom", "change the sender", ["chgfrom; <new-sender@sender.test>"])
_mod("chgfrom_par", "change the sender with arguments", ["chgfrom; <new-sender@sender.test>; ENVID=xyz RET=FULL"])
_mod("chgfrom_null", "change the sender to <>, twice changed before", ["chgfrom; <one@sender.test>", "chgfrom; <>"])
_mod(
    "replacebody",
    "replace the body by two pieces",
    ["replacebody; new body line 1\\r\\n", "replacebody; line 2\\r\\n.dot line\\r\\nno newline at end"],
)
_mod("replacebody_lf", "replace the body by text with bare LF", ["replacebody; one\\ntwo\\n"])
_mod("replacebody_200k", "replace the body by 200 kB (chunks)", ["replacebodygen; 200000; 72"])
_mod(
    "replacebody_mixed",
    "another edit between two pieces of the new body",
    ["replacebody; one\\r\\n", "addheader; X-Between; 1", "replacebody; two\\r\\n"],
)
_mod("emptybody", "replace the body by nothing", ["emptybody"])
_mod("quarantine", "quarantine", ["quarantine; because I can"])
_mod(
    "quarantine_reject",
    "quarantine and reject",
    ["quarantine; no matter", "reply; 554; 5.7.9; rejected after quarantine"],
)
_mod("progress", "progress three times, 300 ms apart", ["progress; 3; 300"])
_mod(
    "then_reject",
    "modify, then reject: nothing is kept",
    ["addheader; X-Gone; 1", "addrcpt; <new@field.test>", "reply; 550; 5.7.1; after all"],
)
_mod("then_discard", "modify, then discard", ["addheader; X-Gone; 1", "return; discard"])
_mod("then_accept", "modify, then accept", ["addheader; X-Kept; 1", "return; accept"])
_mod("reply_forms", "reply without enhanced code, with %", ["reply; 550;; no xcode 100%"])
_mod("reply_ml", "multi-line reply", ["reply; 554; 5.7.1; line one|line two|line three"])
_mod(
    "all",
    "all kinds at once",
    [
        "addheader; X-Add; 1",
        "insheader; 1; X-Ins; 1",
        "chgheader; 1; Subject; changed",
        "delheader; 1; X-Last",
        "addrcpt; <new@field.test>",
        "delrcpt; <carol@field.test>",
        "chgfrom; <new-sender@sender.test>",
        "replacebody; all new\\r\\n",
        "progress; 1; 50",
        "trace",
    ],
)
