#!/usr/bin/env bash
# run.sh SHA FIRST: makes what is checked out live. Run by deploy.sh, which has checked it out and puts everything back if this ends badly.
set -euo pipefail
# shellcheck source=all.sh
. "$(dirname "${BASH_SOURCE[0]}")/all.sh"

prepare() {
  step 'configuration'
  compose config --quiet
  in_nginx nginx -t -q
  [ "$first" = yes ] || check_database
  step 'image'
  build_image "$sha"
  if [ "$first" = yes ]; then
    step 'database'
    compose --progress quiet up --detach --wait --no-build postgres-cs
  else
    step 'backup'
    "$BACKUP" --wait 900 </dev/null
  fi
  # Every migration works for the release before it, too: that one serves on meanwhile.
  step 'migration'
  migrate
}

switch() {
  step 'new app'
  start_app
  wait_ready "$app"
  if [ "$first" = no ]; then
    step 'smoke test of the new app'
    smoke_directly "$app"
  fi
  step 'nginx'
  send_to "$app"
  step 'worker'
  replace_worker "$WORKER_DRAIN_SECONDS"
  if [ "$first" = no ]; then
    step 'smoke test through nginx'
    smoke_through_nginx
  fi
}

main() {
  sha=$1 first=$2
  release_env=$STATE/release.env.next
  write_release_env "$sha" "$release_env"
  prepare
  switch
  step 'release'
  commit "$sha" "$app"
  release_env=$STATE/release.env
  in_the_end &
  wait "$!" || echo "WARNING: $(cat "$STATE/step") failed; $sha is live all the same"
}

main "$@"; exit
