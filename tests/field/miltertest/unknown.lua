-- SPDX-License-Identifier: BSL-1.0
-- Commands that the MTA does not know: passed over, refused by each of the filters.
dofile("session.lua")

local conn = open_and_greet()
sent("unknown", mt.unknown(conn, "FOO bar"))
expect(conn, "unknown", "continue")
close(conn)

for _, name in ipairs(names) do
	conn = open()
	sent("helo", mt.helo(conn, name .. "-unknown-reply550.act.test"))
	expect(conn, "helo", "continue")
	sent("unknown", mt.unknown(conn, "FOO bar"))
	expect(conn, name .. " refuses an unknown command", "reply code")
	close(conn)
end
