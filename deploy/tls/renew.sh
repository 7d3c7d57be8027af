#!/usr/bin/env bash
# renew.sh [certbot's options]: renews the certificate when it is due (certbot: 30 days before its end) and has nginx load what is new.
# Twice a day from cron or a timer, as root; certbot itself waits up to eight minutes then, so that not all the world asks at once:
#   17 3,15 * * * /opt/course-supporter/deploy/tls/renew.sh
# By hand, at once: renew.sh --no-random-sleep-on-renew; with --force-renewal, too, to see that it works (Let's Encrypt: five a week).
# The environment is described in settings.sh.
set -euo pipefail
# shellcheck source=settings.sh
. "$(dirname "${BASH_SOURCE[0]}")/settings.sh"

certificate=$CERTIFICATES/live/$DOMAIN/fullchain.pem
# Which one nginx has loaded: a reload that failed is tried again by the next run.
loaded=$NGINX_STATE/loaded-certificate

run_certbot renew --cert-name "$DOMAIN" --non-interactive --quiet "$@"
fingerprint=$(openssl x509 -in "$certificate" -noout -fingerprint -sha256)
if [ "$(cat "$loaded" 2>/dev/null)" = "$fingerprint" ]; then
  echo 'not due'
  exit 0
fi
reload_nginx
echo "$fingerprint" >"$loaded"
echo "loaded: good until $(openssl x509 -in "$certificate" -noout -enddate | cut -d= -f2)"
