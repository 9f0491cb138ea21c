# shellcheck shell=sh
# The end of a run: what it leaves, what is remembered of it, and which earlier runs are kept. Sourced by
# settle.sh, after transaction.sh.
# shellcheck disable=SC2154 # run and dir are set by the program

staged='ledger.json managed-paths role'

# commit STATE
commit() {
  for name in $staged; do
    # What isn't there any more was put in place by an earlier attempt.
    [ ! -e "$ours/.$name.$run" ] || mv -T -f -- "$ours/.$name.$run" "$ours/$name" || exit 1
  done
  sync -- "$ours"
  each_change drop_beside
  settle_owed
  end_as "$1"
}

# What was owed was done by the handlers that ran; what this run has left undone is owed from now on.
settle_owed() {
  [ -s "$dir/owed" ] || { [ -s "$ours/owed" ] && [ -s "$dir/started" ]; } || return 0
  write_owed "$({ owed_without "$dir/started" && cat -- "$dir/owed"; } 2>/dev/null | sort -u)" ||
    warn "there is no disk space to record what is owed: $(tr '\n' ' ' <"$dir/owed")"
}

# end_as STATE: the state, a line in the system's log, nothing of ours left. A run that can wait, and was put
# off, goes on waiting.
end_as() {
  if is_queue; then
    if [ "$1" = deferred ] && requeue; then return 0; fi
    stop_queue "$run"
  fi
  drop_brought "$1"
  give_back_timers
  enter "$1"
  rm -f -- "$base/.settle.$run" "$ours/.owed.$run" "$base/.holder.$run" "$base/.older.$run"
  audit "$1"
  [ "$1" = stuck ] || remove_boot_unit
}

# What the run brought is in place or not wanted any more, and may hold secrets: from now on they stand in the
# target files and in what those were before, and nowhere else. With the sums of a file a short secret in it
# could be found.
drop_brought() {
  rm -rf -- "$dir/contents" "$dir/sums"
  case $1 in stuck | conflict) return 0 ;; esac
  rm -f -- "$dir/output" "$dir/hide"
  find_records secret
  [ -n "$records" ] || return 0
  column 2 "$records"
  _script=
  for _number in $column; do
    _script="$_script/^change$US$_number$US/s/${US}[0-9a-f]\{64\}${US}/$US$US/g$NL"
  done
  sed "$_script" "$manifest" >"$dir/.manifest" && sync -- "$dir/.manifest" && mv -T -f -- "$dir/.manifest" "$manifest"
  return 0
}

# What upgrade.sh has held off. A host that is being started starts them itself.
give_back_timers() {
  [ -s "$dir/held" ] || return 0
  case $wish:$(system_state) in boot:* | *:stopping) return 0 ;; esac
  # shellcheck disable=SC2046 # a name of a unit is one word
  timed 60 systemctl start $(cat "$dir/held") && rm -f -- "$dir/held" && return
  warn "apt's own timers could not be given back ($said): systemctl start $(tr '\n' ' ' <"$dir/held")"
}

audit() {
  case $1 in stuck | conflict) _priority=err ;; kept | reverted) _priority=warning ;; *) _priority=notice ;; esac
  value_of holder
  timeout 5 logger -t clusterproxy -p "daemon.$_priority" -- "$1: $field, cluster $cluster" 9>&- || :
} 2>/dev/null

drop_staged() {
  for name in $staged; do rm -f -- "$ours/.$name.$run"; done
}

# The last ones of this cluster are kept, and those that aren't settled; runs of others are theirs. Those that
# changed nothing are counted by themselves: a schedule that is put off each hour while people are there would
# soon leave nothing to roll back to. What was there before our first touch is in ledger.json, not here. A run
# that goes is renamed first, so that no part of it is ever taken for a run.
prune() {
  value_of keep
  keep=${field:-20}
  _changed=
  _idle=
  set +f
  for _folder in "$base"/runs/*/; do
    [ -d "$_folder" ] || continue
    state_of "${_folder%/}"
    if [ "$state" = remains ]; then
      dismiss "$_folder"
      continue
    fi
    cluster_of "${_folder%/}"
    sequence_of "${_folder%/}"
    [ -z "$whose" ] || [ "$whose" = "$cluster" ] || continue
    case $state in
      refused | deferred | abandoned) _idle=$_idle${sequence:-0}$US$_folder$NL ;;
      *) _changed=$_changed${sequence:-0}$US$_folder$NL ;;
    esac
  done
  set -f
  keep_last "$_changed"
  keep_last "$_idle"
  find "$base/runs" -maxdepth 1 -name '.gone-*' -exec rm -rf -- {} + 2>/dev/null || :
  # What a power cut left of a run that never began, or of a holder's name.
  find "$base" -maxdepth 1 \( -name '.settle.*' -o -name '.holder.*' \) -mmin +60 -exec rm -f -- {} + 2>/dev/null || :
  find "$base/runs" -maxdepth 1 -name '.incoming-*' -mmin +60 -exec rm -rf -- {} + 2>/dev/null || :
}

# keep_last RUNS: as many as $keep of these, each a line of its sequence and its folder
keep_last() {
  IFS=$NL
  # shellcheck disable=SC2046
  set -- $(printf '%s' "$1" | sort -s -n -t "$US" -k 1,1 | cut -d "$US" -f 2)
  IFS=$default_ifs
  # The last upgrade that was begun isn't forgotten, however few runs are kept: it would be done once more.
  _upgrade=
  for _folder; do
    if grep -Eq "^act${US}[^$US]*${US}[^$US]*${US}(script|upgrade-packages)$US" "${_folder}manifest" &&
      grep -q "^act$US.*${US}started" "${_folder}log"; then _upgrade=$_folder; fi
  done 2>/dev/null
  while [ $# -gt "$keep" ]; do
    state_of "${1%/}"
    case $state in
      committed | reverted | kept | refused | deferred | abandoned | conflict) [ "$1" = "$dir/" ] || [ "$1" = "$_upgrade" ] || dismiss "$1" ;;
    esac
    shift
  done 2>/dev/null
}

# dismiss FOLDER/: under a name that nothing looks at
dismiss() {
  _gone=${1%/}
  mv -T -- "$_gone" "$base/runs/.gone-${_gone##*/}" || rm -rf -- "$_gone"
  sync -- "$base/runs"
} 2>/dev/null
