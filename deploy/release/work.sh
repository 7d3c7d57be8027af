# shellcheck shell=bash

# run_work FUNCTION: in a group of processes of its own, so that Ctrl-C and kill end all of it and leave us, to put things back. A
# connection that is lost (SIGHUP) ends nothing. Leaves in `result` how it ended: in an `if` or before a ||, bash would go on with FUNCTION's
# next line when one fails.
run_work() {
  local work
  result=0
  trap '' HUP
  # What is ignored here, nothing that is started here could take notice of.
  trap - INT TERM
  set -m
  "$1" </dev/null &
  work=$!
  set +m
  # shellcheck disable=SC2064
  trap "kill -TERM -- -$work 2>/dev/null" INT TERM
  wait "$work" || result=$?
  # A signal ends the waiting, too.
  while kill -0 "$work" 2>/dev/null; do wait "$work" || result=$?; done
  # Putting things back is not to be interrupted but by kill -9, after which the next deploy does it.
  trap '' INT TERM
}

# is_committed: whether what runs now has become what is live, however it ended then.
is_committed() {
  [ "$(state since)" != "$SINCE" ]
}

# put_back: leaves in `result` how it ended.
put_back() {
  result=0
  settle &
  wait "$!" || result=$?
}

# What is done when a release is live already; that it is, stays true.
in_the_end() {
  step "$WAITING"
  retire_apps "$app"
  step 'monitoring'
  refresh_monitoring
  step 'old images'
  prune_images
}

# end_badly WHAT: tells what serves now, in the last line.
end_badly() {
  local failed
  failed=$(cat "$STATE/step")
  echo "failed: $failed; putting things back"
  put_back
  [ "$result" != 0 ] || not_done "$1"
  echo "NOT $1: $failed; and $(state live) could not be put back: docker ps -a, deploy/rollback.sh"
  exit 2
}

# not_done WHAT
not_done() {
  local live
  live=$(state live)
  echo "NOT $1: $(cat "$STATE/step"); ${live:-nothing that is known} serves"
  rm -f "$STATE/step"
  exit 1
}
