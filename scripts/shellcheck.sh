#!/bin/sh
# Runs shellcheck on every tracked shell script. Installs nothing; if shellcheck is missing, it says so and
# passes.
set -eu
cd "$(dirname "$0")/.."
if ! command -v shellcheck > /dev/null; then
  echo 'shellcheck is not installed: shell scripts were not checked (sh scripts/setup.sh --lab installs it)'
  exit 0
fi
git ls-files -z -- '*.sh' | xargs -0 -r shellcheck -x -P SCRIPTDIR
