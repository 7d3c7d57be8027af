#!/usr/bin/env bash
# pin-images.sh [FILE…]: puts the digest of what is fetched now behind the name of every image that is not ours, and renews the one that is
# there. Run it where a registry can be asked, look at the change, commit it. A digest is written for all images or for none, and only
# after the engine has fetched what it names. Without arguments: Dockerfile and docker-compose.prod.yaml.
set -euo pipefail

files=("$@")
if [ ${#files[@]} = 0 ]; then
  cd "$(dirname "${BASH_SOURCE[0]}")/.."
  files=(Dockerfile docker-compose.prod.yaml)
fi

# The lines that name images: ARG NODE_IMAGE=… and image: …, but for ours, which is built here.
names_in() {
  sed -nE 's/^ARG [A-Z]+_IMAGE=([^ @]+)(@.*)?$/\1/p; s/^ *image: ([^ @$]+)(@[^ ]*)?$/\1/p' "$@" | sort -u
}

# Prints the digest; refuses an image that no registry has given one, such as one that was built or loaded here.
fetch() {
  local name=$1 repository digest
  # A digest of an earlier day may lie here: without a pull it is not what is fetched now.
  docker pull --quiet "$name" >/dev/null || return 1
  repository=${name%:*}
  digest=$(docker image inspect --format '{{range .RepoDigests}}{{println .}}{{end}}' "$name" |
    sed -nE "s|^(docker\.io/)?(library/)?$repository@(sha256:[0-9a-f]{64})\$|\3|p" | head -n 1)
  if [ -z "$digest" ]; then
    echo "$name has no digest: it does not come from a registry" >&2
    return 1
  fi
  echo "$digest"
}

main() {
  local names name digest changes=()
  mapfile -t names < <(names_in "${files[@]}")
  [ ${#names[@]} -gt 0 ] || { echo "no image is named in ${files[*]}" >&2; exit 1; }
  for name in "${names[@]}"; do
    digest=$(fetch "$name") || { echo "nothing was written: $name could not be fetched" >&2; exit 1; }
    changes+=(-e "s|([=[:space:]])${name//./\\.}(@sha256:[0-9a-f]+)?\$|\\1$name@$digest|")
    echo "$name@$digest"
  done
  sed -E -i "${changes[@]}" "${files[@]}"
}

main
