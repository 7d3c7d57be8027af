#!/usr/bin/env bash
# issue.sh EMAIL: the first certificate of api.pythoncourse.me, by certbot's webroot, beside the site that nginx serves already. Asks the
# authority only when the name and the way to the challenge are seen to work; then turns on the server on 443 and reloads nginx.
# May be run again: a certificate that is good for longer than 30 days stays.
# The environment is described in settings.sh.
set -euo pipefail
# shellcheck source=settings.sh
. "$(dirname "${BASH_SOURCE[0]}")/settings.sh"

email=${1:?usage: issue.sh EMAIL}

# An authority counts failures (Let's Encrypt: five an hour), so that we look first.
check_challenge() {
  local name answer
  name=probe-$(openssl rand -hex 8)
  mkdir -p "$WEBROOT/.well-known/acme-challenge"
  echo "$name" >"$WEBROOT/.well-known/acme-challenge/$name"
  answer=$(curl --silent --show-error --max-time 10 "http://$PROBE_HOST/.well-known/acme-challenge/$name" --header "Host: $DOMAIN" || true)
  rm -f "$WEBROOT/.well-known/acme-challenge/$name"
  [ "$answer" = "$name" ] && return
  echo "http://$DOMAIN/.well-known/acme-challenge/ does not show what is in $WEBROOT: look at the DNS record, port 80 and nginx's volumes" >&2
  return 1
}

issue() {
  run_certbot certonly --webroot --webroot-path "$CERTBOT_WEBROOT" --domain "$DOMAIN" --cert-name "$DOMAIN" \
    --email "$email" --agree-tos --no-eff-email --non-interactive --keep-until-expiring --key-type ecdsa
}

turn_on() {
  local had=no
  [ ! -e "$NGINX_STATE/tls.conf" ] || had=yes
  mkdir -p "$NGINX_STATE"
  echo 'include /etc/nginx/course-supporter/https.conf;' >"$NGINX_STATE/tls.conf"
  reload_nginx && return
  # The site goes on with what it has; nothing that nginx refuses may stay for its next start.
  [ "$had" = yes ] || rm -f "$NGINX_STATE/tls.conf"
  echo 'nginx refuses the configuration; it goes on with the old one' >&2
  return 1
}

check_challenge
issue
turn_on
echo "issued: https://$DOMAIN is served"
