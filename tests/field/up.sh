#!/bin/bash
# SPDX-License-Identifier: BSL-1.0
# Bring the field up (as root): Postfix, Sendmail, real milters, a mail sink and a
# DNS stub, all on loopback, all under one directory; prints chain -> ports.
#
#   up.sh [--work DIR] [--base PORT] [--only LIST] [--via CHAIN[=SOCKET,...]]...
#         [--extra NAME[@C/C/C]=SOCKET,...]... [--delay-reject yes|no] [--non-smtpd CHAIN] [--quiet]
#
#   --work   where everything that changes lives (default: a new directory under TMPDIR)
#   --base   first of 400 ports (default: free ones, chosen now)
#   --via    the MTAs use SOCKET in place of that chain's milters, e.g. a manager:
#            --via abc=inet:9999@127.0.0.1; without SOCKET the port set aside for it
#   --extra  one more chain of that name on the next free ports; C/C/C: its timeouts (connect, command, content; s)
#   --only   comma list of what to start: postfix, sendmail, names of milters
#            (etc/milters.conf), "fieldmilters" for all of kind field; sink and DNS
#            always start.  Default: all that is installed.
#
# May be called again with other options: what runs goes on, the MTAs reload.
# down.sh --work DIR stops exactly what this started.  Every program runs in a mount
# namespace where /etc/resolv.conf, /etc/hosts and /etc/sasl2 are the field's own.
set -eu
HERE=$(cd "$(dirname "$0")" && pwd)
WORK='' ONLY='' QUIET=0 CONF=()
while [ $# -gt 0 ]; do
    case $1 in
    --work) WORK=$2; shift 2 ;;
    --only) ONLY=$2; shift 2 ;;
    --quiet) QUIET=1; shift ;;
    --base | --via | --extra | --delay-reject | --non-smtpd) CONF+=("$1" "$2"); shift 2 ;;
    *) sed -n '2,/^set/p' "$0" | grep '^#' >&2; exit 2 ;;
    esac
done
[ -n "$WORK" ] || WORK=$(mktemp -d "${TMPDIR:-/tmp}/milter-field.XXXXXX")
mkdir -p "$WORK"
chmod o+x "$WORK"
WORK=$(cd "$WORK" && pwd -P)
case $WORK in *[!A-Za-z0-9/_.-]*) echo "up.sh: plain characters in --work, please: $WORK" >&2; exit 2 ;; esac
d=$WORK
while [ "$d" != / ]; do
    case $(stat -c %A "$d") in
    *[xt]) d=$(dirname "$d") ;;
    *) echo "up.sh: daemons of other users cannot enter $d: chmod o+x, or another --work" >&2; exit 2 ;;
    esac
done
# shellcheck source-path=SCRIPTDIR source=lib/process.sh
. "$HERE/lib/process.sh"
# shellcheck source-path=SCRIPTDIR source=lib/milters.sh
. "$HERE/lib/milters.sh"
# shellcheck source-path=SCRIPTDIR source=lib/mtas.sh
. "$HERE/lib/mtas.sh"

mkdir -p "$WORK"/{pids,log,sock,sink,tls,sasl,etc,run,bin} "$WORK"/postfix/{etc,queue,data,log} "$WORK"/sendmail/queue
chmod 755 "$WORK" "$WORK/sock"
chmod 1777 "$WORK/log" "$WORK/run" # several daemons' users write here; not sock: Sendmail refuses world-writable
take_sasl

python -m harness.configure --work "$WORK" ${CONF[@]+"${CONF[@]}"}
DNS=$(field dns)
make_secrets
make_network

want() { [ -z "$ONLY" ] || case ",$ONLY," in *",$1,"*) true ;; *) false ;; esac; }
STARTED=()
start_milter() { # NAME KIND SOCKET ARGS
    want "$1" || { [ "$2" = field ] && want fieldmilters; } || return 0
    [ "$2" != none ] || return 0
    [ -e "$(needs "$2")" ] || { say "$1: not installed, left out"; return 0; }
    if [ "$2" = field ]; then build_fieldmilter; fi
    "start_$2" "$1" "$3" "$4"
    STARTED+=("$1 $3")
}

start dns "$PY" "$HERE/harness/dns_stub.py" --addr "$DNS" --zone "$WORK/etc/zone"
start sink "$PY" "$HERE/harness/sink.py" --port "$(field sink_port)" --dir "$WORK/sink"
while IFS=$'\t' read -r name kind sock args; do
    start_milter "$name" "$kind" "$sock" "$args"
done < <("$PY" -c 'import json, sys
for m in json.load(open(sys.argv[1]))["milters"].values():
    print(m["name"], m["kind"], m["socket"], m["args"], sep="\t")' "$WORK/field.json")
bad=0
if want postfix; then start_postfix || bad=1; fi
if want sendmail; then start_sendmail || bad=1; fi
for m in ${STARTED[@]+"${STARTED[@]}"}; do wait_listens "${m% *}" "${m#* }" || bad=1; done
running dns || { say "the DNS stub did not start, see $WORK/log/dns.out"; bad=1; }
running sink || { say "the sink did not start, see $WORK/log/sink.out"; bad=1; }

[ $QUIET = 1 ] || "$PY" - "$WORK/field.json" <<'END'
import json, sys
f = json.load(open(sys.argv[1]))
print("work directory %s" % f["work"])
print("sink 127.0.0.1:%d -> %s" % (f["sink_port"], f["sink_dir"]))
print("%-16s %-8s %-8s %s" % ("chain", "postfix", "sendmail", "milters"))
for c in f["chains"].values():
    print("%-16s %-8d %-8d %s" % (c["name"], c["postfix_port"], c["sendmail_port"],
                                  ("VIA " if c["via"] else "") + " ".join(c["sockets"]) + " (" + ",".join(c["milters"]) + ")"))
END
exit $((bad ? 69 : 0))
