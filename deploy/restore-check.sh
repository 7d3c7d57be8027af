#!/usr/bin/env bash
# restore-check.sh: proves that what backup.sh does can be undone. Dumps the database as it is at one moment, encrypts it to a key that is made
# for this and thrown away, writes it to the bucket, reads it back, restores it into a scratch database of the same server, and compares every
# row, the schema, row-level security and what is granted. status/last-restore-check says when all was equal, or that it failed.
# Every week by deploy/backup/course-supporter-restore-check.timer, or by cron: 30 3 * * 0 root /opt/course-supporter/deploy/restore-check.sh
# Environment, for rehearsals alone: RESTORE_CHECK_HOOK, a command that is run when the scratch database stands and nothing is compared yet.
set -euo pipefail
# shellcheck source=backup/common.sh
. "$(dirname "${BASH_SOURCE[0]}")/backup/common.sh"

finish() {
  local status=$?
  stop_upload
  # The session that holds the snapshot is a leftover, too.
  end_leftovers || say "still there: the database $scratch" >&2
  rm -rf "${work:-}"
  [ "$status" = 0 ] || write_failure last-restore-check "$(reason "$status")"
}

# The copy, its indexes, and the log of writing them.
check_room() {
  local need free
  need=$(($(database_bytes "$DB_NAME") * 3 / 2 + (1 << 30)))
  free=$(free_bytes)
  ((free > need)) || die "a scratch database needs $((need >> 20)) MiB on the database's disk, and $((free >> 20)) are free"
}

# A session that holds one moment of the source; it is told more through its pipe.
open_snapshot() {
  mkfifo "$work/session"
  query "$DB_NAME" <"$work/session" >"$work/source" 9>&- &
  session=$!
  exec 4>"$work/session"
  cat >&4 <<'SQL'
SET idle_in_transaction_session_timeout = 0;
BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY;
SELECT pg_export_snapshot();
SQL
  until snapshot=$(sed -n 1p "$work/source") && [ -n "$snapshot" ]; do
    kill -0 "$session" 2>/dev/null || die 'no snapshot of the source could be taken'
    sleep 0.1
  done
}

close_snapshot() {
  questions >&4
  exec 4>&-
  wait "$session" || die 'the rows of the source could not be read'
  sed -i 1d "$work/source"
}

# A line for each table: its rows, and the sums of two hashes of each, which no order of rows changes; then what else must be equal.
questions() {
  cat <<'SQL'
SET TimeZone = 'UTC'; SET DateStyle = 'ISO'; SET IntervalStyle = 'postgres'; SET bytea_output = 'hex'; SET extra_float_digits = 1;
SET search_path = pg_catalog;
SELECT format('SELECT %L, count(*), coalesce(sum(hashtextextended("(row)"::text, 1)::numeric), 0),
    coalesce(sum(hashtextextended("(row)"::text, 2)::numeric), 0) FROM %I.%I AS "(row)"',
    'rows of ' || nspname || '.' || relname, nspname, relname)
  FROM pg_class JOIN pg_namespace ON pg_namespace.oid = relnamespace
  WHERE relkind = 'r' AND nspname NOT IN ('pg_catalog', 'information_schema') ORDER BY nspname, relname \gexec
SELECT 'row-level security of ' || oid::regclass, relrowsecurity, relforcerowsecurity,
    (SELECT count(*) FROM pg_policy WHERE polrelid = pg_class.oid)
  FROM pg_class WHERE relkind IN ('r', 'p') AND relnamespace::regnamespace::text NOT IN ('pg_catalog', 'information_schema') ORDER BY 1;
SELECT 'owner of and grants on the database', datdba::regrole, (SELECT array_agg(one::text ORDER BY one::text) FROM unnest(datacl) one)
  FROM pg_database WHERE datname = current_database();
SELECT 'set for the database', setrole::regrole, setconfig FROM pg_db_role_setting
  WHERE setdatabase = (SELECT oid FROM pg_database WHERE datname = current_database()) ORDER BY 2;
SQL
}

# Without what pg_dump makes up anew each time, and without parentheses: BETWEEN comes back with fewer of them.
schema() { in_db pg_dump --schema-only --no-password "$@" </dev/null | sed '/^\\\(un\)\?restrict /d; s/[()]//g'; }

make_key() {
  key=$(age-keygen 2>/dev/null)
  recipient=$(sed -n 's/^# public key: //p' <<<"$key")
}

restore_scratch() {
  create_database "$scratch"
  rclone cat "$(object "$1")" </dev/null | age --decrypt --identity <(printf '%s\n' "$key") |
    pg_restore_stdin --exit-on-error --single-transaction --dbname "$scratch" ||
    die "$1 could not be read back, decrypted and restored: see above"
}

compare() {
  local what
  questions | query "$scratch" >"$work/copy" || die 'the rows of the copy could not be read'
  [ -s "$work/source" ] || die 'nothing was compared'
  what=$(diff "$work/source" "$work/copy" | sed -n 's/^[<>] \([^|]*\)|.*/\1/p' | sort -u | head -n 5 | paste -sd ';') || true
  cmp --silent "$work/source" "$work/copy" || die "what was restored is not what was there: $what"
  cmp --silent "$work/source.sql" "$work/copy.sql" || die "the restored schema differs: $(diff "$work/source.sql" "$work/copy.sql" | sed -n 2p)"
}

main() {
  local began name
  load_settings
  bound "$RESTORE_CHECK_DEADLINE" "$@"
  # A backup does not take long, and a week is.
  lock 3600
  trap finish EXIT
  trap 'died="stopped, or not done within $RESTORE_CHECK_DEADLINE s"; exit 1' TERM INT HUP
  make_work
  end_leftovers || die "$DB_CONTAINER does not answer: docker ps -a --filter name=$DB_CONTAINER"
  check_room
  began=$(date -u +%s)
  name=checks/$(date -ud "@$began" +%Y%m%dT%H%M%SZ).dump.age
  make_key
  open_snapshot
  send "$name" "$recipient" --snapshot="$snapshot"
  schema --dbname "$DB_NAME" --snapshot="$snapshot" >"$work/source.sql"
  close_snapshot
  restore_scratch "$name"
  ${RESTORE_CHECK_HOOK:-:}
  schema --dbname "$scratch" >"$work/copy.sql"
  compare
  printf '%s\n%s\n' "$(date -ud "@$began" +%FT%TZ)" "$name" | write_status last-restore-check
  say "equal: $(grep -c '^rows of ' "$work/source") tables, $(awk -F '|' '/^rows of /{n += $2} END {print n}' "$work/source") rows, in $(($(date +%s) - began)) s"
}

main "$@"
