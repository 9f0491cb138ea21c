# shellcheck shell=sh
# renewals.sh: who renews certificates on a host, as far as its own files say. Asks no authority, changes
# nothing, and reads no private key. A program of a query: library.sh stands before it, and it has 10 seconds.
# Lines; US separates fields:
#   own CLIENT FILE X509 NAMES SETTING...   a certificate that a client keeps: SERIAL|FROM|TO|ISSUER, the
#                                           names in it, and lines that the client has written down of it; of
#                                           a command only that there is one
#   asks CLIENT LINE...                     lines by which a daemon gets one by itself
#   runs CLIENT KIND NAME LINE USER FOLDER... what starts a client: a timer, a service, or cron by that file;
#                                           the command line of one that keeps its settings nowhere else, as
#                                           whom it runs, and folders that the line names
#   owner FOLDER USER                       whose a folder is that a user can write to
#   unit NAME LOADED ACTIVE                 a unit among those
#   reloads                                 something reloads a daemon every now and then
#   partly WHERE                            what could not be read, so that there may be more
# shellcheck disable=SC2154 # ROOT, US and NL are library.sh's

# tell FIELD...
tell() {
  IFS=$US
  printf '%s\n' "$*"
  unset IFS
}

# text_of FILE: the first 64 KiB of a regular file without control characters; false of anything else, which
# might never come to an end, or keep whoever opens it
text_of() {
  [ -f "$1" ] || return 1
  timeout -k 1 2 head -c 65536 -- "$1" 2>/dev/null | plain
}
# plain: what may be told and shown
plain() {
  LC_ALL=C tr -d '\000-\010\013-\037\177'
}
# x509 FILE OPTION...: what openssl(1) tells of the certificate in a regular file
x509() {
  x509_file=$1
  shift
  timeout -k 1 2 head -c 65536 -- "$x509_file" 2>/dev/null |
    openssl x509 -noout -serial -issuer -nameopt RFC2253 -dates "$@" 2>/dev/null
}

# So many certificates are read: each costs a few processes.
left=40
# full: whether no more are read, and says so once
full() {
  [ "$left" -le 0 ] || return 1
  if [ "$left" -eq 0 ]; then tell partly "more certificates than are looked at"; fi
  left=-1
}

# own CLIENT FILE SETTING...: tells a certificate in a file
own() {
  client=$1 file=$2
  shift 2
  case $file in *[[:cntrl:]]*) return 0 ;; esac
  [ -f "$ROOT$file" ] || return 0
  if full; then return 0; fi
  left=$((left - 1))
  # OpenSSL before 1.1.1 doesn't know -ext.
  words=$(x509 "$ROOT$file" -ext subjectAltName) || words=$(x509 "$ROOT$file") || return 0
  serial='' issuer='' from='' to='' names=''
  while IFS= read -r line; do
    case $line in
      serial=*) serial=${line#*=} ;;
      issuer=*) issuer=${line#*=} ;;
      notBefore=*) from=${line#*=} ;;
      notAfter=*) to=${line#*=} ;;
      *DNS:*) names=$line ;;
    esac
  done <<END_OF_WORDS
$words
END_OF_WORDS
  case $serial$issuer$from$to$names in *[[:cntrl:]]*) return 0 ;; esac
  if [ ${#names} -gt 8000 ]; then names=; fi
  tell own "$client" "$file" "$serial|$from|$to|$issuer" "$names" "$@"
}

# own_lines CLIENT FILE WANTED LINES: likewise, with those of the lines that begin with one of the words
# WANTED, which are patterns separated by bars
own_lines() {
  client=$1 file=$2 wanted=$3
  settings=$(printf '%s\n' "$4" | grep -E "^[[:space:]]*($wanted)" |
    sed "s/^\([A-Za-z_]*\(Hook\|_hook\|Cmd\)\)\([ =]*'*\)[^ ='].*/\1\3.../; s/^\(.\{200\}\).*/\1/; 20q")
  set --
  while IFS= read -r line; do
    if [ -n "$line" ]; then set -- "$@" "$line"; fi
  done <<END_OF_SETTINGS
$settings
END_OF_SETTINGS
  own "$client" "$file" "$@"
}

for folder in /root /etc/letsencrypt/renewal /etc/letsencrypt/live /var/lib/caddy /var/spool/cron/crontabs; do
  if [ -d "$ROOT$folder" ] && ! { [ -r "$ROOT$folder" ] && [ -x "$ROOT$folder" ]; }; then tell partly "$folder"; fi
done

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

# certbot(1): renewal/NAME.conf
for conf in "$ROOT"/etc/letsencrypt/renewal/*.conf; do
  [ -f "$conf" ] || continue
  if full; then break; fi
  text=$(text_of "$conf") || continue
  file=$(printf '%s\n' "$text" | sed -n 's/^cert[[:space:]]*=[[:space:]]*//p' | head -n 1)
  wanted='version|renew_before_expiry|autorenew|authenticator|manual_auth_hook|ari_retry_after'
  case $file in /*) own_lines certbot "$file" "$wanted" "$text" ;; esac
done

# acme.sh: HOME/DOMAIN/DOMAIN.conf, or HOME/DOMAIN_ecc/DOMAIN.conf
acme_sh() {
  for conf; do
    case $conf in *.csr.conf | *[[:cntrl:]]*) continue ;; esac
    [ -f "$conf" ] || continue
    if full; then return 0; fi
    text=$(text_of "$conf" | grep '^Le_') || continue
    file=${conf%.conf}.cer
    own_lines acme.sh "${file#"$ROOT"}" 'Le_NextRenewTime=|Le_ReloadCmd=|Le_PostHook=|Le_RenewHook=|Le_Webroot=' "$text"
  done
}
for home in /root/.acme.sh /etc/acme.sh /opt/acme.sh /usr/local/acme.sh; do
  acme_sh "$ROOT$home"/*/*.conf
done

# lego: PATH/certificates/NAME.json
lego() {
  for json; do
    [ -f "$json" ] || continue
    file=${json%.json}.crt
    own lego "${file#"$ROOT"}"
  done
}
for path in /var/lib/lego /etc/lego /opt/lego /.lego /root/.lego; do
  lego "$ROOT$path"/certificates/*.json
done

# Caddy: DATA/certificates/ISSUER/NAME/NAME.json; what the authority asked for is in there.
for json in "$ROOT"/var/lib/caddy/.local/share/caddy/certificates/*/*/*.json \
  "$ROOT"/root/.local/share/caddy/certificates/*/*/*.json; do
  case $json in *[[:cntrl:]]*) continue ;; esac
  [ -f "$json" ] || continue
  if full; then break; fi
  text=$(text_of "$json") || continue
  file=${json%.json}.crt
  own_lines caddy "${file#"$ROOT"}" '"(start|end|_selectedTime)"' "$text"
done

# nginx's ACME module: `acme_certificate ISSUER [NAME...]` in a server block, and its folder of certificates.
if [ -d "$ROOT/etc/nginx" ]; then
  files=$(timeout 2 grep -RIlsE --exclude-dir=sites-available '^[[:space:]]*acme_(certificate|issuer)[[:space:]]' "$ROOT/etc/nginx")
  IFS=$NL
  # shellcheck disable=SC2086 # one a line
  set -- $files
  unset IFS
  if [ $# -gt 0 ]; then
    awk -v US="$US" '
      # A directive may go on over lines, up to its semicolon.
      { sub(/(^|[ \t])#.*/, "") }
      /^[ \t]*server[ \t]*\{/ { depth = 0; inside = 1; names = ""; acme = ""; within = "" }
      inside && /^[ \t]*(server_name|acme_certificate)[ \t]/ {
        within = $1
        sub(/^[ \t]*[a-z_]+/, "")
      }
      within != "" {
        text = $0
        sub(/;.*/, "", text)
        if (within == "server_name") names = names " " text
        else acme = acme " " text
        if (index($0, ";") > 0) within = ""
      }
      inside {
        opened = gsub(/\{/, "{")
        depth += opened - gsub(/\}/, "}")
        if (depth <= 0) {
          if (acme != "") print "asks" US "nginx" US acme US names
          inside = 0
        }
      }' "$@"
    units="$units nginx.service"
    state=$(sed -n 's/^[[:space:]]*state_path[[:space:]]*\([^;]*\);.*/\1/p; s/^[[:space:]]*acme_issuer[[:space:]]*\([^ {]*\).*/acme_\1/p' "$@" | sort -u | head -n 10)
    while IFS= read -r path; do
      case $path in
        '' | off) continue ;;
        /*) set -- "$path" ;;
        *) set -- "/var/cache/nginx/$path" "/etc/nginx/$path" "/usr/share/nginx/$path" "/var/lib/nginx/$path" ;;
      esac
      for folder; do
        for file in "$ROOT$folder"/*.crt; do own nginx "${file#"$ROOT"}"; done
      done
    done <<END_OF_STATE
$state
END_OF_STATE
  fi
fi

# HAProxy 3.2 and later: `acme NAME` behind a certificate, in a line of its own or of a list, and
# `acme.scheduler`
set --
for file in "$ROOT"/etc/haproxy/*.cfg "$ROOT"/etc/haproxy/*.list "$ROOT"/etc/haproxy/conf.d/*.cfg; do
  if [ -f "$file" ]; then set -- "$@" "$file"; fi
done
acme=
if [ $# -gt 0 ]; then
  acme=$(grep -hsE -e '^[[:space:]]*(load|ssl-f-use)[[:space:]][^#]*[[:space:]]acme[[:space:]]' \
    -e '^[^#[:space:]]+[[:space:]]+\[([^]#]*[[:space:]])?acme[[:space:]]' \
    -e '^[[:space:]]*acme\.scheduler[[:space:]]' "$@" | plain | head -n 40)
fi
if [ -n "$acme" ]; then
  units="$units haproxy.service"
  printf '%s\n' "$acme" | while IFS= read -r line; do tell asks haproxy "$line"; done
fi

# systemctl(1): empty lines between units
if [ -n "$units" ]; then
  id='' load=''
  # Of several of a template each is told by its name.
  set -f
  # shellcheck disable=SC2086 # names of units have no blanks
  timeout -k 1 3 systemctl show --property=Id,LoadState,ActiveState -- $units 2>/dev/null | {
    while IFS= read -r line; do
      case $line in
        Id=*) id=${line#*=} ;;
        LoadState=*) load=${line#*=} ;;
        ActiveState=*) active=${line#*=} ;;
        '') if [ -n "$id" ]; then tell unit "$id" "$load" "$active"; fi ;;
      esac
    done
    if [ -n "$id" ]; then tell unit "$id" "$load" "$active"; fi
  }
  set +f
fi

# Folders that users can write to, and others that command lines name. Only regular files in them count that
# are their owner's or root's, and no link, so that nobody has files of somebody else read. They come last and
# have a time limit of their own: a home that is on another machine may not answer.
folders=$(printf '%s\n' "$named" | sort -u | head -n 20)
set -f
IFS=$NL
# shellcheck disable=SC2086 # one a line
set -- $folders
unset IFS
set +f
set -- "$ROOT" "$@"
# shellcheck disable=SC2016 # it is that shell which is to expand it
listed=$(timeout -k 1 3 sh -c '
  root=$1
  shift
  for folder; do
    shift
    case $folder in
      /root/.acme.sh | /etc/acme.sh | /opt/acme.sh | /usr/local/acme.sh) ;;
      /var/lib/lego | /etc/lego | /opt/lego | /.lego | /root/.lego) ;;
      /home/*/.acme.sh | /home/*/.lego) ;;
      */../* | */..) ;;
      *) set -- "$@" "$root$folder" ;;
    esac
  done
  for home in "$root"/home/*; do
    case $home in *[[:cntrl:]]*) continue ;; esac
    set -- "$@" "$home/.acme.sh" "$home/.lego"
  done
  for folder; do
    if ! [ -d "$folder" ] || [ -L "$folder" ]; then continue; fi
    home=$folder
    case $folder in
      "$root"/home/*/*)
        home=${folder#"$root"/home/}
        home=$root/home/${home%%/*}
        ;;
    esac
    [ "$(readlink -f "$folder")" = "$(readlink -f "$home")${folder#"$home"}" ] || continue
    number=$(stat -c %u "$home/.") || continue
    echo "owner ${folder#"$root"} $(stat -c %U "$home/.")"
    find "$folder" -maxdepth 2 "(" ! -user "$number" ! -user 0 -o -name "*[[:cntrl:]]*" ")" -prune -o \
      -type f "(" -name "*.conf" -o -name "*.cer" -o -name "*.json" -o -name "*.crt" ")" -print 2>/dev/null |
      head -n 1000
  done' folders "$@") || tell partly "/home within 3 seconds"
listed=$NL$listed$NL
while IFS= read -r one; do
  case $one in
    'owner '*)
      folder=${one#owner }
      tell owner "${folder% *}" "${folder##* }"
      ;;
    *.conf) case $listed in *"$NL${one%.conf}.cer$NL"*) acme_sh "$one" ;; esac ;;
    */certificates/*.json) case $listed in *"$NL${one%.json}.crt$NL"*) lego "$one" ;; esac ;;
  esac
done <<END_OF_LISTED
$listed
END_OF_LISTED
tell end
