-- SPDX-License-Identifier: BSL-1.0
-- Headers: each of the filters refuses because of one; odd values pass (miltertest itself crashes at those over 1 kB).
dofile("session.lua")

for _, name in ipairs(names) do
	for action, wanted in pairs({ reject = "reject", reply450 = "reply code", discard = "discard" }) do
		local conn = open_and_greet()
		mail(conn)
		rcpt(conn)
		local got = content_verdict(conn, { { "Subject", "test" }, { "X-Act", name .. "-header-" .. action } })
		must(got == wanted, name .. " at header: " .. got .. " instead of " .. wanted)
		close(conn)
	end
end

local conn = open_and_greet()
mail(conn)
rcpt(conn)
local odd = {
	{ "From", "Alice <alice@sender.test>" }, { "X-Empty", "" }, { "X-Fold", "one\n\ttwo\n three" },
	{ "X-Dup", "1" }, { "x-dup", "2" }, { "X-Long", string.rep("v", 900) }, { "X-Mod", "*; trace" },
}
must(content_verdict(conn, odd) == "continue", "odd headers are refused")
for n, name in ipairs(names) do
	local trace = mt.getheader(conn, "X-Trace-" .. name, 0)
	must(trace ~= nil, "no trace of " .. name)
	-- each filter sees the trace that those before it have added
	must(string.find(trace, "h=" .. (#odd + n - 1) .. " ", 1, true), name .. " has seen other headers: " .. trace)
end
close(conn)
