# shellcheck shell=sh
# Removes what we remember of a host that a cluster has given back: all of /var/lib/clusterproxy, but where it
# serves other clusters only what belongs to this one. Only where it manages nothing any more, nobody is at
# work, and no run has still to be brought to its end. Output: `NONCE VERDICT DETAIL` with fields; the verdict
# is gone, managed, locked, unsettled, failed or another-machine.
# shellcheck disable=SC2154 # nonce and request are set by the bootstrap

answer() {
  printf '%s\n' "$nonce $1$US${2:-}"
  exit 0
}

field 2 "$request"
same_machine "$field" || answer another-machine
[ "$foreign" = no ] || answer failed '/var/lib/clusterproxy is a link, or the folder of another account'
[ -d "$base" ] || answer gone
field 3 "$request"
cluster=$field
[ -n "$cluster" ] || answer failed
own_state "$cluster"
[ ! -s "$ours/managed-paths" ] || answer managed
exec 9<>"$base/lock" || answer failed
flock -n 9 || answer locked
shared=no
if remembers_others "$cluster"; then shared=yes; fi
runs=
set +f
for run in "$base"/runs/*/; do
  set -f
  [ -d "$run" ] || continue
  cluster_of "${run%/}"
  [ $shared = no ] || [ "$whose" = "$cluster" ] || continue
  runs=$runs${run%/}$NL
  state_of "${run%/}"
  case $state in
    remains | committed | reverted | refused | deferred | abandoned | kept | conflict) ;;
    *)
      run=${run%/}
      answer unsettled "${run##*/}"
      ;;
  esac
done
set -f
if [ $shared = no ]; then
  set -- "$base"
elif [ "$ours" = "$base" ]; then
  set -- "$base/ledger.json" "$base/managed-paths" "$base/owed" "$base/cluster"
else
  set -- "$ours"
  # What a power cut has left of version 0.1's layout would come back to life.
  { IFS= read -r _name <"$base/cluster" || _name=; } 2>/dev/null
  [ "$_name" != "$cluster" ] || set -- "$ours" "$base/managed-paths" "$base/owed" "$base/cluster"
fi
IFS=$NL
# shellcheck disable=SC2086
set -- $runs "$@"
IFS=$default_ifs
said=$(rm -rf -- "$@" 2>&1) || answer failed "$(printf '%s\n' "$said" | one_line)"
sync -- "${base%/*}"
answer gone
