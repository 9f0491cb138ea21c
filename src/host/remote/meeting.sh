# shellcheck shell=sh
# Holds a meeting by a program of the playbook, whose input lasts as long as ours, and no longer than the
# limit: it then ends the meeting. Nothing else ends that program, neither a signal nor a lost connection.
# Output: `NONCE LINE` for each line of the program, at last `NONCE over`.
# shellcheck disable=SC2154 # nonce and request are set by the bootstrap

# Ignored here, they are ignored by all that is started.
trap '' HUP INT TERM PIPE

IFS=$US
# shellcheck disable=SC2086 # splitting is what it is for
set -- $request
IFS=$default_ifs
limit=$2
length=$3
count=$4
shift 4
while [ $# -lt "$count" ]; do set -- "$@" ''; done

text=$(dd bs="$length" count=1 iflag=fullblock 2>/dev/null)
timeout -s KILL "$limit" cat 2>/dev/null |
  (
    set +uf
    eval "$text"
  ) 2>&1 |
  while IFS= read -r line; do printf '%s %s\n' "$nonce" "$line"; done
printf '%s over\n' "$nonce"
