# shellcheck shell=sh
# What a run does before it changes any file, and what a revert doesn't undo: packages, archives,
# certificates. Sourced by runner.sh, after prepare.sh. An action that fails ends the run with nothing changed
# but what actions have done by then.
# shellcheck disable=SC2154 # run and dir are set by the program

do_actions() {
  _acts=$(records act)
  [ -n "$_acts" ] || return 0
  enter acting || refuse prepare-failed 'the state of the run could not be written' "look at the host's disks" ''
  each do_action "$_acts"
}

# do_action act NUMBER NAME KIND TIMEOUT COUNT ARGUMENT...
do_action() {
  act=$2
  act_name=$3
  act_kind=$4
  act_limit=$5
  act_until=$(($(now) + act_limit))
  act_output=$dir/output-$act
  _count=$6
  shift 6
  while [ $# -lt "$_count" ]; do set -- "$@" ''; done
  if [ -n "$(records act-unless "$act")" ] && each is_done "$(records act-unless "$act")"; then
    log act "$act_name" unneeded
    return 0
  fi
  ask_guards_of act-guard "$act" || put_off
  log act "$act_name" started
  act_failed=
  if ! : >"$act_output"; then
    act_failed='there is no space for what it says'
  elif ! perform "$@"; then
    act_failed=${act_failed:-"what it ran failed"}
  fi
  said=$(last_part "$act_output")
  [ -z "$act_failed" ] || refuse action-failed "$act_name: $act_failed; no file was changed" \
    'mend what it complains of, then run the command again; what actions have done by then stays' "$said"
  log act "$act_name" finished "$said"
} 2>/dev/null

# is_done act-unless NUMBER COUNT KIND ARGUMENT...
is_done() {
  _count=$3
  shift 3
  while [ $# -le "$_count" ]; do set -- "$@" ''; done
  ask "$@" >/dev/null 9>&-
}

perform() {
  case $act_kind in
    install-packages) install_packages "$@" ;;
    remove-packages) remove_packages "$@" ;;
    unpack) unpack "$@" ;;
    certbot) certbot_answers "$@" ;;
    command) doing "$@" ;;
    *)
      act_failed="the action $act_kind is not known"
      return 1
      ;;
  esac
}

# doing COMMAND...: within what is left of the action's time; its words go to those of the action. Nothing
# asks: there is no terminal and nothing on stdin.
doing() {
  _left=$((act_until - $(now)))
  [ $_left -gt 0 ] || _left=1
  _status=0
  # A package manager that is ended needs a moment to leave things in order.
  timeout -k 60 "$_left" "$@" </dev/null >>"$act_output" 2>&1 9>&- || _status=$?
  [ $_status -ne 124 ] || act_failed="it was ended, as it took longer than $act_limit seconds"
  return $_status
}

# The end of a file as a field of the log. What matters in it comes last, and errors of apt in a line of their
# own.
last_part() {
  { grep -E '^(E|Error|dpkg: error)[: ]' "$1" | head -n 10 && tail -c 4000 "$1"; } 2>/dev/null | one_line
}

## Packages

install_packages() {
  act_manager=$1
  shift
  installed_packages >"$dir/packages-before"
  _result=0
  case $act_manager in
    apt-get) apt_install "$@" || _result=$? ;;
    *) patiently "$act_manager" -y install "$@" || _result=$? ;;
  esac
  # What it brought along as well: all of that can be removed again, and nothing else.
  installed_packages | grep -Fxv -f "$dir/packages-before" >"$dir/packages-$act" || :
  while read -r _name _version; do
    case " $(cut -d ' ' -f 1 <"$dir/packages-before" | tr '\n' ' ') " in
      *" $_name "*) log warning "$_name was brought to version $_version" ;;
      *) log installed "$_name" "$_version" ;;
    esac
  done <"$dir/packages-$act"
  return $_result
}

# NAME VERSION, one a line
installed_packages() {
  if [ -e "$ROOT/var/lib/dpkg/status" ]; then
    dpkg-query --admindir="$ROOT/var/lib/dpkg" -W -f="\${db:Status-Status} \${binary:Package} \${Version}\n" 2>/dev/null |
      sed -n 's/^installed //p'
  else
    rpm --root="${ROOT:-/}" -qa --qf '%{NAME}.%{ARCH} %{VERSION}-%{RELEASE}\n' 2>/dev/null
  fi
}

apt_install() {
  # A power cut in the middle of an earlier run: apt does nothing until that is brought to its end.
  if [ -n "$(dpkg --audit 2>/dev/null)" ] || [ -n "$(ls -A "$ROOT/var/lib/dpkg/updates" 2>/dev/null)" ]; then
    silently dpkg --force-confdef --force-confold --configure -a || :
  fi
  apt_get update || log warning "the lists of packages could not be brought up to date: $(last_part "$act_output")"
  # What was being unpacked apt takes for installed, unless it is told otherwise.
  _names=$(dpkg-query --admindir="$ROOT/var/lib/dpkg" -W -f="\${db:Status-Status} \${binary:Package}\n" 2>/dev/null | sed -n 's/^half-installed //p')
  # shellcheck disable=SC2086 # names of packages hold no blanks
  [ -z "$_names" ] || apt_get --no-remove --reinstall install $_names || return
  # Only those that are missing by now: one that is there would be brought to its latest version.
  _names=
  cut -d ' ' -f 1 <"$dir/packages-before" | cut -d : -f 1 >"$dir/packages-there"
  for _name; do
    if ! grep -Fxq -e "$_name" "$dir/packages-there"; then _names="$_names $_name"; fi
  done
  # shellcheck disable=SC2086 # names of packages hold no blanks
  [ -z "$_names" ] || apt_get --no-remove install $_names
}
apt_get() {
  _left=$((act_until - $(now)))
  silently apt-get -y -q -o "DPkg::Lock::Timeout=$_left" -o Dpkg::Options::=--force-confdef -o Dpkg::Options::=--force-confold \
    -o Dpkg::Use-Pty=0 -o APT::Get::AutomaticRemove=false -o "APT::Update::Error-Mode=any" "$@"
}

# Questions are answered by what is there already; no services are restarted behind the operator's back
# (needrestart(1)).
silently() {
  patiently env DEBIAN_FRONTEND=noninteractive DEBCONF_NONINTERACTIVE_SEEN=true APT_LISTCHANGES_FRONTEND=none \
    NEEDRESTART_SUSPEND=1 NEEDRESTART_MODE=l UCF_FORCE_CONFFOLD=1 "$@"
}

# patiently COMMAND...: again and again while another package manager holds a lock, until the time is up
patiently() {
  while :; do
    _from=$(wc -c <"$act_output")
    _result=0
    doing "$@" || _result=$?
    [ $_result -ne 0 ] || return 0
    tail -c "+$((_from + 1))" "$act_output" | grep -Eiq 'could not get lock|unable to (acquire|lock)|locked by another process|transaction lock' ||
      return $_result
    if [ "$(now)" -ge "$act_until" ]; then
      act_failed="another package manager was at work for $act_limit seconds"
      return $_result
    fi
    sleep 2
  done
}

# The low-level tools remove exactly what they are told, and refuse where something else needs it.
remove_packages() {
  act_manager=$1
  shift
  installed_packages | cut -d ' ' -f 1 >"$dir/packages-before"
  _names=
  for _name; do
    if grep -Fxq -e "$_name" "$dir/packages-before"; then _names="$_names $_name"; fi
  done
  # shellcheck disable=SC2086 # names of packages hold no blanks
  set -- $_names
  [ $# -gt 0 ] || return 0
  case $act_manager in
    apt-get) silently dpkg --remove "$@" ;;
    *) patiently rpm -e "$@" ;;
  esac
}

## Certificates

# certbot_answers PORT NAME ARGUMENT...: on port 80 where nobody listens there yet, else on PORT, where
# whoever has port 80 passes challenges on to; renewals find that somebody there.
certbot_answers() {
  _port=$1
  _name=$2
  shift 2
  # 0A: LISTEN, see proc_net_tcp in the kernel's documentation
  if grep -Eqs '^ *[0-9]+: [0-9A-F]+:0050 [0-9A-F]+:0000 0A ' "$ROOT/proc/net/tcp" "$ROOT/proc/net/tcp6"; then
    doing certbot "$@" --http-01-port "$_port" --http-01-address 127.0.0.1
    return
  fi
  doing certbot "$@" --http-01-port 80 || return
  _renewal=$ROOT/etc/letsencrypt/renewal/$_name.conf
  [ ! -e "$_renewal" ] || doing sed -i -e '/^http01_port *=/d' -e '/^http01_address *=/d' \
    -e "s/^\\[renewalparams\\]\$/&\\nhttp01_port = $_port\\nhttp01_address = 127.0.0.1/" "$_renewal"
}

## Archives

# unpack SOURCE-KIND SOURCE SHA256 DIRECTORY STRIP USER GROUP MARKER MARK: unpacked beside its place, looked
# through, then put there by a rename. Names are without the run: what a power cut left is found by whoever
# comes next.
unpack() {
  _directory=$ROOT$4
  _parent=${_directory%/*}
  _fresh=$_parent/.cp-archive-${_directory##*/}.new
  _old=$_parent/.cp-archive-${_directory##*/}.old
  is_roots "$_parent" || return
  mkdir -p -- "$_parent" 2>>"$act_output" || return
  # A power cut between the two renames.
  if [ -e "$_old" ] && [ ! -e "$_directory" ]; then mv -T -- "$_old" "$_directory"; fi
  rm -rf -- "$_fresh" "$_old"
  is_ours "$_directory" "${8##*/}" || return
  bring_archive "$1" "$2" "$3" || return
  if unpack_beside "$_fresh" "$5" "$6:$7" "${8##*/}" "$9" && sync -f -- "$_fresh" && put_directory "$_fresh" "$_directory" "$_old"; then
    rm -rf -- "$_old" "$dir/archive-$act"
    return 0
  fi
  rm -rf -- "$_fresh" "$dir/archive-$act"
  return 1
}

# is_roots FOLDER: whether root alone gives names on the way to it. What is unpacked there, and the way to it,
# go by names.
is_roots() {
  if walk "$1"; then
    note_way "$walked"
    each judge_folder "$(owners_of_folders)"
    if ! first_turn && ! first_exposed "$walked"; then return 0; fi
    act_failed="${1#"$ROOT"} lies in ${found#"$ROOT"}, where others than root may give names; unpack it into a folder of root's"
  fi
  return 1
}

is_ours() {
  if [ -L "$1" ]; then
    act_failed="${1#"$ROOT"} is a symbolic link, which is not replaced"
    return 1
  fi
  if [ ! -e "$1" ] || [ -e "$1/$2" ] || rmdir -- "$1" 2>/dev/null; then return 0; fi
  act_failed="${1#"$ROOT"} is there already and was not unpacked by clusterproxy; move it away, or name another directory"
  return 1
}

bring_archive() {
  case $1 in
    url)
      archive=$dir/archive-$act
      fetch "$2" "$archive" || {
        act_failed="${act_failed:-"$2 could not be fetched"}"
        return 1
      }
      ;;
    upload) archive=$dir/archives/$act ;;
    *)
      # What is looked at is what is unpacked, whoever else may write to it.
      archive=$dir/archive-$act
      doing cp -- "$ROOT$2" "$archive" || {
        act_failed="${act_failed:-"$2 can't be read on the host"}"
        return 1
      }
      ;;
  esac
  if [ ! -r "$archive" ]; then
    act_failed="$2 can't be read on the host"
    return 1
  fi
  _sum=$(sha256sum <"$archive") || return
  [ "${_sum%% *}" = "$3" ] && return
  act_failed="the archive has the sha256 ${_sum%% *}, and should have $3"
  return 1
}

fetch() {
  if command -v curl >/dev/null 2>&1; then
    doing curl -q --silent --show-error --fail --location --proto '=http,https' --retry 3 --output "$2" -- "$1"
  elif command -v wget >/dev/null 2>&1; then
    doing wget --no-verbose --tries=3 --timeout=60 -O "$2" -- "$1"
  else
    act_failed='the host has neither curl nor wget'
    return 1
  fi
}

# unpack_beside FOLDER STRIP OWNER MARKER MARK tar(1) does without absolute names and names with `..`, and so
# do we, but not without a word. A link may lead anywhere below.
unpack_beside() {
  if doing_to "$dir/members" tar -tf "$archive"; then :; else
    act_failed="${act_failed:-"it is no archive that tar can read"}"
    return 1
  fi
  if grep -Eq '^/|(^|/)\.\.(/|$)' "$dir/members"; then
    act_failed="the archive has names that lead out of it: $(grep -E '^/|(^|/)\.\.(/|$)' "$dir/members" | head -n 3 | tr '\n' ' ')"
    return 1
  fi
  (umask 022 && mkdir -m 0755 -- "$1") 2>>"$act_output" || return
  doing tar -xf "$archive" --no-same-owner --no-same-permissions --strip-components="$2" -C "$1" || return
  if ! find "$1" -mindepth 1 -print -quit | grep -q .; then
    act_failed="with $2 leading parts dropped, nothing is left of the archive's names"
    return 1
  fi
  _strange=$(find "$1" ! -type f ! -type d ! -type l -print | head -n 1)
  _leaving=$(find "$1" -type l -print | leaving "$1" | head -n 3)
  if [ -n "$_strange$_leaving" ]; then
    act_failed="the archive has devices, or links that lead out of it: ${_strange#"$1"}$_leaving"
    return 1
  fi
  # The mark is made before its owner could put a link there, who gets in only when all that is in it has its
  # owner.
  _mode=$(stat -c %a -- "$1") && doing chmod 0700 -- "$1" && rm -f -- "$1/$4" && printf '%s\n' "$5" >"$1/$4" &&
    doing chown -R -h -- "$3" "$1" && doing chmod "0$_mode" -- "$1"
}
doing_to() {
  _listing=$1
  shift
  _left=$((act_until - $(now)))
  [ $_left -gt 0 ] || _left=1
  timeout -k 5 "$_left" "$@" </dev/null >"$_listing" 2>>"$act_output" 9>&-
}
leaving() {
  while IFS= read -r _link; do
    case $(readlink -n -- "$_link") in
      /*) printf '%s ' "${_link#"$1"}" && continue ;;
    esac
    case $(readlink -m -- "$_link")/ in "$1"/*) ;; *) printf '%s ' "${_link#"$1"}" ;; esac
  done
}

put_directory() {
  if [ -e "$2" ]; then mv -T -- "$2" "$3" 2>>"$act_output" || return; fi
  mv -T -- "$1" "$2" 2>>"$act_output" && sync -- "${2%/*}"
}
