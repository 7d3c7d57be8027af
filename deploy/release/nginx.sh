# shellcheck shell=bash

# Which app gets new requests; empty: any.
served_app() {
  # shellcheck disable=SC2016
  [ ! -e "$NGINX_STATE/upstream.conf" ] || sed -n 's/^set \$cs_app \([^:]*\):.*/\1/p' "$NGINX_STATE/upstream.conf"
}

# send_to APP: requests that come from now on. nginx ends its old processes when what they have begun is over.
send_to() {
  local before
  before=$(served_app)
  write_upstream "$1"
  reload_nginx && return
  # Nothing that nginx refuses may stay for its next start.
  write_upstream "$before"
  return 1
}

# The name of the new file is one that nginx does not look for.
write_upstream() {
  mkdir -p "$NGINX_STATE"
  if [ -z "$1" ]; then
    rm -f "$NGINX_STATE/upstream.conf"
  else
    # shellcheck disable=SC2016
    printf 'set $cs_app %s:8000;\n' "$1" >"$NGINX_STATE/.upstream.new"
    mv -f "$NGINX_STATE/.upstream.new" "$NGINX_STATE/upstream.conf"
  fi
}
