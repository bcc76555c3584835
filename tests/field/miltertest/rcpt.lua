-- SPDX-License-Identifier: BSL-1.0
-- RCPT: some refused by each of the filters, the others stay, and only these are seen at the end.
dofile("session.lua")

local conn = open_and_greet()
mail(conn)
rcpt(conn, "<bob@field.test>")
for _, name in ipairs(names) do
	rcpt(conn, "<" .. name .. "-rcpt-reply550@field.test>", "reply code")
	rcpt(conn, "<" .. name .. "-rcpt-tempfail@field.test>", "tempfail")
end
rcpt(conn, "<carol@field.test>")
must(content_verdict(conn, { { "Subject", "test" }, { "X-Mod", "*; trace" } }) == "continue", "the message is refused")

-- a filter has seen what it refused itself, and what those before it let through
local last = names[#names]
local seen = "<bob@field.test>"
if last == "a" then
	seen = seen .. ",<a-rcpt-reply550@field.test>,<a-rcpt-tempfail@field.test>"
else
	seen = seen .. ",<b-rcpt-reply550@field.test>,<b-rcpt-tempfail@field.test>"
end
seen = seen .. ",<carol@field.test>"
for n = 0, 3 do
	local trace = mt.getheader(conn, "X-Trace-" .. last, n)
	if trace ~= nil then
		must(string.find(trace, "rcpt=" .. seen, 1, true), last .. " has seen other recipients: " .. trace)
		close(conn)
		return
	end
end
fail("no trace of " .. last)
