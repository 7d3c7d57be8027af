# shellcheck shell=bash

# What compose reads of a release: release.env of the live one; while another is being deployed, its own.
release_env=$STATE/release.env

# compose_command: leaves in `command` the words that run compose. What is exported in a shell would go before the files, so nothing of the
# environment is kept but where the engine is.
compose_command() {
  local file
  command=(env -i "PATH=$PATH" "HOME=${HOME:-/root}" ${DOCKER_HOST:+"DOCKER_HOST=$DOCKER_HOST"} ${DOCKER_CONFIG:+"DOCKER_CONFIG=$DOCKER_CONFIG"}
    docker compose --project-directory "$CHECKOUT" --env-file "$ENV_FILE")
  [ ! -e "$release_env" ] || command+=(--env-file "$release_env")
  command+=(--file "$CHECKOUT/docker-compose.prod.yaml")
  for file in $COMPOSE_FILES; do
    # A release from before it was written, such as a rollback may lead to, does not have it.
    if [ -e "$CHECKOUT/$file" ]; then command+=(--file "$CHECKOUT/$file"); else echo "WARNING: without $file, which this release does not have" >&2; fi
  done
}

compose() {
  local command
  compose_command
  "${command[@]}" "$@" </dev/null
}

# Says nothing but what goes wrong.
compose_up() {
  compose --progress quiet up --detach --no-deps --no-build "$@"
}
