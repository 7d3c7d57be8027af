# shellcheck shell=bash

# What a deploy may be doing long after its release is live.
WAITING='the app that served before'

# take_lock WHAT: one deploy or rollback at a time. Held until this process and all that it has started have ended, however they end.
take_lock() {
  mkdir -p "$STATE"
  exec 9>>"$STATE/deploy.lock"
  # Whoever asks for the status has it for a moment.
  if ! flock --wait 2 9; then
    echo "another one is running: $(tail -n 1 "$STATE/deploy.lock")" >&2
    return 1
  fi
  : >"$STATE/deploy.lock"
  # By this it is seen later whether another release has become what is live.
  SINCE=$(state since)
  echo "$1, since $(date -u +%FT%TZ), process $$" >>"$STATE/deploy.lock"
}

# hurry_lock WHAT: a deploy that only waits for what the app before it has begun is not waited for.
hurry_lock() {
  local result=0
  if is_locked && [ "$(cat "$STATE/step" 2>/dev/null)" = "$WAITING" ]; then
    echo 'a deploy waits for uploads: they are cut off'
    : >"$STATE/hurry"
    for _ in $(seq 20); do
      ! is_locked || sleep 0.5
    done
  fi
  take_lock "$1" || result=$?
  rm -f "$STATE/hurry"
  return "$result"
}

is_locked() {
  [ -e "$STATE/deploy.lock" ] && ! flock --nonblock "$STATE/deploy.lock" true
}
