#!/bin/sh
# apt-get(8) for a folder: update, and install from run/stand-in/repository/NAME with the files version,
# depends (names), units (started after the installation, as on Debian), virtual (the package has no files,
# only its depends) and, below files/, the files of the package; existing files stay. Files below run/stand-in
# make it fail: fail-apt-get (its text is the error), lock-apt-get (another one is running), slow-apt-get (the
# number of seconds for each package, which is half installed meanwhile).
# shellcheck source=src/demo/stand-ins/common.sh
. "${0%/*}/common.sh"

verb=
names=
while [ $# -gt 0 ]; do
  case $1 in
    -o) shift ;;
    -*) ;;
    *) if [ -z "$verb" ]; then verb=$1; else names="$names $1"; fi ;;
  esac
  shift
done
journal "apt-get $verb$names"
[ "${DEBIAN_FRONTEND:-}" = noninteractive ] || {
  echo 'E: it would ask' >&2
  exit 100
}
if [ -e "$memory/lock-apt-get" ]; then
  echo 'E: Could not get lock /var/lib/dpkg/lock-frontend. It is held by process 1 (unattended-upgr)' >&2
  exit 100
fi
[ "$verb" = install ] || exit 0
if dpkg --audit | grep -q .; then
  echo "E: dpkg was interrupted, you must manually run 'dpkg --configure -a' to correct the problem." >&2
  exit 100
fi
if [ -e "$memory/fail-apt-get" ]; then
  cat "$memory/fail-apt-get" >&2
  exit 100
fi
status=$root/var/lib/dpkg/status
for name in $names; do
  [ -d "$memory/repository/$name" ] || {
    echo "E: Unable to locate package $name" >&2
    exit 100
  }
done
for name in $names; do
  for one in $(cat "$memory/repository/$name/depends" 2>/dev/null) "$name"; do
    if grep -qx "Package: $one" "$status" || [ -e "$memory/repository/$one/virtual" ]; then continue; fi
    version=$(cat "$memory/repository/$one/version" 2>/dev/null || echo 1.0)
    echo "Setting up $one ($version) ..."
    printf 'Package: %s\nStatus: install ok half-configured\nVersion: %s\n\n' "$one" "$version" >>"$status"
    if [ -e "$memory/slow-apt-get" ]; then sleep "$(cat "$memory/slow-apt-get")"; fi
    if [ -d "$memory/repository/$one/files" ]; then cp -Rn "$memory/repository/$one/files/." "$root/" 2>/dev/null || :; fi
    dpkg --configure "$one"
    # shellcheck disable=SC2013 # names of units contain no spaces
    for unit in $(cat "$memory/repository/$one/units" 2>/dev/null); do
      systemctl start "$unit" || echo "$one: $unit could not be started"
    done
  done
done
