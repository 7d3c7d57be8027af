# shellcheck shell=bash
# A backup, the loss of the whole database, and its return. Sourced by rehearse.sh after lib.sh and stack.sh.

# ask METHOD PATH [curl's options]: as a tenant, through nginx. Fails when the answer is no success.
ask() {
  local method=$1 path=$2
  shift 2
  curl -sf --max-time 30 --cacert "$REHEARSAL/ca/private.crt" -H "@$ETC/key.header" -X "$method" "$@" "https://$DOMAIN/api/v1$path" </dev/null
}

in_database() { docker exec course-supporter-db psql -qAtX -U postgres -d course_supporter -c "$1" </dev/null; }

# What tenants would miss, in one line. Not what runs by itself, such as the heartbeat of a worker.
fingerprint() {
  local table
  for table in tenants api_keys courses materials; do
    printf '%s=%s ' "$table" "$(in_database "SELECT count(*) || ':' || coalesce(sum(hashtextextended(t::text, 1)::numeric), 0) FROM $table t")"
  done
}

structure() {
  cat <<'JSON'
{"title": "Відновлення", "modules": [{"title": "Модуль", "lessons": [{"title": "Урок", "concepts": [], "exercises": [
  {"description": "Скільки буде 6 · 7?", "kind": "number", "answer_key": {"value": 42, "tolerance": 0}}]}]}]}
JSON
}

hand_in() {
  ask POST "/courses/$course/check-homework" --json "{\"student_id\": \"$1\", \"exercise_id\": \"$exercise\", \"answer\": 42}" >/dev/null
}

# A course with homework of two students. One of them asks to be forgotten, after the backup.
make_course() {
  course=$(ask POST /courses --json '{"title": "Відновлення"}' | jq -r .id)
  exercise=$(ask PUT "/courses/$course/structure" --json "$(structure)" | jq -r '.modules[0].lessons[0].exercises[0].id')
  hand_in 'olha@example.com'
  hand_in 'taras@example.com'
}

show_backup() {
  local began=$SECONDS checked
  "$OPT/deploy/backup.sh" </dev/null
  row 'a backup' "$((SECONDS - began))" "$(sed -n 2,3p "$REHEARSAL/state/status/last-backup" | paste -sd ' ')"
  began=$SECONDS
  checked=$("$OPT/deploy/restore-check.sh" </dev/null) || fail "the restored copy is not equal: $checked"
  row 'a backup restored beside, and compared' "$((SECONDS - began))" "$(tail -n 1 <<<"$checked")"
}

show_restore() {
  local began before after sweep
  before=$(fingerprint)
  ask DELETE '/students/taras%40example.com' >/dev/null
  echo '# Після копії' >"$REHEARSAL/пізніше.md"
  ask POST "/courses/$course/materials" -F source_type=text -F "file=@$REHEARSAL/пізніше.md" >/dev/null
  docker rm -f course-supporter-db >/dev/null
  docker volume rm course-supporter_pgdata-cs >/dev/null
  must_fail ask GET /courses >/dev/null
  began=$SECONDS
  "$OPT/deploy/restore.sh" latest --identity "$REHEARSAL/private-key" --yes </dev/null
  after=$(fingerprint)
  [ "$before" = "$after" ] || fail "what came back differs: $before, then $after"
  row 'the database destroyed and restored' "$((SECONDS - began))" "equal, rows and contents: $(sed -E 's/:-?[0-9]+//g' <<<"$after")"
  must_fail ask GET '/students/taras%40example.com/progress' >/dev/null
  ask GET '/students/olha%40example.com/progress' >/dev/null
  row '  a student erased after the backup' '' 'is erased again; the others are there'
  sweep=$(program storage sweep 2>&1) && fail "the sweeper works on a restored database: $sweep"
  row '  the sweeper' '' "holds itself back: $(tail -n 1 <<<"$sweep")"
  program storage sweep --confirm >/dev/null
}

show_recovery() {
  make_course
  show_backup
  show_restore
}
