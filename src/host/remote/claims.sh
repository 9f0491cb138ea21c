# shellcheck shell=sh
# Who wants a host left alone: the hold of a cluster, which freezes it for everybody, and the lease of a run
# that works on many hosts. Each is one record in the folder of its cluster, and ends by the host's clock:
#   hold    until, since, who, from, reason
#   lease   until, since, who, from, run, command
# Times are seconds since the epoch; a hold without `until` stays until it is released. What brings a run to
# its end (settle.sh, the boot unit) never asks. Runs after lib.sh.
# shellcheck disable=SC2154 # base, US and NL are set by lib.sh

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
  _fresh=$_folder/.$2.$nonce
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
