#!/usr/bin/env bash
# Everything that must hold, in one command: formatting, lints, unit tests, the rule catalogue, the layers,
# the store, end to end over real HTTP and SMTP, faults, deployment. Installs the Debian packages it needs.
#
#   tests/run-all.sh                          on this machine
#   DRIFTD_CORPUS=DIR tests/run-all.sh        and once more over real description histories
set -euo pipefail
cd "$(dirname "$0")/.."

# command:package
needed=(cc:gcc systemd-analyze:systemd prlimit:util-linux gzip:gzip kill:procps postfix:postfix xmllint:libxml2-utils npm:npm)
missing=()
for pair in "${needed[@]}"; do
  type -P "${pair%%:*}" >/dev/null || missing+=("${pair##*:}")
done
[ -e /usr/include/stdlib.h ] || missing+=(libc6-dev)
[ -e /etc/ssl/certs/ca-certificates.crt ] || missing+=(ca-certificates)
if [ ${#missing[@]} -gt 0 ]; then
  echo "installing: ${missing[*]}"
  as_root=()
  [ "$(id -u)" = 0 ] || as_root=(sudo)
  "${as_root[@]}" apt-get update -qq
  DEBIAN_FRONTEND=noninteractive "${as_root[@]}" apt-get install -y -qq --no-install-recommends "${missing[@]}" >/dev/null
fi

# What reads SARIF for a living judges ours.
multitool=@microsoft/sarif-multitool-linux
if [ ! -d "target/tools/node_modules/$multitool" ]; then
  npm install --silent --no-save --ignore-scripts --prefix target/tools "$multitool@5.7.0"
  chmod u+x "target/tools/node_modules/$multitool/Sarif.Multitool"
fi

echo "== formatting"
cargo fmt --check
echo "== lints"
cargo clippy --locked --all-targets --quiet -- -D warnings
echo "== tests"
# Random histories of the bridge; more with DRIFTD_HISTORIES=n, others with DRIFTD_SEED=n.
export DRIFTD_HISTORIES="${DRIFTD_HISTORIES:-1000}"
more=()
if [ -n "${DRIFTD_CORPUS:-}" ]; then
  [ -d "$DRIFTD_CORPUS" ] || { echo "DRIFTD_CORPUS=$DRIFTD_CORPUS is no folder"; exit 1; }
  DRIFTD_CORPUS=$(cd "$DRIFTD_CORPUS" && pwd)
  export DRIFTD_CORPUS
  more=(-- --include-ignored)
fi
cargo test --locked --quiet --no-run

# Tests of the started program mostly wait for its next run; all others compute. Both run side by side.
said=$(mktemp)
trap 'rm -f "$said"' EXIT
RUST_TEST_THREADS=6 cargo test --locked --no-fail-fast --test started "${more[@]}" >"$said" 2>&1 &
waits=$!
code=0
cargo test --locked --no-fail-fast --lib --bins --test in_process "${more[@]}" || code=$?
wait "$waits" || code=$?
cat "$said"
cargo test --locked --doc --quiet || code=$?
exit "$code"
