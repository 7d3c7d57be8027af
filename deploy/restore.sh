#!/usr/bin/env bash
# restore.sh [NAME|latest] --identity FILE: puts the database back as a backup has it, on a server that runs or on a new one.
#   --identity FILE   the private key (age), brought for the moment; - reads it from stdin. It is written nowhere
#   --list            shows what is in the bucket
#   --check           fetches, decrypts and reads the backup to its end; touches nothing
#   --yes             does not ask
#   --finish          goes on where a restore ended after the database was put back (exit code 3)
# The backup is proven to be whole before anything is touched. It goes into a new database; then the two change names in one moment, and the
# old one stays until the operator drops it. After that: migrations, students erased since (docs/students.md), API and worker, ready.
# The sweeper of the object storage holds itself back afterwards until somebody has looked (docs/decisions/0012-the-sweeper.md).
# Exit codes: as common.sh says, and 1 means that all is as before; 3: restored, but API and worker are stopped. Settings: backup.env; and
#   COMPOSE   the command that runs docker compose for this installation (deploy/compose.sh)
set -euo pipefail
# shellcheck source=backup/common.sh
. "$(dirname "${BASH_SOURCE[0]}")/backup/common.sh"

new_name=course_supporter_restored
steps=''

usage() { die "$1; usage: restore.sh [NAME|latest] --identity FILE [--yes|--check] | --list | --finish" 2; }

read_arguments() {
  name=latest identity='' mode=restore yes=no
  while [ $# -gt 0 ]; do
    case $1 in
    --identity) identity=${2:-} && shift ;;
    --list | --check | --finish) mode=${1#--} ;;
    --yes) yes=yes ;;
    -*) usage "unknown: $1" ;;
    *) name=$1 ;;
    esac
    shift
  done
  case $mode in list | finish) return ;; esac
  [ -n "$identity" ] || usage 'the private key is needed'
  [ "$identity" = - ] || [ -r "$identity" ] || usage "$identity cannot be read"
  # Kept in memory; a file is read by age itself, which may ask for its passphrase.
  if [ "$identity" = - ]; then key=$(cat); fi
}

list() { rclone lsf --files-only --format ps --separator ' ' "$(object backups/)" </dev/null | sort -r; }

choose() {
  local tomorrow
  list >"$work/list" || die 'the bucket cannot be listed: see above'
  name=${name#backups/}
  # One of tomorrow was made by a wrong clock, or by somebody who wants it to be taken.
  tomorrow=$(date -ud '+1 day' +%Y%m%dT%H%M%SZ)
  if [ "$name" = latest ]; then name=$(awk -v before="$tomorrow" '$1 < before { print $1; exit }' "$work/list"); fi
  size=$(awk -v name="$name" '$1 == name { print $2 }' "$work/list")
  [ -n "$size" ] || die "there is no ${name:-backup} in $BACKUP_S3_BUCKET/backups/: restore.sh --list"
}

fetch() {
  local free
  free=$(df -P -B1 "$work" | awk 'NR == 2 { print $4 }')
  ((free > size + (64 << 20))) || die "no room below $work for the $((size >> 20)) MiB of $name"
  rclone copyto "$(object "backups/$name")" "$work/dump.age" </dev/null || die "$name could not be fetched: see above"
}

decrypt() {
  if [ "$identity" = - ]; then
    age --decrypt --identity <(printf '%s\n' "$key") "$work/dump.age"
  else
    age --decrypt --identity "$identity" "$work/dump.age"
  fi
}

# Reads all of it, as a restore would, and looks for the line that only a whole dump ends with.
prove_whole() {
  local before ender
  before=$(awk -v name="$name" 'found { print $1; exit } $1 == name { found = 1 }' "$work/list")
  tail -c "$ENDING_BYTES" <"$work/plain" >"$work/ending" &
  ender=$!
  decrypt | tee "$work/plain" | pg_restore_stdin --file=/dev/null ||
    die "$name cannot be decrypted with this key, or is not whole (see above); nothing was touched. The one before: ${before:-none}"
  wait "$ender"
  bytes=$(sed -n 's/^end of a dump of course-supporter; bytes in the database: 0*\([0-9][0-9]*\)$/\1/p' "$work/ending")
  [ -n "$bytes" ] || die "$name is not whole, it was cut short; nothing was touched. The one before: ${before:-none}"
  say "$name is whole: $size bytes, which make a database of about $((bytes >> 20)) MiB"
}

check_room() {
  local need=$((bytes * 5 / 4 + (512 << 20))) free
  free=$(free_bytes)
  ((free > need)) || die "the new database needs $((need >> 20)) MiB beside the old one, and $((free >> 20)) are free"
}

confirm() {
  local word
  say "Database $DB_NAME in $DB_CONTAINER is going to be replaced by $name. What was written since then is not in it. API and worker stop."
  [ "$yes" = no ] || return 0
  read -r -p 'Type restore to go on: ' word </dev/tty || true
  [ "${word:-}" = restore ] || die 'not confirmed; nothing was touched'
}

compose() { ${COMPOSE:-$deploy/compose.sh} "$@" </dev/null; }
# What deploys have left of a service, whatever its number.
containers() { docker ps "$@" --no-trunc --format '{{.ID}}' --filter "label=com.docker.compose.project=${COMPOSE_PROJECT:-course-supporter}" --filter label=com.docker.compose.oneoff=False; }
programs() { for service in app-cs worker; do containers --filter "label=com.docker.compose.service=$service"; done; }

# Those that served are remembered, so that the same serve again: nginx knows the API by its name.
stop_programs() {
  [ -s "$STATE/restore.stopped" ] || programs >"$STATE/restore.stopped"
  # Not as long as a deploy waits: what they write now is lost.
  xargs -r docker stop --time 30 <"$STATE/restore.stopped" >/dev/null
}

start_programs() {
  if [ -s "$STATE/restore.stopped" ]; then
    xargs docker start <"$STATE/restore.stopped" >/dev/null
  else
    compose --progress quiet up -d --no-build app-cs worker
  fi
  rm -f "$STATE/restore.stopped"
}

restore() {
  create_database "$new_name"
  decrypt | pg_restore_stdin --exit-on-error --single-transaction --dbname "$new_name" || die 'pg_restore has failed: see above'
  ask "$new_name" ANALYZE || die 'the new database could not be finished: see above'
}

# Both names change in one transaction. A database without tables is that of a new server, and of no use to anybody.
change_over() {
  local tables old_name
  old_name=course_supporter_before_$(date -u +%Y%m%dt%H%M%Sz)
  tables=$(ask "$DB_NAME" "SELECT count(*) FROM pg_tables WHERE schemaname NOT IN ('pg_catalog', 'information_schema')") || tables=unknown
  ask postgres "ALTER DATABASE \"$DB_NAME\" ALLOW_CONNECTIONS false"
  ask postgres "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity
    WHERE datname IN ('$DB_NAME', '$new_name') AND pid <> pg_backend_pid()" >/dev/null
  steps=renaming
  ask postgres "BEGIN; ALTER DATABASE \"$DB_NAME\" RENAME TO \"$old_name\"; ALTER DATABASE \"$new_name\" RENAME TO \"$DB_NAME\"; COMMIT"
  steps=finish
  if [ "$tables" = 0 ]; then
    drop_database "$old_name"
  fi
}

# Each of these may be done again.
complete() {
  say 'migrations:'
  compose --progress quiet run --rm -T --no-deps migrate
  say 'students erased since the backup:'
  compose --progress quiet run --rm -T --no-deps worker course-supporter erasures replay
  start_programs
  wait_until_ready
  steps=''
}

wait_until_ready() {
  local deadline=$((SECONDS + 180)) app
  until app=$(containers --filter label=com.docker.compose.service=app-cs --filter health=healthy | head -n 1) && [ -n "$app" ] &&
    docker exec "$app" node -e 'fetch("http://127.0.0.1:8000/health/ready").then(({ ok }) => process.exit(ok ? 0 : 1))' </dev/null; do
    ((SECONDS < deadline)) || die 'the API does not become ready: docker ps -a --filter name=app-cs' 3
    sleep 2
  done
}

tell() {
  local kept
  if [ "$mode" = finish ]; then say 'Finished.'; else say "Restored: $name, in $SECONDS s."; fi
  say "In the database: $(ask "$DB_NAME" "SELECT format('%s tenants, %s courses, %s materials, %s submissions; the newest course is of %s',
    (SELECT count(*) FROM tenants), (SELECT count(*) FROM courses), (SELECT count(*) FROM materials), (SELECT count(*) FROM submissions),
    (SELECT max(created_at) FROM courses))")"
  say 'Next:'
  for kept in $(ask postgres "SELECT datname FROM pg_database WHERE datname LIKE 'course\_supporter\_before\_%' ORDER BY 1"); do
    say "- $kept is the database as it was. When nobody needs it any more: docker exec -u postgres $DB_CONTAINER dropdb -U $DB_SUPERUSER $kept"
  done
  say '- Files uploaded since the backup are owned by nothing now. The sweeper removes none until you have looked and allowed it:
    docker exec course-supporter-worker-1 course-supporter storage sweep [--confirm]
- The smoke test: course-supporter smoke (docs/monitoring.md).
- Keys revoked and tenants deleted or deactivated since the backup are active again: do it once more, now.
- Tell tenants that what they sent after the backup is gone.'
}

# A server whose disk was full has just started anew.
await_server() {
  for _ in $(seq 60); do
    if ask postgres 'SELECT 1' >/dev/null 2>&1; then break; fi
    sleep 1
  done
}

finish() {
  local status=$?
  rm -rf "${work:-}"
  [ "$status" != 0 ] || return 0
  if [ "$steps" = undo ] || [ "$steps" = renaming ]; then await_server; fi
  # The connection may have been lost when both names had changed.
  if [ "$steps" = renaming ] && [ "$(ask postgres "SELECT count(*) FROM pg_database WHERE datname = '$new_name'")" = 0 ]; then steps=finish; fi
  if [ "$steps" = finish ]; then
    say "The database is restored, but this is not complete: API and worker are stopped. When the cause is gone: restore.sh --finish" >&2
    exit 3
  fi
  [ "$steps" != '' ] || return 0
  ask postgres "ALTER DATABASE \"$DB_NAME\" ALLOW_CONNECTIONS true" || true
  drop_database "$new_name" || say "still there: the database $new_name" >&2
  if start_programs; then say 'Nothing has changed: API and worker run on the old database.' >&2; fi
}

# Neither a deploy nor another of the three meanwhile.
lock_all() {
  lock 0
  exec 8>"$STATE/deploy.lock"
  flock --nonblock 8 || die 'a deploy runs' 75
}

main() {
  read_arguments "$@"
  load_settings
  if [ "$mode" = list ]; then list && exit; fi
  lock_all
  # One that was killed may have left its own.
  rm -rf "$STATE"/restore-work.*
  work=$(mktemp -d "$STATE/restore-work.XXXXXX")
  mkfifo "$work/plain"
  trap finish EXIT
  trap 'exit 1' TERM INT HUP
  ask postgres 'SELECT 1' >/dev/null 2>&1 || compose --progress quiet up -d --no-recreate --wait postgres-cs ||
    die "the database does not start: docker logs --tail 50 $DB_CONTAINER"
  end_leftovers
  # One that was killed may have left it closed.
  ask postgres "ALTER DATABASE \"$DB_NAME\" ALLOW_CONNECTIONS true"
  if [ "$mode" != finish ]; then
    choose
    fetch
    prove_whole
    check_room
    [ "$mode" = restore ] || exit 0
    confirm
    steps=undo
    stop_programs
    restore
    change_over
  fi
  steps=finish
  complete
  tell
}

main "$@"
