#!/bin/sh
# dpkg-query(1) for a folder, in the form used on hosts: -W -f=FORMAT [-- PACKAGE...], with the fields status,
# name and version.
# shellcheck source=src/demo/stand-ins/common.sh
. "${0%/*}/common.sh"

status=$root/var/lib/dpkg/status
format=
while [ $# -gt 0 ] && [ "$1" != -- ]; do
  case $1 in -f=*) format=${1#-f=} ;; esac
  shift
done
if [ $# -gt 0 ]; then
  shift
else
  # shellcheck disable=SC2046 # names of packages contain no spaces
  set -- $(sed -n 's/^Package: //p' "$status" 2>/dev/null)
fi
for package in "$@"; do
  paragraph=$(sed -n "/^Package: $package\$/,/^\$/p" "$status" 2>/dev/null)
  [ -n "$paragraph" ] || continue
  state=$(printf '%s\n' "$paragraph" | sed -n 's/^Status: [^ ]* [^ ]* //p')
  version=$(printf '%s\n' "$paragraph" | sed -n 's/^Version: //p')
  # shellcheck disable=SC2059 # the format ends in \n
  printf "$(printf '%s' "$format" | sed "s|\${db:Status-Status}|$state|; s|\${Package}|$package|; s|\${binary:Package}|$package|; s|\${Version}|$version|")"
done
