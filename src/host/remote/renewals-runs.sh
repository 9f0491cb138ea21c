# shellcheck shell=sh
# renewals-runs.sh: what starts the clients that renew certificates. Stands behind renewals.sh, and before
# renewals-kept.sh, which uses what it finds: $services, $cron, $units and $named.
# shellcheck disable=SC2154 # ROOT, US and NL are library.sh's

# What runs a client: lines of cron and of systemd's services. The first file of a unit wins.
clients='certbot|acme\.sh|lego|caddy'
set -- "$ROOT/etc/systemd/system" "$ROOT/run/systemd/system" "$ROOT/usr/local/lib/systemd/system" \
  "$ROOT/usr/lib/systemd/system"
if ! [ -L "$ROOT/lib" ]; then set -- "$@" "$ROOT/lib/systemd/system"; fi
units=
told=
has_timer() {
  for unit_folder; do
    if [ -e "$unit_folder/$timer" ]; then return 0; fi
  done
  return 1
}
# client_of LINE: the client that a line runs into $client, and what is to be told of the line into $line;
# false for none
client_of() {
  case $1 in
    *--dry-run*) return 1 ;;
    *certbot*renew*) client=certbot ;;
    *acme.sh*--cron* | *acme.sh*--renew*) client=acme.sh ;;
    *lego*' renew'* | *lego*' run'*) client=lego ;;
    *caddy*' run'*) client=caddy ;;
    *) return 1 ;;
  esac
  if [ "$client" = lego ]; then line=$1; else line=; fi
}
# folders_in LINE: the folders of settings and certificates that a command line names, one a line: those of
# acme.sh's --home, --config-home and --cert-home, of lego's --path, and of certbot's --config-dir
folders_in() {
  printf '%s\n' "$1" | grep -oE -e '--(home|config-home|cert-home|path|config-dir)[ =]["'\'']?/[^"'\'' ]*' |
    sed 's/^[^/]*//; s/\/*$//' | head -n 5
}
# told_to_run KIND NAME USER LINE: tells of a line that runs a client
told_to_run() {
  kind=$1 name=$2 user=$3
  folders=$(folders_in "$4")
  set -f
  IFS=$NL
  # shellcheck disable=SC2086 # one a line
  set -- $folders
  unset IFS
  set +f
  for folder; do
    # Only those that root names may be anywhere.
    if [ "$user" = root ]; then named=$named$NL$folder; fi
    case $folder in /home/*) named=$named$NL$folder ;; esac
  done
  tell runs "$client" "$kind" "$name" "$line" "$user" "$@"
}
named=
# lines_of_services: FILE:LINE of each that names a client
lines_of_services() {
  for unit_folder; do
    for service in "$unit_folder"/*.service; do
      case $service in *[[:cntrl:]]*) continue ;; esac
      if [ -f "$service" ]; then printf '%s\n' "$service"; fi
    done
  done | {
    set -f
    IFS=$NL
    # shellcheck disable=SC2046 # one a line
    set -- $(cat)
    unset IFS
    set +f
    [ $# -eq 0 ] || grep -HsE "^Exec[A-Za-z]*=.*($clients)" "$@"
  } | plain | cut -c 1-2000 | head -n 100
}
# unit_pattern UNIT: what systemctl(1) is asked for: of a template those of its units that are loaded
unit_pattern() {
  case $1 in
    *@.*) printf '%s@*.%s' "${1%@.*}" "${1##*.}" ;;
    *) printf '%s' "$1" ;;
  esac
}
services=$(lines_of_services "$@")
while IFS= read -r found; do
  case $found in *.service:*) ;; *) continue ;; esac
  file=${found%%.service:*}.service
  service=${file##*/}
  found=${found#*.service:}
  client_of "$found" || continue
  # Others would be several words, or patterns.
  case $service in *[!A-Za-z0-9:_.@\\-]* | -*) continue ;; esac
  case "$told " in *" $service "*) continue ;; esac
  told="$told $service"
  user=$(text_of "$file" | sed -n 's/^User[[:space:]]*=[[:space:]]*//p' | tail -n 1)
  timer=${service%.service}.timer
  if has_timer "$@"; then
    told_to_run timer "$timer" "${user:-root}" "$found"
    units="$units $(unit_pattern "$timer") $(unit_pattern "$service")"
  else
    told_to_run service "$service" "${user:-root}" "$found"
    units="$units $(unit_pattern "$service")"
  fi
done <<END_OF_SERVICES
$services
END_OF_SERVICES

# is_run FILE: whether cron runs a file. Debian's leaves out names with a dot and others in /etc/cron.d, and
# so does its run-parts(8); elsewhere cronie's, and that of the package crontabs, leave out what packages and
# editors put aside. What run-parts runs has to be executable.
is_run() {
  [ -f "$1" ] || return 1
  case ${1#"$ROOT"} in
    *[[:cntrl:]]*) return 1 ;;
    /etc/cron.*)
      case ${1##*/} in
        *~ | *,v | *.rpm* | *.dpkg-* | *.cfsaved | *.swp | '#'* | *:*) return 1 ;;
        *[!A-Za-z0-9_-]*) if [ -f "$ROOT/etc/debian_version" ]; then return 1; fi ;;
      esac
      case ${1#"$ROOT"} in
        /etc/cron.d/*) ;;
        *) [ -x "$1" ] ;;
      esac
      ;;
  esac
}
# user_of FILE LINE: as whom cron runs a line
user_of() {
  case $1 in
    /var/spool/cron/*) printf '%s\n' "${1##*/}" ;;
    /etc/crontab | /etc/cron.d/*)
      set -f
      # shellcheck disable=SC2086 # words
      set -- $2
      set +f
      case $1 in @*) printf '%s\n' "$2" ;; *) printf '%s\n' "$6" ;; esac
      ;;
    *) echo root ;;
  esac
}

# Debian's line for certbot does nothing where systemd runs: its timer does.
set --
for file in "$ROOT/etc/crontab" "$ROOT"/etc/cron.*/* "$ROOT"/var/spool/cron/crontabs/* "$ROOT"/var/spool/cron/*; do
  if is_run "$file"; then set -- "$@" "$file"; fi
done
cron=
if [ $# -gt 0 ]; then cron=$(grep -HsE '^[^#]*(certbot|acme\.sh|lego)' "$@" | plain | cut -c 1-2000 | head -n 100); fi
while IFS= read -r found; do
  file=${found%%:*}
  file=${file#"$ROOT"}
  found=${found#*:}
  case $found in
    *' -d /run/systemd/system'*) if [ -d "$ROOT/run/systemd/system" ]; then continue; fi ;;
  esac
  client_of "$found" || continue
  told_to_run cron "$file" "$(user_of "$file" "$found")" "$found"
  units="$units cron.service crond.service"
done <<END_OF_CRON
$cron
END_OF_CRON

# Whatever reloads a daemon now and then does so after a renewal as well; its own unit does not.
for file in "$ROOT"/etc/systemd/system/*.service; do
  case ${file##*/} in nginx* | haproxy* | coturn* | turnserver*) continue ;; esac
  if [ -f "$file" ]; then set -- "$@" "$file"; fi
done
daemons='nginx|haproxy|coturn|turnserver'
if [ $# -gt 0 ] &&
  grep -hsE "^[^#]*((load|start|kill|HUP|USR2).*($daemons)|($daemons).*(load|start))" "$@" |
  grep -qvE '^(Description|Documentation|After|Before|Exec(Start|StartPre|Reload|Stop)=[-+!@:]*/[^ ]*/(nginx|haproxy|turnserver))'; then
  tell reloads
fi
