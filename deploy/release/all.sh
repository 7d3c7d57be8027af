# shellcheck shell=bash
# Read whole before anything is done, because a checkout replaces these files.
here=$(dirname "${BASH_SOURCE[0]}")
# shellcheck source=settings.sh
. "$here/settings.sh"
# shellcheck source=state.sh
. "$here/state.sh"
# shellcheck source=lock.sh
. "$here/lock.sh"
# shellcheck source=before.sh
. "$here/before.sh"
# shellcheck source=compose.sh
. "$here/compose.sh"
# shellcheck source=containers.sh
. "$here/containers.sh"
# shellcheck source=worker.sh
. "$here/worker.sh"
# shellcheck source=nginx.sh
. "$here/nginx.sh"
# shellcheck source=smoke.sh
. "$here/smoke.sh"
# shellcheck source=images.sh
. "$here/images.sh"
# shellcheck source=stack.sh
. "$here/stack.sh"
# shellcheck source=settle.sh
. "$here/settle.sh"
# shellcheck source=work.sh
. "$here/work.sh"
