# shellcheck shell=bash
# What nginx does in front of the API: TLS, headers, its own refusals, who a client is, and that it does not need the API to start. Sourced by
# rehearse.sh after lib.sh and stack.sh.

# edge CURL-ARGUMENT…: status, headers and body of an answer.
edge() { curl -si --max-time 20 --cacert "$REHEARSAL/ca/private.crt" "$@" </dev/null; }

expect() {
  local name=$1 answer=$2 pattern
  shift 2
  for pattern in "$@"; do
    grep -qiE "$pattern" <<<"$answer" || fail "$name lacks $pattern: $answer"
  done
}

security=('^x-content-type-options: nosniff' '^x-frame-options: DENY' '^referrer-policy: ' '^content-security-policy: '
  '^cross-origin-resource-policy: ' '^strict-transport-security: max-age=' '^x-request-id: ')
problem='^content-type: application/problem\+json'

show_tls() {
  must_fail curl -s --tls-max 1.1 --cacert "$REHEARSAL/ca/private.crt" "https://$DOMAIN/health/live" >/dev/null
  edge --tls-max 1.2 "https://$DOMAIN/health/live" >/dev/null
  expect 'a key in the clear' "$(edge -H 'X-API-Key: cs_live_00000000000000000000000000000000' "http://$DOMAIN/api/v1/me")" ' 403 ' "$problem" \
    '"code":"request.https_required"'
  expect 'the documentation in the clear' "$(edge "http://$DOMAIN/docs")" ' 301 ' "^location: https://$DOMAIN/docs"
  expect 'the other site' "$(edge -H 'Host: site.example' "http://$DOMAIN/")" ' 200 ' 'was here first'
  row 'TLS' '' '1.2 and 1.3, not 1.1; a key in the clear is refused and told so; the site beside it answers'
}

# What clients are shown, so that a certificate that lies on the disk and is not loaded is noticed.
shown_certificate() { openssl s_client -connect "$DOMAIN:443" -servername "$DOMAIN" </dev/null 2>/dev/null | openssl x509 -noout -fingerprint; }

show_renewal() {
  local before
  before=$(shown_certificate)
  "$OPT/deploy/tls/renew.sh" --no-random-sleep-on-renew --force-renewal
  wait_for 10 is_renewed "$before"
  row 'the certificate renewed' '' 'nginx shows the new one'
}
is_renewed() { [ "$(shown_certificate)" != "$1" ]; }

show_headers() {
  local size=(-H "@$ETC/key.header" -X POST -H 'Content-Type: application/json')
  expect 'an answer' "$(edge "https://$DOMAIN/health/live")" ' 200' "${security[@]}"
  expect 'no key' "$(edge "https://$DOMAIN/api/v1/me")" ' 401' "$problem" "${security[@]}"
  expect 'no route' "$(edge "https://$DOMAIN/nowhere")" ' 404' "$problem" "${security[@]}"
  expect 'a challenge that is not there' "$(edge "https://$DOMAIN/.well-known/acme-challenge/none")" ' 404' "$problem" "${security[@]}"
  expect 'the dashboard without a password' "$(edge "https://$DOMAIN/netdata/")" ' 401' "${security[@]}"
  expect 'more than nginx takes' "$(edge "${size[@]}" -H 'Content-Length: 2000000000' "https://$DOMAIN/api/v1/courses")" ' 413' "$problem" \
    '"code":"request.too_large"' "${security[@]}"
  row 'security headers and problem documents' '' 'on answers of the API, of nginx (413, 404, 401) and of the dashboard'
}

# Who guesses keys is refused by address. A client that names another address with every guess must be found out all the same.
show_client() {
  local last
  last=$(docker exec -e NODE_TLS_REJECT_UNAUTHORIZED=0 -e "HOST=$DOMAIN" django node --no-warnings -e '
    const guess = async (turn) => {
      const address = `203.0.113.${turn}`
      const headers = { "X-API-Key": "cs_live_" + String(turn).padStart(32, "0"), "X-Forwarded-For": address, "X-Real-IP": address,
        Forwarded: `for=${address}` }
      const { status } = await fetch(`https://${process.env.HOST}/api/v1/me`, { headers })
      return status
    }
    ;(async () => {
      let last
      for (let turn = 1; turn <= 60 && last !== 429; turn += 1) last = await guess(turn)
      console.log(last)
    })()' </dev/null)
  [ "$last" = 429 ] || fail "who guesses keys under many addresses is not found out: $last"
  edge -H "@$ETC/key.header" "https://$DOMAIN/api/v1/me" | grep -q ' 200' || fail 'who guesses keys shuts others out'
  row 'who a client is' '' 'nginx says: guesses of keys under forged addresses end in 429, and others notice nothing'
}

show_dashboard() {
  printf 'operator:%s\n' "$(openssl passwd -apr1 rehearsal)" >"$REHEARSAL/state/nginx/netdata.htpasswd"
  chmod 644 "$REHEARSAL/state/nginx/netdata.htpasswd"
  expect 'the dashboard' "$(edge -u operator:rehearsal "https://$DOMAIN/netdata/api/v1/info" | tr -d '\0')" ' 200' '"version"' "${security[@]}"
  row 'the dashboard' '' 'behind a password, at /netdata/'
}

# A second nginx, on a network where nobody has the API's name.
show_start_without_api() {
  docker network create edge >/dev/null
  docker run -d --name edge --network edge -m 32m -v "$REHEARSAL/site/conf.d:/etc/nginx/conf.d:ro" -v "$OPT/deploy/nginx:/etc/nginx/course-supporter:ro" \
    -v "$REHEARSAL/state/nginx:/etc/nginx/course-supporter.d:ro" -v "$REHEARSAL/certificates:/etc/letsencrypt:ro" nginx:stable >/dev/null
  local address
  address=$(docker inspect -f '{{.NetworkSettings.Networks.edge.IPAddress}}' edge)
  wait_for 20 curl -sk --resolve "$DOMAIN:443:$address" "https://$DOMAIN/health/live"
  expect 'an API that is away' "$(edge --resolve "$DOMAIN:443:$address" "https://$DOMAIN/health/live")" ' 502' "$problem" \
    '"code":"service.unreachable"' '^retry-after: ' "${security[@]}"
  docker rm -f edge >/dev/null
  docker network rm edge >/dev/null
  row 'nginx without the API' '' 'starts, serves the other site, answers 502 with a problem document'
}

show_edge() {
  docker exec nginx nginx -t -q
  show_tls
  show_renewal
  show_headers
  show_client
  show_dashboard
  show_start_without_api
}
