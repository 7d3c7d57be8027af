# shellcheck shell=bash
# What is live and what was before, in $STATE/releases: live, app (its container), since, before (the container that served until then)
# and previous. The file changes in one moment, when a release has proved itself: whatever dies before or after, it says what is to serve.

# state NAME: empty when it is not known.
state() {
  [ ! -e "$STATE/releases" ] || sed -n "s/^$1=//p" "$STATE/releases"
}

# commit SHA APP: from now on this is live.
commit() {
  local live previous before
  live=$(state live)
  before=$(state app)
  previous=$(state previous)
  # The same release once more has the same one before it.
  [ "$live" = "$1" ] || previous=$live
  printf '%s\n' "live=$1" "app=$2" "since=$EPOCHSECONDS" "before=$before" "previous=$previous" >"$STATE/releases.new"
  mv -f "$STATE/releases.new" "$STATE/releases"
  write_release_env "$1" "$STATE/release.env"
}

# remember_app APP: another container of what is live.
remember_app() {
  sed "s/^app=.*/app=$1/" "$STATE/releases" >"$STATE/releases.new"
  mv -f "$STATE/releases.new" "$STATE/releases"
}

# write_release_env SHA FILE: compose's variables of a release.
write_release_env() {
  local version created
  version=$(git -C "$CHECKOUT" show "$1:package.json" | sed -n 's/^ *"version": "\([^"]*\)".*/\1/p')
  created=$(TZ=UTC0 git -C "$CHECKOUT" show --no-patch --format=%cd --date=format-local:%Y-%m-%dT%H:%M:%SZ "$1")
  printf '%s\n' "IMAGE_TAG=${1:0:12}" "VERSION=$version" "REVISION=$1" "CREATED=$created" >"$2.new" &&
    mv -f "$2.new" "$2"
}

# step NAME: what is being done. Whatever fails is told by this name, also after everything was killed.
step() {
  echo "$1" >"$STATE/step"
  printf '[%4s s] %s\n' "$((EPOCHSECONDS - BEGAN))" "$1"
}

# The newest hundred are kept.
prune_logs() {
  find "$STATE/logs" -name '*.log' | sort -r | tail -n +101 | xargs --no-run-if-empty rm -f
}

refuse() {
  printf '%s\n' "$@" >&2
  return 1
}
