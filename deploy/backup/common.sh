# shellcheck shell=bash
# What backup.sh, restore.sh and restore-check.sh share. Sourced. The settings are described in backup.env.example; they lie in
# $COURSE_SUPPORTER_ETC/backup.env (/etc/course-supporter/backup.env).
# Exit codes of all three: 0 done; 1 failed, and the last line says why; 2 settings or arguments are wrong; 75 another one runs.

umask 077
export PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
deploy=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
scratch=course_supporter_restore_check
settings=${COURSE_SUPPORTER_ETC:-/etc/course-supporter}/backup.env

say() { printf '%s\n' "$*"; }

die() {
  died=$1
  printf '%s: %s\n' "$(basename "$0")" "$1" >&2
  exit "${2:-1}"
}

load_settings() {
  local name
  # What happens to be in the shell has no say; AWS_CA_BUNDLE alone makes rclone refuse to start.
  for name in ${!AWS_@} ${!RCLONE_@} ${!PG@} ${!BACKUP_@}; do unset "$name"; done
  [ -r "$settings" ] || die "$settings cannot be read: see $deploy/backup/backup.env.example" 2
  # shellcheck source=/dev/null
  . "$settings"
  [ -z "${DOCKER_HOST:-}" ] || export DOCKER_HOST
  [ -z "${DOCKER_CONFIG:-}" ] || export DOCKER_CONFIG
  STATE=${STATE:-/var/lib/course-supporter}
  STATUS_FOLDER=${STATUS_FOLDER:-$STATE/status}
  DB_CONTAINER=${DB_CONTAINER:-course-supporter-db}
  DB_NAME=${DB_NAME:-course_supporter}
  DB_SUPERUSER=${DB_SUPERUSER:-postgres}
  BACKUP_DEADLINE=${BACKUP_DEADLINE:-3600}
  RESTORE_CHECK_DEADLINE=${RESTORE_CHECK_DEADLINE:-7200}
  for name in BACKUP_S3_ENDPOINT BACKUP_S3_REGION BACKUP_S3_BUCKET BACKUP_S3_ACCESS_KEY BACKUP_S3_SECRET_KEY; do
    [ -n "${!name:-}" ] || die "$name is not set in $settings" 2
  done
  for name in docker age rclone flock; do
    command -v "$name" >/dev/null || die "$name is not installed: apt-get install age rclone" 2
  done
  name_bucket
}

# rclone is told by its environment alone. It asks for no bucket, which a key of one bucket may not, and lists as B2 likes it.
name_bucket() {
  export RCLONE_CONFIG=notfound RCLONE_LOG_LEVEL=ERROR
  export RCLONE_CONFIG_BACKUP_TYPE=s3 RCLONE_CONFIG_BACKUP_PROVIDER=Other RCLONE_CONFIG_BACKUP_NO_CHECK_BUCKET=true
  export RCLONE_CONFIG_BACKUP_LIST_VERSION=2 RCLONE_CONFIG_BACKUP_FORCE_PATH_STYLE=true
  export RCLONE_CONFIG_BACKUP_ENDPOINT=$BACKUP_S3_ENDPOINT RCLONE_CONFIG_BACKUP_REGION=$BACKUP_S3_REGION
  export RCLONE_CONFIG_BACKUP_ACCESS_KEY_ID=$BACKUP_S3_ACCESS_KEY RCLONE_CONFIG_BACKUP_SECRET_ACCESS_KEY=$BACKUP_S3_SECRET_KEY
  # What is smaller goes in one request, so that a large file never has one part alone. Two parts of 5 MiB are in memory.
  export RCLONE_STREAMING_UPLOAD_CUTOFF=6M RCLONE_CONFIG_BACKUP_UPLOAD_CONCURRENCY=2
  # Nothing is ever deleted from here, not even parts of an upload that broke off: the bucket's lifecycle rule does that.
  export RCLONE_CONFIG_BACKUP_LEAVE_PARTS_ON_ERROR=true
  export RCLONE_LOW_LEVEL_RETRIES=5 RCLONE_RETRIES=2 RCLONE_CONTIMEOUT=30s RCLONE_TIMEOUT=2m
}

object() { echo "backup:$BACKUP_S3_BUCKET/$1"; }

# bound SECONDS ARGUMENT…: starts this script anew under a deadline. Everything that it has started ends with it.
bound() {
  [ -z "${COURSE_SUPPORTER_BOUND:-}" ] || return 0
  COURSE_SUPPORTER_BOUND=$1 exec timeout --kill-after=60 "$1" "$0" "${@:2}"
}

# lock SECONDS: one of the three at a time; how long to wait for another.
lock() {
  mkdir -p "$STATE"
  exec 9>"$STATE/backup.lock"
  flock --wait "$1" 9 || die 'another backup, check or restore runs' 75
}

# A folder for pipes and small files: never for what is in a dump.
make_work() {
  work=$(mktemp -d)
  mkfifo "$work/upload" "$work/sealed" "$work/plain"
}

write_status() {
  local file=$STATUS_FOLDER/$1
  # The application reads it under another account.
  install -d -m 755 "$STATUS_FOLDER"
  cat >"$file.new"
  chmod 644 "$file.new"
  mv "$file.new" "$file"
}

# A first line that is no time is "never" to the monitoring, which alarms at once.
write_failure() {
  local last
  last=$(sed -n '1{/^[0-9]/{s/^/last: /p;q}};/^last: /{p;q}' "$STATUS_FOLDER/$1" 2>/dev/null || true)
  printf 'failed\n%s: %s\n%s\n' "$(date -u +%FT%TZ)" "$2" "${last:-last: never}" | write_status "$1"
}

# Over the server's own socket as its superuser: no password is anywhere.
in_db() { docker exec -i -u postgres -e PGAPPNAME=course-supporter-backup -e PGUSER="$DB_SUPERUSER" "$DB_CONTAINER" "$@"; }
ask() { query "$1" --command "$2" "${@:3}" </dev/null; }
query() { in_db psql --no-psqlrc --quiet --tuples-only --no-align --set ON_ERROR_STOP=1 --dbname "$@"; }

# A killed run leaves its session in the server, with a snapshot and locks; a killed check its copy of everything, too.
end_leftovers() {
  ask postgres "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity
    WHERE application_name = 'course-supporter-backup' AND pid <> pg_backend_pid()" >/dev/null
  drop_database "$scratch"
}

database_bytes() { ask postgres "SELECT pg_database_size('$1')"; }
# shellcheck disable=SC2016
free_bytes() { in_db sh -c 'df -P -B1 "$(psql -AtXc "SHOW data_directory" -d postgres)"' </dev/null | awk 'NR == 2 { print $4 }'; }

# A dump ends with this line, which nothing but a pg_dump that has succeeded writes; pg_restore does not read so far.
ending() { printf '\nend of a dump of course-supporter; bytes in the database: %016d\n' "$1"; }
ENDING_BYTES=$(($(ending 0 | wc -c)))

# dump BYTES PG_DUMP-OPTION…: the database and its ending. Not longer than the deadline, also when nobody listens any more.
dump() {
  # shellcheck disable=SC2016
  in_db bash -c 'timeout "$1" pg_dump --format=custom --no-password --lock-wait-timeout=120s "${@:3}" && printf "%s\n" "$2"' \
    dump "${COURSE_SUPPORTER_BOUND:-3600}" "$(ending "$1")" --dbname "$DB_NAME" "${@:2}" </dev/null
}

# send OBJECT RECIPIENTS PG_DUMP-OPTION…: dumps, seals, uploads. This shell keeps the upload's pipe open until the dump is seen to be whole,
# so that rclone never takes what has broken off for what has ended: there is no such object in the bucket.
send() {
  local name=$1 recipients=() recipient bytes counter ender sent arrived
  for recipient in $2; do recipients+=(--recipient "$recipient"); done
  shift 2
  bytes=$(database_bytes "$DB_NAME") || die "the database does not answer: docker logs --tail 50 $DB_CONTAINER"
  rclone rcat "$(object "$name")" <"$work/upload" 9>&- &
  uploader=$!
  wc -c <"$work/sealed" >"$work/sealed.bytes" &
  counter=$!
  tail -c "$ENDING_BYTES" <"$work/plain" >"$work/ending" &
  ender=$!
  exec 3>"$work/upload"
  dump "$bytes" "$@" | tee "$work/plain" | age --encrypt "${recipients[@]}" | tee "$work/sealed" >&3 ||
    die 'the dump, its encryption or its upload broke off: see above'
  wait "$counter" "$ender"
  cmp --silent "$work/ending" <(ending "$bytes") || die 'the dump has no ending: something cut it short'
  exec 3>&-
  wait "$uploader" || die 'the bucket did not take it: see above'
  uploader=''
  sent=$(tr -dc 0-9 <"$work/sealed.bytes")
  arrived=$(stored_bytes "$name")
  [ "$sent" = "$arrived" ] || die "sent $sent bytes, but the bucket has ${arrived:-none}"
  say "$name: $sent bytes, of $bytes in the database"
}

stored_bytes() { rclone lsf --files-only --format s "$(object "$1")" </dev/null; }

# To be called when a script ends, whatever the reason. First of all the upload, at once: told politely, rclone would still see the pipe end,
# and complete the object.
stop_upload() {
  [ -z "${uploader:-}" ] || kill -KILL "$uploader" 2>/dev/null || true
  [ -z "${uploader:-}" ] || wait "$uploader" 2>/dev/null || true
  exec 3>&- || true
}

# Why it ended, for whoever writes it down.
reason() { echo "${died:-ended with status $1}"; }

# pg_restore of what is on stdin, to its last byte: it stops reading where it has all that it needs.
pg_restore_stdin() {
  # shellcheck disable=SC2016
  in_db bash -c 'pg_restore "$@"; status=$?; cat >/dev/null; exit $status' pg_restore "$@"
}

drop_database() { ask postgres "SET client_min_messages = warning" --command "DROP DATABASE IF EXISTS \"$1\" WITH (FORCE)"; }

# A database to restore into, empty, its owner and grants those of a new installation: one dump does not hold them.
create_database() {
  drop_database "$1"
  ask postgres "CREATE DATABASE \"$1\" TEMPLATE template0"
  query "$1" <"$deploy/postgres/20-database.sql"
}
