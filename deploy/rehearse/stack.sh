# shellcheck shell=bash
# The installation as an operator would make it on a new machine: settings, the first deploy, a certificate, tenants and keys. Sourced by
# rehearse.sh after lib.sh and world.sh.

ETC=$REHEARSAL/etc
OPT=$REHEARSAL/opt
NODE_IMAGE=node:$(sed -n 's/^ *"node": "\([0-9.]*\)".*/\1/p' "$here/package.json")-bookworm-slim
export ETC OPT NODE_IMAGE COURSE_SUPPORTER_ETC=$ETC

# A command of the program, where the operator would type it.
program() { docker exec course-supporter-worker-1 course-supporter "$@"; }

write_env_prod() {
  install -m 600 /dev/null "$OPT/.env.prod"
  cat >"$OPT/.env.prod" <<ENV
POSTGRES_SUPERUSER_PASSWORD=$(random)
OWNER_DB_PASSWORD=$(random)
APP_DB_PASSWORD=$(random)
QUEUE_DB_PASSWORD=$(random)
S3_ENDPOINT=https://$OUTSIDE:$S3_PORT
S3_REGION=us-east-1
S3_BUCKET=course-supporter
S3_ACCESS_KEY=test:tester
S3_SECRET_KEY=testing
TELEGRAM_BOT_TOKEN=1234567:rehearsal
TELEGRAM_CHAT_ID=-100200300
TELEGRAM_API_URL=https://$OUTSIDE:$TELEGRAM_PORT
CERTIFICATE_AT=nginx:443
STATUS_FOLDER=$REHEARSAL/state/status
SCRATCH_FOLDER=$REHEARSAL/state/scratch
DOCKER_SOCKET=$ENGINE/docker.sock
TRUSTED_PROXIES=$(docker network inspect shared-net --format '{{range .IPAM.Config}}{{.Subnet}}{{end}}')
REHEARSAL=$REHEARSAL
ENV
}

write_settings() {
  mkdir -p "$ETC" "$REHEARSAL/state/status"
  cat >"$ETC/tls.env" <<ENV
WEBROOT=$REHEARSAL/webroot
CERTIFICATES=$REHEARSAL/certificates
NGINX_STATE=$REHEARSAL/state/nginx
CERTBOT="certbot --config-dir $REHEARSAL/certificates --work-dir $REHEARSAL/certbot --logs-dir $REHEARSAL/log"
ACME_SERVER=https://127.0.0.1:$ACME_PORT/dir
export REQUESTS_CA_BUNDLE=$REHEARSAL/ca/all.crt
ENV
  cat >"$ETC/deploy.env" <<ENV
STATE=$REHEARSAL/state
COMPOSE_FILES=deploy/rehearse/docker-compose.rehearse.yaml
SMOKE_CA=$REHEARSAL/ca/private.crt
DOCKER_HOST=$DOCKER_HOST
DOCKER_CONFIG=$DOCKER_CONFIG
ENV
  # The private half is what the operator keeps elsewhere.
  (umask 077; age-keygen -o "$REHEARSAL/private-key" 2>/dev/null)
  cat >"$ETC/backup.env" <<ENV
BACKUP_RECIPIENT=$(age-keygen -y "$REHEARSAL/private-key")
BACKUP_S3_ENDPOINT=https://$OUTSIDE:$S3_PORT
BACKUP_S3_REGION=us-east-1
BACKUP_S3_BUCKET=course-supporter-backups
BACKUP_S3_ACCESS_KEY=test:tester
BACKUP_S3_SECRET_KEY=testing
STATE=$REHEARSAL/state
export SSL_CERT_FILE=$REHEARSAL/ca/all.crt no_proxy=$OUTSIDE DOCKER_HOST=$DOCKER_HOST DOCKER_CONFIG=$DOCKER_CONFIG
ENV
  chmod 600 "$ETC"/*.env
  SCRATCH_FOLDER=$REHEARSAL/state/scratch SCRATCH_FSTAB=no "$OPT/deploy/scratch.sh" 1G >/dev/null
}

first_deploy() {
  local began=$SECONDS
  "$OPT/deploy/deploy.sh" --first "$(git -C "$OPT" rev-parse HEAD)" </dev/null
  row 'the first deploy, image included' "$((SECONDS - began))" "$(docker image inspect --format '{{.Size}}' "course-supporter:$(git -C "$OPT" rev-parse --short=12 HEAD)" |
    awk '{ printf "%d MB", $1 / 1e6 }')"
}

# make_key TENANT FILE OPTION…
make_key() {
  local tenant=$1 file=$2
  shift 2
  program tenant create --name "$tenant" >/dev/null
  (umask 077; program key create --tenant "$tenant" --json "$@" | jq -r .key >"$file")
}

make_tenants() {
  make_key smoke-test "$ETC/smoke.key" --scopes prep --label smoke
  make_key 'Академія' "$ETC/tenant.key" --scopes prep,check --rate-prep 60000 --rate-check 60000
  (umask 077; sed 's/^/X-API-Key: /' "$ETC/tenant.key" >"$ETC/key.header")
}

issue_certificate() {
  local began=$SECONDS
  "$OPT/deploy/tls/issue.sh" operator@example.com
  wait_for 20 curl -sf --cacert "$REHEARSAL/ca/private.crt" "https://$DOMAIN/health/live"
  row 'a certificate by ACME, and https' "$((SECONDS - began))" "$(openssl x509 -in "$REHEARSAL/certificates/live/$DOMAIN/fullchain.pem" -noout -issuer)"
}

live() { sed -n 's/^live=//p' "$REHEARSAL/state/releases"; }
