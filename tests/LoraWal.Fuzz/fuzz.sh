#!/usr/bin/env bash
# Fuzzes a target, guided by coverage: tests/LoraWal.Fuzz/fuzz.sh [frame|scan|open|all] [seconds]
#
# Needs afl++ (Debian: apt-get install afl++) and the .NET SDK. Instruments a copy of LoraWal.dll, never the original.
# Exits with 1 if an input made a target fail or hang; such inputs are kept in artifacts/fuzz/TARGET/default/crashes and
# .../hangs. Run one again by: dotnet run --project tests/LoraWal.Fuzz -- TARGET FILE
set -euo pipefail

here="$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)"
root="$(cd "$here/../.." && pwd)"
targets="${1:-all}"
seconds="${2:-60}"
out="${LORAWAL_FUZZ_OUT:-$root/artifacts/fuzz}"
[[ "$targets" == all ]] && targets="frame scan open"

command -v afl-fuzz > /dev/null || { echo "afl-fuzz is missing: apt-get install afl++" >&2; exit 2; }
export DOTNET_CLI_TELEMETRY_OPTOUT=1 DOTNET_NOLOGO=1 DOTNET_ROLL_FORWARD=Major
mkdir -p "$out"
dotnet publish "$here" -c Release -o "$out/bin" > "$out/publish.log" 2>&1 || { cat "$out/publish.log"; exit 2; }
[[ -x "$out/tools/sharpfuzz" ]] \
  || dotnet tool install SharpFuzz.CommandLine --version 2.3.0 --tool-path "$out/tools" > "$out/tool.log" 2>&1 \
  || { cat "$out/tool.log"; exit 2; }
"$out/tools/sharpfuzz" "$out/bin/LoraWal.dll"

# The program is a script to afl: it cannot see the instrumentation, and a core dump tells nothing more.
export AFL_SKIP_BIN_CHECK=1 AFL_I_DONT_CARE_ABOUT_MISSING_CRASHES=1 AFL_SKIP_CPUFREQ=1 AFL_NO_AFFINITY=1 AFL_NO_UI=1
# Starting the runtime again for every input would be all that it does.
export AFL_FORKSRV_INIT_TMOUT=60000

failed=0
for target in $targets; do
  rm -rf "${out:?}/$target"
  afl-fuzz -i "$here/corpus/$target" -o "$out/$target" -t 10000 -m none -V "$seconds" \
    -- dotnet "$out/bin/LoraWal.Fuzz.dll" "$target" > "$out/$target.log" 2>&1 \
    || { tail -n 20 "$out/$target.log"; exit 2; }
  stats="$out/$target/default/fuzzer_stats"
  number() { sed -n "s/^$1 *: *\([0-9.]*\).*/\1/p" "$stats"; }
  found="$(find "$out/$target/default/crashes" "$out/$target/default/hangs" -type f -name 'id*' | wc -l)"
  echo "$target: $(number execs_done) inputs in $(number run_time) s, $(number execs_per_sec) a second," \
    "$(number corpus_count) with new coverage, $found failed"
  [[ "$found" -eq 0 ]] || failed=1
done
exit "$failed"
