# shellcheck shell=sh
# What must not go on while a run is at work: package managers, and runs that were left open. Sourced by
# runner.sh, before prepare.sh.
# shellcheck disable=SC2154 # run, dir and base are set by the program
# shellcheck disable=SC2034 # some variables are for the program

# /proc/locks tells the inode and the process of each lock; the process must have that very file open, since
# another file system can have the same inode number. False, with $busy in words, where one is at work.
package_managers_idle() {
  set --
  for _file in /var/lib/dpkg/lock-frontend /var/lib/dpkg/lock /var/cache/apt/archives/lock /var/lib/apt/lists/lock \
    /var/lib/rpm/.rpm.lock /usr/lib/sysimage/rpm/.rpm.lock; do
    [ ! -e "$ROOT$_file" ] || set -- "$@" "$ROOT$_file"
  done
  [ $# -gt 0 ] && [ -r /proc/locks ] || return 0
  _inodes=$(stat -c "%i$US%n" -- "$@")
  while read -r _ _ _ _ _pid _lock _; do
    each is_not_held "$_inodes" || return
  done </proc/locks
}
# is_not_held INODE FILE: by the lock that was read
is_not_held() {
  [ "$1" = "${_lock##*:}" ] || return 0
  set +f
  for _open in "/proc/$_pid/fd/"*; do
    set -f
    # shellcheck disable=SC3013 # not in POSIX, but in dash, bash and busybox
    [ "$_open" -ef "$2" ] || continue
    read -r _name <"/proc/$_pid/comm" || _name='a process'
    busy="$_name (process $_pid) holds ${2#"$ROOT"}"
    return 1
  done
  set -f
}

needs_no_packages() {
  case $4 in *-packages | script) return 1 ;; esac
}

# A run that installs packages waits for its turn, as package managers do; others don't, as what they change
# may be changed by it.
await_package_managers() {
  _patience=0
  each_record needs_no_packages act || _patience=600
  now
  _until=$((now + _patience))
  _told=
  until package_managers_idle; do
    ! is_past $_until || refuse package-manager-busy "$busy" \
      'wait until the package manager has finished, then run the command again'
    [ "$_told" = "$busy" ] || log waiting-for-packages "$busy"
    _told=$busy
    sleep 1
  done
}

# is_dead FOLDER: of a run that has not got far. One that has written its `boot` has had the lock, which is
# ours now.
is_dead() {
  ! at_work "${1##*/}" || return 1
  [ ! -e "$1/boot" ] || return 0
  read -r _received <"$1/received" || _received=
  read -r _id </proc/sys/kernel/random/boot_id
  [ "$_received" != "$_id" ] || [ -n "$(find "$1/received" -mmin +1)" ]
}

# Other runs that were left open are brought to their end first; none of them is alive, since we hold the
# lock. Then $settled is `yes`.
settle_others() {
  settled=no
  set +f
  set -- "$base"/runs/*/
  set -f
  for _other; do
    _other=${_other%/}
    [ "$_other" != "$dir" ] || continue
    [ -d "$_other" ] || continue
    state_of "$_other"
    case $state in
      incoming)
        # One that waits for the lock, or is about to be started for that, is none of ours.
        if is_dead "$_other"; then CLUSTERPROXY_LOCKED=1 sh "$_other/settle.sh" "${_other##*/}" 9>&-; fi
        ;;
      prepared | acting | open | waiting | stuck)
        log settling "${_other##*/}" "$state"
        CLUSTERPROXY_LOCKED=1 sh "$_other/settle.sh" "${_other##*/}" 9>&- || :
        settled=yes
        state_of "$_other"
        case $state in
          stuck | open | prepared | acting | waiting)
            refuse unsettled-run "the run ${_other##*/} could not be finished or reverted on this host (its state is $state)" \
              "look at ${_other#"$ROOT"}/log, fix the cause, then run: sh /var/lib/clusterproxy/settle ${_other##*/} revert" \
              "$(grep "^stuck$US" "$_other/log" | tail -n 5 | tr "$US" ' ' | one_line)"
            ;;
        esac
        ;;
    esac
  done
} 2>/dev/null
