# shellcheck shell=sh
# The part of the probe that finds out which paths to look at: matches of globs, and what a file of nginx
# includes. Runs before probe.sh.
# shellcheck disable=SC2154 # nonce and request are set by the bootstrap
# shellcheck disable=SC2086 # unquoted lists are split by line ends on purpose, globbing is off

maximum_matches=2000

# look_for GLOB: its matches, told and added to $paths; they come into $found as well
look_for() {
  value=$1
  found=
  closed_below "$ROOT" "${value#/}"
  set +f
  IFS=
  set -- $ROOT$value
  IFS=$NL
  set -f
  printf '%s\n' "glob$US$value"
  if [ -e "$1" ] || [ -L "$1" ]; then
    [ $# -le $maximum_matches ] || printf '%s\n' "too-many$US$value$US$#"
    count=0
    for match; do
      case $match in *[[:cntrl:]]*) continue ;; esac
      count=$((count + 1))
      [ $count -le $maximum_matches ] || break
      found=$found$NL$match
      printf '%s\n' "match$US$value$US$match"
    done
    paths=$paths$found
  fi
}

# follow_includes FILE: it and what it includes, as nginx would: ngx_conf_include in ngx_conf_file.c. Whoever
# reads the answer knows what is an `include` and what only looks like one (in a comment, in a string), so
# rather too many are followed here. All files of one depth are read at once; one that includes itself ends it.
follow_includes() {
  prefix=${1%/*}
  followed=$NL
  round=$NL$ROOT$1
  paths=$paths$round
  while [ -n "$round" ] && [ ${#followed} -le 200000 ]; do
    files=
    for file in $round; do
      case $followed in *"$NL$file$NL"*) continue ;; esac
      followed=$followed$file$NL
      if [ -f "$file" ]; then files=$files$NL$file; fi
    done
    round=
    [ -n "$files" ] || return 0
    for pattern in $(included_by $files); do
      case $pattern in *[[:cntrl:]]*) continue ;; /*) ;; *) pattern=$prefix/$pattern ;; esac
      case $followed in *"${NL}include $pattern$NL"*) continue ;; esac
      followed="${followed}include $pattern$NL"
      case $pattern in
        *[*?[]*) look_for "$pattern" ;;
        *)
          closed_below "$ROOT" "${pattern#/}"
          found=$NL$ROOT$pattern
          paths=$paths$found
          ;;
      esac
      round=$round$found
    done
  done
}

# included_by FILE...: the arguments of `include`. With a time limit: a name in a folder of another account may
# have become that of a pipe.
included_by() {
  timeout 5 sed -e 's/$/ /' -- "$@" 2>/dev/null |
    tr '\n\t\r' '[ *]' |
    tr ';{}' '[\n*]' |
    sed -n "s/^\(.* \)\{0,1\}include  *\(\"[^\"]*\"\|'[^']*'\|[^ ]*\) *\$/\2/p" |
    sed "s/^[\"']//; s/[\"']\$//"
}
