#!/bin/sh
# Carries out one run on this host: prepare, swap, validate, run the handlers, check, decide. Runs as a transient unit, detached
# from ssh; whatever ends it, settle.sh comes after it and finishes or reverts.
set -u
run=$1
# shellcheck source=src/host/remote/lib.sh
. "${0%/*}/lib.sh"
# shellcheck source=src/host/remote/transaction.sh
. "${0%/*}/transaction.sh"

# finish STATE CODE MESSAGE NEXT [DETAIL]: nothing will be committed; settle.sh does the rest
finish() {
  printf '%s\n' "$1" >"$dir/end"
  shift
  log problem "$1" "$2" "$3" "${4:-}"
  exit 1
}
refuse() { finish refused "$@"; }
fail() { finish reverted "$@"; }

## Locks

take_lock() {
  exec 9<>"$base/lock"
  if ! flock -n 9; then
    IFS= read -r facts <"$base/holder" || facts=
    refuse locked "another run is at work on this host${facts:+: $facts}" \
      'wait until it has ended; clusterproxy status shows it'
  fi
  value_of holder
  printf '%s, on this host since %s (UTC)\n' "$field" "$(date -u '+%Y-%m-%d %H:%M:%S')" >"$base/.holder.new"
  mv -T -f -- "$base/.holder.new" "$base/holder"
}

# /proc/locks tells the inode and the process of each lock; the process must have that very file open, since another file system
# can have the same inode number.
package_managers_idle() {
  for _file in /var/lib/dpkg/lock-frontend /var/lib/dpkg/lock /var/cache/apt/archives/lock \
    /var/lib/rpm/.rpm.lock /usr/lib/sysimage/rpm/.rpm.lock; do
    [ -e "$ROOT$_file" ] || continue
    _inode=$(stat -c %i -- "$ROOT$_file")
    _pids=$(sed -n "s/^[0-9]*: [A-Z]* *[A-Z]* *[A-Z]* *\(-\{0,1\}[0-9]*\) [0-9a-f]*:[0-9a-f]*:$_inode .*/\1/p" /proc/locks 2>/dev/null)
    for _pid in $_pids; do
      set +f
      for _open in "/proc/$_pid/fd/"*; do
        set -f
        # shellcheck disable=SC3013 # not in POSIX, but in dash, bash and busybox
        [ "$_open" -ef "$ROOT$_file" ] || continue
        read -r _name <"/proc/$_pid/comm" || _name='a process'
        refuse package-manager-busy "$_name (process $_pid) holds $_file" \
          'wait until the package manager is done, then run the command again'
      done
      set -f
    done
  done
}

# Other runs that were left open are brought to their end first; none of them is alive, since we hold the lock.
settle_others() {
  set +f
  set -- "$base"/runs/*/
  set -f
  for _other; do
    _other=${_other%/}
    [ "$_other" != "$dir" ] || continue
    read -r _state <"$_other/state" || _state=incoming
    case $_state in
      prepared | open | waiting | stuck)
        log settling "${_other##*/}" "$_state"
        CLUSTERPROXY_LOCKED=1 sh "$_other/settle.sh" "${_other##*/}" 9>&- || :
        read -r _state <"$_other/state" || _state=unknown
        case $_state in
          stuck | open | prepared | waiting | unknown)
            refuse unsettled-run "the run ${_other##*/} could not be brought to its end on this host (it is $_state)" \
              "look at ${_other#"$ROOT"}/log, mend the cause, then: sh /var/lib/clusterproxy/settle ${_other##*/} revert" \
              "$(grep "^stuck$US" "$_other/log" | tail -n 5 | tr "$US" ' ' | one_line)"
            ;;
        esac
        ;;
    esac
  done
} 2>/dev/null

## Guards

put_off() {
  finish deferred "$code" "$words" \
    'wait until they have ended and run the command again, or say with --force that they may be interrupted' "$answer"
}

## Preparing: everything that can fail does so here, before anything changes

# Where the temporary names go: the nearest folder that is there, so that putting them in place is a rename. Not one that
# this run removes, which has to be empty for that.
note_removed() {
  if [ "$before_kind" = directory ] && [ "$after_kind" = absent ]; then removed=$removed$path$NL; fi
}
place_beside() {
  folder=${path%/*}
  until [ -d "$folder/" ] && stays; do folder=${folder%/*}; done
  printf '%s\n' "$folder" >"$dir/beside/$number"
}

stays() {
  case $removed in *"$NL$folder$NL"*) return 1 ;; esac
}

save_original() {
  case $before_kind in
    file | symlink)
      if [ ! -e "$path" ] && [ ! -L "$path" ]; then changed_meanwhile; fi
      [ -L "$path" ] || [ -f "$path" ] || changed_meanwhile
      said=$(cp --preserve=all --no-dereference -- "$path" "$dir/before/$number" 2>&1) || cannot_prepare "$said"
      look "$dir/before/$number"
      ;;
    *) look "$path" ;;
  esac
  [ "$looked" = "$before" ] || changed_meanwhile
}
unchanged() {
  look "$path"
  [ "$looked" = "$before" ] || changed_meanwhile
}
changed_meanwhile() {
  refuse changed-meanwhile "$shown is no longer what was planned from" \
    'somebody or something else changed it; look at the plan again' "$(differing_words)"
}
differing_words() {
  printf 'planned from: %s\nnow: %s\n' "$before" "${looked:-nothing}" | tr "$US" ' ' | one_line
}
cannot_prepare() {
  shown=${shown:-the run}
  case $1 in
    *'No space left'* | *'quota exceeded'*)
      refuse no-space "there is no space for $shown" 'make room on the host; nothing was changed' "$1"
      ;;
    *'invalid user'* | *'invalid group'*)
      refuse unknown-owner "$after_user:$after_group, who is to own $shown, is not known on the host" \
        'check the spelling, or install the package that brings the user first' "$1"
      ;;
  esac
  refuse prepare-failed "$shown can't be prepared" 'look at what the host said; nothing was changed' "$(printf '%s\n' "$1" | one_line)"
}

write_beside() {
  case $after_kind in
    file)
      # A copy of the original first: extended attributes, access lists and the SELinux context stay as they were.
      if [ "$before_kind" = file ]; then
        said=$(cp --preserve=all -- "$path" "$fresh" 2>&1) || cannot_prepare "$said"
      else
        said=$( (umask 077 && : >"$fresh") 2>&1) || cannot_prepare "$said"
      fi
      # What is written may be a secret that the old mode would show.
      said=$(chmod go-rwx -- "$fresh" 2>&1) || cannot_prepare "$said"
      said=$( (cat -- "$dir/contents/$number" >"$fresh") 2>&1) || cannot_prepare "$said"
      said=$(chown -- "$after_user:$after_group" "$fresh" 2>&1 && chmod -- "0$after_mode" "$fresh" 2>&1) || cannot_prepare "$said"
      look "$fresh"
      [ "$looked" = "$after" ] || cannot_prepare "$(differing_words)"
      sync -- "$fresh"
      ;;
    symlink)
      _target=$after_target
      case $_target in /*) _target=$ROOT$_target ;; esac
      said=$(ln -sT -- "$_target" "$fresh" 2>&1) || cannot_prepare "$said"
      ;;
  esac
  case $before_kind in
    file | symlink)
      said=$(ln -P -- "$path" "$original" 2>&1) || cannot_prepare "$said"
      ;;
  esac
  sync -- "$folder"
}

enough_space() {
  # 16 MiB beyond what is written: filling a file system to the last block hurts whoever else writes there.
  _bytes=$(cat "$dir"/record.json "$dir"/ledger.json | wc -c)
  set +f
  _bytes=$((_bytes + $(cat "$dir"/contents/* /dev/null 2>/dev/null | wc -c)))
  _folders=$(cat "$dir"/beside/* /dev/null 2>/dev/null | sort -u)
  set -f
  IFS=$NL
  # shellcheck disable=SC2086
  set -- "$base" $_folders
  IFS=$default_ifs
  for _folder; do
    _free=$(stat -f -c '%a %S' -- "$_folder" 2>/dev/null) || continue
    if [ $((${_free% *} * ${_free#* })) -lt $((_bytes * 2 + 16777216)) ]; then
      refuse no-space "the file system of ${_folder#"$ROOT"} is full" 'make room on the host; nothing was changed' \
        "$(df -h -- "$_folder" 2>&1 | one_line)"
    fi
  done
}

note_active() {
  _state=$(systemctl show -p ActiveState "$2" 2>/dev/null)
  [ "${_state#*=}" != active ] || printf '%s\n' "$2" >>"$dir/active"
}

prepare() {
  value_of machine
  id=
  { read -r id <"$ROOT/etc/machine-id" || :; } 2>/dev/null
  [ "$id" = "$field" ] || refuse another-machine 'this is not the machine that was looked at' \
    'somebody else answers at its address now: check the inventory, then look again' "machine-id: $id, planned for: $field"
  value_of cluster
  if IFS= read -r _cluster <"$base/cluster" && [ "$_cluster" != "$field" ]; then
    refuse another-cluster "this host belongs to the cluster $_cluster, not to $field" \
      "take it out there first (\`clusterproxy retire\`), or correct cluster.name in the inventory"
  fi 2>/dev/null
  package_managers_idle
  settle_others
  ask_guards || put_off
  mkdir -p -- "$dir/before" "$dir/beside"
  : >"$dir/started"
  : >"$dir/active"
  : >"$dir/output"
  boot_id >"$dir/boot"
  each note_active "$(records unit)"
  removed=$NL
  each_change note_removed
  each_change place_beside
  enough_space
  each_change save_original
  each_change write_beside
  sync -- "$dir" "$dir/before" "$dir/beside"
  # So that committing is done by renames as well.
  for _name in ledger.json managed-paths cluster; do
    said=$(cp -- "$dir/$_name" "$base/.$_name.$run" 2>&1 && sync -- "$base/.$_name.$run" 2>&1) || cannot_prepare "$said"
  done
  enter prepared || refuse prepare-failed 'the state of the run could not be written' 'look at the host'"'"'s disks' ''
}

## Changing

# By renames only; the originals stay within reach under their other names.
swap() {
  unchanged
  _failed=
  case $after_kind in
    file | symlink)
      _failed=$(mv -T -f -- "$fresh" "$path" 2>&1) || fail swap-failed "$shown could not be put in place" 'look at what the host said' "$_failed"
      # A new file has the context of the folder it was made in; the policy may want another for its name.
      if [ "$before_kind" = absent ] && [ -e /sys/fs/selinux/enforce ]; then restorecon -F -- "$path" 2>/dev/null || :; fi
      ;;
    directory)
      if [ "$before_kind" = absent ]; then _failed=$(mkdir -m 0700 -- "$path" 2>&1) || fail swap-failed "$shown could not be made" 'look at what the host said' "$_failed"; fi
      _failed=$(chown -- "$after_user:$after_group" "$path" 2>&1 && chmod -- "00$after_mode" "$path" 2>&1) ||
        fail swap-failed "the owner of $shown could not be set" 'look at what the host said' "$_failed"
      ;;
    absent)
      if [ "$before_kind" = directory ]; then
        # What is in it isn't ours, or it would be gone by now.
        if ! _failed=$(rmdir -- "$path" 2>&1); then
          [ -n "$(find "$path" -mindepth 1 -maxdepth 1 2>/dev/null | head -n 1)" ] ||
            fail swap-failed "$shown could not be removed" 'look at what the host said' "$_failed"
          log warning "$shown holds files of others and was left there"
        fi
      else
        _failed=$(rm -f -- "$path" 2>&1) || fail swap-failed "$shown could not be removed" 'look at what the host said' "$_failed"
      fi
      ;;
  esac
  sync -- "${path%/*}/"
}

validate() {
  _name=$2
  _record=$(printf "$US%s" "$@")
  case $validated in *"$NL${_record#"$US"*"$US"*"$US"}$NL"*) return 0 ;; esac
  validated=$validated${_record#"$US"*"$US"*"$US"}$NL
  _count=$3
  shift 3
  while [ $# -lt "$_count" ]; do set -- "$@" ''; done
  log validate "$*"
  timed 60 "$@" || fail validation-failed "\`$*\` does not accept the new files" \
    "correct what it complains of (handler $_name); everything is back as it was" "$said"
}

## Handlers

run_handler() {
  handler=$2
  timeout=$3
  [ "$4" -le "$settle" ] || settle=$4
  if [ "$guarded" = no ] && [ -n "$(records guard "$handler")" ]; then
    ask_guards || put_off
    guarded=yes
  fi
  # Noted before it starts: a revert runs those that may have begun.
  { printf '%s\n' "$handler" >>"$dir/started" && sync -- "$dir/started"; } ||
    fail no-space 'the start of a handler could not be noted' 'make room on the host' ''
  log handler "$handler" started
  _until=$(($(now) + timeout))
  nginx_checked=$(records check "$handler" | grep -c "^check$US$handler${US}nginx-workers" || :)
  [ "$nginx_checked" = 0 ] || nginx_before
  if ! run_actions "$handler" "$timeout"; then
    each add_last_words "$(records action "$handler")"
    fail handler-failed "handler $handler: \`$acted\` failed" 'look at what it said; everything is back as it was' "$said"
  fi
  unmet=
  hopeless=no
  until each check "$(records check "$handler")"; do
    if [ $hopeless = yes ] || [ "$(now)" -ge $_until ]; then
      said=
      each add_last_words "$(records action "$handler")"
      fail check-failed "handler $handler ran, but $unmet" 'look at what the service said; everything is back as it was' "${evidence:-}${said:+$(printf '\036')$said}"
    fi
    sleep 0.5
  done
  each note_restarts "$(records check "$handler")"
  log handler "$handler" finished
}
add_last_words() {
  case $3 in restart | reload) said=$said$(printf '\036')$(last_words "$5") ;; esac
}

# check RECORD'S FIELDS: true when it holds; else $unmet says what doesn't, and $hopeless whether waiting could help
check() {
  _kind=$3
  _count=$4
  shift 4
  while [ $# -lt "$_count" ]; do set -- "$@" ''; done
  evidence=
  case $_kind in
    active)
      unit_is_active "$1" && return 0
      [ "$unit_state" != failed ] || hopeless=yes
      return 1
      ;;
    port)
      _port=$(printf '%04X' "$1")
      unmet="nothing listens on port $1"
      # 0A: LISTEN, see proc_net_tcp in the kernel's documentation
      grep -Eqs "^ *[0-9]+: [0-9A-F]+:$_port [0-9A-F]+:0000 0A " "$ROOT/proc/net/tcp" "$ROOT/proc/net/tcp6"
      ;;
    http) check_http "$@" ;;
    nginx-workers) nginx_took_over ;;
    *)
      unmet="the check $_kind is not known"
      hopeless=yes
      return 1
      ;;
  esac
}

# check_http URL HEADERS-COUNT HEADER... TEXT...
check_http() {
  _url=$1
  _headers=$2
  shift 2
  _texts=$(($# - _headers))
  _all=$*
  # Texts to the end of the list, so that the headers can be handed on as they are.
  _body=$(http_get_first "$_headers" "$_url" "$@" 2>/dev/null 9>&- | head -c 1048576 | tr -d '\000\134')
  shift "$_headers"
  unmet="$_url gives no answer"
  [ -n "$_body" ] || return 1
  for _text; do
    unmet="the answer of $_url lacks $_text"
    evidence=$(printf '%s\n' "$_body" | head -c 1000 | one_line)
    case $_body in *"$_text"*) ;; *) return 1 ;; esac
  done
}
http_get_first() {
  _number=$1
  _url=$2
  shift 2
  _rest=$(($# - _number))
  # Drop the last $_rest parameters by turning the list round once.
  while [ "$_number" -gt 0 ]; do
    set -- "$@" "$1"
    shift
    _number=$((_number - 1))
  done
  shift "$_rest"
  http_get 5 "$_url" "$@"
}

note_restarts() {
  [ "$3" = active ] || return 0
  _restarts=$(systemctl show -p NRestarts "$5" 2>/dev/null)
  baseline=$baseline$5$US${_restarts#*=}$NL
}

# stays_up: every unit that a handler checks or that was active before is, and none was started again by systemd
stays_up() {
  each stayed "$baseline" && each unit_is_active "$(cat "$dir/active")"
}
stayed() {
  unit_is_active "$1" || return 1
  _restarts=$(systemctl show -p NRestarts "$1" 2>/dev/null)
  unmet="$1 does not stay up: systemd had to start it again"
  [ "${_restarts#*=}" = "${2:-}" ]
}

## nginx, whose reload says yes before the new workers have bound their ports

nginx_before() {
  nginx_logs=$NL$ROOT/var/log/nginx/error.log
  # shellcheck disable=SC2013 # each path is one word, since it holds no blank
  for _log in $(sed -n 's/^[[:space:]]*error_log[[:space:]]\{1,\}\(\/[^[:space:];]*\).*/\1/p' "$ROOT/etc/nginx/nginx.conf" 2>/dev/null); do
    case $nginx_logs$NL in *"$NL$ROOT$_log$NL"*) ;; *) nginx_logs=$nginx_logs$NL$ROOT$_log ;; esac
  done
  nginx_log_sizes=
  nginx_since=$(date +%s)
  IFS=$NL
  for _log in $nginx_logs; do
    _size=$(stat -L -c %s -- "$_log" 2>/dev/null) || _size=0
    nginx_log_sizes=$nginx_log_sizes$_log$US$_size$NL
  done
  IFS=$default_ifs
  nginx_workers_before=" $(nginx_workers) "
}

# pid:start time of each worker that isn't shutting down
nginx_workers() {
  _master=$(systemctl show -p MainPID nginx.service 2>/dev/null)
  _master=${_master#*=}
  [ "${_master:-0}" != 0 ] || return 0
  set +f
  _children=$(grep -ls "^PPid:[[:space:]]*$_master\$" "$ROOT"/proc/[0-9]*/status)
  set -f
  for _status in $_children; do
    _process=${_status%/status}
    case $(tr '\000' ' ' <"$_process/cmdline") in
      *'shutting down'*) ;;
      'nginx: worker process'*)
        read -r _stat <"$_process/stat" || continue
        # Field 22, counted behind the name, which may hold blanks: proc(5).
        # shellcheck disable=SC2086
        set -- ${_stat##*) }
        printf '%s:%s ' "${_process##*/}" "${20:-0}"
        ;;
    esac
  done
} 2>/dev/null

nginx_complaints() {
  {
    each nginx_log_since "$nginx_log_sizes"
    if command -v journalctl >/dev/null 2>&1; then
      timeout 5 journalctl --no-pager -q -o cat -u nginx.service --since "@$nginx_since" 2>/dev/null
    fi
  } | grep -E '\[(emerg|alert)\]' | sort -u | head -n 5
}
nginx_log_since() {
  _now=$(stat -L -c %s -- "$1" 2>/dev/null) || return 0
  _from=$2
  # smaller than before: rotated meanwhile
  [ "$_now" -ge "$_from" ] || _from=0
  tail -c "+$((_from + 1))" -- "$1" 2>/dev/null
}

nginx_took_over() {
  evidence=$(nginx_complaints | one_line)
  if [ -n "$evidence" ]; then
    unmet='nginx could not go over to the new configuration'
    hopeless=yes
    return 1
  fi
  unmet='no new nginx workers run'
  _fresh=no
  for _worker in $(nginx_workers); do
    case $nginx_workers_before in
      *" $_worker "*)
        unmet='workers with the old configuration still take connections'
        return 1
        ;;
      *) _fresh=yes ;;
    esac
  done
  [ $_fresh = yes ]
}

## The whole

look_for_rewrites() {
  look "$path"
  [ "$looked" = "$after" ] || log warning "$shown was rewritten while the services took it up"
}

log state running
take_lock
prepare
guarded=no
validated=$NL
settle=0
baseline=
each_change unchanged
# The boot unit, which would bring the files back after a power cut, has to be durable before this line.
enter open || exit 1
each_change swap
if unit_files=$(records change | cut -d "$US" -f 3 | grep -E '^(/etc|/run|/usr/lib|/lib|/usr/local/lib)/systemd/'); then
  [ -z "$unit_files" ] || timed 60 systemctl daemon-reload || fail handler-failed 'systemctl daemon-reload failed' 'look at what it said' "$said"
fi
each validate "$(records validate)"
each run_handler "$(records handler)"
[ -s "$dir/started" ] || settle=0
log settling-time "$settle"
_until=$(($(now) + settle))
while :; do
  stays_up || fail check-failed "after all handlers had run, $unmet" 'look at what the service said; everything is back as it was' "$(last_words "${unmet%% *}")"
  [ "$(now)" -lt "$_until" ] || break
  sleep 1
done
each_change look_for_rewrites
ln -sT commit "$dir/outcome" && sync -- "$dir"
