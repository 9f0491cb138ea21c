# shellcheck shell=sh
# Who wants a host left alone: the hold of a cluster, which freezes it for everybody, and the lease of a run
# that works on many hosts. Each is one record in the folder of its cluster, and ends by the host's clock:
#   hold    until, since, who, from, reason
#   lease   until, since, who, from, run, command, process
# Times are seconds since the epoch; a hold without `until` stays until it is released. What brings a run to
# its end (settle.sh, the boot unit) never asks. Runs after lib.sh.
# shellcheck disable=SC2154 # base, US and NL are set by lib.sh
# shellcheck disable=SC2034 # some variables are for the programs only

# claim_of CLUSTER hold|lease: the record that counts into $claim; false where there is none
claim_of() {
  stored_claim "$1" "$2" || return 1
  field 1 "$claim"
  case $field in '' | *[!0-9]*) return 0 ;; esac
  [ "$(date +%s)" -ge "$field" ] || return 0
  claim=
  return 1
}

# stored_claim CLUSTER hold|lease: the same, whether it has expired or not
stored_claim() {
  claim=
  [ -n "$1" ] || return 1
  { IFS= read -r claim <"$base/clusters/$1/$2" || :; } 2>/dev/null
  [ -n "$claim" ]
}

# tidy_claim CLUSTER hold|lease: takes one away that has expired
tidy_claim() {
  claim_of "$1" "$2" || rm -f -- "$base/clusters/$1/$2"
} 2>/dev/null

# write_claim CLUSTER hold|lease RECORD: complete and durable, or not at all; false with why in $said
write_claim() {
  _folder=$base/clusters/$1
  _fresh=$_folder/.$2.$$
  if said=$(
    {
      umask 077
      mkdir -p -- "$_folder" && chmod 0700 "$base" && printf '%s\n' "$3" >"$_fresh" && sync -- "$_fresh" &&
        mv -T -f -- "$_fresh" "$_folder/$2" && sync -- "$_folder" "${_folder%/*}" "$base"
    } 2>&1
  ); then return 0; fi
  rm -f -- "$_fresh"
  return 1
}

# drop_claim CLUSTER hold|lease: and the folders that were made for it alone
drop_claim() {
  _folder=$base/clusters/$1
  rm -f -- "$_folder/$2" || return
  sync -- "$_folder"
  rmdir -- "$_folder" "${_folder%/*}" "$base" || :
} 2>/dev/null

# lock_claims make|found: nobody else takes or renews one, nor forgets the cluster, until descriptor 8 is
# closed. Apart from the lock of runs, which one that works has for as long as it takes. With `found` it is
# false where nothing is remembered: a host that was given back while we waited stays as it is.
lock_claims() {
  for _ in 1 2 3; do
    [ "$1" != make ] || (umask 077 && mkdir -p -- "$base") 2>/dev/null || return
    # As a command, since a shell ends where exec alone fails.
    { command exec 8<"$base"; } 2>/dev/null || return
    flock -w 10 8 || return
    # Whoever had it may have been the last to need the folder.
    # shellcheck disable=SC3013 # not in POSIX, but in dash, bash and busybox
    [ ! "$base" -ef /proc/self/fd/8 ] || return 0
  done
  return 1
}

# is_lease_of RUN RECORD
is_lease_of() {
  field 5 "$2"
  [ "$field" = "$1" ]
}

# write_lease RUN: by $who from $from with $command in $process, for $seconds from now on. One that is ours
# already, in $claim, began when it began.
write_lease() {
  _now=$(date +%s)
  _since=$_now
  if [ -n "$claim" ]; then
    field 2 "$claim"
    _since=$field
  fi
  write_claim "$cluster" lease "$((_now + seconds))$US$_since$US$who$US$from$US$1$US$command$US$process"
}

# utc SECONDS: as words
utc() {
  date -u -d "@$1" '+%Y-%m-%d %H:%M:%S (UTC)' 2>/dev/null || printf '%s' "$1"
}

# span_words RECORD: since when and until when a claim counts
span_words() {
  field 2 "$1"
  _span="since $(utc "$field")"
  field 1 "$1"
  if [ -n "$field" ]; then _span="$_span until $(utc "$field")"; fi
  printf '%s' "$_span"
}
