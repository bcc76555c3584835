#!/bin/bash
# SPDX-License-Identifier: BSL-1.0
# Stop exactly what up.sh started: the pids in WORK/pids (each program takes its
# own children with it).
#
#   down.sh --work DIR [--remove] [NAME...]
#
#   --remove  delete the work directory afterwards
set -u
HERE=$(cd "$(dirname "$0")" && pwd)
WORK='' REMOVE=0
while [ $# -gt 0 ]; do
    case $1 in
    --work) WORK=$2; shift 2 ;;
    --remove) REMOVE=1; shift ;;
    -*) sed -n '3,8p' "$0" >&2; exit 2 ;;
    *) break ;;
    esac
done
[ -d "$WORK/pids" ] || { echo "down.sh: --work DIR, please: one that up.sh has filled" >&2; exit 66; }
WORK=$(cd "$WORK" && pwd -P)
# shellcheck source-path=SCRIPTDIR source=lib/process.sh
. "$HERE/lib/process.sh"

# Sendmail gets another pid at each SIGHUP
[ -s "$WORK/sendmail/sendmail.pid" ] && keep_pid sendmail "$(head -1 "$WORK/sendmail/sendmail.pid")"
names=("$@")
[ $# -gt 0 ] || mapfile -t names < <(ls "$PIDS")
declare -A live=()
for n in ${names[@]+"${names[@]}"}; do
    if p=$(pid_of "$n"); then
        live[$n]=$p
        if [ "$n" = postfix ]; then
            postfix -c "$WORK/postfix/etc" stop >>"$WORK/log/postfix.out" 2>&1
        else
            kill "$p" 2>/dev/null
        fi
    else
        rm -f "$PIDS/$n"
    fi
done
for _ in $(seq 120); do # libmilter looks for its stop flag every 5 seconds only
    for n in "${!live[@]}"; do
        running "$n" && continue
        rm -f "$PIDS/$n"
        [ "$n" = sendmail ] && rm -f "$WORK/sendmail/sendmail.pid"
        unset "live[$n]"
    done
    [ ${#live[@]} -eq 0 ] && break
    sleep 0.1
done
for n in "${!live[@]}"; do # each is the leader of its own session and process group
    kill -9 -- "-${live[$n]}" 2>/dev/null || kill -9 "${live[$n]}" 2>/dev/null
    say "down: $n (${live[$n]}) killed hard"
    rm -f "$PIDS/$n"
done
if [ -z "$(ls "$PIDS")" ]; then
    leave_sasl
    [ $REMOVE = 0 ] || rm -rf "$WORK"
fi
exit 0
