#!/bin/sh
# build-base.sh ROOT SUITE PACKAGES CUSTOMIZE: makes the Debian root that the lab's hosts share, unless it is
# there. Run it under flock(1): whatever an earlier build left unfinished is removed first.
set -eu
root=$1 suite=$2 packages=$3 customize=$4
[ -d "$root" ] && exit 0

rm -rf --one-file-system "${root%/*}"/base-*.building
# Nor are roots kept for ever that nobody has used for two weeks (each use touches them).
find "${root%/*}" -maxdepth 1 -type d -name 'base-*' -mtime +14 -exec rm -rf --one-file-system -- {} +

# This machine's own mirror, where it has one for Debian; else mmdebstrap's default.
mirror=
for file in /etc/apt/sources.list.d/debian.sources /etc/apt/sources.list; do
  if [ -f "$file" ] && grep -q "$suite" "$file"; then
    mirror=$file
    break
  fi
done

mmdebstrap --quiet --variant=minbase --mode=root --include="$packages" \
  --aptopt='Acquire::Languages "none"' \
  --dpkgopt='path-exclude=/usr/share/doc/*' \
  --dpkgopt='path-exclude=/usr/share/man/*' \
  --dpkgopt='path-exclude=/usr/share/locale/*' \
  --customize-hook="sh '$customize' \"\$1\"" \
  "$suite" "$root.building" ${mirror:+"$mirror"}
mv -T "$root.building" "$root"
