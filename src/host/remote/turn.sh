# shellcheck shell=sh
# Whose turn it is to have this host, or another one of its role, give away what only one of them has:
# clusters that share those hosts know nothing of each other's runs. The request: verb (take, give), machine
# id, whose turn it is to be, words on that for others, and seconds after which the turn is over unless it's
# taken again. Output: `NONCE VERDICT<US>WORDS`: taken, given, failed, or others with the words of whoever has
# it.
#
# What is noted is forgotten when the host starts, when nobody is kept from anything either.
# shellcheck disable=SC2154 # nonce and request are set by the bootstrap, US by library.sh

IFS=$US
# shellcheck disable=SC2086 # splitting is what it is for
set -- ${request%%"$NL"*}
IFS=$default_ifs
verb=$1
machine=$2
own=$3
words=$4
seconds=$5
folder=$ROOT/run/clusterproxy-turn
whose=

answer() {
  printf '%s %s\n' "$nonce" "$1$US${2:-}"
  exit 0
}

# has_ended SECOND: by the time since the host started, as the clock may be set meanwhile
has_ended() {
  { read -r _now _ <"$ROOT/proc/uptime"; } 2>/dev/null || return
  [ "${_now%%.*}" -ge "$1" ]
}

same_machine "$machine" || answer another-machine
[ -d "$folder" ] || mkdir -m 0700 -- "$folder" 2>/dev/null || [ -d "$folder" ] || answer failed "$folder can't be made"
if [ -L "$folder" ] || [ ! -O "$folder" ]; then answer failed "$folder belongs to somebody else"; fi
# Not truncated: others may hold it.
true >>"$folder/lock" || answer failed "$folder can't be written to"
exec 9<"$folder/lock" || answer failed "$folder can't be read"
flock -w 30 9 || answer failed "$folder is locked by another program"
{ IFS=$US read -r whose until said <"$folder/turn" || :; } 2>/dev/null

case $verb in
  take)
    if [ -n "$whose" ] && [ "$whose" != "$own" ] && ! has_ended "${until:-0}"; then answer others "$said"; fi
    read -r now _ <"$ROOT/proc/uptime" || answer failed "it can't be known how long the host has run"
    if ! printf '%s\n' "$own$US$((${now%%.*} + seconds))$US$words" >"$folder/.turn" ||
      ! mv -f -- "$folder/.turn" "$folder/turn"; then
      answer failed "$folder can't be written to"
    fi
    answer taken
    ;;
  give)
    [ "$whose" != "$own" ] || rm -f -- "$folder/turn" || answer failed "$folder can't be written to"
    answer given
    ;;
esac
