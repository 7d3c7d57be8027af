# shellcheck shell=bash disable=SC2154
# What alarms.sh causes alarms with. Sourced after alarm-watch.sh; the names of files and commands that are used here are set there.

# Of the alarms only what would take too long, or would need a machine of its own, is changed.
write_alarms() {
  local ram
  # As Netdata counts what is used, and room for what others do meanwhile.
  ram=$(awk '{ of[$1] = $2 } END {
    used = of["MemTotal:"] - of["MemFree:"] - of["Cached:"] - of["SReclaimable:"] + of["Shmem:"] - of["Buffers:"]
    print int(used * 100 / of["MemTotal:"]) + 5 }' /proc/meminfo)
  sed -e '/cs_worker_down/,/info:/s/up 20m/up 10s/' \
    -e '/cs_cpu/,/info:/s/average -5m/average -20s/' \
    -e '/cs_queue_age/,/info:/s/(600) : (900)/(10) : (15)/' \
    -e "/cs_ram/,/info:/s/(80) : (85)/($((ram - 1))) : ($ram)/" \
    -e 's/down [0-9]*m$/down 10s/' "$here/deploy/netdata/health.d/course-supporter.conf" >"$alarms"
  say "changed in the alarms: worker_down waits 10 s instead of 20 minutes; cpu looks at 20 s, not 5 minutes; queue_age warns at 15 s," \
    "not 15 minutes; ram warns at $ram %, which this machine is made to pass, not 85 %; what ends is told of after 10 s, not minutes."
}

# A disk of 64 MiB, in a file.
make_disk() {
  mkdir -p "$work/disk"
  fallocate -l 64M "$work/disk.img"
  mkfs.ext4 -q -m 0 "$work/disk.img"
  mount -o loop "$work/disk.img" "$work/disk"
}

# A certificate of five days for the API's name.
show_short_certificate() {
  openssl req -x509 -newkey rsa:2048 -nodes -days 5 -subj "/CN=$DOMAIN" -keyout "$work/short.key" -out "$work/short.crt" 2>/dev/null
  start short-certificate openssl s_server -quiet -www -accept "$OUTSIDE:$certificate_port" -cert "$work/short.crt" -key "$work/short.key"
}

write_override() {
  cat >"$work/compose.yaml" <<YAML
services:
  app-cs:
    environment: { LLM_MONTHLY_LIMIT_USD: "20" }
  worker:
    environment: { LLM_MONTHLY_LIMIT_USD: "20" }
  netdata-cs:
    environment:
      CERTIFICATE_AT: "$OUTSIDE:$certificate_port"
      DISK_PATHS: data=/var/lib/netdata rehearsal=/rehearsal-disk
    volumes:
      - "$alarms:/etc/netdata/health.d/course-supporter.conf:ro"
      - "$work/disk:/rehearsal-disk:ro"
      # Netdata remembers what it has told, and would not tell it again.
      - alarms-rehearsal:/var/lib/netdata
volumes:
  alarms-rehearsal:
YAML
}

# The machine at work, before Netdata looks: every processor, politely, and an eighth of its memory.
load_machine() {
  local core
  start hog-memory "$NODE" -e 'const held = Buffer.alloc(Number(process.argv[1]), 1); setInterval(() => held.length, 1e6)' \
    "$(($(awk '/^MemTotal/ { print $2 }' /proc/meminfo) * 1024 / 8))"
  for core in $(seq "$(nproc)"); do start "hog-$core" nice -n 19 sh -c 'while :; do :; done'; done
}
unload_machine() {
  local name
  for name in "$REHEARSAL"/pid/hog-*; do [ ! -e "$name" ] || stop "$(basename "$name")" KILL; done
}

# The kernel does the same when memory runs out. `docker kill` is the operator's own doing, after which the engine starts nothing.
kill_worker() {
  cause container_restart "kill -9 of the worker's process"
  kill -KILL "$(docker inspect -f '{{.State.Pid}}' "$worker")"
}

age_files() {
  cause backup 'the last one is said to be of 30 hours ago'
  date -u -d '30 hours ago' +%FT%TZ >"$status_folder/last-backup"
  cause restore_check 'the last one is said to be of 9 days ago'
  date -u -d '9 days ago' +%FT%TZ >"$status_folder/last-restore-check"
}

fill_disk() {
  cause disk 'a disk of 64 MiB filled'
  fallocate -l "$(($(df --output=avail -B1 "$work/disk" | tail -n 1) * 93 / 100))" "$work/disk/fill"
}

# spend TENANT USD: a row of the ledger as the program's own function writes one; accounts follow by the table's triggers. What models are
# asked and paid is the concern of other tests.
spend() {
  sql "INSERT INTO llm_calls (id, tenant_id, action, provider, model, succeeded, outcome, tokens_in, tokens_out, cost_nano_usd, latency_ms)
    SELECT gen_random_uuid(), id, 'rehearsal', 'openai', 'rehearsal', true, 'answered', 0, 0, $2 * 1000000000::numeric, 1
    FROM tenants WHERE name = 'Alarms $prefix $1'"
}
forget_spending() {
  sql "UPDATE llm_calls SET cost_nano_usd = 0 WHERE action = 'rehearsal'; DELETE FROM llm_calls WHERE action = 'rehearsal'"
}

spend_budgets() {
  cause budget_80 'a tenant with 10 USD a month has spent 8.50 (a row of the ledger)'
  spend eighty 8.5
  cause budget_100 'a tenant with 10 USD a month has spent 10'
  cause installation_budget 'all have spent 18.50 of LLM_MONTHLY_LIMIT_USD=20'
  spend hundred 10
}

# One tenant may hold four of eight places. What is refused then is 503, and no fault.
fill_places() {
  local one
  head -c 8M /dev/zero >"$work/slow"
  for one in 1 2 3 4; do
    start "slow-$one" "${client[@]}" "$api/courses/$course/materials?source_type=text&filename=slow-$one.txt" --limit-rate 50k \
      -H 'Content-Type: application/octet-stream' --data-binary "@$work/slow"
  done
  sleep 3
  for one in $(seq 8); do
    upload "busy-$one.txt" 'too many' >>"$work/busy"
  done
}
stop_slow() {
  local one
  for one in 1 2 3 4; do stop "slow-$one"; done
}

damage_material() {
  cause jobs_failed 'a damaged PDF was uploaded'
  # A place is free as soon as the API has seen that its client is gone.
  wait_for 20 upload damaged.pdf '%PDF-1.7 and nothing more' --fail
}

pause_database() {
  local one
  cause database_down 'docker pause of the database'
  docker pause course-supporter-db >/dev/null
  cause api_5xx 'requests while the database was paused'
  for one in $(seq 8); do
    "${client[@]}" --max-time 30 -o /dev/null "$api/courses" </dev/null &
  done
}

stop_worker() {
  cause worker_down 'the worker was stopped'
  docker stop "$worker" >/dev/null
  cause queue_age 'a file was uploaded while no worker ran'
  upload waits.md '# Nobody reads this yet' --fail >/dev/null
}

stop_api() {
  cause api_down 'the API was stopped'
  docker ps -q --filter name=course-supporter-app-cs | xargs docker stop >/dev/null
}
