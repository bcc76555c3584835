-- SPDX-License-Identifier: BSL-1.0
-- MAIL: a refused sender, then another one on the same connection; macros and ESMTP parameters.
dofile("session.lua")

for _, name in ipairs(names) do
	local conn = open_and_greet()
	mail(conn, "<" .. name .. "-mail-reject@sender.test>", "reject")
	mail(conn, "<" .. name .. "-mail-ml554@sender.test>", "reply code")
	mail(conn, "<>")
	rcpt(conn)
	must(content_verdict(conn) == "continue", "the message after two refused senders is refused")
	close(conn)
end

local conn = open_and_greet()
mt.macro(conn, SMFIC_MAIL, "i", "4CDA0AAA1B3", "{mail_addr}", "alice@sender.test", "{auth_type}", "PLAIN")
sent("mail", mt.mailfrom(conn, "<alice@sender.test>", "SIZE=1234", "BODY=8BITMIME"))
expect(conn, "mail with parameters", "continue")
close(conn)
