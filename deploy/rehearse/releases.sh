# shellcheck shell=bash
# Deploys, broken releases and a rollback, each with clients at work. Sourced by rehearse.sh after lib.sh and stack.sh.

# commit_and_push MESSAGE: what is changed in the developer's clone. Leaves its commit in `pushed`.
commit_and_push() {
  git -C "$REHEARSAL/developer" add --all
  git -C "$REHEARSAL/developer" commit --quiet --allow-empty --message "$1"
  git -C "$REHEARSAL/developer" push --quiet origin HEAD:main
  pushed=$(git -C "$REHEARSAL/developer" rev-parse HEAD)
}

take_back() {
  git -C "$REHEARSAL/developer" revert --no-edit HEAD >/dev/null
  git -C "$REHEARSAL/developer" push --quiet origin HEAD:main
}

# As .github/workflows/deploy.yml does it.
deploy_over_ssh() {
  DEPLOY_HOST=127.0.0.1 DEPLOY_PORT=$SSH_PORT DEPLOY_USER=root DEPLOY_KEY=$(cat "$REHEARSAL/ssh/deploy") \
    DEPLOY_KNOWN_HOSTS=$(cat "$REHEARSAL/ssh/known_hosts") "$here/deploy/push.sh" "$1"
}

ssh_directly() {
  ssh -F /dev/null -i "$REHEARSAL/ssh/deploy" -p "$SSH_PORT" -o BatchMode=yes -o StrictHostKeyChecking=yes \
    -o UserKnownHostsFile="$REHEARSAL/ssh/known_hosts" root@127.0.0.1 "$@" </dev/null
}

# --- clients -----------------------------------------------------------------------------------------------------------------------------

start_load() {
  CS_API_KEY=$(cat "$ETC/tenant.key") NODE_EXTRA_CA_CERTS=$REHEARSAL/ca/private.crt \
    "$NODE" "$parts/load.ts" "https://$DOMAIN" 3600 20 >"$REHEARSAL/load.json" 2>"$REHEARSAL/load.err" </dev/null &
  load=$!
}

# end_load: leaves what clients saw in `clients`; a single failed request is a failure of what was shown.
end_load() {
  kill -TERM "$load"
  wait "$load"
  clients=$(cat "$REHEARSAL/load.json")
  [ "$(jq .failed <<<"$clients")" = 0 ] || { cat "$REHEARSAL/load.err" >&2; fail "requests failed: $clients"; }
  clients=$(jq -r '"\(.requests) requests, 0 failed, median \(.medianMs) ms, slowest \(.slowestMs) ms"' <<<"$clients")
}

# A film of 1 GiB: the beginning of one, and holes, which take no room here.
make_film() {
  film=$REHEARSAL/film.mp4
  printf '\0\0\0\x20ftypisom\0\0\2\0isomiso2avc1mp41\0\0\0\0' >"$film"
  truncate --size 1G "$film"
  film_sha=$(sha256sum "$film" | cut -d' ' -f1)
}

# start_upload MIB-PER-SECOND HEADER: the whole file in one request, slow enough to be under way while everything changes. What nginx has on
# its disk is looked at in the middle of it.
start_upload() {
  local course key=$ETC/key.header
  course=$(curl -sf --cacert "$REHEARSAL/ca/private.crt" -H "@$key" --json '{"title":"Фільм"}' "https://$DOMAIN/api/v1/courses" | jq -r .id)
  upload_began=$SECONDS
  curl -s --cacert "$REHEARSAL/ca/private.crt" -H "@$key" -H 'Content-Type: video/mp4' -H "$2" -T "$film" --limit-rate "$1M" \
    -X POST -w '\n%{http_code}\n' "https://$DOMAIN/api/v1/courses/$course/materials?source_type=video&filename=%D0%BB%D0%B5%D0%BA%D1%86%D1%96%D1%8F.mp4" \
    >"$REHEARSAL/upload.out" 2>&1 </dev/null &
  upload=$!
  (sleep 20; docker inspect --size --format '{{.SizeRw}}' nginx >"$REHEARSAL/nginx-disk") &
}

end_upload() {
  wait "$upload" || fail "the upload broke: $(cat "$REHEARSAL/upload.out")"
  grep -q "$film_sha" "$REHEARSAL/upload.out" || fail "the upload did not arrive whole: $(cat "$REHEARSAL/upload.out")"
  (($(cat "$REHEARSAL/nginx-disk") < 1 << 20)) || fail "nginx keeps uploads on its disk: $(cat "$REHEARSAL/nginx-disk") bytes"
  uploaded="1 GiB in one request of $((SECONDS - upload_began)) s arrived whole (its SHA-256); nginx had $(cat "$REHEARSAL/nginx-disk") bytes on its disk"
}

# --- what is shown -----------------------------------------------------------------------------------------------------------------------

# show_deploy NUMBER UPLOAD ITS-HEADER
show_deploy() {
  local began late since=$EPOCHSECONDS
  start_load
  start_upload 14 "$3"
  sleep 3
  began=$SECONDS
  commit_and_push "Release $1"
  deploy_over_ssh "$pushed"
  late=$(late_requests "$since") || fail "$late"
  row "deploy $1, over SSH" "$((SECONDS - began))" "$(ssh_directly status | head -n 1)"
  end_upload
  row "  an upload meanwhile $2" "$((SECONDS - upload_began))" "$uploaded"
  end_load
  row '  clients meanwhile' '' "$clients"
  row '  the old app after the new one was asked' '' "$late"
}

# late_requests SINCE: nginx's log tells when a request ended and how long it took: none may have begun at another app once the last one was asked first.
late_requests() {
  docker logs --since "$1" nginx 2>/dev/null | jq -rR --slurp '
    [split("\n")[] | fromjson? | select((.upstream // "") != "" and (.path | startswith("/netdata") | not))
      | { at: ((.time | sub("\\+00:00$"; "Z") | fromdate) - .seconds), upstream: .upstream }]
    | (.[-1].upstream) as $new
    | (map(select(.upstream == $new) | .at) | min) as $first
    | map(select(.upstream != $new and .at > $first + 1)) | length
    | if . == 0 then "took no new request" else "\(.) requests went to the old app", halt_error(1) end'
}

# show_broken NAME STEP: what is changed in the developer's clone must not become live, and fail at that step.
show_broken() {
  local began=$SECONDS before output
  before=$(served)
  start_load
  commit_and_push "Broken: $1"
  output=$(deploy_over_ssh "$pushed" 2>&1) && fail "was deployed: $1"
  echo "$output"
  tail -n 1 <<<"$output" | grep -q "^NOT deployed: $2" || fail "ended otherwise than by $2"
  [ "$(served)" = "$before" ] || fail "what serves has changed: $(served), before $before"
  end_load
  row "a release that $1" "$((SECONDS - began))" "$(tail -n 1 <<<"$output")"
  row '  clients meanwhile' '' "$clients"
  take_back
}

# Which app answers, since when, and from which image.
served() {
  local app
  app=$(sed -n 's/^set \$cs_app \([^:]*\):.*/\1/p' "$REHEARSAL/state/nginx/upstream.conf")
  docker inspect --format '{{.Name}} {{.State.StartedAt}} {{.Config.Image}}' "$app"
}

show_rollback() {
  local output seconds
  start_load
  output=$(ssh_directly rollback) || fail "no rollback: $output"
  echo "$output"
  seconds=$(sed -n 's/.* serves, \([0-9]*\) s after the beginning$/\1/p' <<<"$output")
  ((seconds <= 30)) || fail 'that took longer than 30 s'
  row 'rollback, over SSH' "$seconds" "$(tail -n 1 <<<"$output")"
  end_load
  row '  clients meanwhile' '' "$clients"
}

# A release that is live, an upload that still runs on the app before it, and an operator who cannot wait for it.
show_rollback_at_once() {
  local began before deploying
  before=$(live)
  start_upload 2 'Expect:'
  sleep 3
  commit_and_push 'Release 3'
  deploy_over_ssh "$pushed" >"$REHEARSAL/log/release-3.log" 2>&1 &
  deploying=$!
  wait_for 120 is_waiting
  [ "$(live)" = "$pushed" ] || fail 'waits for an upload, and is not live'
  began=$SECONDS
  ssh_directly rollback
  [ "$(live)" = "$before" ] || fail "after the rollback $(live) is live"
  row 'a rollback while a deploy waits for an upload' "$((SECONDS - began))" 'does not wait: the upload is cut off'
  ! wait "$upload" || ! grep -q "$film_sha" "$REHEARSAL/upload.out" || fail 'the upload was not cut off'
  wait "$deploying" || true
}
is_waiting() { ssh_directly status | grep -qF 'at: the app that served before'; }

show_releases() {
  make_film
  show_deploy 1 'with its length' 'Expect:'
  show_deploy 2 'in chunks' 'Transfer-Encoding: chunked'
  local source=$REHEARSAL/developer
  echo "throw new Error('this release does not boot')" >>"$source/src/app/api.ts"
  show_broken 'does not boot' 'new app'
  sed -i '/x-content-type-options/d' "$source/src/platform/http/headers.ts"
  ! git -C "$source" diff --quiet || fail 'there is no such header any more'
  show_broken 'fails its smoke test' 'smoke test of the new app'
  printf 'CREATE TABLE half_done (id int);\nSELECT 1 / 0;\n' >"$source/migrations/9999_broken.sql"
  show_broken 'fails its migration' 'migration'
  show_refusals
  show_rollback
  show_rollback_at_once
}

show_refusals() {
  local other
  must_fail ssh_directly 'cat /etc/shadow' >/dev/null 2>&1
  must_fail ssh_directly 'deploy 0000000000000000000000000000000000000000' >/dev/null 2>&1
  other=$(git -C "$REHEARSAL/developer" commit-tree -m 'on no branch' 'HEAD^{tree}')
  must_fail ssh_directly "deploy $other" >/dev/null 2>&1
  row 'the deploy key' '' 'runs nothing else, and deploys nothing that is not on main'
  MIN_DISK_MB=99999999 refused_for 'MB of disk' "$OPT/deploy/deploy.sh" "$(live)"
  MIN_MEMORY_MB=99999999 refused_for 'MB of memory' "$OPT/deploy/deploy.sh" "$(live)"
  exec 7>>"$REHEARSAL/state/deploy.lock"
  flock --nonblock 7
  refused_for 'another one is running' ssh_directly "deploy $(live)"
  exec 7>&-
  row 'a deploy' '' 'does not begin without room, nor beside another one'
  [ "$(docker image ls --format '{{.Tag}}' course-supporter | wc -l)" = 2 ] || fail "images: $(docker image ls course-supporter)"
  row 'images' '' 'two are kept: the live one and the one before'
}

# refused_for WHAT COMMAND…
refused_for() {
  local output what=$1
  shift
  ! output=$("$@" 2>&1 </dev/null) || fail "was done: $*"
  grep -qF "$what" <<<"$output" || fail "refused for something else than $what: $output"
}
