#!/usr/bin/env bash
# compose.sh WORDS…: docker compose with the files of what is live, for an operator: compose.sh ps, compose.sh logs worker,
# compose.sh exec app-cs course-supporter status, compose.sh up -d. Without the second of them, `up` would start another release.
set -euo pipefail
# shellcheck source=release/settings.sh
. "$(dirname "${BASH_SOURCE[0]}")/release/settings.sh"
# shellcheck source=release/compose.sh
. "$(dirname "${BASH_SOURCE[0]}")/release/compose.sh"

compose_command
exec "${command[@]}" "$@"
