-- SPDX-License-Identifier: BSL-1.0
-- The connection: let in, refused by each of the filters, of an unknown family.
dofile("session.lua")

local conn = open()
expect(conn, "connect", "continue")
close(conn)

-- client addresses 127.9.M.A are orders: M the filter, A 1 reject, 2 tempfail, 4 a 550 reply
for m, name in ipairs(names) do
	for action, wanted in pairs({ [1] = "reject", [2] = "tempfail", [4] = "reply code" }) do
		conn = open("127.9." .. m .. "." .. action)
		expect(conn, name .. " refuses the connection", wanted)
		close(conn)
	end
end

conn = open("unspec")
expect(conn, "connect from nowhere", "continue")
close(conn)
