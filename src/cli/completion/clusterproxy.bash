# bash completion for clusterproxy                               -*- shell-script -*-
# Load it:  source <(clusterproxy completion bash)
#
# The words that are offered are never evaluated: they are read line by line, and one with any character that
# a shell could take for more than itself is left out. The program is the one in PATH, whatever was typed.

_clusterproxy() {
  local LC_ALL=C line value added=''
  COMPREPLY=()
  while IFS= read -r line; do
    if [[ -z $added ]]; then
      added=$line
      continue
    fi
    value=${line%%$'\t'*}
    [[ -z $value || $value == '#'* || $value == *[!A-Za-z0-9._:/=,@%+#-]* ]] && continue
    COMPREPLY+=("$value")
  done < <(command clusterproxy __complete "${COMP_WORDS[@]:1:COMP_CWORD}" 2> /dev/null < /dev/null)
  # What the shell offers by itself where nothing else is.
  case $added in
    files) compopt -o default ;;
    folders) compopt -o dirnames ;;
  esac
  # They stand in an order of their own (bash 4.4).
  compopt -o nosort 2> /dev/null
  return 0
}

complete -F _clusterproxy clusterproxy
