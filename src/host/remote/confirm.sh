# shellcheck shell=sh
# The controller's word about a run that waits for it. Output: `NONCE decided commit|revert|keep`, whoever
# decided it, or `NONCE state STATE` where there is nothing to decide (yet), or the word is for another
# machine.
# shellcheck disable=SC2154 # nonce and request are set by the bootstrap

field 2 "$request"
run=$field
field 3 "$request"
word=$field
field 4 "$request"
same_machine "$field" || {
  printf '%s state another-machine\n' "$nonce"
  exit 0
}
dir=$base/runs/$run
state=none
outcome=
[ ! -d "$dir" ] || state_of "$dir"
if [ "$state" = waiting ] && [ ! -e "$dir/outcome" ]; then
  [ "$word" = commit ] || true 2>/dev/null >"$dir/declined"
  # Only one of all who decide can give this name; see decide in transaction.sh.
  if ln -PT -- "$dir/outcomes/$word" "$dir/outcome" 2>/dev/null; then sync -- "$dir"; fi
fi
{ read -r outcome <"$dir/outcome" || :; } 2>/dev/null
if [ -n "$outcome" ]; then
  printf '%s decided %s\n' "$nonce" "$outcome"
else
  printf '%s state %s\n' "$nonce" "$state"
fi
