#!/bin/sh
# systemctl(1) for a folder: --version, start, stop, restart, reload, enable, disable, mask, unmask,
# reset-failed, show, is-active, is-enabled, daemon-reload, is-system-running (the content of
# run/stand-in/system-state), list-units (always an empty list). Files below run/stand-in make it fail:
# fail-UNIT (does not start), dies-UNIT (starts, then fails), flaps-UNIT (systemd restarts it again and
# again), nginx-cannot-bind (a reload succeeds although the new workers could not bind).
# shellcheck source=src/demo/stand-ins/common.sh
. "${0%/*}/common.sh"

verb=
properties=
units=
while [ $# -gt 0 ]; do
  case $1 in
    -p | --property)
      properties="$properties $2"
      shift
      ;;
    -p* | --property=*) properties="$properties ${1#*=}" ;;
    --version)
      recall systemd-version 252
      echo "systemd $recalled (stand-in)"
      exit 0
      ;;
    -*) ;;
    *)
      if [ -z "$verb" ]; then verb=$1; else units="$units $1"; fi
      ;;
  esac
  shift
done
set -f

# full_name UNIT: $name is what systemd calls it
full_name() {
  case $1 in *.service | *.target | *.socket | *.timer | *.path | *.mount | *.slice) name=$1 ;; *) name=$1.service ;; esac
}

loaded() {
  [ -e "$memory/units/$1" ] && return 0
  for folder in etc/systemd/system usr/lib/systemd/system lib/systemd/system; do
    [ ! -e "$root/$folder/$1" ] || return 0
  done
  return 1
}

# The next two leave what they find in $recalled.
active_state() {
  recall "units/$1" inactive
}

restarts() {
  recall "restarts-$1" 0
  [ -e "$memory/flaps-${1%.service}" ] || return 0
  remember "restarts-$1" $((recalled + 1))
  recall "restarts-$1" 0
}

property() {
  case $1 in
    Id | Names) echo "$1=$2" ;;
    LoadState)
      recall "enabled-$2"
      if [ "$recalled" = masked ]; then echo LoadState=masked; elif loaded "$2"; then echo LoadState=loaded; else echo LoadState=not-found; fi
      ;;
    ActiveState)
      active_state "$2"
      echo "ActiveState=$recalled"
      ;;
    SubState)
      active_state "$2"
      case $recalled in active) echo SubState=running ;; failed) echo SubState=failed ;; *) echo SubState=dead ;; esac
      ;;
    UnitFileState)
      recall "enabled-$2" enabled
      if loaded "$2"; then echo "UnitFileState=$recalled"; else echo UnitFileState=; fi
      ;;
    NRestarts)
      restarts "$2"
      echo "NRestarts=$recalled"
      ;;
    MainPID)
      active_state "$2"
      if [ "$recalled" = active ]; then recall "pid-$2" 0; else recalled=0; fi
      echo "MainPID=$recalled"
      ;;
  esac
}

# The process table of nginx: one master, and one worker per generation.
new_nginx_worker() {
  recall nginx-generation 0
  generation=$((recalled + 1))
  remember nginx-generation $generation
  remember pid-nginx.service 10000
  rm -rf "$root"/proc/1000[1-9] "$root"/proc/100[1-9][0-9] 2>/dev/null
  set +f
  rm -rf "$root"/proc/1[0-9][0-9][0-9][0-9]
  set -f
  worker=$((10000 + generation))
  mkdir -p "$root/proc/$worker"
  printf 'Name:\tnginx\nPPid:\t10000\n' >"$root/proc/$worker/status"
  printf 'nginx: worker process\000' >"$root/proc/$worker/cmdline"
  echo "$worker (nginx) S 10000 1 1 0 -1 0 0 0 0 0 0 0 0 0 20 0 1 0 $generation 0 0" >"$root/proc/$worker/stat"
}

# Keeps what a service reads when it starts, so that a change has no effect before a restart.
take_up() {
  case $1 in
    nginx.service) new_nginx_worker ;;
    bbb-web.service)
      for file in etc/bigbluebutton/bbb-web.properties etc/averox/avx-web.properties; do
        if [ -e "$root/$file" ]; then cp "$root/$file" "$memory/bbb-web.loaded"; fi
      done
      ;;
  esac
}

# The sockets table (proc_net_tcp in the kernel's documentation): the ports on which the running services
# answer. 0A is LISTEN.
listening() {
  mkdir -p "$root/proc/net"
  slot=0
  for pair in bbb-html5:4100 bbb-graphql-server:8085 bbb-web:8090 bbb-graphql-middleware:8378 etherpad:9001; do
    active_state "${pair%:*}.service"
    if [ "$recalled" = active ]; then
      printf '%4d: 0100007F:%04X 00000000:0000 0A 00000000:00000000\n' $slot "${pair#*:}"
      slot=$((slot + 1))
    fi
  done >"$root/proc/net/tcp.$$"
  mv -f "$root/proc/net/tcp.$$" "$root/proc/net/tcp"
}

start() {
  short=${1%.service}
  if [ -e "$memory/fail-$short" ]; then
    remember "units/$1" failed
    echo "Job for $1 failed because the control process exited with error code." >&2
    echo "See \"systemctl status $1\" and \"journalctl -xeu $1\" for details." >&2
    return 1
  fi
  if [ "$short" = nginx ] && ! nginx -t >/dev/null 2>&1; then
    remember "units/$1" failed
    echo "Job for $1 failed because the control process exited with error code." >&2
    return 1
  fi
  take_up "$1"
  if [ -e "$memory/dies-$short" ]; then remember "units/$1" failed; else remember "units/$1" active; fi
}

case $verb in
  daemon-reload)
    journal daemon-reload
    ;;
  is-system-running)
    recall system-state running
    echo "$recalled"
    ;;
  list-units) ;;
  show)
    asked=$units
    for unit in $asked; do
      # The pattern for all units that have failed.
      if [ "$unit" = '*' ]; then
        set +f
        for file in "$memory"/units/*; do
          recall "units/${file##*/}"
          [ "$recalled" != failed ] || asked="$asked ${file##*/}"
        done
        set -f
      fi
    done
    for unit in $asked; do
      [ "$unit" != '*' ] || continue
      full_name "$unit"
      for one in $properties; do property "$one" "$name"; done
      echo
    done
    ;;
  is-active | is-enabled)
    for unit in $units; do
      full_name "$unit"
      active_state "$name"
      echo "$recalled"
    done
    # 3 as systemctl's, of a unit that isn't
    [ "$recalled" = active ] || exit 3
    ;;
  enable | disable | mask | unmask)
    for unit in $units; do
      full_name "$unit"
      journal "$verb $name"
      loaded "$name" || {
        echo "Failed to $verb unit: Unit file $name does not exist." >&2
        exit 1
      }
      case $verb in enable) remember "enabled-$name" enabled ;; mask) remember "enabled-$name" masked ;; *) remember "enabled-$name" disabled ;; esac
    done
    ;;
  reset-failed)
    for unit in $units; do
      full_name "$unit"
      journal "$verb $name"
      active_state "$name"
      [ "$recalled" != failed ] || remember "units/$name" inactive
    done
    ;;
  start | stop | restart | reload | reload-or-restart)
    for unit in $units; do
      full_name "$unit"
      journal "$verb $name"
      loaded "$name" || {
        echo "Failed to $verb $name: Unit $name not found." >&2
        exit 5
      }
      case $verb:$name in
        stop:*.timer) remember "units/$name" inactive ;;
        stop:clusterproxy-*)
          # The group of systemd-run's stand-in; its last part, ExecStopPost, belongs to the unit.
          recall "pid-$name" 0
          kill -TERM "-$recalled"
          while [ -e "$memory/units/$name" ]; do sleep 0.05; done
          ;;
        stop:*) remember "units/$name" inactive ;;
        reload:nginx.service)
          nginx -t >/dev/null 2>&1 || {
            echo "Job for nginx.service failed." >&2
            exit 1
          }
          if [ -e "$memory/nginx-cannot-bind" ]; then
            mkdir -p "$root/var/log/nginx"
            echo '2026/01/01 00:00:00 [emerg] 10000#10000: bind() to 0.0.0.0:443 failed (98: Address already in use)' \
              >>"$root/var/log/nginx/error.log"
          else
            new_nginx_worker
          fi
          ;;
        *)
          start "$name" || {
            listening
            exit 1
          }
          ;;
      esac
    done
    listening
    ;;
  *)
    echo "Unknown command verb $verb." >&2
    exit 1
    ;;
esac
