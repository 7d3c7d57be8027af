#!/usr/bin/env bash
# docker-down.sh ROOT: ends the engine that docker-up.sh has started there, and undoes what it did to the machine's network.
# ROOT itself stays: remove it, and nothing is left but Debian's packages.
set -euo pipefail

root=$(realpath "${1:?usage: docker-down.sh ROOT}")
export DOCKER_HOST=unix://$root/docker.sock DOCKER_CONFIG=$root/cfg

remove_containers() {
  docker ps -aq | xargs -r docker rm -f >/dev/null
  docker network prune -f >/dev/null
}

end_engine() {
  kill "$(cat "$root/dockerd.pid")"
  for _ in $(seq 60); do
    [ -e "$root/dockerd.pid" ] || return 0
    sleep 0.5
  done
  echo "the engine of $root does not end" >&2
  return 1
}

# The engine leaves its bridge, its chains, a closed FORWARD and forwarding behind.
restore_network() {
  local table forward
  forward=$(cat "$root/forward.before" 2>/dev/null || echo ACCEPT)
  ip link del docker0 2>/dev/null || true
  for table in nat filter; do
    iptables-save -t "$table" | grep -vi docker | sed "/^:FORWARD/s/DROP/$forward/" | iptables-restore -T "$table"
  done
  sysctl -qw net.ipv4.ip_forward="$(cat "$root/ip_forward.before" 2>/dev/null || echo 0)"
}

if docker info >/dev/null 2>&1; then
  remove_containers
  end_engine
  restore_network
fi
