#compdef clusterproxy
# zsh completion for clusterproxy
# Load it after compinit:  source <(clusterproxy completion zsh)
# Or have it in a folder of fpath as _clusterproxy.
#
# The words that are offered are never evaluated: they are read line by line, and one with any character that
# a shell could take for more than itself is left out. The program is the one in PATH, whatever was typed.

_clusterproxy() {
  local added=''
  local -a values shown
  () {
    local LC_ALL=C line value tab=$'\t'
    while IFS= read -r line; do
      if [[ -z $added ]]; then
        added=$line
        continue
      fi
      value=${line%%$tab*}
      [[ -z $value || $value == '#'* || $value == *[^A-Za-z0-9._:/=,@%+#-]* ]] && continue
      values+=("$value")
      shown+=("$value${${line#*$tab}:+  -- ${line#*$tab}}")
    done < <(command clusterproxy __complete "${(@Q)words[2,CURRENT-1]}" "${(Q)PREFIX}" 2> /dev/null < /dev/null)
  }
  (( $#values )) && compadd -l -V clusterproxy -d shown -a values
  # Files stand behind the = of an option.
  [[ $PREFIX == --*=* ]] && compset -P 1 '*='
  case $added in
    files) _files ;;
    folders) _files -/ ;;
  esac
}

if [[ ${funcstack[1]} == _clusterproxy ]]; then
  _clusterproxy "$@"
else
  compdef _clusterproxy clusterproxy
fi
