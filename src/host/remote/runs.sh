# shellcheck shell=sh
# Tells which runs a host remembers (request `list CLUSTER`), or what one of them changed (`files RUN`).
# Output: records; a file comes as `NONCE file NAME SIZE`, its bytes and a line end. Last `NONCE end`. `NONCE
# closed USER` where USER may not read them. With a list comes the hold of the cluster, if there is one:
# `NONCE hold RECORD`.
# shellcheck disable=SC2154 # nonce and request are set by the bootstrap

send_file() {
  _size=$(stat -c %s -- "$1" 2>/dev/null) || return 0
  printf '%s file %s %s\n' "$nonce" "$2" "$_size"
  cat -- "$1"
  printf '\n'
}

printf '%s begin\n' "$nonce"
# What an account that isn't root doesn't see may be there all the same.
if [ -d "$base" ] && { [ ! -r "$base" ] || [ ! -x "$base" ]; }; then printf '%s closed %s\n' "$nonce" "$(id -un)"; fi
field 1 "$request"
case $field in
  list)
    field 2 "$request"
    if claim_of "$field" hold; then printf '%s\n' "$nonce hold $claim"; fi
    set +f
    for dir in "$base"/runs/*; do
      [ -d "$dir" ] || continue
      state_of "$dir"
      [ "$state" != remains ] || continue
      outcome=
      { read -r outcome <"$dir/outcome" || :; } 2>/dev/null
      sequence_of "$dir"
      printf '%s\n' "$nonce run ${dir##*/} $state ${outcome:-undecided} $sequence"
      send_file "$dir/record.json" record
      send_file "$dir/log" log
      if [ "$state" = queued ]; then
        queue_facts "$dir"
        printf '%s\n' "$nonce queued $queue_facts"
      fi
    done
    ;;
  files)
    field 2 "$request"
    dir=$base/runs/$field
    if [ -d "$dir" ]; then
      state_of "$dir"
      printf '%s\n' "$nonce run ${dir##*/} $state -"
      send_file "$dir/record.json" record
      send_file "$dir/manifest" manifest
      set +f
      for file in "$dir"/before/*; do
        if [ -f "$file" ] && [ ! -L "$file" ]; then send_file "$file" "before/${file##*/}"; fi
      done
    fi
    ;;
esac
printf '%s end\n' "$nonce"
