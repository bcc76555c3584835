# shellcheck shell=bash
# SPDX-License-Identifier: BSL-1.0
# One function per kind of milter (etc/milters.conf): start_KIND NAME SOCKET ARGS, and the file that
# must be there for it.  Configurations are made from etc/real.

needs() { # KIND -> the file without which it cannot run
    case $1 in
    opendkim) echo /usr/sbin/opendkim ;; opendmarc) echo /usr/sbin/opendmarc ;;
    spamass) echo /usr/sbin/spamass-milter ;; rspamd) echo /usr/bin/rspamd ;;
    dkimpy) echo /usr/bin/dkimpy-milter ;; pyspf) echo /usr/bin/pyspf-milter ;;
    clamav) echo /usr/sbin/clamav-milter ;; pmilter) echo /usr/share/perl5/Sendmail/PMilter.pm ;;
    pymilter) echo /usr/lib/python3/dist-packages/Milter/__init__.py ;; *) echo /bin/sh ;;
    esac
}

build_fieldmilter() {
    local src=$HERE/milters/fieldmilter
    [ -x "$WORK/bin/fieldmilter" ] && [ -z "$(find "$src" -newer "$WORK/bin/fieldmilter")" ] && return
    if [ "${FIELDMILTER_ON:-libmilter}" = toolkit ]; then # as C++, with the toolkit's header before libmilter's own
        g++ -std=c++20 -O1 -g -fpermissive -w -I "$HERE/../../include" -include milter/compat/mfapi.hpp \
            -o "$WORK/bin/fieldmilter.new" -x c++ "$src"/*.c -lpthread
    else
        gcc -O1 -g -Wall -Wextra -o "$WORK/bin/fieldmilter.new" "$src"/*.c -lmilter -lpthread
    fi
    mv "$WORK/bin/fieldmilter.new" "$WORK/bin/fieldmilter"
}
start_field() {
    # shellcheck disable=SC2086  # ARGS are several words
    start "$1" "$WORK/bin/fieldmilter" -n "$1" -p "$2" -l "$WORK/log/$1.jsonl" $3
}

start_opendkim() { # ARGS: s to sign, v to verify; then "keys" for public keys from a file in place of DNS
    local internal=$WORK/etc/nobody mode=${3%% *} conf=$WORK/etc/$1.conf
    [ "$mode" = s ] && internal=$WORK/etc/everybody
    template real/opendkim.conf "$conf" MODE="$mode" SOCKET="$2" INTERNAL="$internal"
    cp "$HERE/etc/real/unbound.conf" "$WORK/etc/unbound.conf"
    # With each message it has libunbound read that file, whose scanner has one state for all threads: two at once, and
    # the process is gone ("fatal flex scanner internal error").  So there is no DNS for what is to bear load.
    case $3 in
    *keys) echo "TestPublicKeys $WORK/etc/dkim.public" ;;
    *) printf 'Nameservers %s\nResolverConfiguration %s\n' "$DNS" "$WORK/etc/unbound.conf" ;;
    esac >>"$conf"
    start "$1" /usr/sbin/opendkim -f -x "$conf"
}
start_opendmarc() {
    template real/opendmarc.conf "$WORK/etc/opendmarc.conf" SOCKET="$2"
    start "$1" /usr/sbin/opendmarc -f -c "$WORK/etc/opendmarc.conf"
}
start_spamass() {
    local port
    port=$(field spamd_port)
    mkdir -p "$WORK/etc/sa" "$WORK/run/sa"
    cp /etc/spamassassin/*.pre "$WORK/etc/sa/"
    cp "$HERE/etc/real/spamassassin.cf" "$WORK/etc/sa/local.cf"
    start spamd /usr/sbin/spamd -L -x -m 2 --listen "127.0.0.1:$port" --siteconfigpath="$WORK/etc/sa" \
        -u nobody -H "$WORK/run/sa" --syslog "$WORK/log/spamd.log"
    wait_listens spamd "inet:$port@127.0.0.1"
    start "$1" /usr/sbin/spamass-milter -p "$2" -r 100 -- -p "$port" -d 127.0.0.1
}
start_rspamd() { # the proxy in milter mode, scanning by itself: no redis, no normal worker, no network
    local d=$WORK/etc/rspamd port=${2#inet:} m
    mkdir -p "$d"/{local.d,override.d} "$WORK/run/rspamd"
    chown _rspamd "$WORK/run/rspamd"
    for m in greylist rbl surbl fuzzy_check asn neural replies ratelimit reputation dkim_signing arc phishing \
        url_redirector rspamd_update mx_check history_redis bimi; do
        echo 'enabled = false;' >"$d/local.d/$m.conf"
    done
    for m in normal controller fuzzy; do echo 'enabled = false;' >"$d/local.d/worker-$m.inc"; done
    for m in options.inc milter_headers.conf worker-proxy.inc; do
        template "real/rspamd-$m" "$d/local.d/$m" PORT="${port%@*}"
    done
    sed -e "s|bind_socket = \"localhost:1133[0-9]\";||" /etc/rspamd/rspamd.conf >"$d/rspamd.conf"
    start "$1" /usr/bin/rspamd -f -u _rspamd -g _rspamd -c "$d/rspamd.conf" --var=LOCAL_CONFDIR="$d" \
        --var=LOGDIR="$WORK/log" --var=RUNDIR="$WORK/run/rspamd" --var=DBDIR="$WORK/run/rspamd"
}
start_dkimpy() {
    mkdir -p "$WORK/run/dkimpy"
    running "$1" || rm -f "$WORK/run/dkimpy/pid" # it will not start over a stale one
    template real/dkimpy.conf "$WORK/etc/dkimpy.conf" SOCKET="$2"
    start "$1" /usr/bin/dkimpy-milter "$WORK/etc/dkimpy.conf"
}
start_pyspf() {
    mkdir -p "$WORK/run/pyspf"
    running "$1" || rm -f "$WORK/run/pyspf/pid"
    template real/pyspf.conf "$WORK/etc/pyspf.conf" SOCKET="$2"
    start "$1" /usr/bin/pyspf-milter "$WORK/etc/pyspf.conf"
}
start_pmilter() { start "$1" /usr/bin/perl "$HERE/milters/pmilter-dump.pl" "$2"; }
start_pymilter() { start "$1" "$PY" "$HERE/milters/pymilter-sample.py" "$2"; }
start_clamav() {
    local d=$WORK/etc/clamav
    mkdir -p "$d/db" "$WORK/run/clamav"
    # one signature of our own, found in plain mail, instead of a download
    printf 'Field.Test.Virus:0:*:%s\n' "$(printf 'FIELD-TEST-VIRUS-SIGNATURE' | od -An -tx1 | tr -d ' \n')" >"$d/db/field.ndb"
    chown -R clamav "$WORK/run/clamav"
    template real/clamd.conf "$d/clamd.conf"
    template real/clamav-milter.conf "$d/milter.conf" SOCKET="$2"
    start clamd /usr/sbin/clamd -c "$d/clamd.conf"
    wait_listens clamd "unix:$WORK/run/clamav/clamd.sock"
    start "$1" /usr/sbin/clamav-milter -c "$d/milter.conf"
}
