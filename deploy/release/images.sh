# shellcheck shell=bash

# One that is there was made of this very commit.
build_image() {
  if has_image "$1"; then
    echo "course-supporter:${1:0:12} is here"
    return
  fi
  compose --progress plain build app-cs
}

# Two are kept, of what is live and of what was before, and a part of what builds leave behind.
prune_images() {
  local tag live previous
  live=$(state live)
  previous=$(state previous)
  for tag in $(docker image ls --format '{{.Tag}}' course-supporter </dev/null); do
    [[ $tag =~ ^[0-9a-f]{12}$ && $tag != "${live:0:12}" && $tag != "${previous:0:12}" ]] || continue
    docker image rm "course-supporter:$tag" </dev/null >/dev/null || true
  done
  docker image prune --force --filter label=org.opencontainers.image.title=course-supporter </dev/null >/dev/null || true
  docker builder prune --force --keep-storage "$BUILD_CACHE" </dev/null >/dev/null || echo 'WARNING: what builds leave behind is not pruned'
}
