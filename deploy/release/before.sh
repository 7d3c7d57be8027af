# shellcheck shell=bash
# What has to hold before anything is begun.

check_room() {
  local memory folder disk
  memory=$(awk '/^MemAvailable:/ { print int($2 / 1024) }' /proc/meminfo)
  folder=$(docker info --format '{{.DockerRootDir}}' </dev/null)
  disk=$(df -Pm "$folder" | awk 'NR == 2 { print $4 }')
  echo "free: $memory MB of memory, $disk MB of disk at $folder"
  [ "$memory" -ge "$MIN_MEMORY_MB" ] || refuse "less than $MIN_MEMORY_MB MB of memory: docker stats --no-stream"
  [ "$disk" -ge "$MIN_DISK_MB" ] || refuse "less than $MIN_DISK_MB MB of disk: docker system df; df -h"
}

# Secrets that others of this machine can read are none.
check_private() {
  [ -s "$1" ] || refuse "$1 is missing or empty"
  [ "$(($(stat -Lc '0%a' "$1") & 077))" = 0 ] || refuse "others may read $1: chmod 600 $1"
}

check_smoke_key() {
  [ -s "$SMOKE_KEY" ] || refuse "$(tell_smoke_key)"
  check_private "$SMOKE_KEY"
}

tell_smoke_key() {
  printf '%s\n' "The smoke test needs a key, of a tenant of its own and with the scope prep alone:" \
    "  cd $CHECKOUT" \
    "  deploy/compose.sh exec -T app-cs course-supporter tenant create --name smoke-test" \
    "  (umask 077; deploy/compose.sh exec -T app-cs course-supporter key create --tenant smoke-test --scopes prep --label deploy --json |" \
    "    sed -n 's/.*\"key\":\"\\(cs_[^\"]*\\)\".*/\\1/p' >$SMOKE_KEY)"
}

# fetch_commit SHA: it has to be on the branch, and no step back: the database has been migrated since, so that rollback.sh or a revert is
# the way.
fetch_commit() {
  local sha=$1 live
  live=$(state live)
  GIT_TERMINAL_PROMPT=0 GIT_SSH_COMMAND='ssh -o BatchMode=yes' timeout 120 git -C "$CHECKOUT" -c gc.auto=0 -c maintenance.auto=false \
    fetch --quiet --no-tags "$REMOTE" "+refs/heads/$BRANCH:refs/remotes/$REMOTE/$BRANCH" </dev/null 9>&-
  git -C "$CHECKOUT" cat-file -e "$sha^{commit}" 2>/dev/null || refuse "$sha is not known to $REMOTE/$BRANCH"
  git -C "$CHECKOUT" merge-base --is-ancestor "$sha" "$REMOTE/$BRANCH" || refuse "$sha is not on $REMOTE/$BRANCH"
  [ -z "$live" ] || [ "$live" = "$sha" ] || ! git -C "$CHECKOUT" merge-base --is-ancestor "$sha" "$live" ||
    refuse "$sha is older than what is live: deploy/rollback.sh, or push a commit that reverts"
}

# check_clean: what somebody has changed here by hand must neither be lost nor get into an image.
check_clean() {
  local changed
  changed=$(git -C "$CHECKOUT" status --porcelain)
  [ -z "$changed" ] || refuse "changed by hand in $CHECKOUT:" "$changed"
}

# heal_checkout: what a checkout that was killed has left. Nobody else is at it: we hold the lock, and it was clean when that one began.
heal_checkout() {
  rm -f "$CHECKOUT/.git/index.lock"
  [ "$(cat "$STATE/step" 2>/dev/null)" = checkout ] || return 0
  git -C "$CHECKOUT" checkout --quiet --force HEAD </dev/null 9>&-
  git -C "$CHECKOUT" clean --quiet --force -d </dev/null 9>&-
}

check_out() {
  git -C "$CHECKOUT" checkout --quiet --detach "$1" </dev/null 9>&-
}
