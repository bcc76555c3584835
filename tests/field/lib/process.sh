# shellcheck shell=bash
# SPDX-License-Identifier: BSL-1.0
# For up.sh and down.sh: processes and templates.  Needs HERE (this folder's parent) and WORK.
PY=/usr/bin/python3
PIDS=$WORK/pids
PATH=$PATH:/usr/sbin:/sbin
export PYTHONDONTWRITEBYTECODE=1

say() { echo "field: $*" >&2; }
python() { (cd "$HERE" && "$PY" "$@"); }

# A pid may have gone to somebody else's process since: it is kept with the time it was started at.
started_at() { sed 's/.*) //' "/proc/$1/stat" 2>/dev/null | cut -d' ' -f20; }
keep_pid() { echo "$2 $(started_at "$2")" >"$PIDS/$1"; } # NAME PID
pid_of() { # NAME: prints the pid if the process still runs
    local pid at
    [ -s "$PIDS/$1" ] || return 1
    read -r pid at <"$PIDS/$1"
    [ -n "$at" ] && [ "$(started_at "$pid")" = "$at" ] && echo "$pid"
}
running() { pid_of "$1" >/dev/null; }

infield() { unshare -m --propagation private "$HERE/lib/infield.sh" "$WORK" "$@"; }
start() { # NAME command...: in the background, pid kept
    local name=$1
    shift
    running "$name" && return 0
    # exec all the way, so that $! is the program itself; its own session, so that down.sh can end all of it
    (exec setsid unshare -m --propagation private "$HERE/lib/infield.sh" "$WORK" "$@") >>"$WORK/log/$name.out" 2>&1 </dev/null &
    keep_pid "$name" $!
    disown
}
wait_listens() { # NAME SOCKET
    local i
    for i in $(seq 150); do
        python -m harness.ports "$2" && return 0
        running "$1" || { say "$1 died, see $WORK/log/$1.out"; return 1; }
        [ "$i" -gt 20 ] && sleep 0.2
    done
    say "$1 does not listen on $2, see $WORK/log/$1.out"
    return 1
}

# Something to mount over must be there. Where the machine has no /etc/sasl2, the first field that is up makes it and the
# last one takes it away: removing it under another field would undo the mounts in there.
SASL=/etc/sasl2
SASL_USER=$SASL/.field$(echo "$WORK" | tr / .)
take_sasl() {
    (
        flock 9
        [ -d $SASL ] || { mkdir $SASL && : >$SASL/.made-by-field; }
        [ ! -e $SASL/.made-by-field ] || : >"$SASL_USER"
    ) 9</etc
}
leave_sasl() {
    (
        flock 9
        rm -f "$SASL_USER"
        if [ -e $SASL/.made-by-field ] && [ -z "$(find $SASL -name '.field.*')" ]; then
            rm -f $SASL/.made-by-field
            rmdir $SASL
        fi
    ) 9</etc
}

template() { # NAME TO KEY=VALUE...: etc/NAME with @KEY@ filled in; WORK and DNS always are
    local in=$HERE/etc/$1 to=$2 kv args=(-e "s|@WORK@|$WORK|g" -e "s|@DNS@|$DNS|g")
    shift 2
    for kv in "$@"; do args+=(-e "s|@${kv%%=*}@|${kv#*=}|g"); done
    sed "${args[@]}" "$in" >"$to"
}
field() { # KEY... -> value in field.json
    "$PY" -c 'import json, sys
v = json.load(open(sys.argv[1]))
for k in sys.argv[2:]:
    v = v[k]
print("" if v is None else v)' "$WORK/field.json" "$@"
}
