# shellcheck shell=sh
# Takes back the runs of a cluster that wait on this host until nobody is there: nothing was changed by them,
# and nothing will be. The request: machine id, cluster, who. Output: `NONCE VERDICT DETAIL` with fields; the
# verdict is withdrawn (with their ids), none, locked (one has begun, or another run is at work: with who),
# failed, foreign or another-machine.
# shellcheck disable=SC2154 # nonce and request are set by the bootstrap

answer() {
  printf '%s\n' "$nonce $1$US${2:-}"
  exit 0
}
field 2 "$request"
same_machine "$field" || answer another-machine
[ "$foreign" = no ] || answer foreign
field 3 "$request"
cluster=$field
field 4 "$request"
who=$field

waiting=
set +f
for folder in "$base"/runs/*/; do
  folder=${folder%/}
  [ -d "$folder" ] || continue
  state_of "$folder"
  [ "$state" = queued ] || continue
  cluster_of "$folder"
  [ "$whose" != "$cluster" ] || waiting="$waiting ${folder##*/}"
done
set -f
[ -n "$waiting" ] || answer none
exec 9<"$base/lock" || answer failed
if ! flock -w 10 9; then
  { IFS= read -r facts <"$base/holder" || facts=; } 2>/dev/null
  answer locked "$facts"
fi
gone=
for run in $waiting; do
  # It may have ended by itself while the lock was waited for.
  state_of "$base/runs/$run"
  [ "$state" = queued ] || continue
  said=$(CLUSTERPROXY_LOCKED=1 sh "$base/runs/$run/settle.sh" "$run" withdraw "$who" 2>&1 9>&-) ||
    answer failed "$(printf '%s' "$said" | one_line)"
  gone="$gone $run"
done
[ -n "$gone" ] || answer none
answer withdrawn "${gone# }"
