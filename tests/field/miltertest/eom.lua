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

-- header values keep their leading blank where both sides know of it; the field milters a and b do not
leading_space = true
local last = names[#names]
local conn, got = message({ last .. "; addheader; X-Seen; by " .. last })
must(got == "continue", "a header with its leading blank: " .. got)
if mt.test_option(conn, 0x100000) then
	must(mt.eom_check(conn, MT_HDRADD, "X-Seen", " by " .. last), "the leading blank is lost")
else
	must(mt.eom_check(conn, MT_HDRADD, "X-Seen", "by " .. last), "a blank too many")
end
close(conn)
leading_space = false

-- every filter adds its own
conn, got = message({ "*; addheader; X-Each; 1", "*; trace" })
must(got == "continue", "each adds: " .. got)
for _, name in ipairs(names) do
	-- the manager may append by inserting past the end
	must(mt.eom_check(conn, MT_HDRADD, "X-Trace-" .. name) or mt.eom_check(conn, MT_HDRINSERT, "X-Trace-" .. name),
		"no trace of " .. name)
end
close(conn)
