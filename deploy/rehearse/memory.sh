# shellcheck shell=bash
# How much memory all containers take together, sampled every second while the rehearsal runs. Sourced by rehearse.sh after lib.sh.

group=/sys/fs/cgroup/memory/course-supporter-rehearsal

# The machine that this is meant for has 3.82 GiB: so much is there for all containers together, those of the other site included.
bound_memory() {
  if [ ! -d /sys/fs/cgroup/memory ]; then
    say 'no cgroup v1 here: memory is neither bounded nor measured'
    return
  fi
  mkdir -p "$group"
  echo $((3911 << 20)) >"$group/memory.limit_in_bytes"
}

# What cannot be given back at once: all but the files that were only read. Kubernetes and `docker stats` count so, too.
working_set() {
  local usage inactive
  usage=$(cat "$group/memory.usage_in_bytes")
  inactive=$(awk '$1 == "total_inactive_file" { print $2 }' "$group/memory.stat")
  echo $(((usage - inactive) >> 20))
}

sample_memory() {
  local peak=0 now
  while sleep 1; do
    now=$(working_set)
    if ((now > peak)); then
      peak=$now
      echo "$peak" >"$REHEARSAL/peak-memory"
      docker stats --no-stream --format '{{.Name}} {{.MemUsage}}' </dev/null >"$REHEARSAL/peak-memory-of" 2>/dev/null || true
    fi
  done
}

watch_memory() {
  [ -d "$group" ] || return 0
  sample_memory &
  echo $! >"$REHEARSAL/pid/memory"
}

tell_memory() {
  [ -s "$REHEARSAL/peak-memory" ] || return 0
  row 'peak memory of all containers, under a limit of 3.82 GiB' '' \
    "$(cat "$REHEARSAL/peak-memory") MiB; killed for want of it: $(awk '$1 == "oom_kill" { print $2 }' "$group/memory.oom_control")"
  cat "$REHEARSAL/peak-memory-of"
}
