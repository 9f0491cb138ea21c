# shellcheck shell=sh
# Reserves this host for a run over many hosts, before the first of them is changed (request `lease take`),
# for as long again (`renew`), or no more (`release`, and `withdraw` for a run that hasn't begun). With the
# first comes what was agreed on, and with its end how it ended: so many bytes of stdin. Output: `NONCE
# VERDICT NOW` and the fields of what is in the way; the verdict is taken, known (another call has begun a run
# of this id), leased (another run has it), held (so is the cluster), locked (another run is at work), aborted
# (nothing more of it is to be begun), lost (it is ours no more), released, failed, foreign or
# another-machine. NOW is the host's clock.
# shellcheck disable=SC2154 # nonce and request are set by the bootstrap
# shellcheck disable=SC2034 # what a lease says is written by claims.sh

now=$(date +%s)
answer() {
  printf '%s\n' "$nonce $1$US$now$US${2:-}"
  exit 0
}
# take_fields NAME...: those of the request into variables
take_fields() {
  _at=1
  for _name; do
    _at=$((_at + 1))
    field $_at "$request"
    eval "$_name=\$field"
  done
}
# store_file NAME: from stdin
store_file() {
  [ "$size" -gt 0 ] || return 0
  make_agreement "$cluster" "$run" || return
  (umask 077 && dd bs="$size" count=1 iflag=fullblock of="$ours/.$1" 2>/dev/null) &&
    [ "$(stat -c %s -- "$ours/.$1")" = "$size" ] || return
  take_place "$ours/.$1" "$ours/$1"
}
store_token() {
  (umask 077 && printf '%s\n' "$token" >"$ours/.token") && take_place "$ours/.token" "$ours/token"
}
# The call that has begun the run is this one; one that brought no agreement here may have begun it as well.
is_our_call() {
  _token=$token
  { IFS= read -r _token <"$ours/token" || :; } 2>/dev/null
  [ "$_token" = "$token" ]
}
machine='' cluster='' run='' seconds='' who='' from='' command='' process='' over='' wanted='' token='' size='' keep=''
take_fields wanted machine cluster run seconds who from command process over token size keep
size=${size:-0}
agreements_of "$cluster"
ours=$agreements/$run

[ "$foreign" = no ] || answer foreign
same_machine "$machine" || answer another-machine
case $wanted in
  take) lock_claims make || answer failed ;;
  *)
    if ! lock_claims found; then
      [ -d "$base" ] || answer lost
      answer failed
    fi
    is_our_call || answer lost
    # Told in any case, if the host has what was agreed on: others ask for it.
    if [ "$wanted" = release ] && { [ -e "$ours" ] || [ -e "$base/runs/$run/agreement" ]; }; then store_file outcome || :; fi
    [ "$wanted" != withdraw ] || drop_agreement "$cluster" "$run"
    if ! stored_claim "$cluster" lease || ! is_lease_of "$run" "$claim"; then answer lost; fi
    ;;
esac
case $wanted in
  release | withdraw)
    drop_claim "$cluster" lease
    answer released
    ;;
  take)
    is_our_call || answer known
    if stored_abort "$cluster" "$run"; then answer aborted "$abort"; fi
    # One that reserved nothing.
    if [ ! -e "$ours/token" ] && [ -d "$base/runs/$run" ]; then answer known; fi
    if claim_of "$cluster" hold; then answer held "$claim"; fi
    if claim_of "$cluster" lease && ! is_lease_of "$run" "$claim"; then
      if [ -z "$over" ] || ! is_lease_of "$over" "$claim"; then answer leased "$claim"; fi
    fi
    # A few seconds go by in any case: a run whose end was told to its controller may still be tidying up.
    if [ -e "$base/lock" ] && ! flock -w 5 "$base/lock" true 8>&-; then
      { IFS= read -r facts <"$base/holder" || facts=; } 2>/dev/null
      answer locked "$facts"
    fi
    claim=
    if [ "$size" -gt 0 ] && [ ! -e "$ours/token" ]; then
      if ! store_file agreement || ! store_token; then
        drop_agreement "$cluster" "$run"
        answer failed "$(printf '%s' "$said" | one_line)"
      fi
      prune_agreements "$cluster" "${keep:-20}"
    fi
    ;;
esac
write_lease "$run" || answer failed "$(printf '%s' "$said" | one_line)"
if [ "$wanted" = renew ] && stored_abort "$cluster" "$run"; then
  : >"$ours/heard"
  answer aborted "$abort"
fi
answer taken
