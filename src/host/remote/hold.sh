# shellcheck shell=sh
# Freezes a cluster for everybody, or releases it, by a record on this host (request `hold set`, `hold
# release`). Output: `NONCE VERDICT NOW` with the fields of the hold that was there before and still counted;
# the verdict is set, released, none (there was nothing to release), failed, or foreign. NOW is the host's
# clock, in seconds since the epoch.
# shellcheck disable=SC2154 # nonce and request are set by the bootstrap

claim=
now=$(date +%s)
answer() {
  printf '%s\n' "$nonce $1$US$now$US${2:-}"
  exit 0
}
[ "$foreign" = no ] || answer foreign
field 2 "$request"
wanted=$field
field 3 "$request"
cluster=$field
field 4 "$request"
seconds=$field
field 5 "$request"
who=$field
field 6 "$request"
from=$field
field 7 "$request"
reason=$field
claim_of "$cluster" hold
before=$claim
case $wanted in
  release)
    [ -e "$base/clusters/$cluster/hold" ] || answer none
    drop_claim "$cluster" hold || answer failed "$(rm -f -- "$base/clusters/$cluster/hold" 2>&1 | one_line)"
    [ -n "$before" ] || answer none
    answer released "$before"
    ;;
esac
until=
[ -z "$seconds" ] || until=$((now + seconds))
write_claim "$cluster" hold "$until$US$now$US$who$US$from$US$reason" || answer failed "$(printf '%s' "$said" | one_line)"
answer set "$before"
