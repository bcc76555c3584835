# shellcheck shell=bash
# SPDX-License-Identifier: BSL-1.0
# Postfix and Sendmail as private instances under WORK, and what both need: TLS, SASL, DKIM keys, DNS.

make_secrets() {
    [ -s "$WORK/tls/cert.pem" ] || openssl req -x509 -newkey rsa:2048 -nodes -days 3650 -subj /CN=mx.field.test \
        -keyout "$WORK/tls/key.pem" -out "$WORK/tls/cert.pem" 2>/dev/null
    chmod 600 "$WORK/tls/key.pem"
    local c r
    for c in smtpd Sendmail; do
        printf 'pwcheck_method: auxprop\nauxprop_plugin: sasldb\nsasldb_path: %s\nmech_list: PLAIN LOGIN CRAM-MD5\n' \
            "$WORK/sasl/sasldb2" >"$WORK/sasl/$c.conf"
    done
    [ -s "$WORK/sasl/sasldb2" ] || {
        # the realm is the host name: Postfix has field.test, Sendmail its $j
        for r in field.test mx.field.test; do
            echo -n secret | saslpasswd2 -p -c -f "$WORK/sasl/sasldb2" -u $r user
        done
        chown root:postfix "$WORK/sasl/sasldb2" 2>/dev/null || true # no Postfix: miltertest alone
        chmod 640 "$WORK/sasl/sasldb2"
    }
    [ -s "$WORK/etc/dkim.private" ] || openssl genrsa -out "$WORK/etc/dkim.private" 2048 2>/dev/null
    chmod 644 "$WORK/etc/dkim.private"
}

make_network() { # resolv.conf, hosts, and the public halves of the DKIM keys: in the zone, and in a file for OpenDKIM
    local d public
    public="v=DKIM1; k=rsa; p=$(openssl rsa -in "$WORK/etc/dkim.private" -pubout 2>/dev/null | grep -v -- ---- | tr -d '\n')"
    for d in sender.test field.test; do echo "sel._domainkey.$d $public"; done >"$WORK/etc/dkim.public"
    printf 'nameserver %s\noptions timeout:1 attempts:1\n' "$DNS" >"$WORK/etc/resolv.conf"
    printf '127.0.0.1 localhost\n::1 localhost ip6-localhost\n' >"$WORK/etc/hosts"
    printf '0.0.0.0/0\n::/0\n' >"$WORK/etc/everybody"
    printf '192.0.2.99\n' >"$WORK/etc/nobody"
    {
        cat "$HERE/etc/zone"
        sed 's/ / TXT /' "$WORK/etc/dkim.public"
    } >"$WORK/etc/zone"
}

start_postfix() {
    local conf=$WORK/postfix/etc
    chown root "$WORK/postfix/queue" "$conf"/*
    chown postfix "$WORK/postfix/data"
    if [ -s "$WORK/postfix/queue/pid/master.pid" ] && infield postfix -c "$conf" status 2>/dev/null; then
        say "postfix already runs: reload"
        infield postfix -c "$conf" reload >>"$WORK/log/postfix.out" 2>&1
    else
        infield postfix -c "$conf" start >>"$WORK/log/postfix.out" 2>&1 || {
            say "postfix did not start, see $WORK/log/postfix.out"
            return 1
        }
    fi
    keep_pid postfix "$(tr -d ' ' <"$WORK/postfix/queue/pid/master.pid")"
}

get_sendmail() { # Sendmail conflicts with Postfix as a package: a private root
    [ -x "$WORK/roots/sendmail/usr/libexec/sendmail/sendmail" ] && return
    mkdir -p "$WORK/debs" "$WORK/roots/sendmail"
    (cd "$WORK/debs" && apt-get -qq download sendmail-bin sendmail-cf sendmail-base 2>/dev/null)
    local d
    for d in "$WORK"/debs/sendmail*.deb; do dpkg-deb -x "$d" "$WORK/roots/sendmail" || return; done
}
start_sendmail() {
    local s=$WORK/sendmail old _ bin=$WORK/roots/sendmail/usr/libexec/sendmail/sendmail
    get_sendmail || { say "the packages of Sendmail cannot be fetched"; return 1; }
    chmod 700 "$s/queue"
    (cd "$s" && m4 sendmail.mc >sendmail.cf 2>m4.err) || { say "m4 failed: $s/m4.err"; return 1; }
    : >>"$s/statistics"
    : >>"$s/aliases"
    [ -s "$s/aliases.db" ] || infield "$bin" -C"$s/sendmail.cf" -bi >>"$WORK/log/sendmail.out" 2>&1
    if old=$(pid_of sendmail); then
        say "sendmail already runs: SIGHUP"
        rm -f "$s/sendmail.pid" # it starts itself anew, under another pid
        kill -HUP "$old"
    else
        infield "$bin" -bd -q1m -C"$s/sendmail.cf" >>"$WORK/log/sendmail.out" 2>&1 || {
            say "sendmail did not start, see $WORK/log/sendmail.out"
            return 1
        }
    fi
    for _ in $(seq 50); do [ -s "$s/sendmail.pid" ] && break; sleep 0.1; done
    [ -s "$s/sendmail.pid" ] || { say "sendmail: no pid file, see $WORK/log/sendmail.out"; return 1; }
    keep_pid sendmail "$(head -1 "$s/sendmail.pid")"
}
