# shellcheck shell=sh
# Prints a run's log from a line on until the run has ended, however often somebody comes back to ask. Output:
# `NONCE begin`, the records of the log, `NONCE end STATE`. The state `none`: there is no such run on this
# host; `another-machine`: and it isn't the one that was looked at.
# shellcheck disable=SC2154 # nonce and request are set by the bootstrap

field 2 "$request"
run=$field
field 3 "$request"
line=$field
dir=$base/runs/$run
printf '%s begin\n' "$nonce"
field 4 "$request"
if ! same_machine "$field"; then
  printf '%s end another-machine\n' "$nonce"
  exit 0
fi
if [ ! -d "$dir" ]; then
  printf '%s end none\n' "$nonce"
  exit 0
fi

print_new() {
  while IFS= read -r text <&5; do
    line=$((line - 1))
    quiet=0
    # A line that was being written is read in two parts.
    [ $line -ge 1 ] || printf '%s\n' "$part$text"
    part=
  done
  part=$part$text
}

# The unit that does the work is there, or the last part of it, settle.sh: its process into $tidying
alive() {
  told=$(timeout -k 5 60 systemctl show -p ActiveState -p ControlPID "clusterproxy-$run.service" 2>/dev/null)$NL
  tidying=
  case $told in
    *ControlPID=[1-9]*)
      tidying=${told#*ControlPID=}
      tidying=${tidying%%"$NL"*}
      ;;
  esac
  case $told in
    *ActiveState=active"$NL"* | *ActiveState=activating"$NL"* | *ActiveState=deactivating"$NL"* | *ActiveState=reloading"$NL"*) return 0 ;;
    *) return 1 ;;
  esac
}

# Whoever is told of the end may begin the next run at once: nothing of this one shall be in its way.
wait_for_the_rest() {
  rest=0
  tidying=
  while [ $rest -lt 100 ]; do
    # Asking systemd costs more than a look at the process.
    if [ -z "$tidying" ] || [ ! -e "/proc/$tidying" ]; then alive || return 0; fi
    rest=$((rest + 1))
    sleep 0.05
  done
}

part=
idle=0
quiet=0
settled=no
exec 5<"$dir/log"
while :; do
  print_new
  state_of "$dir"
  case $state in
    committed | reverted | kept | refused | deferred | abandoned | conflict | stuck)
      wait_for_the_rest
      # Ended by force when all was done but tidying up.
      if [ "$state" != stuck ] && [ -e "$dir/boot-unit" ] && ! alive; then sh "$dir/settle.sh" "$run" </dev/null >/dev/null 2>&1 5<&-; fi
      print_new
      printf '%s end %s\n' "$nonce" "$state"
      exit 0
      ;;
    queued)
      # It may have begun since.
      if ! alive; then
        print_new
        printf '%s end queued\n' "$nonce"
        exit 0
      fi
      ;;
  esac
  # News often come together. Where there were none for a while, as while services start and settle, looking
  # less often leaves the host its time. In tenths of a second.
  quiet=$((quiet + 1))
  pause=1
  [ $quiet -le 3 ] || pause=2
  [ $quiet -le 7 ] || pause=4
  idle=$((idle + pause))
  if [ $((idle % 20)) -lt $pause ] && ! alive; then
    # Nobody works on it any more: the host was rebooted, or the unit's end was killed as well.
    # One that is being shut down leaves it to its next start; who follows comes back then.
    if [ "$(timeout -k 5 30 systemctl is-system-running 2>/dev/null)" = stopping ]; then continue; fi
    if [ $settled = yes ]; then
      printf '%s end %s\n' "$nonce" "$state"
      exit 0
    fi
    settled=yes
    sh "$dir/settle.sh" "$run" </dev/null >/dev/null 2>&1 5<&-
    continue
  fi
  # Also tells this program when nobody listens any more.
  [ $((idle % 100)) -ge $pause ] || printf 'alive\n' || exit 0
  sleep 0.$pause
done
