# shellcheck shell=sh
# HAProxy, whose reload says yes whatever becomes of it: where the new process can't open a port, the former
# one goes on with the former file. Sourced by runner.sh.
# shellcheck disable=SC2154 # ROOT, US and NL are set by the others
# shellcheck disable=SC2034 # some variables are for handlers.sh

haproxy_before() {
  haproxy_since=$(date +%s)
  haproxy_workers_before=" $(haproxy_workers) "
}

# pid:start time of each process of the unit that takes connections: those that its master has started, or the
# only one where it has no master. Those before a reload go on until their last connection has ended.
haproxy_workers() {
  _workers=
  for _process in $(children_of haproxy.service); do
    _command=
    read -r _command <"$ROOT/proc/$_process/comm" || continue
    # A master may run other programs as well (`program` in haproxy.cfg).
    [ "$_command" = haproxy ] || continue
    _workers="$_workers $_process"
  done
  for _process in ${_workers:-$(master_of haproxy.service)}; do
    with_start "$_process"
  done
} 2>/dev/null

haproxy_complaints() {
  command -v journalctl >/dev/null 2>&1 || return 0
  timeout 5 journalctl --no-pager -q -o cat -u haproxy.service --since "@$haproxy_since" 2>/dev/null |
    grep -E '\[ALERT\]' | sort -u | head -n 5
}

haproxy_took_over() {
  _fresh=
  for _worker in $(haproxy_workers); do
    case $haproxy_workers_before in
      *" $_worker "*) ;;
      *) _fresh="$_fresh ${_worker%%:*}" ;;
    esac
  done
  if [ -z "$_fresh" ]; then
    unmet='HAProxy could not switch to the new configuration: its former process goes on with the former one'
    evidence=$(haproxy_complaints | one_line)
    # The master says this once it has given up.
    case $evidence in *'ind socket'* | *'wait mode'* | *'waitpid mode'*) hopeless=yes ;; esac
    return 1
  fi
  haproxy_listens "$_fresh"
}

# haproxy_listens PIDS: whether these processes listen, and nobody else where they do: the kernel shares
# connections out between all that have a port open, as former processes and stray ones may.
haproxy_listens() {
  _sockets=
  for _pid in $1; do
    # Where that may not be read, as in a container without CAP_SYS_PTRACE, it can't be known.
    _links=$(ls -l "$ROOT/proc/$_pid/fd/" 2>/dev/null) || return 0
    _sockets="$_sockets $(printf '%s\n' "$_links" | sed -n 's/.*socket:\[\([0-9]*\)\]$/\1/p' | tr '\n' ' ')"
  done
  unmet='the new process of HAProxy listens nowhere'
  # 0A: LISTEN, see proc_net_tcp in the kernel's documentation; 00010000: the same of a unix socket
  _found=$(cat "$ROOT/proc/net/tcp" "$ROOT/proc/net/tcp6" "$ROOT/proc/net/unix" 2>/dev/null |
    awk -v sockets=" $_sockets " '
      $4 == "00010000" && index(sockets, " " $7 " ") { listens = 1 }
      $4 != "0A" { next }
      index(sockets, " " $10 " ") { own[$2] = listens = 1; next }
      { other[$2] = $10 }
      END {
        if (!listens) exit 1
        for (place in own) if (place in other) { print place, other[place]; exit }
      }') || return 1
  [ -n "$_found" ] || return 0
  _place=${_found% *}
  _port=$(printf '%d' "0x${_place##*:}")
  unmet="$(haproxy_socket_of "${_found#* }") listens on port $_port as well, and gets a part of the connections"
  return 1
}

# haproxy_socket_of INODE: who has a socket, in words
haproxy_socket_of() {
  set +f
  # shellcheck disable=SC2012 # names in these folders are numbers
  _holder=$(ls -l "$ROOT"/proc/[0-9]*/fd/ 2>/dev/null | awk -v wanted="socket:[$1]" '
    /^\// { process = $0; sub(/\/fd\/:$/, "", process) }
    $NF == wanted { print process; exit }')
  set -f
  _command='another process'
  [ -z "$_holder" ] || { read -r _command <"$_holder/comm"; } 2>/dev/null || :
  case $haproxy_workers_before in
    *" ${_holder##*/}:"*) printf "HAProxy's former process %s" "${_holder##*/}" ;;
    *) printf '%s' "$_command${_holder:+ (process ${_holder##*/})}" ;;
  esac
}
