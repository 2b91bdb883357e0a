#!/bin/sh
# Runs a script of Node's where nothing of the recording's machine is left: in a root of its own that holds Node, this
# package as /own/package, what is named, /proc and /dev/null. Wants a mount namespace of its own (unshare -m), and root.
#
# empty-root.sh ROOT PACKAGE PATH... -- SCRIPT [ARGUMENTS]: ROOT is an empty directory.
set -eu
root=$1 package=$2
shift 2

mount -t tmpfs tmpfs "$root"
mkdir -p "$root/own/lib" "$root/own/package" "$root/proc" "$root/dev" "$root/tmp"
node=$(command -v node)
: > "$root/own/node"
mount --bind "$node" "$root/own/node"
ldd "$node" | sed -n 's/.* => \(\/[^ ]*\) .*/\1/p; s/^[[:space:]]*\(\/[^ ]*ld-linux[^ ]*\) .*/\1/p' | while read -r library; do
  cp -L "$library" "$root/own/lib/"
done
mount --bind "$package" "$root/own/package"
while [ "$1" != -- ]; do
  mkdir -p "$(dirname "$root$1")"
  if [ -d "$1" ]; then mkdir -p "$root$1"; else : > "$root$1"; fi
  mount --bind "$1" "$root$1"
  shift
done
shift
mount -t proc proc "$root/proc"
: > "$root/dev/null"
mount --bind /dev/null "$root/dev/null"
exec chroot "$root" /own/lib/ld-linux-x86-64.so.2 --library-path /own/lib \
  /own/node "$@"
