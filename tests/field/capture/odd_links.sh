#!/bin/bash
# SPDX-License-Identifier: BSL-1.0
# Captures that need another way of capturing: the "any" device, pcapng, nanosecond
# stamps, a short snaplen, SMTP and milter traffic in one file, other clients than
# ours, a link that loses packets.
#
#   capture/odd_links.sh --work DIR --out DIR       (Postfix, Sendmail and the field milters must be up there)
#
# For the lossy link two network namespaces are made and removed again; a token
# bucket in the middle drops packets, so that TCP really retransmits.
set -eu
HERE=$(cd "$(dirname "$0")/.." && pwd)
WORK='' OUT=''
while [ $# -gt 0 ]; do
    case $1 in
    --work) WORK=$2; shift 2 ;;
    --out) OUT=$2; shift 2 ;;
    *) sed -n '3,10p' "$0" >&2; exit 2 ;;
    esac
done
if [ ! -s "$WORK/field.json" ] || [ -z "$OUT" ]; then sed -n '3,10p' "$0" >&2; exit 2; fi
mkdir -p "$OUT/.tmp"
OUT=$(cd "$OUT" && pwd)
# shellcheck source-path=SCRIPTDIR source=../lib/process.sh
. "$HERE/lib/process.sh"
BASE=$(field base)
MILTER="tcp portrange $((BASE + 300))-$((BASE + 339))"
ALL="tcp portrange $BASE-$((BASE + 339))"
LOSSY=8891
MID=field-mid-$$ FAR=field-far-$$ LINK=vfield$$

cleanup() {
    [ ! -s "$OUT/.tmp/milter.pid" ] || kill "$(cat "$OUT/.tmp/milter.pid")" 2>/dev/null || true
    local ns
    for ns in "$MID" "$FAR"; do ip netns del "$ns" 2>/dev/null || true; done
    ip link del "$LINK" 2>/dev/null || true
    rm -rf "$OUT/.tmp"
}
trap cleanup EXIT

play() { python -m scenarios --work "$WORK" --out "$OUT/.tmp" "$@" 2>/dev/null; }
expect() { # NAME FILE SCENARIO: what the file must be decoded to
    "$PY" - "$HERE/capture" "$OUT" "$1" "$2" "$3" "$BASE" $LOSSY <<'END'
import json, sys
here, out, name, file, scenario, base, lossy = sys.argv[1:]
sys.path.insert(0, here)
import decode
ports = set(range(int(base) + 300, int(base) + 340)) | {int(lossy)}
records = decode.run("%s/%s" % (out, file), ports)
with open("%s/.tmp/%s.json" % (out, scenario)) as f:
    result = json.load(f)
result.update(file=file, summary=decode.summary(records), decode=records, note="captured as " + name)
with open("%s/%s.expect.json" % (out, name), "w") as f:
    json.dump(result, f, separators=(",", ":"))
print("%-26s %d records" % (name, len(records)))
END
}
dump() { # FILE FILTER tcpdump-options...: sets DUMP once it listens
    local file=$1 filter=$2 _
    shift 2
    : >"$OUT/.tmp/err"
    "${IN[@]}" tcpdump -n -U --immediate-mode -B 16384 -Z root "$@" -w "$OUT/$file" "$filter" 2>"$OUT/.tmp/err" &
    DUMP=$!
    for _ in $(seq 50); do grep -q "listening on" "$OUT/.tmp/err" && break; sleep 0.1; done
}
IN=()
end_dump() {
    sleep 0.5
    kill -INT "$DUMP"
    wait "$DUMP" || true
}
capture() { # NAME SCENARIO FILTER "options of scenarios" tcpdump-options...
    local name=$1 scenario=$2 filter=$3 options=$4
    shift 4
    dump "$name.pcap" "$filter" "$@"
    # shellcheck disable=SC2086  # several words
    play $options "$scenario"
    end_dump
    expect "$name" "$name.pcap" "$scenario"
}
capture any_sll2 several_messages "$MILTER" "" -i any
capture any_sll several_messages "$MILTER" "" -i any -y LINUX_SLL
capture any_ipv6 ipv6_milter "$MILTER" "" -i any
capture nano several_messages "$MILTER" "" -i lo --time-stamp-precision=nano
capture snaplen_128 several_messages "$MILTER" "" -i lo -s 128
capture mixed_smtp_milter concurrent "$ALL" "" -i lo
capture mixed_smtp_milter_sendmail several_messages "$ALL" "--mta sendmail" -i lo
capture many_milters chain_concurrent "$MILTER" "" -i lo

other_client() { # NAME command...: driven by another client than ours
    local name=$1
    shift
    dump "$name.pcap" "$MILTER" -i lo
    "$@" >"$OUT/.tmp/$name.txt" 2>&1 || true
    sleep 0.5
    end_dump
    "$PY" - "$name" "$OUT/.tmp/$name" "$@" <<'END'
import json, sys
name, path, *command = sys.argv[1:]
with open(path + ".txt", errors="replace") as f:
    client = f.read()[:8000]
with open(path + ".json", "w") as f:
    json.dump({"scenario": name, "command": command, "client": client}, f)
END
    expect "$name" "$name.pcap" "$name"
}
for mta in postfix sendmail; do
    other_client smtp_source_$mta smtp-source -s 6 -m 60 -l 3000 -f s@sender.test -t r@field.test "127.0.0.1:$(field chains abc ${mta}_port)"
done
if command -v swaks >/dev/null; then
    other_client swaks_tls_auth swaks --server 127.0.0.1 --port "$(field chains abc postfix_port)" --from alice@sender.test \
        --to bob@field.test,carol@field.test --tls --auth PLAIN --auth-user user@field.test --auth-password secret \
        --attach "@$HERE/etc/zone"
fi
if command -v dumpcap >/dev/null; then # written by Wireshark's own tool
    dumpcap -q -i lo -f "$MILTER" -w "$OUT/dumpcap.pcapng" 2>/dev/null &
    DUMP=$!
    sleep 1.5
    play several_messages
    end_dump
    expect dumpcap dumpcap.pcapng several_messages
fi

# ---- a link that loses packets: MTA -- MID (drops) -- FAR (milter)
ip netns add "$FAR"
ip netns add "$MID"
ip link add "$LINK" type veth peer name near netns "$MID"
ip -n "$MID" link add far type veth peer name milter netns "$FAR"
ip addr add 10.99.0.1/24 dev "$LINK"
ip link set "$LINK" gso_max_segs 1 gso_max_size 1500 up 2>/dev/null || ip link set "$LINK" up
ip -n "$MID" addr add 10.99.0.254/24 dev near
ip -n "$MID" addr add 10.99.1.254/24 dev far
ip -n "$MID" link set near up
ip -n "$MID" link set far up
ip netns exec "$MID" sh -c 'echo 1 >/proc/sys/net/ipv4/ip_forward'
ip -n "$FAR" addr add 10.99.1.2/24 dev milter
ip -n "$FAR" link set milter up
ip -n "$FAR" route add default via 10.99.1.254
ip route add 10.99.1.0/24 via 10.99.0.254
ip netns exec "$MID" tc qdisc add dev far root tbf rate 4mbit burst 3000 limit 6000
ip netns exec "$FAR" "$WORK/bin/fieldmilter" -n a -p "inet:$LOSSY@10.99.1.2" -l "$WORK/log/a.jsonl" -s 0x400 \
    -P "$OUT/.tmp/milter.pid" &
sleep 1
"$HERE/up.sh" --quiet --work "$WORK" --only postfix --extra "veth=inet:$LOSSY@10.99.1.2" 2>/dev/null
sleep 1
capture lossy_at_sender chunk_edges "tcp port $LOSSY" "--chain veth" -i "$LINK"
capture lossy_many concurrent "tcp port $LOSSY" "--chain veth" -i "$LINK"
IN=(ip netns exec "$FAR")
capture lossy_at_receiver body_1m "tcp port $LOSSY" "--chain veth" -i milter
"$HERE/up.sh" --quiet --work "$WORK" --only postfix 2>/dev/null
