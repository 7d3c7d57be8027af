# shellcheck shell=bash
# There is no memory for two workers at once: one ends, then the other begins.

# replace_worker SECONDS: what the old one may take.
replace_worker() {
  stop_workers "$1"
  start_workers
  await_workers
}

# They are removed, so that the new ones are worker-1, -2… again: alarms and operators call them so.
stop_workers() {
  local old name
  old=$(containers_of worker)
  [ -n "$old" ] || return 0
  # shellcheck disable=SC2086
  docker stop -t "$1" $old </dev/null >/dev/null
  for name in $old; do remove "$name"; done
}

start_workers() {
  compose_up --scale "worker=$WORKERS" worker
}

# Until as many as there should be take jobs: a worker holds its lock only when a job has come back to it.
await_workers() {
  local deadline=$((EPOCHSECONDS + 60)) name status
  while ((EPOCHSECONDS < deadline)); do
    for name in $(containers_of worker); do
      status=$(docker inspect --format '{{.State.Status}} {{.RestartCount}}' "$name" </dev/null)
      [ "$status" = 'running 0' ] || { show_end "$name" "$name has ended"; return 1; }
    done
    if [ "$(living_workers "$name")" -ge "$WORKERS" ]; then return; fi
    sleep 0.5
  done
  show_end "$name" 'no worker takes jobs after 60 s'
  return 1
}

# Asked of the worker's own metrics: the command `status` would be a second program in its memory.
living_workers() {
  local answer
  # shellcheck disable=SC2016
  answer=$(docker exec "$1" timeout 5 bash -c '
    exec 3<>/dev/tcp/127.0.0.1/9464
    printf "GET /metrics HTTP/1.0\r\nHost: localhost\r\n\r\n" >&3
    sed -n "s/^course_supporter_workers //p" <&3' </dev/null 2>/dev/null) || true
  echo "${answer:-0}"
}

# restore_workers SHA: only if they are not there, so that what runs well is left alone.
restore_workers() {
  local name
  for name in $(containers_of worker); do
    runs_release "$name" "$1" || { replace_worker "$WORKER_STOP_SECONDS"; return; }
  done
  [ -n "${name:-}" ] || replace_worker "$WORKER_STOP_SECONDS"
}
