# shellcheck shell=sh
# renewals-kept.sh: the certificates that clients keep, and whether what starts them runs. Stands behind
# renewals-runs.sh, and ends the program.
# shellcheck disable=SC2154 # what it uses is of the parts before it

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
