# shellcheck shell=sh
# Asks this host as a browser would: over TLS, on an address of its own, by the name in the URL. Sent with the
# probe, and sourced by runner.sh after lib.sh.
# shellcheck disable=SC2154 # ROOT, US and NL are library.sh's

# ask_as_browser any|verified URL HEADER...: the answer with its head, at most 64 KiB; `curl: WORDS` or
# `openssl: WORDS` where there is none, and nothing where neither program is there. With `any`, whoever
# answers is believed: what is asked for is the host behind it.
ask_as_browser() {
  _trust=$1
  _url=$2
  shift 2
  _rest=${_url#https://}
  _path=/${_rest#*/}
  _server=${_rest%%/*}
  [ "$_path" != "/$_rest" ] || _path=/
  case $_server in *:*) _port=${_server##*:} ;; *) _port=443 ;; esac
  _server=${_server%:*}
  if command -v curl >/dev/null 2>&1; then
    _count=$#
    while [ "$_count" -gt 0 ]; do
      set -- "$@" --header "$1"
      shift
      _count=$((_count - 1))
    done
    [ "$_trust" = verified ] || set -- "$@" --insecure
    curl -q --silent --show-error --include --http1.1 --globoff --noproxy '*' --max-time 2 \
      --user-agent clusterproxy --resolve "$_server:$_port:$own_address" "$@" -- "$_url" </dev/null 2>&1 | head -c 65536
  elif command -v openssl >/dev/null 2>&1; then
    # HTTP/1.0, so that an answer comes in one piece and ends with the connection
    _answer=$({
      printf 'GET %s HTTP/1.0\r\nHost: %s\r\nUser-Agent: clusterproxy\r\n' "$_path" "${_rest%%/*}"
      [ $# -eq 0 ] || printf '%s\r\n' "$@"
      printf '\r\n'
    } | browse_with_openssl "$_trust" 2>/dev/null | head -c 65536)
    printf '%s\n' "${_answer:-openssl: no answer}"
  fi
}
browse_with_openssl() {
  case $1 in verified) set -- -verify_return_error -verify_hostname "$_server" ;; *) set -- ;; esac
  timeout -k 1 2 openssl s_client -connect "$own_address:$_port" -servername "$_server" -alpn http/1.1 -quiet "$@"
}

# find_own_address URL ADDRESS: into $own_address on which address of its own the host is asked: the one that
# the name in the URL has, or else the one given, or else the one that it reaches others from, if they are its
# own. A server may listen on that alone.
find_own_address() {
  own_address=
  _name=${1#https://}
  _name=${_name%%/*}
  _saved=$IFS
  IFS=" $NL"
  # Lines of getent are `ADDRESS STREAM NAME`, those of ip `… src ADDRESS …`; 192.0.2.1 stands for any other
  # host, and nothing is sent there.
  for _word in $(
    timeout -k 1 1 getent ahostsv4 "${_name%:*}" 2>/dev/null
    printf '%s\n' "$2"
    ip -4 -o route get 192.0.2.1 2>/dev/null
  ); do
    if is_own "$_word"; then
      own_address=$_word
      break
    fi
  done
  IFS=$_saved
  listens_at "$own_address" || own_address=$listening
}

# is_own IPv4-ADDRESS: of one of this host's interfaces but the loopback; proc_net_fib_trie in the kernel's
# source, net/ipv4/fib_trie.c
is_own() {
  case $1 in *[!0-9.]* | 127.* | '') return 1 ;; esac
  _last=
  while IFS=' ' read -r _mark _what _kind _rest; do
    case $_mark in
      '|--') _last=$_what ;;
      /32) [ "$_last $_what $_kind" != "$1 host LOCAL" ] || return 0 ;;
    esac
  done <"$ROOT/proc/net/fib_trie"
  return 1
} 2>/dev/null

# listens_at IPv4-ADDRESS: whether something listens for https there, or on all addresses; else $listening is
# the address where it does, or the loopback. /proc/net/tcp has those that listen first.
listens_at() {
  listening=
  while IFS=' ' read -r _ _local _ _state _rest; do
    case $_state in st) continue ;; 0A) ;; *) break ;; esac
    case $_local in
      00000000:01BB)
        listening=127.0.0.1
        break
        ;;
      ????????:01BB)
        _byte=${_local%:*}
        _last=${_byte%??????}
        _byte=${_byte#??}
        _third=${_byte%????}
        _byte=${_byte#??}
        listening=$(printf '%d.%d.%d.%d' "0x${_byte#??}" "0x${_byte%??}" "0x$_third" "0x$_last")
        [ "$listening" != "$1" ] || return 0
        ;;
    esac
  done <"$ROOT/proc/net/tcp"
  case $listening in
    127.0.0.1) [ -n "$1" ] ;;
    '')
      listening=127.0.0.1
      while IFS=' ' read -r _ _local _ _state _rest; do
        case $_state in st) continue ;; 0A) ;; *) break ;; esac
        case $_local in *:01BB) listening='[::1]' ;; esac
      done <"$ROOT/proc/net/tcp6"
      return 1
      ;;
    *) return 1 ;;
  esac
} 2>/dev/null
