-- SPDX-License-Identifier: BSL-1.0
-- session.lua - what the scripts share. Not a script itself.
--
-- miltertest sets two globals for each script: socket, the filter to talk to, and filters, the names of the
-- field milters behind it ("a" when the script talks to that milter itself, "a,b" through the manager).
-- Orders to the milters are in addresses, HELO names and headers: see milters/fieldmilter/session.h.
--
-- A filter may ask not to be waited for at headers and body (NR_HDR, NR_BODY): miltertest then reports
-- CONTINUE for these, and the verdict comes at end of message. So content is judged by content_verdict() only.

local letters = {
	[string.byte("c")] = "continue", [string.byte("a")] = "accept", [string.byte("r")] = "reject",
	[string.byte("t")] = "tempfail", [string.byte("d")] = "discard", [string.byte("y")] = "reply code",
	[string.byte("s")] = "skip",
}

names = {}
for name in string.gmatch(filters, "[^,]+") do names[#names + 1] = name end

function fail(text)
	mt.echo(text)
	error(text) -- ends the script; miltertest exits with 1
end

-- What mt.* returned must be nil.
function sent(what, problem)
	if problem ~= nil then fail(what .. ": " .. tostring(problem)) end
end

function verdict(conn)
	local reply = mt.getreply(conn)
	return letters[reply] or ("reply " .. tostring(reply))
end

function expect(conn, what, wanted)
	if verdict(conn) ~= wanted then fail(what .. ": " .. verdict(conn) .. " instead of " .. wanted) end
end

function must(truth, what)
	if not truth then fail(what) end
end

-- Whether the MTA offers to send header values with their leading blank (HDR_LEADSPC); values in edits then have it
-- too. miltertest itself knows nothing of it.
leading_space = false
local all_actions, all_steps, leadspc = 0x1ff, 0x1fffff, 0x100000

-- Connect, negotiate all that there is, say who the client is.
function open(address)
	local conn = mt.connect(socket, 20, 0.25)
	if conn == nil then fail("nobody listens on " .. socket) end
	-- XXX miltertest 1.6.0 sends the argument for actions as the steps and the other way round
	sent("negotiate", mt.negotiate(conn, 6, leading_space and all_steps or all_steps - leadspc, all_actions))
	sent("connect", mt.conninfo(conn, "client.sender.test", address or "127.1.0.10"))
	return conn
end

-- ... and be past HELO.
function open_and_greet(address)
	local conn = open(address)
	expect(conn, "connect", "continue")
	sent("helo", mt.helo(conn, "client.sender.test"))
	expect(conn, "helo", "continue")
	return conn
end

function mail(conn, sender, wanted)
	sent("mail", mt.mailfrom(conn, sender or "<alice@sender.test>"))
	expect(conn, "mail", wanted or "continue")
end

function rcpt(conn, recipient, wanted)
	sent("rcpt", mt.rcptto(conn, recipient or "<bob@field.test>"))
	expect(conn, "rcpt " .. (recipient or ""), wanted or "continue")
end

-- DATA, headers (a list of name, value pairs), body chunks, end of message: the first verdict that is not CONTINUE,
-- or that of the end of message.
function content_verdict(conn, headers, chunks)
	local steps = { function() return mt.data(conn) end }
	for _, h in ipairs(headers or { { "Subject", "test" } }) do
		steps[#steps + 1] = function() return mt.header(conn, h[1], h[2]) end
	end
	steps[#steps + 1] = function() return mt.eoh(conn) end
	for _, c in ipairs(chunks or { "Hello\r\n" }) do
		steps[#steps + 1] = function() return mt.bodystring(conn, c) end
	end
	for n, step in ipairs(steps) do
		sent("content, step " .. n, step())
		if verdict(conn) ~= "continue" then return verdict(conn) end
	end
	sent("end of message", mt.eom(conn))
	return verdict(conn)
end

function close(conn)
	sent("quit", mt.disconnect(conn))
end
