# shellcheck shell=bash
# What deploy.sh, rollback.sh, compose.sh and ssh-command.sh share. Each may be set in the environment or in deploy.env, which lies in
# /etc/course-supporter (COURSE_SUPPORTER_ETC names another folder). Besides those of tls/settings.sh (DOMAIN, NGINX_STATE,
# NGINX_CONTAINER):
#   STATE                what is live, logs, the lock
#   ENV_FILE             the variables of docker-compose.prod.yaml
#   COMPOSE_FILES        compose files put over docker-compose.prod.yaml, seen from the checkout; mostly none
#   REMOTE, BRANCH       what is deployed has to be on it
#   SHARED_NETWORK       where nginx finds us
#   SMOKE_KEY            a file with a key for the smoke test
#   SMOKE_URL            where clients find us
#   SMOKE_ADDRESS        where SMOKE_URL's name leads to; unset: NGINX_CONTAINER; `dns`: to where everybody is sent
#   SMOKE_CA             a certificate that the smoke test trusts besides the usual ones, for rehearsals
#   BACKUP               the program that makes a backup
#   MIN_MEMORY_MB, MIN_DISK_MB   what has to be free, or nothing is begun
#   WORKERS              worker containers
#   BUILD_CACHE          what the engine keeps of builds
#   DOCKER_HOST, DOCKER_CONFIG   another engine
etc=${COURSE_SUPPORTER_ETC:-/etc/course-supporter}
settings=$etc/deploy.env
# shellcheck source=/dev/null
[ ! -e "$settings" ] || . "$settings"

COURSE_SUPPORTER_TLS_SETTINGS=${COURSE_SUPPORTER_TLS_SETTINGS:-$etc/tls.env}
CHECKOUT=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
# shellcheck source=../tls/settings.sh
. "$CHECKOUT/deploy/tls/settings.sh"

STATE=${STATE:-/var/lib/course-supporter}
ENV_FILE=${ENV_FILE:-$CHECKOUT/.env.prod}
COMPOSE_FILES=${COMPOSE_FILES:-}
REMOTE=${REMOTE:-origin}
BRANCH=${BRANCH:-main}
SHARED_NETWORK=${SHARED_NETWORK:-shared-net}
SMOKE_KEY=${SMOKE_KEY:-$etc/smoke.key}
SMOKE_URL=${SMOKE_URL:-https://$DOMAIN}
SMOKE_ADDRESS=${SMOKE_ADDRESS:-}
SMOKE_CA=${SMOKE_CA:-}
BACKUP=${BACKUP:-$CHECKOUT/deploy/backup.sh}
MIN_MEMORY_MB=${MIN_MEMORY_MB:-600}
MIN_DISK_MB=${MIN_DISK_MB:-5120}
WORKERS=${WORKERS:-1}
BUILD_CACHE=${BUILD_CACHE:-2GB}
[ -z "${DOCKER_HOST:-}" ] || export DOCKER_HOST
[ -z "${DOCKER_CONFIG:-}" ] || export DOCKER_CONFIG

PROJECT=course-supporter
# How long a new app may take until it is ready.
READY_SECONDS=120
# nginx lets an upload be silent for 900 s; the same is in the app's DRAIN_SECONDS and in its stop_grace_period.
APP_DRAIN_SECONDS=960
# An app that nobody was sent to, or that answers nobody, has nothing to finish.
APP_STOP_SECONDS=10
# A worker that was told to stop begins nothing new, so that all that waits, waits for it. Homework takes seconds to a minute and ends in
# this time. Longer jobs (a film, a whole course) are put back when the worker's own DRAIN_SECONDS, 300, are over: that costs no attempt,
# each step that was paid for is kept, and only the calls of that moment are made anew. The rest is for unwinding.
WORKER_DRAIN_SECONDS=340
# Whoever goes back does so because something is wrong: the worker is killed in time for the whole to take no longer than 30 s. The next
# one takes its jobs over within seconds; each of them has lost one of its five attempts, and the calls of that moment.
WORKER_STOP_SECONDS=8

# What is made here is read by containers of other users; what is secret is made with a mode of its own.
umask 022
export PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
