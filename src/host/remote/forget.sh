# shellcheck shell=sh
# Removes what we remember of a host that was given back: all of /var/lib/clusterproxy. Only where nothing is managed any more,
# nobody is at work, and no run has still to be brought to its end. Output: `NONCE VERDICT DETAIL` with fields; the verdict is
# gone, managed, locked, unsettled, failed or another-machine.
# shellcheck disable=SC2154 # nonce and request are set by the bootstrap

answer() {
  printf '%s\n' "$nonce $1$US${2:-}"
  exit 0
}

field 2 "$request"
same_machine "$field" || answer another-machine
[ "$foreign" = no ] || answer failed '/var/lib/clusterproxy is a link, or the folder of another account'
[ -d "$base" ] || answer gone
[ ! -s "$base/managed-paths" ] || answer managed
exec 9<>"$base/lock" || answer failed
flock -n 9 || answer locked
set +f
for run in "$base"/runs/*/; do
  set -f
  [ -d "$run" ] || continue
  state=incoming
  { read -r state <"$run/state" || :; } 2>/dev/null
  case $state in
    committed | reverted | refused | deferred | abandoned | kept | conflict) ;;
    *)
      run=${run%/}
      answer unsettled "${run##*/}"
      ;;
  esac
done
set -f
said=$(rm -rf -- "$base" 2>&1) || answer failed "$(printf '%s\n' "$said" | one_line)"
sync -- "${base%/*}"
answer gone
