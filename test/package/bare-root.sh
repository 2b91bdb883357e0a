#!/bin/sh
# A system on which nothing is installed but Node and npm: installs a package there, records and replays with it, and has a
# debugger from outside attach to a replay. Wants a mount namespace of its own (unshare -m), and root.
#
# bare-root.sh ROOT NPM-CACHE PACKAGE.tgz: ROOT is an empty directory. Prints what each step printed, under its name.
set -eu
root=$1 cache=$2 package=$3

# A program and the libraries that it needs, where they are here.
bring() { # PROGRAM
  mkdir -p "$root$(dirname "$1")"
  cp -L "$1" "$root$1"
  ldd "$1" 2>/dev/null | sed -n 's/.* => \(\/[^ ]*\) .*/\1/p; s/^[[:space:]]*\(\/[^ ]*ld-linux[^ ]*\) .*/\1/p' |
    while read -r library; do
      [ -e "$root$library" ] || { mkdir -p "$root$(dirname "$library")" && cp -L "$library" "$root$library"; }
    done
}

within() { # COMMAND...
  chroot "$root" /usr/bin/env -i PATH=/usr/bin:/bin HOME=/root npm_config_cache=/cache "$@"
}

mount -t tmpfs -o mode=0755 tmpfs "$root"
node=$(readlink -f "$(command -v node)")
npm=$(dirname "$(dirname "$(readlink -f "$(command -v npm)")")")
for program in /bin/sh /bin/cat /bin/true /bin/ls /usr/bin/env; do bring "$program"; done
bring "$node"
mkdir -p "$root/usr/bin" "$root/proc" "$root/dev" "$root/tmp" "$root/root" "$root/place" "$root/cache" "$root/npm"
[ -e "$root/usr/bin/node" ] || ln -s "$node" "$root/usr/bin/node"
mount --bind "$npm" "$root/npm"
printf '#!/bin/sh\nexec node /npm/bin/npm-cli.js "$@"\n' >"$root/usr/bin/npm"
chmod 755 "$root/usr/bin/npm"
cp -r "$cache/." "$root/cache"
mount -t proc proc "$root/proc"
: >"$root/dev/null"
mount --bind /dev/null "$root/dev/null"
cp "$package" "$root/place/package.tgz"
rm -rf "$root/usr/include"

echo '== compilers'
within /bin/sh -c 'for each in cc gcc g++ make python3 perl; do if command -v $each; then exit 1; fi; done'
echo '== install'
within /bin/sh -c 'cd /place && echo "{}" >package.json && npm install --offline --no-audit --no-fund ./package.tgz >/dev/null'
rr=/place/node_modules/.bin/rr
echo '== record'
within $rr record -o /tmp/trace /bin/sh -c 'cat /proc/self/stat >/dev/null; echo "process $$"; (exit 2); exit 3' || echo "status $?"
echo '== replay'
within $rr replay -a /tmp/trace
echo '== debug'
within $rr replay -s 0 /tmp/trace >"$root/tmp/command" 2>&1 &
server=$!
while ! port=$(sed -n 's/.*127\.0\.0\.1:\([0-9][0-9]*\).*/\1/p' "$root/tmp/command" | head -1) || [ -z "$port" ]; do
  kill -0 "$server" || { cat "$root/tmp/command"; exit 1; }
  sleep 0.1
done
gdb -nx -batch -ex 'set sysroot target:' -ex "target extended-remote 127.0.0.1:$port" -ex 'catch syscall exit_group' \
  -ex continue -ex 'print $rdi' -ex 'reverse-continue' -ex kill 2>&1 | sed -n '/^Catchpoint 1 (/p; /^\$1/p; /history/p'
wait "$server" || echo "server's status $?"
