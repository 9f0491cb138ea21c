# shellcheck shell=sh
# Actions that install and remove packages. Sourced by runner.sh, after act.sh.
# shellcheck disable=SC2154 # dir, act and what else belongs to an action are set by act.sh
# shellcheck disable=SC2034 # act_failed is for act.sh

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
      *" $_name "*) log warning "$_name was upgraded to version $_version" ;;
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
  apt_get update || log warning "the package lists could not be updated: $(last_part "$act_output")"
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
  now
  _left=$((act_until - now))
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
    if is_past "$act_until"; then
      act_failed="another package manager was running for $act_limit seconds"
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
