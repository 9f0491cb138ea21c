#!/bin/sh
# For Semaphore, as a task of the kind Bash: it gets the name of a cluster as the first argument, and plan or
# apply as the second.
set -eu
cluster=$1
plans=${PLANS:-/var/lib/clusterproxy-plans}
case $2 in
  plan)
    clusterproxy plan -i "clusters/$cluster.yaml" --out "$plans/$cluster.json"
    ;;
  apply)
    clusterproxy apply -i "clusters/$cluster.yaml" --plan "$plans/$cluster.json" --yes --verify
    ;;
  *)
    echo "semaphore.sh: expected plan or apply, found $2" >&2
    exit 1
    ;;
esac
