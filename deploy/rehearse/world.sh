# shellcheck shell=bash
# What stands for the world around the installation: an authority for certificates, a bucket, a resolver's entry, Telegram, sshd, GitHub's
# copy of the repository, and the site that nginx serves already. Sourced by rehearse.sh after lib.sh.

make_authority() {
  local folder=$REHEARSAL/ca
  mkdir -p "$folder"
  (
    cd "$folder" || exit
    openssl req -x509 -newkey rsa:2048 -nodes -days 2 -keyout ca.key -out ca.crt -subj '/CN=Rehearsal' 2>/dev/null
    openssl req -newkey rsa:2048 -nodes -keyout server.key -out server.csr -subj "/CN=$OUTSIDE" 2>/dev/null
    openssl x509 -req -in server.csr -CA ca.crt -CAkey ca.key -CAcreateserial -days 2 -out server.crt \
      -extfile <(printf 'subjectAltName=IP:%s,IP:127.0.0.1,DNS:localhost\n' "$OUTSIDE") 2>/dev/null
  )
  refresh_trust
}

# One file for all who must trust both the authority of the rehearsal and pebble's, which is made anew by every pebble.
refresh_trust() {
  cat "$REHEARSAL/ca/ca.crt" "$REHEARSAL/ca/pebble.crt" 2>/dev/null >"$REHEARSAL/ca/private.crt" || true
  cat /etc/ssl/certs/ca-certificates.crt "$REHEARSAL/ca/private.crt" >"$REHEARSAL/ca/all.crt"
  chmod 644 "$REHEARSAL"/ca/*.crt
}

# OpenStack Swift, which this project did not write, with TLS in front of it, as a bucket on the internet has.
start_bucket() {
  mkdir -p "$REHEARSAL"/swift/{etc,srv/d1,log} /etc/swift
  # As it would start itself, but not to end with the shell that has started it.
  SWIFT_INSIDE=yes start swift unshare --mount --pid --fork --kill-child=KILL \
    "$here/test/system/swift.sh" "$REHEARSAL/swift" 18085 16202 16201 16200 21211
  mkdir -p "$REHEARSAL/s3-front"
  cat >"$REHEARSAL/s3-front/nginx.conf" <<NGINX
daemon off;
pid $REHEARSAL/s3-front/pid;
error_log $REHEARSAL/log/s3-front-error.log;
events {}
http {
  access_log $REHEARSAL/log/s3-requests.log;
  client_max_body_size 0;
  client_body_temp_path $REHEARSAL/s3-front/body;
  proxy_temp_path $REHEARSAL/s3-front/proxy;
  server {
    listen $OUTSIDE:$S3_PORT ssl;
    ssl_certificate $REHEARSAL/ca/server.crt;
    ssl_certificate_key $REHEARSAL/ca/server.key;
    location / {
      proxy_http_version 1.1;
      proxy_request_buffering off;
      proxy_buffering off;
      proxy_read_timeout 300s;
      proxy_set_header Host \$http_host;
      proxy_pass http://127.0.0.1:18085;
    }
  }
}
NGINX
  start s3-front nginx -c "$REHEARSAL/s3-front/nginx.conf"
  wait_for 60 curl -sf "http://127.0.0.1:18085/healthcheck"
  make_bucket
}

s3() { env -u AWS_CA_BUNDLE rclone --config /dev/null --ca-cert "$REHEARSAL/ca/ca.crt" "$@"; }
export RCLONE_CONFIG_REHEARSAL_TYPE=s3 RCLONE_CONFIG_REHEARSAL_PROVIDER=Other RCLONE_CONFIG_REHEARSAL_ENDPOINT=https://$OUTSIDE:$S3_PORT \
  RCLONE_CONFIG_REHEARSAL_REGION=us-east-1 RCLONE_CONFIG_REHEARSAL_ACCESS_KEY_ID=test:tester \
  RCLONE_CONFIG_REHEARSAL_SECRET_ACCESS_KEY=testing
make_bucket() {
  wait_for 60 s3 mkdir rehearsal:course-supporter
  s3 mkdir rehearsal:course-supporter-backups
}

# An authority that speaks ACME. It looks the domain up by this machine's resolver.
start_pebble() {
  cat >"$REHEARSAL/pebble.json" <<JSON
{"pebble": {"listenAddress": "127.0.0.1:$ACME_PORT", "managementListenAddress": "127.0.0.1:$((ACME_PORT + 1))",
  "certificate": "$REHEARSAL/ca/server.crt", "privateKey": "$REHEARSAL/ca/server.key", "httpPort": 80, "tlsPort": 443,
  "ocspResponderURL": "", "externalAccountBindingRequired": false}}
JSON
  PEBBLE_VA_NOSLEEP=1 PEBBLE_WFE_NONCEREJECT=0 start pebble pebble -config "$REHEARSAL/pebble.json" -strict false
  wait_for 30 curl -sf --cacert "$REHEARSAL/ca/ca.crt" "https://127.0.0.1:$ACME_PORT/dir"
  curl -sf --cacert "$REHEARSAL/ca/ca.crt" "https://127.0.0.1:$((ACME_PORT + 1))/roots/0" >"$REHEARSAL/ca/pebble.crt"
  refresh_trust
}

# The site that was there first, and the nginx that serves it: the one that ours is put beside.
start_site() {
  mkdir -p "$REHEARSAL"/{site/conf.d,webroot,certificates,state/nginx}
  # Not the rehearsal's own folder, which has secrets: what another project's containers see is this.
  chmod 755 "$REHEARSAL" "$REHEARSAL"/{site,webroot,state,state/nginx}
  cat >"$REHEARSAL/site/conf.d/default.conf" <<'NGINX'
server {
  listen 80 default_server;
  server_name site.example;
  resolver 127.0.0.11 valid=2s;
  set $site django:8000;
  location / { proxy_pass http://$site; }
}
include /etc/nginx/course-supporter/site.conf;
NGINX
  cat >"$REHEARSAL/site/site.js" <<'JS'
require('node:http').createServer((_, answer) => answer.end('the site that was here first\n')).listen(8000)
process.once('SIGTERM', () => process.exit())
JS
  docker network inspect shared-net >/dev/null 2>&1 || docker network create shared-net >/dev/null
  docker run -d --name django --network shared-net --init -m 64m -v "$REHEARSAL/site/site.js:/site.js:ro" "$NODE_IMAGE" \
    node /site.js >/dev/null
  # On the shared network the API's name is nginx, as on the internet it is this machine.
  docker run -d --name nginx --network shared-net --network-alias "$DOMAIN" --restart unless-stopped -m 64m \
    -v "$REHEARSAL/site/conf.d:/etc/nginx/conf.d:ro" -v "$OPT/deploy/nginx:/etc/nginx/course-supporter:ro" \
    -v "$REHEARSAL/state/nginx:/etc/nginx/course-supporter.d:ro" -v "$REHEARSAL/certificates:/etc/letsencrypt:ro" \
    -v "$REHEARSAL/webroot:/var/www/certbot:ro" nginx:stable >/dev/null
  name_nginx
  wait_for 20 curl -sf -H 'Host: site.example' "http://$DOMAIN/"
}

# In place of a DNS record.
name_nginx() {
  local address
  address=$(docker inspect -f '{{range .NetworkSettings.Networks}}{{.IPAddress}}{{end}}' nginx)
  unname_nginx
  echo "$address $DOMAIN # rehearsal" >>/etc/hosts
}
# A file of its own cannot replace it where it is mounted, so it is written anew in place.
unname_nginx() {
  local others
  others=$(grep -v '# rehearsal$' /etc/hosts || true)
  printf '%s\n' "$others" >/etc/hosts
}

# GitHub's copy, and the checkout on the VPS.
make_repositories() {
  git -c advice.detachedHead=false clone -q --bare "$here" "$REHEARSAL/origin.git"
  git -C "$REHEARSAL/origin.git" update-ref refs/heads/main "$(git -C "$here" rev-parse HEAD)"
  git -C "$REHEARSAL/origin.git" symbolic-ref HEAD refs/heads/main
  git clone -q -b main "$REHEARSAL/origin.git" "$OPT"
  git clone -q -b main "$REHEARSAL/origin.git" "$REHEARSAL/developer"
  git -C "$REHEARSAL/developer" config user.name rehearsal
  git -C "$REHEARSAL/developer" config user.email rehearsal@localhost
}

# The way in for deploys: a key that may do nothing but what deploy/ssh-command.sh lets it.
start_sshd() {
  local folder=$REHEARSAL/ssh
  mkdir -p "$folder" /run/sshd
  ssh-keygen -q -t ed25519 -N '' -f "$folder/host"
  ssh-keygen -q -t ed25519 -N '' -f "$folder/deploy"
  printf 'restrict,command="env COURSE_SUPPORTER_ETC=%s %s/deploy/ssh-command.sh" %s\n' "$ETC" "$OPT" "$(cat "$folder/deploy.pub")" \
    >"$folder/authorized_keys"
  printf '[127.0.0.1]:%s %s\n' "$SSH_PORT" "$(cut -d' ' -f1,2 "$folder/host.pub")" >"$folder/known_hosts"
  cat >"$folder/sshd_config" <<CONF
ListenAddress 127.0.0.1:$SSH_PORT
HostKey $folder/host
PidFile none
AuthorizedKeysFile $folder/authorized_keys
# What is below /tmp belongs to everybody, for sshd.
StrictModes no
PasswordAuthentication no
KbdInteractiveAuthentication no
PermitRootLogin forced-commands-only
UsePAM no
CONF
  start sshd /usr/sbin/sshd -D -e -f "$folder/sshd_config"
}
