#!/bin/sh
# nginx -t for a folder: follows includes, finds unbalanced braces and directives without an end, and speaks as nginx does.
. "$(dirname "$(readlink -f "$0")")/common.sh"

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

# check_file PATH DEPTH
check_file() {
  [ "$2" -lt 20 ] || fail "too many nested includes in $1"
  [ -r "$root$1" ] || fail "open() \"$1\" failed (2: No such file or directory)"
  words=$(awk -v file="$1" '
    {
      line = $0
      gsub(/\\./, "", line)
      out = ""
      for (at = 1; at <= length(line); at++) {
        c = substr(line, at, 1)
        if (quote != "") { if (c == quote) quote = ""; pending = 1; continue }
        if (c == "\"" || c == "\047") { quote = c; continue }
        if (c == "#" && (at == 1 || substr(line, at - 1, 1) ~ /[ \t;{}]/)) break
        if (c == ";") { if (!pending) { print "unexpected \";\" in " file ":" NR; exit } pending = 0; continue }
        if (c == "{") {
          # ${name} is a variable
          if (substr(line, at - 1, 1) == "$") { sub(/^[^}]*}/, "", rest); while (substr(line, at, 1) != "}" && at < length(line)) at++; continue }
          # a regular expression holds braces without blanks round them
          if (at > 1 && substr(line, at - 1, 1) !~ /[ \t)]/ && substr(line, at + 1, 1) ~ /[0-9]/) { while (substr(line, at, 1) != "}" && at < length(line)) at++; continue }
          depth++; pending = 0; continue
        }
        if (c == "}") {
          if (pending) { print "unexpected \"}\" in " file ":" NR; exit }
          if (--depth < 0) { print "unexpected \"}\" in " file ":" NR; exit }
          continue
        }
        if (c !~ /[ \t\r]/) pending = 1
      }
    }
    END {
      if (depth > 0) print "unexpected end of file, expecting \"}\" in " file ":" NR + 1
      else if (pending) print "unexpected end of file, expecting \";\" or \"}\" in " file ":" NR + 1
    }' "$root$1" | head -n 1)
  [ -z "$words" ] || fail "$words"
  for pattern in $(sed -n 's/#.*//; s/^[[:space:]]*include[[:space:]]\{1,\}\([^;]*\);.*/\1/p' "$root$1" | tr -d "\"'"); do
    case $pattern in /*) ;; *) pattern=/etc/nginx/$pattern ;; esac
    for included in "$root"$pattern; do
      [ -e "$included" ] || {
        case $pattern in *[*?[]*) continue ;; esac
        # Files that come with nginx itself need not be in the folder.
        case $pattern in */mime.types | */modules-enabled/* | */fastcgi_params | */proxy_params) continue ;; esac
      }
      check_file "${included#"$root"}" $(($2 + 1))
    done
  done
}

if [ -e "$root$main" ]; then
  check_file "$main" 0
else
  # A folder without a main file: what Debian's would include.
  for file in "$root"/etc/nginx/conf.d/*.conf "$root"/etc/nginx/sites-enabled/*; do
    [ -f "$file" ] || continue
    check_file "${file#"$root"}" 0
  done
fi
[ "$1" = -tq ] || {
  echo "nginx: the configuration file $main syntax is ok" >&2
  echo "nginx: configuration file $main test is successful" >&2
}
