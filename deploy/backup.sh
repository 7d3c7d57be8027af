#!/usr/bin/env bash
# backup.sh: dumps the database, encrypts it to a public key whose private half is not on this machine, and streams it to a bucket of its own
# with a key that cannot delete. Nothing of it touches a disk in the clear. status/last-backup says when, once it is proven to be whole.
# Every night by deploy/backup/course-supporter-backup.timer, or by cron: 30 2 * * * root /opt/course-supporter/deploy/backup.sh
# The database alone: keep copies of .env.prod and /etc/course-supporter elsewhere, and the private key above all.
#   --wait SECONDS   for another backup, check or restore that runs (0)
set -euo pipefail
# shellcheck source=backup/common.sh
. "$(dirname "${BASH_SOURCE[0]}")/backup/common.sh"

check_recipients() {
  local recipient
  [ -n "${BACKUP_RECIPIENT:-}" ] || die "BACKUP_RECIPIENT is not set in $settings" 2
  for recipient in $BACKUP_RECIPIENT; do
    [[ $recipient =~ ^age1[a-z0-9]{58}$ ]] || die 'BACKUP_RECIPIENT must be the public key, age1…: the private one stays elsewhere' 2
  done
}

finish() {
  local status=$?
  stop_upload
  rm -rf "${work:-}"
  [ "$status" = 0 ] || write_failure last-backup "$(reason "$status")"
}

main() {
  local wait=0 began name
  [ "${1:-}" != --wait ] || wait=${2:?seconds}
  load_settings
  bound "$BACKUP_DEADLINE" "$@"
  lock "$wait"
  trap finish EXIT
  trap 'died="stopped, or not done within $BACKUP_DEADLINE s"; exit 1' TERM INT HUP
  check_recipients
  make_work
  end_leftovers || die "$DB_CONTAINER does not answer: docker ps -a --filter name=$DB_CONTAINER"
  began=$(date -u +%s)
  name=backups/$(date -ud "@$began" +%Y%m%dT%H%M%SZ).dump.age
  send "$name" "$BACKUP_RECIPIENT"
  printf '%s\n%s\n%s bytes\n' "$(date -ud "@$began" +%FT%TZ)" "$name" "$(tr -dc 0-9 <"$work/sealed.bytes")" | write_status last-backup
  say "backed up in $(($(date +%s) - began)) s"
}

main "$@"
