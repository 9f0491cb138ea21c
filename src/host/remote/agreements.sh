# shellcheck shell=sh
# What was agreed on for a run, beside the claims of its cluster, in agreements/RUN:
#   agreement   what the run is to do, so that others can follow it, and go on with it
#   token       of the call that has begun it: two with the same id are not the same
#   outcome     how it ended on its hosts, by its controller's word
#   resumed     the run that goes on with its rest
#   aborted     since, who, from: nothing more of it is begun; `heard`: its controller knows
# A run that reserves no host brings the first with its other files, in its own folder. Runs after claims.sh.
# shellcheck disable=SC2154 # base, US and NL are set by lib.sh
# shellcheck disable=SC2034 # some variables are for the programs only

# agreements_of CLUSTER: the folder with all of them into $agreements
agreements_of() {
  agreements=$base/clusters/$1/agreements
}

# stored_abort CLUSTER RUN: the record into $abort; false where there is none
stored_abort() {
  abort=
  { IFS= read -r abort <"$base/clusters/$1/agreements/$2/aborted" || :; } 2>/dev/null
  [ -n "$abort" ]
}

# take_place FRESH PATH: what was written beside a name takes its place, durable; false with why in $said
take_place() {
  said=$({ sync -- "$1" && mv -T -f -- "$1" "$2" && sync -- "${2%/*}"; } 2>&1)
}

# make_agreement CLUSTER RUN: its folder, durable; false with why in $said
make_agreement() {
  agreements_of "$1"
  said=$(
    {
      umask 077
      mkdir -p -- "$agreements/$2" && chmod 0700 "$base" && sync -- "$agreements/$2" "$agreements" "${agreements%/*}"
    } 2>&1
  )
}

# drop_agreement CLUSTER RUN: and the folders that were made for it alone
drop_agreement() {
  agreements_of "$1"
  rm -rf -- "${agreements:?}/$2" || return
  rmdir -- "$agreements" "${agreements%/*}" "$base/clusters" "$base" || :
} 2>/dev/null

# prune_agreements CLUSTER KEEP: the youngest are kept, as many as the host remembers runs. Ids are letters,
# digits and dashes, so that names can be split.
prune_agreements() {
  agreements_of "$1"
  _kept=0
  for _name in $(cd "$agreements" && ls -t); do
    _kept=$((_kept + 1))
    [ $_kept -le "$2" ] || rm -rf -- "${agreements:?}/$_name"
  done
} 2>/dev/null
