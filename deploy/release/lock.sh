# shellcheck shell=bash

# take_lock WHAT: one deploy or rollback at a time. Held until this process and all that it has started have ended, however they end.
take_lock() {
  mkdir -p "$STATE"
  exec 9>>"$STATE/deploy.lock"
  if ! flock --nonblock 9; then
    echo "another one is running: $(tail -n 1 "$STATE/deploy.lock")" >&2
    return 1
  fi
  : >"$STATE/deploy.lock"
  echo "$1, since $(date -u +%FT%TZ), process $$" >>"$STATE/deploy.lock"
}

is_locked() {
  [ -e "$STATE/deploy.lock" ] && ! flock --nonblock "$STATE/deploy.lock" true
}
