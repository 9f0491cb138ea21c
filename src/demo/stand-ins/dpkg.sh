#!/bin/sh
# dpkg(1) for a folder: --audit, --configure -a (or names), --remove NAME... (refused if
# run/stand-in/needed-NAME exists, which names the package that needs it).
# shellcheck source=src/demo/stand-ins/common.sh
. "${0%/*}/common.sh"

status=$root/var/lib/dpkg/status
verb=
names=
for word; do
  case $word in
    --audit | --configure | --remove) verb=$word ;;
    -*) ;;
    *) names="$names $word" ;;
  esac
done
case $verb in
  --audit) sed -n '/^Package: /h; /^Status: .* half-configured$/{ x; s/^Package: //p; }' "$status" 2>/dev/null ;;
  --configure)
    journal "dpkg --configure$names"
    sed -i 's/^\(Status: .*\) half-configured$/\1 installed/' "$status"
    ;;
  --remove)
    journal "dpkg --remove$names"
    for name in $names; do
      if [ -e "$memory/needed-$name" ]; then
        echo "dpkg: dependency problems prevent removal of $name:" >&2
        echo " $(cat "$memory/needed-$name") depends on $name." >&2
        exit 1
      fi
    done
    for name in $names; do sed -i "/^Package: $name\$/,/^\$/d" "$status"; done
    ;;
esac
