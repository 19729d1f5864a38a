#!/usr/bin/env bash
# Shows that a kill -9 loses nothing that was accepted: not the state, not its snapshot, not the consumer's position.
#
#   samples/WorkerSample/crash-demo.sh                          under GroupSync
#   LoraWal__SyncMode=PerCommit samples/WorkerSample/crash-demo.sh
#
# Starts the service on a free port with a directory of its own, posts events, takes a snapshot, switches the sink off,
# posts more, notes GET /state, kills the process, starts it again, and compares. Exits 0 only if both states are the
# same to the byte, the state came from the snapshot, and the sink gets what it had not got. Readings are switched off, so
# that nothing but the posted events can change the state between the two looks. Needs bash, curl and the .NET SDK.
set -euo pipefail

sample="$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)"
work="$(mktemp -d)"
pid=""
url=""

export LoraWal__Directory="$work/wal"
export LoraWal__SyncMode="${LoraWal__SyncMode:-GroupSync}"
export Readings__Enabled=false
export Urls="http://127.0.0.1:0"
unset ASPNETCORE_URLS ASPNETCORE_HTTP_PORTS || true

clean_up() {
  if [[ -n "$pid" ]]; then
    kill -9 "$pid" 2>/dev/null || true
    wait "$pid" 2>/dev/null || true
  fi
  rm -rf "$work"
}
trap clean_up EXIT

fail() {
  echo "FAILED: $1" >&2
  if [[ -f "$work/service.log" ]]; then
    tail -n 40 "$work/service.log" >&2
  fi
  exit 1
}

# Starts the service and waits until it is ready. The system picks the port; the service's log names it.
start() {
  : > "$work/service.log"
  (cd "$sample" && exec dotnet "$work/bin/WorkerSample.dll") > "$work/service.log" 2>&1 &
  pid=$!
  url=""
  for _ in $(seq 1 300); do
    kill -0 "$pid" 2>/dev/null || fail "the service ended while it was starting"
    url="$(sed -n 's/.*Now listening on: \(http[^ ]*\).*/\1/p' "$work/service.log" | head -n 1)"
    if [[ -n "$url" ]] && curl -fsS -o /dev/null "$url/healthz/ready" 2>/dev/null; then
      return
    fi
    sleep 0.1
  done
  fail "the service did not become ready"
}

post() {
  curl -fsS -X POST -H "Content-Type: $1" --data-binary "$2" "$url/events$3" || fail "an event was not accepted"
  echo
}

# Waits until the sink has the event of an LSN. Only what is durable is forwarded, and in the background.
wait_for_sink() {
  for _ in $(seq 1 300); do
    if [[ "$(curl -fsS "$url/sink")" == *"\"last\":$1,"* ]]; then
      return
    fi
    sleep 0.1
  done
  fail "the sink did not get the event at LSN $1"
}

echo "== Building"
dotnet build "$sample" --configuration Release --output "$work/bin" -v quiet --nologo > "$work/build.log" 2>&1 \
  || { cat "$work/build.log" >&2; fail "the build failed"; }

echo "== Starting the service under $LoraWal__SyncMode"
start
echo "pid $pid at $url"

echo "== Posting events"
post application/json '{"type":"order","id":1}' ""
post application/x-ndjson $'{"type":"order","id":2}\n{"type":"payment","id":2}\n{"type":"shipment","id":2}' ""
post application/json '{"type":"payment","id":1}' "?durable=true"
for i in $(seq 3 40); do
  post application/json "{\"type\":\"order\",\"id\":$i}" "" > /dev/null
done

wait_for_sink 43
echo "sink: $(curl -fsS "$url/sink")"
echo "== Taking a snapshot"
snapshot="$(curl -fsS -X POST "$url/snapshot")" || fail "the snapshot failed"
echo "$snapshot"
[[ "$snapshot" == '{"lsn":43}' ]] || fail "the snapshot does not cover all 43 events"

echo "== Switching the sink off, posting more"
curl -fsS -X POST "$url/sink/off" > /dev/null
for i in $(seq 41 50); do
  post application/json "{\"type\":\"order\",\"id\":$i}" "?durable=true" > /dev/null
done
sink="$(curl -fsS "$url/sink")"
echo "sink: $sink"
[[ "$sink" == *'"last":43,'* ]] || fail "the sink is off, and yet it has got events"

before="$(curl -fsS "$url/state")" || fail "GET /state failed"
echo "state before: $before"

echo "== kill -9 $pid"
kill -9 "$pid"
wait "$pid" 2>/dev/null || true
pid=""

echo "== Starting it again"
start
after="$(curl -fsS "$url/state")" || fail "GET /state failed"
echo "state after:  $after"
wal="$(curl -fsS "$url/wal")" || fail "GET /wal failed"
echo "log and recovery: $wal"

[[ "$before" == *'"events":53,'* ]] || fail "53 events were accepted, but the state before the kill does not say so"
[[ "$before" == "$after" ]] || fail "the state after the crash is not the state before it"
[[ "$wal" == *'"snapshotLsn":43}'* ]] || fail "the state was not loaded from the snapshot at LSN 43"
wait_for_sink 53
sink="$(curl -fsS "$url/sink")"
echo "sink: $sink"
# What was sent when the sink went off may come again; what was acknowledged before that must not.
first="$(sed -n 's/.*"first":\([0-9]*\).*/\1/p' <<< "$sink")"
(( first > 1 && first <= 44 )) || fail "the consumer went on at LSN $first, not where it had left off"
[[ "$sink" == *'"inOrder":true'* ]] || fail "the sink got events out of order"
echo "OK: 53 events accepted, one process killed, the same state again: a snapshot of 43 and 10 replayed."
echo "The consumer went on at LSN $first."
