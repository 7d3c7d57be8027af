# shellcheck shell=bash

# containers_of SERVICE: their names, sorted, those that have ended, too.
containers_of() {
  docker ps --all --filter "label=com.docker.compose.project=$PROJECT" --filter "label=com.docker.compose.service=$1" \
    --filter label=com.docker.compose.oneoff=False --format '{{.Names}}' </dev/null | sort
}

# runs_release CONTAINER SHA
runs_release() {
  [ "$(docker inspect --format '{{.State.Running}} {{.Config.Image}}' "$1" 2>/dev/null </dev/null)" = "true course-supporter:${2:0:12}" ]
}

has_image() {
  [ "$(docker image inspect --format '{{index .Config.Labels "org.opencontainers.image.revision"}}' "course-supporter:${1:0:12}" 2>/dev/null)" = "$1" ]
}

# start_app: one more beside those that run; leaves its name in `app`.
start_app() {
  local before
  before=$(containers_of app-cs)
  compose_up --no-recreate --scale "app-cs=$((1 + $(grep -c . <<<"$before" || true)))" app-cs
  app=$(comm -13 <(echo "$before") <(containers_of app-cs))
  [ -n "$app" ] || refuse 'compose has started no new app'
}

# wait_ready APP: until it asks for traffic. One that ends is not waited for. The engine's own look comes every ten seconds only.
wait_ready() {
  local deadline=$((EPOCHSECONDS + READY_SECONDS)) status restarts
  while ((EPOCHSECONDS < deadline)); do
    read -r status restarts < <(docker inspect --format '{{.State.Status}} {{.RestartCount}}' "$1" </dev/null) || status=gone
    if [ "$status" != running ] || [ "$restarts" != 0 ]; then
      show_end "$1" "$1 has ended"
      return 1
    fi
    if says_ready "$1"; then return; fi
    sleep 0.5
  done
  show_end "$1" "$1 is not ready after $READY_SECONDS s"
  return 1
}

# The image has no curl, but bash.
says_ready() {
  # shellcheck disable=SC2016
  docker exec "$1" timeout 5 bash -c '
    exec 3<>/dev/tcp/127.0.0.1/8000
    printf "GET /health/ready HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n" >&3
    read -r _ status _ <&3
    [ "$status" = 200 ]' </dev/null 2>/dev/null
}

# show_end CONTAINER WHY: its log is free of secrets, and what it said last is mostly why.
show_end() {
  echo "$2; its last lines:" >&2
  docker logs --tail 15 "$1" </dev/null 2>&1 | cut -c 1-600 | sed 's/^/  | /' >&2
}

# migrate: in a container of its own, by the new release. One that a killed deploy has left may still be at it; what it does is undone.
migrate() {
  docker ps --all --quiet --filter "label=com.docker.compose.project=$PROJECT" --filter label=com.docker.compose.service=migrate </dev/null |
    xargs --no-run-if-empty docker rm --force >/dev/null
  compose run --rm --no-TTY --no-deps migrate
}

# remove CONTAINER: what it has said is kept, for whoever asks later why it was replaced.
remove() {
  mkdir -p "$STATE/logs"
  docker logs --tail 20000 "$1" </dev/null >"$STATE/logs/$(date -u +%Y%m%dT%H%M%SZ)-$1.log" 2>&1 || true
  prune_logs || true
  docker rm --force "$1" </dev/null >/dev/null
}

# hurry_when_asked PID CONTAINER: waits for the process; a rollback that is waited for may ask not to.
hurry_when_asked() {
  while kill -0 "$1" 2>/dev/null; do
    if [ -e "$STATE/hurry" ]; then
      echo "$2 is killed: a rollback waits"
      docker kill "$2" </dev/null >/dev/null || true
      break
    fi
    sleep 0.3
  done
  wait "$1" || true
}

# retire_apps KEPT: ends all other apps. What they have begun they finish, also one that was told so by a deploy that was killed.
retire_apps() {
  local other seconds
  for other in $(containers_of app-cs); do
    [ "$other" != "$1" ] || continue
    seconds=$APP_STOP_SECONDS
    if [ "$other" = "$(state before)" ] ||
      [ "$(docker inspect --format '{{.State.Health.Status}}' "$other" </dev/null)" = healthy ] || says_ready "$other"; then seconds=$APP_DRAIN_SECONDS; fi
    echo "$other finishes what it has begun, for at most $seconds s"
    docker stop -t "$seconds" "$other" </dev/null >/dev/null &
    hurry_when_asked "$!" "$other"
    remove "$other"
  done
}
