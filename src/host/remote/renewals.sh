# shellcheck shell=sh
# renewals.sh: who renews certificates on a host, as far as its own files say. Asks no authority, changes
# nothing, and reads no private key. A program of a query: library.sh and certificate-words.sh stand before
# it, and it has 10 seconds.
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
# shellcheck disable=SC2154 # ROOT, US and NL are library.sh's, and a certificate's certificate-words.sh's

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
# first_of FILE: no more than a certificate may have
first_of() {
  timeout -k 1 2 head -c 65536 -- "$1" 2>/dev/null
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
  certificate_words first_of "$ROOT$file" || return 0
  case $serial$issuer$from$to$sans in *[[:cntrl:]]*) return 0 ;; esac
  if [ ${#sans} -gt 8000 ]; then sans=; fi
  tell own "$client" "$file" "$serial|$from|$to|$issuer" "$sans" "$@"
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
