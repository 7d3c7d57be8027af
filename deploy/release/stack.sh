# shellcheck shell=bash
# What stands beside the app and the worker.

# A release that asks for another database server does not get one by itself: a restart cuts every request.
check_database() {
  local wanted running
  running=$(docker inspect --format '{{.State.Health.Status}} {{index .Config.Labels "com.docker.compose.config-hash"}}' course-supporter-db </dev/null) ||
    refuse 'there is no course-supporter-db: deploy/compose.sh up -d --no-deps postgres-cs'
  [ "${running%% *}" = healthy ] || refuse "course-supporter-db is ${running%% *}: docker logs --tail 50 course-supporter-db"
  wanted=$(compose config --hash postgres-cs)
  [ "${wanted##* }" = "${running##* }" ] ||
    echo 'BY HAND: postgres-cs has changed. At a quiet hour, for it cuts what runs: deploy/compose.sh up -d --no-deps postgres-cs'
}

# What Netdata and the engine's proxy are made of: their parts of the compose file, and the files that are mounted, which compose does not
# compare.
monitoring_hash() {
  {
    compose config --hash netdata-cs,docker-proxy
    cd "$CHECKOUT" && find deploy/netdata deploy/docker-proxy -type f -print0 | sort -z | xargs -0 sha256sum
  } | sha256sum
}

# Started anew only when it has changed: its alarms would all begin again.
refresh_monitoring() {
  local hash
  hash=$(monitoring_hash)
  [ "$(cat "$STATE/monitoring" 2>/dev/null)" != "$hash" ] || return 0
  compose_up --force-recreate netdata-cs docker-proxy
  echo "$hash" >"$STATE/monitoring"
}
