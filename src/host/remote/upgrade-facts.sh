# shellcheck shell=sh
# What an upgrade of packages by apt-get would touch, by what the host's package manager knows now: sent as a
# query, behind library.sh. Its arguments are names of packages. Nothing is changed, and the package lists
# aren't either. Lines:
#   missing US NAME            it isn't installed, so it isn't upgraded
#   lists US SECONDS           when the package lists were brought up to date; seconds since the epoch
#   becomes US NAME US OLD US NEW
#   edited US PATH             a configuration file of one of them that isn't as its package brought it
#   unknown US WORDS           why it can't be told
# shellcheck disable=SC2154 # ROOT and US are set by library.sh

for name; do
  case $(dpkg-query --admindir="$ROOT/var/lib/dpkg" -W -f="\${db:Status-Status}" "$name" 2>/dev/null) in
    installed) ;;
    *) printf '%s\n' "missing$US$name" ;;
  esac
done
lists=$(find "$ROOT/var/lib/apt/lists" -maxdepth 1 -type f -name '*Packages*' -printf '%T@\n' 2>/dev/null | sort -n | tail -n 1)
[ -z "$lists" ] || printf '%s\n' "lists$US${lists%%.*}"

if ! told=$(DEBIAN_FRONTEND=noninteractive timeout -k 1 8 apt-get -s -q --only-upgrade --no-remove install "$@" 2>&1); then
  words=$(printf '%s\n' "$told" | sed -n 's/^E: //p' | head -n 1)
  printf '%s\n' "unknown$US${words:-apt-get could not tell}"
  exit 0
fi
# Inst NAME [OLD] (NEW ORIGIN [ARCHITECTURE]); without OLD where it isn't there yet
printf '%s\n' "$told" | awk -v US="$US" '
  $1 == "Inst" {
    old = $3 ~ /^\[/ ? substr($3, 2, length($3) - 2) : ""
    new = old == "" ? $3 : $4
    sub(/^\(/, "", new); sub(/\)$/, "", new)
    print "becomes" US $2 US old US new
  }'
names=$(printf '%s\n' "$told" | awk '$1 == "Inst" && $3 ~ /^\[/ { print $2 }')
[ -n "$names" ] || exit 0
# shellcheck disable=SC2086 # names of packages hold no blanks
dpkg-query --admindir="$ROOT/var/lib/dpkg" -W -f="\${Conffiles}\n" $names 2>/dev/null |
  while read -r path known _; do
    case $path in /*) ;; *) continue ;; esac
    if [ ! -f "$ROOT$path" ]; then continue; fi
    now=$(md5sum <"$ROOT$path" 2>/dev/null) || continue
    [ "${now%% *}" = "$known" ] || printf '%s\n' "edited$US$path"
  done
exit 0
