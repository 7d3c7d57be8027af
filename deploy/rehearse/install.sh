#!/usr/bin/env bash
# What the rehearsal needs from Debian 12, and nothing that is there already. No service is started. Root.
set -euo pipefail

missing=()
for pair in age:age rclone:rclone pebble:pebble certbot:certbot sshd:openssh-server stress-ng:stress-ng nginx:nginx-light \
  memcached:memcached swift-proxy-server:swift-proxy swift-account-server:swift-account swift-container-server:swift-container \
  swift-object-server:swift-object curl:curl git:git jq:jq htpasswd:apache2-utils shellcheck:shellcheck; do
  command -v "${pair%%:*}" >/dev/null || missing+=("${pair#*:}")
done
((${#missing[@]} > 0)) || exit 0
policy=/usr/sbin/policy-rc.d
if [ ! -e "$policy" ]; then
  printf '#!/bin/sh\nexit 101\n' >"$policy"
  chmod +x "$policy"
  trap 'rm -f "$policy"' EXIT
fi
export DEBIAN_FRONTEND=noninteractive
apt-get update -qq
apt-get install -y -qq --no-install-recommends -o DPkg::Lock::Timeout=600 "${missing[@]}" >/dev/null
