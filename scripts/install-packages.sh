#!/bin/sh
# Installs the Debian packages that the tests need and that are missing, and says which; further packages may be named
# as arguments. With --acceptance, what the programs of `npm run acceptance` need, too. Only root can; for anybody else
# it says what to install, and fails.
set -eu

missing=
PATH=$PATH:/usr/sbin
need() { # COMMAND PACKAGE
  command -v "$1" >/dev/null 2>&1 || missing="$missing $2"
}
need make make
need gcc gcc
need g++ g++
need /usr/bin/python3 python3
need perl perl
need git git
need sqlite3 sqlite3
need xxd xxd
need strace strace
need find findutils
need gdb gdb
need lldb lldb
need nginx nginx-light
/usr/bin/python3 -c 'import pexpect' 2>/dev/null || missing="$missing python3-pexpect"
# The dynamic busybox has the same name.
if ! command -v busybox >/dev/null 2>&1 || ldd "$(command -v busybox)" >/dev/null 2>&1; then
  missing="$missing busybox-static"
fi
if [ "${1-}" = --acceptance ]; then
  shift
  need redis-server redis-server
  need javac openjdk-17-jdk-headless
  need go golang-go
fi
for package in "$@"; do
  need "$package" "$package"
done

[ -n "$missing" ] || exit 0
if [ "$(id -u)" -ne 0 ]; then
  echo "These Debian packages are missing:$missing" >&2
  echo "Install them: sudo apt-get install -y$missing" >&2
  exit 1
fi
echo "Installing Debian packages that the tests need:$missing"
export DEBIAN_FRONTEND=noninteractive
# No server starts because it was installed.
export RUNLEVEL=1
apt-get update -qq </dev/null
# shellcheck disable=SC2086 # a list of words
apt-get install -y -qq --no-install-recommends $missing </dev/null
