#!/usr/bin/env bash
# alarms.sh: causes every alarm of deploy/netdata/health.d/course-supporter.conf in the stack that runs, and shows the Telegram messages that
# came, with the command at the end of each typed while the cause was there. Exit 1 when one did not come or ends with something else.
# API, worker and Netdata are made anew before, with what a rehearsal needs, and after it without. Nobody else should use the stack meanwhile.
# Environment, as rehearse.sh sets it:
#   REHEARSAL, OPT, DOMAIN, OUTSIDE   lib.sh and stack.sh tell; OPT is the checkout that the stack runs from
#   COMPOSE          an executable that runs `docker compose` with the stack's files (OPT/deploy/compose.sh)
#   TELEGRAM_LOG     what the stand-in for Telegram writes; where none runs it is started here
set -euo pipefail
parts=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
# shellcheck source=deploy/rehearse/lib.sh
. "$parts/lib.sh"

export OPT=${OPT:-$REHEARSAL/opt} TELEGRAM_LOG=${TELEGRAM_LOG:-$REHEARSAL/telegram.jsonl}
compose=${COMPOSE:-$OPT/deploy/compose.sh}
work=$REHEARSAL/alarms
seen=$work/seen
alarms=$work/course-supporter.conf
certificate_port=$((TELEGRAM_PORT + 10))
worker="course-supporter-worker-1"
prefix=$(openssl rand -hex 3)
# shellcheck source=deploy/rehearse/alarm-watch.sh
. "$parts/alarm-watch.sh"
# shellcheck source=deploy/rehearse/alarm-causes.sh
. "$parts/alarm-causes.sh"

api=https://$DOMAIN/api/v1
compose() { REHEARSAL=$REHEARSAL "$compose" "$@" </dev/null; }
program() { docker exec "$worker" course-supporter "$@" </dev/null; }
sql() { docker exec course-supporter-db psql -qAtX -v ON_ERROR_STOP=1 -U postgres -d course_supporter -c "$1" </dev/null; }
setting() { sed -n "s/^$1=//p" "$OPT/.env.prod"; }
status_folder=$(setting STATUS_FOLDER)

# A client's request, by way of nginx.
client=(curl -s --cacert "$REHEARSAL/ca/private.crt" -H "@$work/key")

# --- before ------------------------------------------------------------------------------------------------------------------------------

is_telegram_up() { curl -s --cacert "$REHEARSAL/ca/private.crt" "https://$OUTSIDE:$TELEGRAM_PORT/" | grep -q '"ok":false'; }
start_telegram() {
  ! is_telegram_up || return 0
  TELEGRAM_BOT_TOKEN=$(setting TELEGRAM_BOT_TOKEN) TELEGRAM_CHAT_ID=$(setting TELEGRAM_CHAT_ID) \
    TELEGRAM_CERTIFICATE=$REHEARSAL/ca/server.crt TELEGRAM_KEY=$REHEARSAL/ca/server.key TELEGRAM_LISTEN=$OUTSIDE:$TELEGRAM_PORT \
    start telegram "$NODE" "$parts/telegram.ts"
  wait_for 10 is_telegram_up
}

now_says() { docker exec course-supporter-netdata curl -s 'http://127.0.0.1:19999/api/v1/alarms?all' </dev/null; }
# Every alarm is there and has looked at something.
is_looking() {
  now_says | jq -e --argjson all "${#order[@]}" \
    '[.alarms[] | select(.status | test("CLEAR|WARNING|CRITICAL")) | .name] | unique | length == $all'
}
is_ready() { curl -sf --cacert "$REHEARSAL/ca/private.crt" "https://$DOMAIN/health/ready"; }

prepare() {
  make_disk
  write_override
  show_short_certificate
  cp -a "$status_folder" "$work/status"
  date -u +%FT%TZ | tee "$status_folder/last-backup" >"$status_folder/last-restore-check"
  program storage sweep --confirm >/dev/null
  # As the disk's own snapshot of an hour ago would be: the bucket has counted a pass of which the database knows nothing.
  sql 'UPDATE installation SET storage_generation = greatest(storage_generation - 1, 0)'
  cause sweeper 'the database set back by one pass of the sweeper, as a snapshot of the disk would be'
  cause certificate 'a certificate of 5 days is shown'
  cause cpu 'every processor at work'
  cause ram 'an eighth of the memory filled'
  load_machine
  compose -f "$work/compose.yaml" up -d --no-deps --force-recreate app-cs worker netdata-cs >"$work/up.log" 2>&1
  say 'API, worker and Netdata are made anew'
  wait_for 90 is_ready
}

make_tenants() {
  local name made=()
  for name in client eighty hundred; do
    program tenant create --name "Alarms $prefix $name" >/dev/null &
    made+=($!)
  done
  wait "${made[@]}"
  install -m 600 /dev/null "$work/key"
  program key create --tenant "Alarms $prefix client" --scopes prep --rate-prep 1000 --json | jq -r '"X-API-Key: " + .key' >"$work/key"
  course=$("${client[@]}" "$api/courses" --json '{"title":"Alarms"}' | jq -r .id)
  [[ $course =~ ^[0-9a-f-]{36}$ ]] || fail 'no course could be made'
}

# upload NAME CONTENT CURL-ARGUMENT…
upload() {
  "${client[@]}" "$api/courses/$course/materials?source_type=text&filename=$1" -H 'Content-Type: application/octet-stream' \
    --data-binary "$2" "${@:3}" </dev/null
}

# --- what is shown -----------------------------------------------------------------------------------------------------------------------

# As many as would make api_5xx fire.
has_counted_busy() {
  docker exec course-supporter-netdata curl -s \
    'http://127.0.0.1:19999/api/v1/data?chart=course_supporter.requests&dimensions=sbusy&after=-120&group=sum&points=1&options=unaligned' </dev/null |
    jq -e '.data[0][1] >= 5'
}

show_no_alarm_when_busy() {
  local busy
  busy=$(grep -o '"code":"upload.busy"' "$work/busy" | wc -l)
  ((busy >= 5)) || fail "only $busy of 8 uploads were refused: $(head -n 1 "$work/busy")"
  wait_for 30 has_counted_busy
  now_says | jq -e '.alarms[] | select(.name == "cs_api_5xx") | .status == "CLEAR" and .value == 0' >/dev/null ||
    fail 'full places were taken for failures'
  row 'full places for uploads are no alarm' "$((SECONDS - filled))" "$busy answers of 503 upload.busy were charted, and api_5xx stays CLEAR"
}

# Whatever was done is undone, also after a failure.
put_back() {
  local name gone=()
  stop_slow
  docker unpause course-supporter-db >/dev/null 2>&1 || true
  unload_machine
  [ ! -d "$work/status" ] || { rm -f "$status_folder"/last-*; cp -a "$work/status/." "$status_folder/"; }
  compose up -d --no-deps --force-recreate app-cs worker netdata-cs >"$work/down.log" 2>&1
  wait_for 90 is_ready
  stop short-certificate
  umount "$work/disk" 2>/dev/null || true
  forget_spending
  docker volume rm course-supporter_alarms-rehearsal >/dev/null || true
  for name in client eighty hundred; do
    program tenant delete --name "Alarms $prefix $name" --confirm "Alarms $prefix $name" >/dev/null || true &
    gone+=($!)
  done
  program storage sweep --confirm >/dev/null || true
  wait "${gone[@]}"
}

main() {
  rm -rf --one-file-system "$work"
  trap put_back EXIT
  umask 022
  mkdir -p "$seen" "$status_folder"
  start_telegram
  write_alarms
  read_alarms
  make_tenants
  prepare
  age_files
  fill_disk
  spend_budgets
  # What is counted is counted from the first look on.
  wait_for 90 is_looking
  say 'every alarm looks'
  fill_places
  filled=$SECONDS
  kill_worker
  await 90 certificate sweeper cpu ram backup restore_check disk budget_80 budget_100 installation_budget container_restart
  unload_machine
  stop_slow
  damage_material
  await 45 jobs_failed
  show_no_alarm_when_busy
  await_commands
  pause_database
  await 75 database_down api_5xx
  await_commands
  docker unpause course-supporter-db >/dev/null
  wait_for 30 is_ready
  stop_worker
  await 60 worker_down queue_age
  await_commands
  stop_api
  await 100 api_down
  tell_alarms || lost=$((lost + 1))
  print_messages
  ((lost == 0))
}

main
