# Sourced by the programs beside it that need a running engine. Needs $work, a temporary folder, and sets $engine, the
# process to end, and ACTIONLAYER_BASE_URL and ACTIONLAYER_SMTP (host:port), where it answers.

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)

build_engine() {
  binary=${ACTIONLAYER_BINARY:-}
  if [[ -z $binary ]]; then
    (cd "$root" && cargo build --quiet --locked)
    binary=${CARGO_TARGET_DIR:-$root/target}/debug/actionlayer
  fi
}

# start_engine <name> [<argument> …]: on free ports, on a new folder $work/<name>, logging to $work/<name>.log
start_engine() {
  local name=$1 log=$work/$1.log ready=
  shift
  : >"$log"
  "$binary" --http 127.0.0.1:0 --smtp 127.0.0.1:0 --data "$work/$name" "$@" >"$log" 2>&1 &
  engine=$!
  for _ in $(seq 600); do
    if ready=$(grep -m 1 '^ready ' "$log") || ! kill -0 "$engine" 2>/dev/null; then break; fi
    sleep 0.1
  done
  if [[ -z $ready ]]; then
    echo "the engine did not start:" >&2
    cat "$log" >&2
    exit 1
  fi
  ACTIONLAYER_BASE_URL=$(sed -E 's/.* http=([^ ]+).*/\1/' <<<"$ready")
  ACTIONLAYER_SMTP=$(sed -E 's/.* smtp=([^ ]+).*/\1/' <<<"$ready")
  export ACTIONLAYER_BASE_URL ACTIONLAYER_SMTP
}

stop_engine() {
  if [[ -n ${engine:-} ]]; then
    kill "$engine" 2>/dev/null || true
    wait "$engine" 2>/dev/null || true
    engine=
  fi
}
