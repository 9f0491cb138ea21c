# shellcheck shell=sh
# Actions that upgrade a product: a script of the operator's that came with the run, or packages that are
# there already. Sourced by runner.sh, after packages.sh. The script runs once, whatever it says: nobody knows
# what it did by then. What they make of the host's packages is told to the log.
# shellcheck disable=SC2154 # dir, act and what else belongs to an action are set by act.sh
# shellcheck disable=SC2034 # act_failed is for act.sh

# run_script ARGUMENT...
run_script() {
  _result=0
  hold_timers || return
  installed_packages >"$dir/packages-before"
  chmod 0700 -- "$dir/scripts/$act" &&
    doing env LC_ALL=C.UTF-8 HOME=/root DEBIAN_FRONTEND=noninteractive DEBCONF_NONINTERACTIVE_SEEN=true \
      APT_LISTCHANGES_FRONTEND=none NEEDRESTART_MODE=l "$dir/scripts/$act" "$@" || _result=$?
  note_upgraded
  return $_result
}

# upgrade_packages MANAGER keep|replace NAME...
upgrade_packages() {
  conffiles=$2
  shift 2
  _result=0
  hold_timers || return
  installed_packages >"$dir/packages-before"
  apt_upgrade "$@" || _result=$?
  note_upgraded
  return $_result
}
# dpkg keeps a conffile that was edited even with --force-confnew, where it is told --force-confdef as well:
# that prefers its own answer, see dpkg(1).
apt_upgrade() {
  case $conffiles in
    replace) set -- --force-confnew CONFFNEW "$@" ;;
    *) set -- --force-confold CONFFOLD "$@" ;;
  esac
  _force=$1
  _ucf=UCF_FORCE_$2
  shift 2
  if [ -n "$(dpkg --audit 2>/dev/null)" ] || [ -n "$(ls -A "$ROOT/var/lib/dpkg/updates" 2>/dev/null)" ]; then
    patiently env DEBIAN_FRONTEND=noninteractive NEEDRESTART_MODE=l "$_ucf=1" dpkg "$_force" --configure -a || return
  fi
  # An upgrade by old lists would be none.
  apt_upgrades update || return
  apt_upgrades --no-remove --only-upgrade install "$@"
}
apt_upgrades() {
  now
  _left=$((act_until - now))
  patiently env DEBIAN_FRONTEND=noninteractive DEBCONF_NONINTERACTIVE_SEEN=true APT_LISTCHANGES_FRONTEND=none \
    NEEDRESTART_MODE=l "$_ucf=1" apt-get -y -q -o "DPkg::Lock::Timeout=$_left" -o "Dpkg::Options::=$_force" \
    -o Dpkg::Use-Pty=0 -o APT::Get::AutomaticRemove=false -o "APT::Update::Error-Mode=any" "$@"
}

# hold_timers: what upgrades packages by itself begins nothing meanwhile; end-run.sh gives it back, however
# the run ends. unattended-upgrades is started by one of them; its own unit only waits for a shutdown.
hold_timers() {
  look_at_units apt-daily.timer apt-daily-upgrade.timer
  for _timer in apt-daily.timer apt-daily-upgrade.timer; do
    seen_of "$_timer"
    [ "$unit_state" != active ] || printf '%s\n' "$_timer"
  done >"$dir/held" && sync -- "$dir/held" || return
  # shellcheck disable=SC2046 # a name of a unit is one word
  [ ! -s "$dir/held" ] || timed 60 systemctl stop $(cat "$dir/held") || {
    act_failed="apt's own timers could not be held off: $said"
    return 1
  }
  # What they had started ends by itself.
  until package_managers_idle; do
    if is_past "$act_until"; then
      act_failed="another package manager was running for $act_limit seconds: $busy"
      return 1
    fi
    sleep 1
  done
}

# NAME, version before and after, of what isn't as it was; empty where it wasn't there, or isn't any more
note_upgraded() {
  installed_packages | awk -v US="$US" -v before="$dir/packages-before" '
    BEGIN { while ((getline line < before) > 0) { split(line, part, " "); was[part[1]] = part[2] } }
    { if (was[$1] != $2) print "upgraded" US $1 US was[$1] US $2; delete was[$1] }
    END { for (name in was) print "upgraded" US name US was[name] US }' | head -n 2000 >>"$dir/log"
}
