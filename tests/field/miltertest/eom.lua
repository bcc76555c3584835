-- SPDX-License-Identifier: BSL-1.0
-- End of message: every kind of change, and refusals that keep none.
dofile("session.lua")

local function message(mods, act)
	local conn = open_and_greet()
	local headers = { { "Subject", "test" }, { "X-Old", "1" } }
	for _, m in ipairs(mods) do headers[#headers + 1] = { "X-Mod", m } end
	if act then headers[#headers + 1] = { "X-Act", act } end
	mail(conn)
	rcpt(conn)
	return conn, content_verdict(conn, headers)
end

for _, name in ipairs(names) do
	local conn, got = message({
		name .. "; addheader; X-Seen; by " .. name, name .. "; insheader; 1; X-First; in front",
		name .. "; chgheader; 1; Subject; changed", name .. "; delheader; 1; X-Old", name .. "; addrcpt; <new@field.test>",
		name .. "; delrcpt; <bob@field.test>", name .. "; replacebody; new body\\r\\n", name .. "; quarantine; because",
		name .. "; progress; 2; 20",
	})
	must(got == "continue", "changes by " .. name .. ": " .. got)
	must(mt.eom_check(conn, MT_HDRADD, "X-Seen", "by " .. name), "no header added by " .. name)
	must(mt.eom_check(conn, MT_HDRINSERT, "X-First", "in front"), "no header inserted by " .. name)
	must(mt.eom_check(conn, MT_HDRCHANGE, "Subject", "changed"), "no header changed by " .. name)
	must(mt.eom_check(conn, MT_HDRDELETE, "X-Old"), "no header deleted by " .. name)
	must(mt.eom_check(conn, MT_RCPTADD, "<new@field.test>"), "no recipient added by " .. name)
	must(mt.eom_check(conn, MT_RCPTDELETE, "<bob@field.test>"), "no recipient deleted by " .. name)
	must(mt.eom_check(conn, MT_BODYCHANGE, "new body\r\n"), "no body replaced by " .. name)
	must(mt.eom_check(conn, MT_QUARANTINE, "because"), "no quarantine by " .. name)
	close(conn)

	conn, got = message({ name .. "; reply; 554; 5.7.1; not this" })
	must(got == "reply code", "a reply by " .. name .. ": " .. got)
	must(mt.eom_check(conn, MT_SMTPREPLY, "554", "5.7.1", "not this"), "another reply than that of " .. name)
	close(conn)

	for action, wanted in pairs({ reject = "reject", tempfail = "tempfail", discard = "discard" }) do
		conn, got = message({ name .. "; addheader; X-Seen; gone" }, name .. "-eom-" .. action)
		must(got == wanted, name .. " at end of message: " .. got .. " instead of " .. wanted)
		close(conn)
	end
end

-- every filter adds its own
local conn, got = message({ "*; addheader; X-Each; 1", "*; trace" })
must(got == "continue", "each adds: " .. got)
for _, name in ipairs(names) do
	must(mt.eom_check(conn, MT_HDRADD, "X-Trace-" .. name), "no trace of " .. name)
end
close(conn)
