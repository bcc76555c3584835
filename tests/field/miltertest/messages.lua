-- SPDX-License-Identifier: BSL-1.0
-- Several messages on one connection: none knows of the one before, whatever became of that.
dofile("session.lua")

local conn = open_and_greet()
local fates = { "continue", "reject", "continue", "discard", "tempfail", "continue" }
for n, fate in ipairs(fates) do
	local headers = { { "Subject", "message " .. n }, { "X-Mod", "*; trace" } }
	if fate ~= "continue" then headers[#headers + 1] = { "X-Act", names[#names] .. "-eom-" .. fate } end
	mail(conn, "<sender" .. n .. "@sender.test>")
	rcpt(conn, "<rcpt" .. n .. "@field.test>")
	local got = content_verdict(conn, headers)
	must(got == fate, "message " .. n .. ": " .. got .. " instead of " .. fate)
	if fate == "continue" then
		local trace = mt.getheader(conn, "X-Trace-" .. names[1], 0)
		must(trace ~= nil, "message " .. n .. ": no trace")
		must(string.find(trace, "from=<sender" .. n .. "@sender.test> rcpt=<rcpt" .. n .. "@field.test>", 1, true),
			"message " .. n .. " has another's envelope: " .. trace)
	end
end
close(conn)
