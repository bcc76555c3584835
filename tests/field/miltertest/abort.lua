-- SPDX-License-Identifier: BSL-1.0
-- ABORT at every stage (RSET, a lost client), twice in a row, before any mail; then a message as if nothing had been.
dofile("session.lua")

local conn = open_and_greet()
local stages = {
	function() end,
	function() mail(conn, "<gone@sender.test>") end,
	function() rcpt(conn, "<gone@field.test>") end,
	function() sent("data", mt.data(conn)) end,
	function() sent("header", mt.header(conn, "X-Act", "all-eom-reject")) end,
	function() sent("eoh", mt.eoh(conn)) end,
	function() sent("body", mt.bodystring(conn, "gone\r\n")) end,
}
for last = 1, #stages do
	for n = 1, last do stages[n]() end
	sent("abort", mt.abort(conn))
	if last == 3 then sent("second abort", mt.abort(conn)) end
end

mail(conn)
rcpt(conn)
local got = content_verdict(conn, { { "Subject", "test" }, { "X-Mod", "*; trace" } })
must(got == "continue", "the message after the aborts: " .. got)
local trace = mt.getheader(conn, "X-Trace-" .. names[1], 0)
must(trace ~= nil and string.find(trace, "h=2 b=7 ", 1, true), "it holds what was aborted: " .. tostring(trace))
must(string.find(trace, "rcpt=<bob@field.test>", 1, true), "it has an aborted recipient: " .. trace)
close(conn)

-- the MTA goes away without a word
conn = open_and_greet()
mail(conn)
rcpt(conn)
sent("hang up", mt.disconnect(conn, false))
