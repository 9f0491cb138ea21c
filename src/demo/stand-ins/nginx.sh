#!/bin/sh
# nginx -t for a folder: follows includes, finds unbalanced braces and unterminated directives, and prints the
# messages of nginx.
# shellcheck source=src/demo/stand-ins/common.sh
. "${0%/*}/common.sh"

main=/etc/nginx/nginx.conf
case ${1:-} in
  -t | -T | -tq | '-q') ;;
  -v)
    echo 'nginx version: nginx/1.22.1' >&2
    exit 0
    ;;
  *) exit 0 ;;
esac

fail() {
  echo "nginx: [emerg] $1" >&2
  echo "nginx: configuration file $main test failed" >&2
  exit 1
}

# tokens FILE: prints NUMBER:TOKEN, one per line; a token is one of { } ; or the words between them. Without
# awk, which may be missing.
tokens() {
  # Strings, variables in braces and counts in regular expressions become letters; comments are removed.
  tr -d '\r' <"$1" | sed '
    s/\\.//g
    : again
    s/^\([^"'\''#]*\)"[^"]*"/\1q/
    t again
    s/^\([^"'\''#]*\)'\''[^'\'']*'\''/\1q/
    t again
    s/^\([^"'\''#]*[^"'\''#;{}[:blank:]]\)#/\1h/
    t again
    s/#.*//
    s/\${[^}]*}/v/g
    s/\([^)[:blank:]]\){[0-9][0-9,]*}/\1/g' | grep -no '[{};]\|[^{};[:blank:]][^{};]*'
}

# first_mistake NAME LINES: in the tokens on stdin; prints nothing if there is none
first_mistake() {
  depth=0
  pending=
  while IFS=: read -r number token; do
    case $token in
      '{')
        depth=$((depth + 1))
        pending=
        ;;
      '}')
        depth=$((depth - 1))
        if [ -n "$pending" ] || [ $depth -lt 0 ]; then
          echo "unexpected \"}\" in $1:$number"
          return
        fi
        ;;
      ';')
        [ -n "$pending" ] || {
          echo "unexpected \";\" in $1:$number"
          return
        }
        pending=
        ;;
      *) pending=yes ;;
    esac
  done
  if [ $depth -gt 0 ]; then
    echo "unexpected end of file, expecting \"}\" in $1:$2"
  elif [ -n "$pending" ]; then
    echo "unexpected end of file, expecting \";\" or \"}\" in $1:$2"
  fi
}

# check_file PATH DEPTH
check_file() {
  [ "$2" -lt 20 ] || fail "too many nested includes in $1"
  [ -r "$root$1" ] || fail "open() \"$1\" failed (2: No such file or directory)"
  words=$(tokens "$root$1" | first_mistake "$1" "$(($(wc -l <"$root$1") + 1))")
  [ -z "$words" ] || fail "$words"
  for pattern in $(sed -n 's/#.*//; s/^[[:space:]]*include[[:space:]]\{1,\}\([^;]*\);.*/\1/p' "$root$1" | tr -d "\"'"); do
    case $pattern in /*) ;; *) pattern=/etc/nginx/$pattern ;; esac
    for included in "$root"$pattern; do
      [ -e "$included" ] || {
        case $pattern in *[*?[]*) continue ;; esac
        # Files that come with nginx itself may be missing in the folder.
        case $pattern in */mime.types | */modules-enabled/* | */fastcgi_params | */proxy_params) continue ;; esac
      }
      check_file "${included#"$root"}" $(($2 + 1))
    done
  done
}

if [ -e "$root$main" ]; then
  check_file "$main" 0
else
  # A folder without a main file: check the files that Debian's would include.
  for file in "$root"/etc/nginx/conf.d/*.conf "$root"/etc/nginx/sites-enabled/*; do
    [ -f "$file" ] || continue
    check_file "${file#"$root"}" 0
  done
fi
# What a test wants it to say besides.
[ ! -e "${memory:?}/nginx-says" ] || cat "${memory:?}/nginx-says" >&2
[ "$1" = -tq ] || {
  echo "nginx: the configuration file $main syntax is ok" >&2
  echo "nginx: configuration file $main test is successful" >&2
}
