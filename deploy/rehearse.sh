#!/usr/bin/env bash
# rehearse.sh [up|run|down]: the whole of deploy/ on one machine with root and Debian 12, without a registry or the internet's other half.
# Brings up an engine if there is none, makes the image, starts the stack beside a stand-in for the site that was there first, and shows what
# the documentation promises: deploys with clients at work, broken releases, a rollback, every alarm, backup and restore. Then a table.
#   up    brings everything up and leaves it
#   run   shows everything on what is up
#   down  takes everything away
# Without a word: all three, the last one whatever happens. Environment: REHEARSAL, ENGINE (rehearse/lib.sh).
set -euo pipefail
parts=$(cd "$(dirname "${BASH_SOURCE[0]}")/rehearse" && pwd)
# shellcheck source=rehearse/lib.sh
. "$parts/lib.sh"
# shellcheck source=rehearse/world.sh
. "$parts/world.sh"
# shellcheck source=rehearse/stack.sh
. "$parts/stack.sh"
# shellcheck source=rehearse/memory.sh
. "$parts/memory.sh"
# shellcheck source=rehearse/releases.sh
. "$parts/releases.sh"
# shellcheck source=rehearse/image.sh
. "$parts/image.sh"
# shellcheck source=rehearse/edge.sh
. "$parts/edge.sh"
# shellcheck source=rehearse/recovery.sh
. "$parts/recovery.sh"

bring_up() {
  [ "$(id -u)" = 0 ] || fail 'needs root'
  [ ! -e "$REHEARSAL" ] || fail "$REHEARSAL is there: $0 down"
  mkdir -p "$REHEARSAL"/{log,pid,state}
  "$parts/install.sh"
  bound_memory
  bring_engine
  make_authority
  make_repositories
  start_bucket
  start_site
  start_pebble
  start_sshd
  say 'the world around is up'
  write_env_prod
  write_settings
  watch_memory
  first_deploy
  issue_certificate
  make_tenants
  say 'the installation is up'
}

bring_engine() {
  if docker info >/dev/null 2>&1; then return; fi
  touch "$REHEARSAL/own-engine"
  CGROUP_PARENT=${group##*/memory} "$parts/docker-up.sh" "$ENGINE"
}

show_scripts() {
  (cd "$here" && "$NODE" node_modules/vitest/vitest.mjs run --config vitest.system.config.ts test/system/scripts.test.ts) >"$REHEARSAL/log/scripts.log" 2>&1 ||
    fail "$(cat "$REHEARSAL/log/scripts.log")"
  row 'ShellCheck' '' 'finds nothing in any script'
}

run_all() {
  show_scripts
  show_image
  show_edge
  show_releases
  COMPOSE=$OPT/deploy/compose.sh "$parts/alarms.sh"
  show_recovery
  show_no_secrets_told
  tell_memory
  print_table
}

print_table() {
  echo
  column -t -s "$(printf '\t')" -N 'what was shown,seconds,what was seen' "$results"
  cat <<'END'

Not rehearsed, because it is not here: DNS, Let's Encrypt (pebble spoke ACME), Backblaze B2 (Swift spoke S3), the bytes of the official images
(Debian's packages stood for them), GitHub's runner (its script ran), Telegram (a stand-in answered), other machines.
END
}

take_down() {
  local name
  for name in "$REHEARSAL"/pid/*; do
    [ ! -e "$name" ] || stop "$(basename "$name")"
  done
  unname_nginx
  if docker info >/dev/null 2>&1; then
    docker ps -aq | xargs -r docker rm -f >/dev/null
    docker volume ls -q | xargs -r docker volume rm -f >/dev/null
    docker network rm shared-net >/dev/null 2>&1 || true
  fi
  umount "$REHEARSAL/state/scratch" 2>/dev/null || true
  [ ! -e "$REHEARSAL/own-engine" ] || "$parts/docker-down.sh" "$ENGINE"
  rmdir "$group" 2>/dev/null || true
  rm -rf --one-file-system "$REHEARSAL"
}

case ${1:-all} in
up) bring_up ;;
run) run_all ;;
down) take_down ;;
all)
  trap take_down EXIT
  # Or bash would end without it.
  trap 'exit 143' TERM INT HUP
  bring_up
  run_all
  ;;
*)
  echo 'usage: rehearse.sh [up|run|down]' >&2
  exit 64
  ;;
esac
