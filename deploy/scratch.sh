#!/usr/bin/env bash
# scratch.sh [SIZE]: makes the file system in which workers keep films for as long as they read them: a file of that size (3G) on this
# machine's disk, mounted now and at every start. What is full is then this, and not the machine. Root; run again, it changes nothing.
# Environment: SCRATCH_FOLDER (/var/lib/course-supporter/scratch), SCRATCH_OWNER (10001, the uid of the image).
set -euo pipefail

size=${1:-3G}
folder=${SCRATCH_FOLDER:-/var/lib/course-supporter/scratch}
owner=${SCRATCH_OWNER:-10001}
image=$folder.img

# What films may hold is read by nobody else, and is never run.
options=loop,nodev,nosuid,noexec,noatime

make_image() {
  # Written whole, so that the room is really there when a film comes.
  fallocate -l "$size" "$image.new"
  mkfs.ext4 -q -m 0 -E "lazy_itable_init=0,root_owner=$owner:$owner" "$image.new"
  chmod 600 "$image.new"
  mv "$image.new" "$image"
}

remember_mount() {
  grep -qF "$image " /etc/fstab || echo "$image $folder ext4 $options 0 0" >>/etc/fstab
}

main() {
  mkdir -p "$folder"
  [ -e "$image" ] || make_image
  mountpoint -q "$folder" || mount -o "$options" "$image" "$folder"
  chown "$owner:$owner" "$folder"
  chmod 700 "$folder"
  # A rehearsal leaves the machine as it was.
  [ "${SCRATCH_FSTAB:-yes}" = no ] || remember_mount
  df -h "$folder"
}

main
