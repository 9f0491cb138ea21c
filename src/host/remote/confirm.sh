# shellcheck shell=sh
# The controller's word about a run that waits for it. Output: `NONCE decided commit|revert|keep`, whoever decided it, or
# `NONCE state STATE` where there is nothing to decide (yet).
# shellcheck disable=SC2154 # nonce and request are set by the bootstrap

field 2 "$request"
run=$field
field 3 "$request"
word=$field
dir=$base/runs/$run
state=none
{ read -r state <"$dir/state" || :; } 2>/dev/null
if [ "$state" = waiting ] && [ ! -L "$dir/outcome" ]; then
  [ "$word" = commit ] || : >"$dir/declined"
  # A second name for a link that is there already: only one can get it, and it needs no space.
  if ln -PT -- "$dir/outcomes/$word" "$dir/outcome" 2>/dev/null; then sync -- "$dir"; fi
fi
decided=$(readlink -- "$dir/outcome") && printf '%s decided %s\n' "$nonce" "$decided" && exit 0
printf '%s state %s\n' "$nonce" "$state"
