#!/usr/bin/env bash
# rollback.sh: the release before the live one serves again, within 30 s; run once more, it undoes itself. Nothing is built, backed up or
# migrated: migrations only go forward, and each of them works for the release before it. The last line says how it ended.
# The environment is described in release/settings.sh.
set -euo pipefail
# Read whole before anything is done, because the checkout replaces it.
# shellcheck source=release/all.sh
. "$(dirname "${BASH_SOURCE[0]}")/release/all.sh"

# shellcheck disable=SC2154,SC2317 # run_work runs it; start_app sets app
roll_back() {
  local stopping
  step 'checkout'
  check_out "$sha"
  release_env=$STATE/release.env.next
  write_release_env "$sha" "$release_env"
  compose config --quiet
  step 'app and worker'
  # All at once, because every second counts.
  stop_workers "$WORKER_STOP_SECONDS" &
  stopping=$!
  start_app
  wait "$stopping"
  start_workers
  wait_ready "$app"
  step 'nginx'
  send_to "$app"
  step 'worker'
  await_workers
  step 'release'
  commit "$sha" "$app"
  echo "$sha serves, $((EPOCHSECONDS - BEGAN)) s after the beginning"
  release_env=$STATE/release.env
  in_the_end &
  wait "$!" || echo "WARNING: $(cat "$STATE/step") failed; $sha is live all the same"
}

# shellcheck disable=SC2317
check_previous() {
  [ -n "$sha" ] || refuse 'there is no release before the live one' || return
  has_image "$sha" || refuse "course-supporter:${sha:0:12} is gone: push a commit that reverts"
}

main() {
  BEGAN=$EPOCHSECONDS result=0
  hurry_lock rollback || { echo 'NOT rolled back: it has to wait'; exit 75; }
  heal_checkout
  sha=$(state previous)
  check_previous || { echo "NOT rolled back: nothing to go back to; $(state live) serves"; exit 1; }
  run_work roll_back
  if [ "$result" != 0 ] && ! is_committed; then end_badly 'rolled back'; fi
  rm -f "$STATE/step"
  echo "rolled back to $sha"
}

main "$@"; exit
