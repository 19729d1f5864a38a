#!/usr/bin/env bash
# Shows that a kill -9 loses nothing that was accepted.
#
#   samples/WorkerSample/crash-demo.sh                          under GroupSync
#   LoraWal__SyncMode=PerCommit samples/WorkerSample/crash-demo.sh
#
# Starts the service on a free port with a directory of its own, posts events, notes GET /state, kills the process,
# starts it again, and compares. Exits 0 only if both states are the same to the byte. Readings are switched off, so
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
echo "log and recovery: $(curl -fsS "$url/wal")"

[[ "$before" == *'"events":43,'* ]] || fail "43 events were accepted, but the state before the kill does not say so"
[[ "$before" == "$after" ]] || fail "the state after the crash is not the state before it"
echo "OK: 43 events accepted, one process killed, the same state again."
