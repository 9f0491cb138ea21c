# shellcheck shell=sh
# Removes what we remember of a host for a cluster: all of /var/lib/clusterproxy, but where it serves other
# clusters only what belongs to this one; and what its runs may have left beside their files and among the
# units. Only where nobody is at work, no run has still to be brought to its end and, unless the request says
# `leave`, nothing is managed any more. Output: `NONCE VERDICT DETAIL` with fields; the verdict is gone,
# managed, held, leased, locked, unsettled, cordoned, failed or another-machine.
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
# A lease that is renewed meanwhile would make the folder again.
if ! lock_claims found; then
  [ -d "$base" ] || answer gone
  answer failed
fi
own_state "$cluster"
if claim_of "$cluster" hold; then answer held; fi
field 5 "$request"
whole_run=$field
if claim_of "$cluster" lease && ! is_lease_of "$whole_run" "$claim"; then answer leased; fi
field 4 "$request"
[ "$field" = leave ] || [ ! -s "$ours/managed-paths" ] || answer managed
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
    # It waits until nobody is there, and has begun nothing; the lock is ours.
    queued) CLUSTERPROXY_LOCKED=1 sh "${run%/}/settle.sh" "$(basename "$run")" withdraw >/dev/null 2>&1 9>&- || answer failed ;;
    *)
      run=${run%/}
      answer unsettled "${run##*/}"
      ;;
  esac
done
set -f

# What gives a node back must not go before that is done.
out=
set +f
for folder in "$base/cordons/$cluster"/*/; do
  if [ -d "$folder" ]; then folder=${folder%/} && out=$out${out:+, }${folder##*/}; fi
done
set -f
[ -z "$out" ] || answer cordoned "$out"

unit_folder=$ROOT/etc/systemd/system

# Whoever ended a run by force, or a power cut, may have kept it from taking these away itself.
# leave_no_names RUN'S FOLDER: the folders of its own beside its changes. Each is entered first: where others
# may give names, they may have put anything there.
leave_no_names() {
  for _beside in "$1"/beside/*; do
    { IFS= read -r _folder <"$_beside"; } 2>/dev/null || continue
    _inside=$_folder/.cp-${1##*/}-${_beside##*/}
    (
      cd -P -- "$_inside" && [ "$PWD" = "$_inside" ] && [ -O . ] || exit
      case $(stat -c %a .) in *00) ;; *) exit 1 ;; esac
      find . -xdev -mindepth 1 -delete && cd .. && rmdir -- "./${_inside##*/}"
    ) 2>/dev/null
  done
}
# leave_no_unit RUN: the one for the next boot
leave_no_unit() {
  _unit=clusterproxy-settle-$1.service
  [ -e "$unit_folder/$_unit" ] || [ -L "$unit_folder/sysinit.target.wants/$_unit" ] || return 0
  rm -f -- "$unit_folder/sysinit.target.wants/$_unit" "$unit_folder/$_unit" && removed_unit=yes
}

removed_unit=no
set +f
for unit in "$unit_folder"/clusterproxy-queued-*.timer; do
  run=${unit##*/clusterproxy-queued-}
  [ ! -e "$unit" ] || [ -d "$base/runs/${run%.timer}" ] || stop_queue "${run%.timer}"
done
IFS=$NL
for run in $runs; do
  leave_no_names "$run"
  leave_no_unit "${run##*/}"
done
for unit in "$unit_folder"/clusterproxy-settle-*.service; do
  run=${unit##*/clusterproxy-settle-}
  [ -d "$base/runs/${run%.service}" ] || leave_no_unit "${run%.service}"
done
IFS=$default_ifs
set -f
[ $removed_unit = no ] || timeout -k 5 60 systemctl daemon-reload >/dev/null 2>&1 </dev/null || :

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
# What has claimed an address for it here, by playbooks/files/address-claim.sh.
set -- "$base/claimed/$cluster" "$base/claim-failed/$cluster" "$@"
IFS=$NL
# shellcheck disable=SC2086
set -- $runs "$@"
IFS=$default_ifs
said=$(rm -rf -- "$@" 2>&1) || answer failed "$(printf '%s\n' "$said" | one_line)"
sync -- "${base%/*}"
answer gone
