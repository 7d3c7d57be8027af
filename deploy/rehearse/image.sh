# shellcheck shell=bash
# What is in the image, and what its processes may do. Sourced by rehearse.sh after lib.sh and stack.sh.

# layers IMAGE: bytes and maker of each, the newest first.
layers() { docker history --human=false --no-trunc --format '{{.Size}} {{.CreatedBy}}' "$1"; }

show_image() {
  local image app ours base
  image=course-supporter:$(live | cut -c1-12)
  base=$(layers debian:bookworm-slim | wc -l)
  ours=$(layers "$image" | head -n "-$base")
  row 'the image, over Debian' '' "$(shares "$ours")"
  [ "$(without_programs "$ours")" -le 250000000 ] || fail 'the image is larger than 250 MB over Debian'
  show_required
  show_no_secrets "$image"
  app=$(sed -n 's/^app=//p' "$REHEARSAL/state/releases")
  must_fail docker exec "$app" sh -c 'touch /app/x 2>/dev/null || touch /tmp/x 2>/dev/null'
  [ "$(docker exec "$app" id -u)" = 10001 ] || fail 'the API runs as root'
  [ "$(docker inspect --format '{{.State.Health.Status}} {{.HostConfig.Init}}' "$app")" = 'healthy true' ] || fail 'no healthcheck or no init'
  row 'the API in its container' '' 'uid 10001, a file system that cannot be written, healthy'
}

without_programs() { awk '!/ffmpeg/ { sum += $1 } END { print sum + 0 }' <<<"$1"; }

# Without any one of them nothing may start.
show_required() {
  local name names
  names=$(sed -n 's/^\([A-Z0-9_]*\)=replace-me$/\1/p' "$OPT/.env.prod.example")
  for name in $names; do
    sed "/^$name=/d" "$OPT/.env.prod" >"$REHEARSAL/without"
    ! ENV_FILE=$REHEARSAL/without "$OPT/deploy/compose.sh" config --quiet 2>/dev/null </dev/null || fail "starts without $name"
  done
  row 'compose' '' "does not start without any of: $(paste -sd ' ' <<<"$names")"
}

# At the end of everything: what was typed, kept and served has passed through all of these.
show_no_secrets_told() {
  local found container
  cat "$ETC/smoke.key" "$ETC/tenant.key" >>"$REHEARSAL/secrets"
  sed -n 's/^TELEGRAM_BOT_TOKEN=//p' "$OPT/.env.prod" >>"$REHEARSAL/secrets"
  for container in $(docker ps -a --format '{{.Names}}'); do docker logs "$container" 2>&1; done >"$REHEARSAL/all.log"
  cat "$REHEARSAL"/state/logs/*.log >>"$REHEARSAL/all.log"
  [ -s "$REHEARSAL/all.log" ] || fail 'there are no logs'
  found=$(grep -cF -f "$REHEARSAL/secrets" "$REHEARSAL/all.log") || true
  [ "$found" = 0 ] || fail "secrets in logs: $(grep -F -f "$REHEARSAL/secrets" "$REHEARSAL/all.log" | head -n 2)"
  row 'logs' '' "$(wc -l <"$REHEARSAL/all.log") lines, no password, key or token in them"
}

shares() {
  awk -v of="$(without_programs "$1")" '
    { mb = $1 / 1e6 }
    /ffmpeg/ { programs += mb; next }
    /COPY.*node_modules / { packages += mb; next }
    /bin\/node|node_modules\/npm|COPY p\/package/ { node += mb; next }
    { rest += mb }
    END { printf "%.1f MB without ffmpeg and poppler: Node.js and npm %.1f, packages %.1f, the rest %.1f; ffmpeg and poppler %.1f",
      of / 1e6, node, packages, rest, programs }' <<<"$1"
}

show_no_secrets() {
  local found
  # What every release would carry about: settings, keys, the history of the repository.
  found=$(docker run --rm --entrypoint find "$1" /app -name '.env*' ! -name .env.example -o -name '.git' -o -name '*.key' -o -name '*.pem' </dev/null)
  [ -z "$found" ] || fail "in the image: $found"
  sed -nE 's/^(POSTGRES_SUPERUSER|OWNER_DB|APP_DB|QUEUE_DB)_PASSWORD=//p' "$OPT/.env.prod" >"$REHEARSAL/secrets"
  grep -q . "$REHEARSAL/secrets"
  ! docker save "$1" | grep -aqF -f "$REHEARSAL/secrets" || fail 'a password is in the image'
}
