# shellcheck shell=bash
# What issue.sh and renew.sh share. Each may be set in the environment, or in /etc/course-supporter/tls.env:
#   DOMAIN           api.pythoncourse.me
#   WEBROOT          where nginx finds challenges, on this machine
#   CERTIFICATES     certbot's folder, on this machine
#   NGINX_STATE      the folder that nginx sees as /etc/nginx/course-supporter.d
#   NGINX_CONTAINER  the container that serves both sites
#   CERTBOT          certbot of this machine, or the words that run its container, such as
#                    docker run --rm -v /etc/letsencrypt:/etc/letsencrypt -v /var/www/certbot:/var/www/certbot certbot/certbot
#   CERTBOT_WEBROOT  WEBROOT as that certbot sees it
#   ACME_SERVER      an authority that is not Let's Encrypt, for rehearsals
#   PROBE_HOST       where the domain is asked before the authority is
settings=${COURSE_SUPPORTER_TLS_SETTINGS:-${COURSE_SUPPORTER_ETC:-/etc/course-supporter}/tls.env}
# shellcheck source=/dev/null
[ ! -e "$settings" ] || . "$settings"

DOMAIN=${DOMAIN:-api.pythoncourse.me}
WEBROOT=${WEBROOT:-/var/www/certbot}
CERTIFICATES=${CERTIFICATES:-/etc/letsencrypt}
NGINX_STATE=${NGINX_STATE:-/var/lib/course-supporter/nginx}
NGINX_CONTAINER=${NGINX_CONTAINER:-nginx}
CERTBOT=${CERTBOT:-certbot}
CERTBOT_WEBROOT=${CERTBOT_WEBROOT:-$WEBROOT}
ACME_SERVER=${ACME_SERVER:-}
PROBE_HOST=${PROBE_HOST:-$DOMAIN}

run_certbot() {
  local command
  read -ra command <<<"$CERTBOT"
  "${command[@]}" "$@" ${ACME_SERVER:+--server "$ACME_SERVER"} </dev/null
}

in_nginx() { docker exec "$NGINX_CONTAINER" "$@" </dev/null; }

# Never without a test: a reload with a mistake keeps the old configuration, but the next start would take the whole site down.
reload_nginx() {
  in_nginx nginx -t -q && in_nginx nginx -s reload
}
