# shellcheck shell=sh
# What a host knows of one run (request `look CLUSTER RUN BRIEF`, where BRIEF `yes` leaves out what never
# changes), that nothing more of it is begun here (`abort CLUSTER RUN MACHINE WHO FROM`), an end to its lease
# where it isn't at work (`break CLUSTER RUN MACHINE`), or the same and which run goes on with its rest
# (`resumed CLUSTER RUN MACHINE ID`).
# Output of a look: records; a file comes as `NONCE file NAME SIZE`, its bytes and a line end; each stage as
# `NONCE run ID STATE yes|no`, and whether somebody works on it, with its log. First `NONCE begin NOW`, last
# `NONCE end`. `NONCE closed USER` where USER may not read them. Where the run isn't known, `NONCE other ID`
# for those that are, and `NONCE elsewhere CLUSTER` where it is another cluster's.
# Output of the others: `NONCE VERDICT WORDS` with fields; the verdict is aborted, ended (it was over before),
# free, busy, failed, foreign or another-machine.
# shellcheck disable=SC2154 # nonce and request are set by the bootstrap

now=$(date +%s)
field 1 "$request"
wanted=$field
field 2 "$request"
cluster=$field
field 3 "$request"
run=$field
agreements_of "$cluster"
ours=$agreements/$run

answer() {
  printf '%s\n' "$nonce $1$US${2:-}"
  exit 0
}

send_file() {
  _size=$(stat -c %s -- "$1" 2>/dev/null) || return 0
  printf '%s file %s %s\n' "$nonce" "$2" "$_size"
  cat -- "$1"
  printf '\n'
}

# tell_stage FOLDER
tell_stage() {
  state_of "$1"
  [ "$state" != remains ] || return 0
  _alive=no
  case $state in
    committed | reverted | kept | refused | deferred | abandoned | conflict | stuck) ;;
    *)
      case $(timeout -k 5 60 systemctl show -p ActiveState "clusterproxy-${1##*/}.service" 2>/dev/null) in
        *=active | *=activating | *=deactivating | *=reloading) _alive=yes ;;
      esac
      # It may have ended between the two.
      state_of "$1"
      ;;
  esac
  printf '%s\n' "$nonce run ${1##*/} $state $_alive"
  send_file "$1/log" log
}

tell_others() {
  for _folder in "$agreements"/*/; do
    _folder=${_folder%/}
    [ ! -d "$_folder" ] || printf '%s\n' "$nonce other ${_folder##*/}"
  done
  for _folder in "$base"/runs/*/; do
    _folder=${_folder%/}
    [ -d "$_folder" ] || continue
    cluster_of "$_folder"
    case $whose in
      "$cluster") printf '%s\n' "$nonce other ${_folder##*/}" ;;
      ?*) [ "${_folder##*/}" != "$run" ] || printf '%s\n' "$nonce elsewhere $whose" ;;
    esac
  done
  for _folder in "$base"/clusters/*/agreements/"$run"/; do
    [ -d "$_folder" ] || continue
    _folder=${_folder%/agreements/*}
    printf '%s\n' "$nonce elsewhere ${_folder##*/}"
  done
}

look() {
  printf '%s\n' "$nonce begin $now"
  # What an account that isn't root doesn't see may be there all the same.
  if [ -d "$base" ] && { [ ! -r "$base" ] || [ ! -x "$base" ]; }; then printf '%s closed %s\n' "$nonce" "$(id -un)"; fi
  known=no
  field 4 "$request"
  brief=$field
  if stored_claim "$cluster" lease && is_lease_of "$run" "$claim"; then printf '%s\n' "$nonce lease $claim"; fi
  if stored_abort "$cluster" "$run"; then printf '%s\n' "$nonce aborted $abort"; fi
  [ ! -e "$ours/heard" ] || printf '%s\n' "$nonce heard"
  { IFS= read -r resumed <"$ours/resumed" && printf '%s\n' "$nonce resumed $resumed"; } 2>/dev/null || :
  [ ! -e "$ours/agreement" ] || known=yes
  set +f
  for folder in "$base/runs/$run" "$base/runs/$run"-[2-9]; do
    [ -d "$folder" ] || continue
    cluster_of "$folder"
    [ "$whose" = "$cluster" ] || continue
    known=yes
    tell_stage "$folder"
  done
  if [ "$brief" != yes ]; then
    if [ -e "$ours/agreement" ]; then send_file "$ours/agreement" agreement; else send_file "$base/runs/$run/agreement" agreement; fi
    [ $known = yes ] || tell_others
  fi
  set -f
  # Last: whoever reads it has seen all that happened before.
  send_file "$ours/outcome" outcome
  printf '%s end\n' "$nonce"
}

if [ "$wanted" = look ]; then
  look
  exit 0
fi

[ "$foreign" = no ] || answer foreign
field 4 "$request"
same_machine "$field" || answer another-machine
case $wanted in
  abort)
    lock_claims make || answer failed
    [ ! -e "$ours/outcome" ] || answer ended
    if stored_abort "$cluster" "$run"; then answer aborted; fi
    make_agreement "$cluster" "$run" || answer failed "$(printf '%s' "$said" | one_line)"
    field 5 "$request"
    who=$field
    field 6 "$request"
    (umask 077 && printf '%s\n' "$now$US$who$US$field" >"$ours/.aborted") || answer failed
    take_place "$ours/.aborted" "$ours/aborted" || answer failed "$(printf '%s' "$said" | one_line)"
    answer aborted
    ;;
  break | resumed)
    if ! lock_claims found; then
      [ -d "$base" ] || answer free
      answer failed
    fi
    # Only a host that knows what was agreed on has something to say of it.
    if [ "$wanted" = resumed ] && [ -d "$ours" ]; then
      field 5 "$request"
      (umask 077 && printf '%s\n' "$field" >"$ours/.resumed") || answer failed
      take_place "$ours/.resumed" "$ours/resumed" || answer failed "$(printf '%s' "$said" | one_line)"
    fi
    if [ -e "$base/lock" ] && ! flock -n "$base/lock" true 8>&-; then answer busy; fi
    if stored_claim "$cluster" lease && is_lease_of "$run" "$claim"; then drop_claim "$cluster" lease; fi
    answer free
    ;;
esac
answer failed
