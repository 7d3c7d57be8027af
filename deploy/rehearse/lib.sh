# shellcheck shell=bash
# What the parts of the rehearsal share: where things are, what is said, how something is waited for. Sourced.

here=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
export REHEARSAL=${REHEARSAL:-/tmp/course-supporter-rehearsal}
# An engine that is there already may be used; else one is brought up below REHEARSAL and taken down at the end.
export ENGINE=${ENGINE:-$REHEARSAL/engine}
export DOCKER_HOST=unix://$ENGINE/docker.sock DOCKER_CONFIG=$ENGINE/cfg
export DOMAIN=api.pythoncourse.me
# The engine's own address on this machine, which every container can reach: what stands for the internet listens there.
export OUTSIDE=172.31.250.1
export S3_PORT=9443 TELEGRAM_PORT=9444 SSH_PORT=9422 ACME_PORT=9414
export NODE=$here/node_modules/node/bin/node
# This machine's own proxy for the internet has no say in what happens on it.
export no_proxy="$OUTSIDE,$DOMAIN,127.0.0.1,localhost" NO_PROXY="$OUTSIDE,$DOMAIN,127.0.0.1,localhost"

results=$REHEARSAL/results.tsv

say() { printf '[%4ss] %s\n' "$SECONDS" "$*"; }

# row WHAT SECONDS WHAT-WAS-SEEN: a line of the table that is printed at the end.
row() { printf '%s\t%s\t%s\n' "$1" "$2" "$3" >>"$results"; say "shown: $1 — $3"; }

fail() {
  say "FAILED: $*" >&2
  exit 1
}

# wait_for SECONDS COMMAND…: until it succeeds.
wait_for() {
  local deadline=$((SECONDS + $1))
  shift
  until "$@" >/dev/null 2>&1; do
    ((SECONDS < deadline)) || fail "waited in vain for: $*"
    sleep 0.3
  done
}

# must_fail COMMAND…: a guard that lets everything through is none.
must_fail() {
  ! "$@" || fail "was done, and had to be refused: $*"
}

random() { openssl rand -hex 24; }

# start NAME COMMAND…: a server of the rehearsal in the background. It is ended by its process id.
start() {
  local name=$1
  shift
  "$@" >"$REHEARSAL/log/$name.log" 2>&1 </dev/null &
  echo $! >"$REHEARSAL/pid/$name"
}

stop() {
  local pid
  pid=$(cat "$REHEARSAL/pid/$1" 2>/dev/null) || return 0
  rm -f "$REHEARSAL/pid/$1"
  kill "${2:--TERM}" "$pid" 2>/dev/null || return 0
  for _ in $(seq 50); do
    kill -0 "$pid" 2>/dev/null || return 0
    sleep 0.1
  done
  kill -KILL "$pid" 2>/dev/null || true
}
