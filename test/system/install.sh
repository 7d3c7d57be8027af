#!/bin/sh
# What the system tests need from Debian, and nothing that is there already. Services are not started.
set -eu
missing=''
for pair in nginx:nginx-light chromium:chromium redis-server:redis-server memcached:memcached \
  swift-proxy-server:swift-proxy swift-account-server:swift-account swift-container-server:swift-container \
  swift-object-server:swift-object pdftotext:poppler-utils pandoc:pandoc shellcheck:shellcheck; do
  command -v "${pair%%:*}" >/dev/null 2>&1 || missing="$missing ${pair#*:}"
done
[ -n "$missing" ] || exit 0
[ "$(id -u)" = 0 ] || { echo "make test-system needs root to install:$missing" >&2; exit 1; }
export DEBIAN_FRONTEND=noninteractive
# The packages would start their servers; the tests start their own.
policy=/usr/sbin/policy-rc.d
if [ ! -e "$policy" ]; then
  printf '#!/bin/sh\nexit 101\n' >"$policy"
  chmod +x "$policy"
  trap 'rm -f "$policy"' EXIT
fi
apt-get update -qq
# shellcheck disable=SC2086 # words
apt-get install -y -qq --no-install-recommends -o DPkg::Lock::Timeout=600 $missing >/dev/null
