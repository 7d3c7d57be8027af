#!/usr/bin/env bash
# push.sh SHA: asks the server to deploy, over SSH, and shows what it says. Environment:
#   DEPLOY_HOST, DEPLOY_USER, DEPLOY_PORT (22)
#   DEPLOY_KEY           the private key that may do nothing else (ssh-command.sh)
#   DEPLOY_KNOWN_HOSTS   the server's key, as lines of known_hosts (ssh-keyscan, compared with the server's own files)
#   DEPLOY_ASK_SECONDS   how often it asks how things are, when the connection was lost (15)
# The key is written to a file that nobody else can read, and is in no list of processes.
set -euo pipefail

: "${DEPLOY_HOST:?}" "${DEPLOY_USER:?}" "${DEPLOY_KEY:?}" "${DEPLOY_KNOWN_HOSTS:?}"

ask() {
  ssh -F /dev/null -i "$place/key" -p "${DEPLOY_PORT:-22}" -o IdentitiesOnly=yes -o BatchMode=yes -o ConnectTimeout=20 \
    -o StrictHostKeyChecking=yes -o "UserKnownHostsFile=$place/known_hosts" -o GlobalKnownHostsFile=/dev/null \
    -o ServerAliveInterval=15 -o ServerAliveCountMax=8 "$DEPLOY_USER@$DEPLOY_HOST" "$@" </dev/null
}

# A connection that is lost stops nothing there: how it ends can still be asked.
ask_how_it_ends() {
  local status
  for _ in $(seq 120); do
    sleep "${DEPLOY_ASK_SECONDS:-15}"
    status=$(ask status) || continue
    [[ $status == *'nothing is running'* ]] || continue
    echo "$status"
    [[ $status == "live $sha"* ]] && echo "deployed $sha" | tee "$place/output"
    return
  done
  return 1
}

main() {
  sha=${1:?usage: push.sh SHA}
  place=$(mktemp -d)
  trap 'rm -rf "$place"' EXIT
  umask 077
  printf '%s\n' "$DEPLOY_KEY" >"$place/key"
  printf '%s\n' "$DEPLOY_KNOWN_HOSTS" >"$place/known_hosts"
  local result=0
  ask "deploy $sha" 2>&1 | tee "$place/output" || result=${PIPESTATUS[0]}
  # 255 is ssh's own; without a step that was begun there was no connection.
  if [ "$result" = 255 ] && grep -q '^\[.* s\] ' "$place/output"; then
    echo 'the connection was lost; asking how it ends'
    if ask_how_it_ends; then result=0; fi
  fi
  [ "$result" = 0 ] || exit "$result"
  # A shell that ended early may say 0; the last line proves that the end was reached.
  [ "$(tail -n 1 "$place/output")" = "deployed $sha" ] || { echo 'the server did not say that it is deployed' >&2; exit 1; }
}

main "$@"; exit
