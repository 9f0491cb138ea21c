# shellcheck shell=sh
# Reserves this host for a run over many hosts, before the first of them is changed (request `lease take`),
# for as long again (`renew`), or no more (`release`). Output: `NONCE VERDICT NOW` and the fields of what is
# in the way; the verdict is taken, leased (another run has it), held (so is the cluster), locked (another run
# is at work), lost (it is ours no more), released, failed, foreign or another-machine. NOW is the host's
# clock.
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
machine='' cluster='' run='' seconds='' who='' from='' command='' process='' over='' wanted=''
take_fields wanted machine cluster run seconds who from command process over

[ "$foreign" = no ] || answer foreign
same_machine "$machine" || answer another-machine
case $wanted in
  take) lock_claims || answer failed ;;
  *)
    [ -d "$base" ] || answer lost
    lock_claims || answer failed
    if ! stored_claim "$cluster" lease || ! is_lease_of "$run" "$claim"; then answer lost; fi
    ;;
esac
case $wanted in
  release)
    drop_claim "$cluster" lease
    answer released
    ;;
  take)
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
    ;;
esac
write_lease "$run" || answer failed "$(printf '%s' "$said" | one_line)"
answer taken
