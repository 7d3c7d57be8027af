#!/usr/bin/env bash
# deploy.sh [--first] SHA: makes a commit of the main branch live without a moment in which nobody serves; if anything fails before it has
# proved itself, the old one serves on. The last line says how it ended: `deployed SHA`, or `NOT deployed: STEP; SHA serves`.
# --first: on a machine where nothing serves yet; without a backup and without smoke tests, for which there is no tenant.
# The environment is described in release/settings.sh.
#
# The checkout replaces these files while they run. So everything here is read before the first step, and takes care of the lock, the
# checkout and putting back; what is then done with the new release, release/run.sh of that release does: its compose file may need steps
# that this version does not know. If that file is broken, or does not end well, this version has all that it takes to go back.
set -euo pipefail
# shellcheck source=release/all.sh
. "$(dirname "${BASH_SOURCE[0]}")/release/all.sh"

# What it refuses here, it has not begun.
# shellcheck disable=SC2317 # run_work runs it
prepare() {
  if [ -e "$STATE/step" ]; then echo "an earlier deploy was killed at: $(cat "$STATE/step")"; fi
  step 'what was left'
  # A release that cannot be put right may be what is to be mended now.
  if [ "$first" = no ]; then
    put_back
    [ "$result" = 0 ] || echo 'that is not as it should be; going on'
  fi
  step 'settings'
  check_start
  step 'free memory and disk'
  check_room
  step 'fetch'
  check_clean
  fetch_commit "$sha"
}

# shellcheck disable=SC2317
deploy() {
  step 'checkout'
  check_out "$sha"
  BEGAN=$BEGAN "$CHECKOUT/deploy/release/run.sh" "$sha" "$first"
}

# shellcheck disable=SC2317
check_start() {
  check_private "$ENV_FILE"
  if [ "$first" = no ]; then
    [ -n "$(state live)" ] || refuse "nothing is live yet: deploy/deploy.sh --first $sha"
    check_smoke_key
  else
    [ -z "$(state live)" ] || refuse "$(state live) is live: without --first"
    [ -z "$(containers_of app-cs)" ] || refuse "$STATE/releases is missing, but there is an app, which may serve: $(containers_of app-cs | xargs)"
  fi
}

tell_next() {
  echo 'Next, for all deploys to come:'
  tell_smoke_key
}

main() {
  first=no result=0
  [ "${1:-}" != --first ] || { first=yes; shift; }
  sha=${1:-}
  [[ $# = 1 && $sha =~ ^[0-9a-f]{40}$ ]] || { echo 'usage: deploy.sh [--first] SHA (40 digits)' >&2; exit 64; }
  BEGAN=$EPOCHSECONDS
  take_lock "deploy $sha" || { echo "NOT deployed: $sha has to wait"; exit 75; }
  heal_checkout
  run_work prepare
  [ "$result" = 0 ] || not_done deployed
  run_work deploy
  if [ "$result" = 0 ]; then
    [ "$first" = no ] || tell_next
  elif is_committed; then
    # Only what comes afterwards was cut short.
    put_back
    [ "$result" = 0 ] || echo 'WARNING: what served before could not be tidied away'
  else
    end_badly deployed
  fi
  rm -f "$STATE/step"
  echo "deployed $sha"
}

main "$@"; exit
