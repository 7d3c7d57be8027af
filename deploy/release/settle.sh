# shellcheck shell=bash

# settle: makes true what $STATE/releases says, whatever was going on: after a step that failed, and before a deploy, because the one before
# may have been killed. What is as it should be is not touched.
settle() {
  local live app
  live=$(state live)
  if [ -z "$live" ]; then
    # What runs then may well serve, and only the file is lost. A first deploy has seen that nothing ran before it.
    [ "${first:-no}" = no ] || settle_nothing
    return
  fi
  [ "$(git -C "$CHECKOUT" rev-parse HEAD)" = "$live" ] || check_out "$live"
  release_env=$STATE/release.env
  # A disk that is full must not stop the rest.
  grep -qsx "REVISION=$live" "$release_env" || write_release_env "$live" "$release_env" || echo "WARNING: $release_env could not be written"
  app=$(state app)
  runs_release "$app" "$live" || revive_app
  [ "$(served_app)" = "$app" ] || send_to "$app"
  restore_workers "$live"
  retire_apps "$app"
  prune_images
}

# What is live does not run, by whosoever's hand.
revive_app() {
  echo "$app does not run: another one is started"
  has_image "$live" || refuse "course-supporter:${live:0:12} is gone"
  start_app
  if ! wait_ready "$app"; then
    # Else every attempt would leave one more.
    remove "$app"
    return 1
  fi
  remember_app "$app"
}

# A first deploy failed.
settle_nothing() {
  retire_apps ''
  stop_workers "$WORKER_STOP_SECONDS"
}
