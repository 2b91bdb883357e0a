#!/bin/sh
# Runs a replay where nothing of the recording's machine is left: in a root of its own that holds Node, this package,
# the trace and its store, /proc and /dev/null. Wants a mount namespace of its own (unshare -m), and root.
#
# empty-root.sh ROOT PACKAGE SCRIPT TRACE STORE: ROOT is an empty directory, SCRIPT is below PACKAGE.
set -eu
root=$1 package=$2 script=$3 trace=$4 store=$5

mount -t tmpfs tmpfs "$root"
mkdir -p "$root/own/lib" "$root/own/package" "$root/proc" "$root/dev" "$root/tmp" "$root$trace" "$root$store"
node=$(command -v node)
: > "$root/own/node"
mount --bind "$node" "$root/own/node"
ldd "$node" | sed -n 's/.* => \(\/[^ ]*\) .*/\1/p; s/^[[:space:]]*\(\/[^ ]*ld-linux[^ ]*\) .*/\1/p' | while read -r library; do
  cp -L "$library" "$root/own/lib/"
done
mount --bind "$package" "$root/own/package"
mount --bind "$trace" "$root$trace"
mount --bind "$store" "$root$store"
mount -t proc proc "$root/proc"
: > "$root/dev/null"
mount --bind /dev/null "$root/dev/null"
exec chroot "$root" /own/lib/ld-linux-x86-64.so.2 --library-path /own/lib \
  /own/node "/own/package/$script" replay -a "$trace"
