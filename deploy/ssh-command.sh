#!/usr/bin/env bash
# ssh-command.sh: all that the deploy key may do. In authorized_keys, before the key:
#   restrict,command="/opt/course-supporter/deploy/ssh-command.sh"
# and then: ssh HOST deploy SHA | rollback | status. The work is done in a session of its own, and what it says goes to a file that is
# shown here: a connection that breaks or stalls neither ends nor stops it.
set -euo pipefail
# shellcheck source=release/all.sh
. "$(dirname "${BASH_SOURCE[0]}")/release/all.sh"

run_apart() {
  local log work result=0
  mkdir -p "$STATE/logs"
  log=$STATE/logs/$(date -u +%Y%m%dT%H%M%SZ)-$(basename "$1" .sh)-$$.log
  : >"$log"
  setsid "$@" </dev/null >"$log" 2>&1 &
  work=$!
  tail --pid="$work" --sleep-interval=0.2 --lines=+1 --follow "$log" || true
  wait "$work" || result=$?
  prune_logs
  return "$result"
}

status() {
  echo "live $(state live)"
  echo "since $(date -u -d "@$(state since)" +%FT%TZ 2>/dev/null)"
  echo "previous $(state previous)"
  if is_locked; then echo "running: $(cat "$STATE/deploy.lock"), at: $(cat "$STATE/step" 2>/dev/null)"; else echo 'nothing is running'; fi
  docker ps --all --filter "label=com.docker.compose.project=$PROJECT" --format '{{.Names}}\t{{.Image}}\t{{.Status}}' </dev/null
}

main() {
  local asked=${SSH_ORIGINAL_COMMAND:-} result=0
  if [[ $asked =~ ^deploy\ ([0-9a-f]{40})$ ]]; then
    run_apart "$CHECKOUT/deploy/deploy.sh" "${BASH_REMATCH[1]}" || result=$?
  elif [ "$asked" = rollback ]; then
    run_apart "$CHECKOUT/deploy/rollback.sh" || result=$?
  elif [ "$asked" = status ]; then
    status
  else
    echo 'this key may: deploy SHA (40 digits), rollback, status' >&2
    result=64
  fi
  return "$result"
}

main; exit
