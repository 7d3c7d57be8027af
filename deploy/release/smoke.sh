# shellcheck shell=bash

# smoke URL [docker's options]: by the release that is being deployed. A bad moment of the object store is no fault of a release, and a
# release that is bad fails twice.
smoke() {
  if smoke_once "$@"; then return; fi
  echo 'once more, in 10 s'
  sleep 10
  smoke_once "$@"
}

# The key goes in by stdin, so that nothing shows it.
smoke_once() {
  local url=$1
  shift
  docker rm --force course-supporter-smoke </dev/null >/dev/null 2>&1 || true
  timeout --kill-after 10 400 docker run --rm --interactive --name course-supporter-smoke --network "$SHARED_NETWORK" \
    --no-healthcheck --init --read-only --cap-drop ALL --security-opt no-new-privileges --memory 160m --pids-limit 64 "$@" \
    "course-supporter:${sha:0:12}" course-supporter smoke --key - "$url" <"$SMOKE_KEY"
}

smoke_directly() {
  smoke "http://$1:8000"
}

# As clients come, but for DNS and this machine's own door: Docker's networks do not everywhere lead back to a published port.
smoke_through_nginx() {
  local host=${SMOKE_URL#*://} address options=()
  host=${host%%[:/]*}
  address=${SMOKE_ADDRESS:-$(nginx_address)}
  [ "$address" = dns ] || options+=(--add-host "$host:$address")
  [ -z "$SMOKE_CA" ] || options+=(--volume "$SMOKE_CA:/smoke-ca.crt:ro" --env NODE_EXTRA_CA_CERTS=/smoke-ca.crt)
  smoke "$SMOKE_URL" "${options[@]}"
}

nginx_address() {
  docker inspect --format "{{with index .NetworkSettings.Networks \"$SHARED_NETWORK\"}}{{.IPAddress}}{{end}}" "$NGINX_CONTAINER" </dev/null
}
