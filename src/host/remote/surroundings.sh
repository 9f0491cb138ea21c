# shellcheck shell=sh
# surroundings.sh NAMES PATH...: what doctor wants to know of a host, whatever product it has: disks,
# packages, upgrades that come by themselves, certificates as they are shown for NAMES (separated by
# blanks), and files that a package left beside PATHs. Lines KEY, U+001F, fields separated by blanks.
# Changes nothing, and reads no private key.
#
# A program of a query: library.sh and certificate-words.sh stand before it, and it has 10 seconds. Every
# process costs a host time, so the shell does itself what it can.
# shellcheck disable=SC2154 # ROOT, US and NL are library.sh's, and a certificate's certificate-words.sh's

names=$1
shift

tell() {
  printf '%s%s%s\n' "$1" "$US" "$2"
}

# The folders that services write to; of those on one file system the first is told.
df -k --output=size,avail,itotal,iavail,target -- \
  "$ROOT/" "$ROOT/boot" "$ROOT/tmp" "$ROOT/var" "$ROOT/var/lib" "$ROOT/var/log" 2>/dev/null | {
  read -r _
  while read -r line; do tell disk "$line"; done
}

for path; do
  for suffix in dpkg-dist dpkg-new ucf-dist ucf-new rpmnew rpmsave; do
    if [ -e "$ROOT$path.$suffix" ]; then tell beside "$path.$suffix"; fi
  done
done

if [ -e "$ROOT/var/lib/dpkg/status" ]; then
  tell packages dpkg
  # Its words for each package begin with a blank: ` name       description`.
  dpkg --admindir="$ROOT/var/lib/dpkg" --audit 2>/dev/null | while IFS= read -r line; do
    case $line in ' '*) tell half-configured "${line# }" ;; esac
  done
fi

if [ -e "$ROOT/run/reboot-required" ]; then
  asking=
  { while read -r line; do asking="$asking $line"; done <"$ROOT/run/reboot-required.pkgs"; } 2>/dev/null
  tell reboot "$asking"
fi

# needrestart(1): its files are Perl; the last setting counts.
set -- "$ROOT/etc/needrestart/needrestart.conf" "$ROOT"/etc/needrestart/conf.d/*.conf
if [ -e "$1" ]; then
  sed -n "s/^[[:space:]]*\(\$nrconf{restart}[[:space:]]*=.*\)/\1/p; /^[[:space:]]*#/d; /qr(/p" "$@" 2>/dev/null |
    while IFS= read -r line; do tell needrestart "$line"; done
fi

if command -v apt-config >/dev/null 2>&1; then
  apt-config dump 2>/dev/null |
    sed -n 's/^\(APT::Periodic::Unattended-Upgrade\|Unattended-Upgrade::\(Allowed-Origins\|Origins-Pattern\)\):* "\(.*\)";$/\1 \3/p' |
    while IFS= read -r line; do tell apt "$line"; done
fi
if [ -r "$ROOT/etc/dnf/automatic.conf" ]; then
  while IFS= read -r line; do
    case $line in apply_updates*=*[Yy]es* | apply_updates*=*[Tt]rue*) tell dnf-automatic yes ;; esac
  done <"$ROOT/etc/dnf/automatic.conf"
fi

# SELinux: /sys/fs/selinux is there where it is enabled.
enforcing=
{ read -r enforcing <"$ROOT/sys/fs/selinux/enforce"; } 2>/dev/null
if [ "$enforcing" = 1 ]; then tell selinux enforcing; fi
for boolean in httpd_can_network_connect haproxy_connect_any; do
  # Its value, and the one that it is about to get.
  { read -r value _ <"$ROOT/sys/fs/selinux/booleans/$boolean" && tell boolean "$boolean $value"; } 2>/dev/null
done

# The host's own addresses: ip-address(8), one a line.
ip -o addr show scope global 2>/dev/null | while read -r _ _ _ address _; do tell address "${address%%/*}"; done

# listens PORT: whether anything listens there, by its number in hexadecimal; proc_net_tcp in the kernel's
# documentation
listening=
for table in "$ROOT/proc/net/tcp" "$ROOT/proc/net/tcp6"; do
  { while read -r _ local _ state _; do
    case $state in 0A) listening="$listening ${local##*:}" ;; esac
  done <"$table"; } 2>/dev/null
done
listens() {
  case "$listening " in *" $1 "*) return 0 ;; esac
  return 1
}

# certificate_of KEY FIELDS: of the certificate on stdin, what tells it from its successor
certificate_of() {
  pem=$(cat)
  certificate_words printf '%s\n' "$pem" || return 0
  tell "$1" "$2 $serial|$from|$to|$issuer"
  if [ -n "$sans" ]; then tell "$1-names" "$2 $sans"; fi
}

# A port that is silent for one name is for the others: at worst this takes 8 of the 10 seconds, as otherwise
# nothing at all would be known of a host with daemons that hang.
silent=
if command -v openssl >/dev/null 2>&1; then
  for name in $names; do
    lineage=$ROOT/etc/letsencrypt/live/$name/cert.pem
    [ -r "$lineage" ] || lineage=$ROOT/etc/letsencrypt/live/$name/fullchain.pem
    if [ -r "$lineage" ]; then certificate_of lineage "$name" <"$lineage"; fi
    # https, TURN over TLS (RFC 8656), Ant Media's https, RTMPS
    for port in 443:01BB 5349:14E5 5443:1543 8443:20FB; do
      listens "${port#*:}" || continue
      case "$silent " in *" $port "*) continue ;; esac
      answer=$(timeout 2 openssl s_client -connect "127.0.0.1:${port%:*}" -servername "$name" </dev/null 2>/dev/null)
      case $? in 124) silent="$silent $port" ;; esac
      certificate_of shown "$name ${port%:*}" <<END
$answer
END
    done
  done
fi

# mentions LINE: the daemons in it
mentions() {
  case $1 in *nginx*) tell reloads nginx ;; esac
  case $1 in *haproxy*) tell reloads haproxy ;; esac
  case $1 in *coturn* | *turnserver*) tell reloads coturn ;; esac
  # What a program of the operator's does isn't known.
  case $1 in
    *.sh* | */usr/local/* | */opt/* | */home/* | */root/* | *docker* | *ansible* | *'ssh '* | *python* | *-conf*)
      tell reloads '?'
      ;;
  esac
}

# hook FILE: the daemons in a program that runs after a renewal. What isn't a program for a shell may do
# anything, and the shell would read it byte by byte.
hook() {
  { IFS= read -r line <"$1" || :; } 2>/dev/null
  case $line in
    '#!'*sh | '#!'*sh' '*) ;;
    '#!'* | *ELF*)
      tell reloads '?'
      return
      ;;
  esac
  grep -hs '^[^#]' "$1" | while IFS= read -r line; do mentions "$line"; done
}

# What certbot renews, which daemons use it, and which of them somebody tells: certbot(1), hooks. A link in
# nginx's folder may lead to anything, as large as it may be; what is in sites-available isn't used as such.
in_nginx=
renewed=
for name in $names; do
  conf=$ROOT/etc/letsencrypt/renewal/$name.conf
  [ -r "$conf" ] || continue
  used="[[:space:]]*/etc/letsencrypt/live/"
  if [ -z "$renewed" ]; then
    in_nginx=$(timeout 1 grep -RIhs --exclude-dir=sites-available \
      "^[[:space:]]*ssl_certificate[[:space:]]$used" "$ROOT/etc/nginx")
  fi
  renewed=$renewed$name
  case $in_nginx in *"/etc/letsencrypt/live/$name/"*) tell uses "nginx $name" ;; esac
  if grep -qs "^[[:space:]]*cert=$used$name/" "$ROOT/etc/turnserver.conf" "$ROOT/etc/coturn/turnserver.conf"; then
    tell uses "coturn $name"
  fi
  sed -n 's/^[[:space:]]*bind[[:space:]].*:\([0-9][0-9]*\)[[:space:]]\(.*[[:space:]]\)*ssl[[:space:]].*crt.*/\1/p' \
    "$ROOT/etc/haproxy/haproxy.cfg" 2>/dev/null |
    while read -r port; do tell uses "haproxy $name $port"; done
  sed -n 's/^\(renew_hook\|post_hook\|deploy_hook\|installer\)[[:space:]]*=//p' "$conf" 2>/dev/null |
    while IFS= read -r line; do mentions "$line"; done
done
if [ -n "$renewed" ]; then
  for file in "$ROOT"/etc/letsencrypt/renewal-hooks/deploy/* "$ROOT"/etc/letsencrypt/renewal-hooks/post/*; do
    if ! [ -x "$file" ] || ! [ -f "$file" ]; then continue; fi
    hook "$file"
  done
  # Whatever reloads a daemon now and then does so after a renewal as well.
  grep -hs -D skip '^[^#].*\(hook\|load\|restart\|kill\)' "$ROOT/etc/letsencrypt/cli.ini" "$ROOT/etc/crontab" \
    "$ROOT"/etc/cron.*/* "$ROOT"/var/spool/cron/crontabs/* "$ROOT"/var/spool/cron/root \
    "$ROOT"/etc/systemd/system/*.service "$ROOT"/etc/systemd/system/certbot.service.d/* |
    while IFS= read -r line; do mentions "$line"; done
fi
tell end ''
