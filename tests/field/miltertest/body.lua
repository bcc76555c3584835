-- SPDX-License-Identifier: BSL-1.0
-- Body: small, many chunks of the largest size; every filter gets every byte.
dofile("session.lua")

local function bytes_seen(chunks)
	local conn = open_and_greet()
	local total = 0
	for _, c in ipairs(chunks) do total = total + #c end
	mail(conn)
	rcpt(conn)
	must(content_verdict(conn, { { "X-Mod", "*; trace" } }, chunks) == "continue", "a body is refused")
	for _, name in ipairs(names) do
		local trace = mt.getheader(conn, "X-Trace-" .. name, 0)
		must(trace ~= nil, "no trace of " .. name)
		must(string.find(trace, " b=" .. total .. " ", 1, true), name .. ": not " .. total .. " bytes: " .. trace)
	end
	close(conn)
end

bytes_seen({ "one line\r\n" })
bytes_seen({ "cut between CR\r", "\nand LF\r\n" })
local chunk = string.rep("0123456789abcde\r\n", 3855) -- 65535 bytes
bytes_seen({ chunk, chunk, chunk, chunk, "the end\r\n" })

for _, name in ipairs(names) do
	local conn = open_and_greet()
	mail(conn)
	rcpt(conn)
	local got = content_verdict(conn, { { "X-Act", name .. "-body-reject" } })
	must(got == "reject", name .. " at body: " .. got)
	close(conn)
end
