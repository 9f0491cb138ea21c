# shellcheck shell=sh
# renewals.sh: who renews certificates on a host, as far as its own files say. Asks no authority, changes
# nothing, and reads no private key. A program of a query: library.sh stands before it, and it has 10 seconds.
# Lines; US separates fields:
#   own CLIENT FILE X509 NAMES SETTING...   a certificate that a client keeps: SERIAL|FROM|TO|ISSUER, the
#                                           names in it, and lines that the client has written down of it; of
#                                           a command only that there is one
#   asks CLIENT LINE...                     lines by which a daemon gets one by itself
#   runs CLIENT KIND NAME [LINE]            what starts a client: a timer, a service, or cron by that file;
#                                           the command line of one that keeps its settings nowhere else
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

# So many certificates are read: each costs a process.
left=40

# own CLIENT FILE SETTING...: tells a certificate in a file
own() {
  client=$1 file=$2
  shift 2
  [ -f "$ROOT$file" ] || return 0
  if [ "$left" -eq 0 ]; then return 0; fi
  left=$((left - 1))
  if [ "$left" -eq 0 ]; then tell partly "more certificates than are looked at"; fi
  # OpenSSL before 1.1.1 doesn't know -ext.
  words=$(openssl x509 -noout -serial -issuer -nameopt RFC2253 -dates -ext subjectAltName -in "$ROOT$file" 2>/dev/null) ||
    words=$(openssl x509 -noout -serial -issuer -nameopt RFC2253 -dates -in "$ROOT$file" 2>/dev/null) || return 0
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
  tell own "$client" "$file" "$serial|$from|$to|$issuer" "$names" "$@"
}

# own_lines CLIENT FILE WANTED LINES: likewise, with those of the lines that begin with one of the words
# WANTED, which are patterns separated by bars
own_lines() {
  client=$1 file=$2 wanted=$3
  settings=$(printf '%s\n' "$4" | grep -E "^[[:space:]]*($wanted)" |
    sed "s/^\([A-Za-z_]*\(Hook\|_hook\|Cmd\)\)\([ =]*'*\)[^ ='].*/\1\3.../" | head -n 20)
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
    *certbot*renew*) client=certbot ;;
    *acme.sh*--cron* | *acme.sh*--renew*) client=acme.sh ;;
    *lego*' renew'* | *lego*' run'*) client=lego ;;
    *caddy*' run'*) client=caddy ;;
    *) return 1 ;;
  esac
  if [ "$client" = lego ]; then line=$1; else line=; fi
}
# lines_of_services: FILE:LINE of each that names a client
lines_of_services() {
  for unit_folder; do
    [ -d "$unit_folder" ] || continue
    grep -HsE -D skip "^Exec[A-Za-z]*=.*($clients)" "$unit_folder"/*.service
  done
}
services=$(lines_of_services "$@")
while IFS= read -r found; do
  service=${found%%:*}
  service=${service##*/}
  line=${found#*:}
  client_of "$line" || continue
  case "$told " in *" $service "*) continue ;; esac
  told="$told $service"
  timer=${service%.service}.timer
  if has_timer "$@"; then
    tell runs "$client" timer "$timer" "$line"
    units="$units $timer $service"
  else
    tell runs "$client" service "$service" "$line"
    units="$units $service"
  fi
done <<END_OF_SERVICES
$services
END_OF_SERVICES

# Debian's line for certbot does nothing where systemd runs: its timer does.
set -- "$ROOT/etc/crontab" "$ROOT"/etc/cron.*/* "$ROOT"/var/spool/cron/crontabs/* "$ROOT"/var/spool/cron/*
cron=$(grep -HsE -D skip -d skip '^[^#]*(certbot|acme\.sh|lego)' "$@")
while IFS= read -r found; do
  file=${found%%:*}
  line=${found#*:}
  case $line in
    *' -d /run/systemd/system'*) if [ -d "$ROOT/run/systemd/system" ]; then continue; fi ;;
  esac
  client_of "$line" || continue
  tell runs "$client" cron "${file#"$ROOT"}" "$line"
  units="$units cron.service crond.service"
done <<END_OF_CRON
$cron
END_OF_CRON

# Whatever reloads a daemon now and then does so after a renewal as well.
daemons='nginx|haproxy|coturn|turnserver'
if grep -hsE -D skip -d skip "^[^#]*((load|start|kill|HUP|USR2).*($daemons)|($daemons).*(load|start))" "$@" \
  "$ROOT"/etc/systemd/system/*.service |
  grep -qvE '^(Description|Documentation|After|Before|Exec(Start|StartPre|Reload|Stop)=[-+!@]*/usr/s?bin/(nginx|haproxy))'; then
  tell reloads
fi

# certbot(1): renewal/NAME.conf
for conf in "$ROOT"/etc/letsencrypt/renewal/*.conf; do
  [ -r "$conf" ] || continue
  text=$(cat "$conf")
  file=$(printf '%s\n' "$text" | sed -n 's/^cert[[:space:]]*=[[:space:]]*//p' | head -n 1)
  wanted='version|renew_before_expiry|autorenew|authenticator|manual_auth_hook|ari_retry_after'
  case $file in /*) own_lines certbot "$file" "$wanted" "$text" ;; esac
done

# Folders that a command line names: those of acme.sh's --home and --config-home, and of lego's --path
named=$(printf '%s\n' "$services" "$cron" |
  sed -n 's/.*--\(home\|config-home\|path\)[ =]*["'\'']\{0,1\}\(\/[^"'\'' ]*\).*/\2/p' | sort -u | head -n 10)
IFS=$NL
# shellcheck disable=SC2086 # one a line
set -- $named
unset IFS

# acme.sh: HOME/DOMAIN/DOMAIN.conf, or HOME/DOMAIN_ecc/DOMAIN.conf
acme_sh() {
  for conf in "$1"/*/*.conf; do
    case $conf in *.csr.conf) continue ;; esac
    text=$(grep '^Le_' "$conf" 2>/dev/null) || continue
    file=${conf%.conf}.cer
    own_lines acme.sh "${file#"$ROOT"}" 'Le_NextRenewTime=|Le_ReloadCmd=|Le_PostHook=|Le_RenewHook=|Le_Webroot=' "$text"
  done
}
for home in "$ROOT/root/.acme.sh" "$ROOT"/home/*/.acme.sh "$ROOT/etc/acme.sh" "$ROOT/opt/acme.sh" "$ROOT/usr/local/acme.sh"; do
  acme_sh "$home"
done

# lego: PATH/certificates/NAME.json
lego() {
  for json in "$1"/certificates/*.json; do
    file=${json%.json}.crt
    own lego "${file#"$ROOT"}"
  done
}
for path in "$ROOT/var/lib/lego" "$ROOT/etc/lego" "$ROOT/opt/lego" "$ROOT/.lego" "$ROOT/root/.lego" "$ROOT"/home/*/.lego; do
  lego "$path"
done

for folder; do
  case $folder in
    /root/.acme.sh | /home/*/.acme.sh | /etc/acme.sh | /opt/acme.sh | /usr/local/acme.sh) ;;
    /var/lib/lego | /etc/lego | /opt/lego | /.lego | /root/.lego | /home/*/.lego) ;;
    *)
      acme_sh "$ROOT$folder"
      lego "$ROOT$folder"
      ;;
  esac
done

# Caddy: DATA/certificates/ISSUER/NAME/NAME.json; what the authority asked for is in there.
for json in "$ROOT"/var/lib/caddy/.local/share/caddy/certificates/*/*/*.json \
  "$ROOT"/root/.local/share/caddy/certificates/*/*/*.json; do
  [ -r "$json" ] || continue
  file=${json%.json}.crt
  own_lines caddy "${file#"$ROOT"}" '"(start|end|_selectedTime)"' "$(cat "$json")"
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

# HAProxy 3.2 and later: `acme NAME` behind a certificate, and `acme.scheduler`
set -- "$ROOT"/etc/haproxy/*.cfg "$ROOT"/etc/haproxy/*.list "$ROOT"/etc/haproxy/conf.d/*.cfg
acme=$(grep -hsE -D skip '^[^#]+[[:space:][]acme[[:space:]]|^[[:space:]]*acme\.scheduler[[:space:]]' "$@" | head -n 40)
if [ -n "$acme" ]; then
  units="$units haproxy.service"
  printf '%s\n' "$acme" | while IFS= read -r line; do tell asks haproxy "$line"; done
fi

# systemctl(1): empty lines between units
if [ -n "$units" ]; then
  id='' load=''
  # shellcheck disable=SC2086 # names of units have no blanks
  systemctl show --property=Id,LoadState,ActiveState -- $units 2>/dev/null | {
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
fi
tell end
