-- SPDX-License-Identifier: BSL-1.0
-- HELO: taken, refused by each of the filters, said twice (as after STARTTLS).
dofile("session.lua")

for _, name in ipairs(names) do
	for action, wanted in pairs({ reject = "reject", tempfail = "tempfail", reply550 = "reply code" }) do
		local conn = open()
		sent("helo", mt.helo(conn, name .. "-helo-" .. action .. ".act.test"))
		expect(conn, name .. " refuses HELO", wanted)
		close(conn)
	end
end

local conn = open_and_greet()
sent("second helo", mt.helo(conn, "again.sender.test"))
expect(conn, "second helo", "continue")
mail(conn)
close(conn)
