#!/bin/sh
# SSH_ASKPASS of ssh(1): answers the password prompt of one login, once. $1 is the prompt, and
# CLUSTERPROXY_ANSWER is a FIFO in a private folder that holds the answer, which is in no file, argument or
# environment. A question that the password does not answer gets no answer. Asked again, or for a new
# password, it ends ssh: an empty answer would count as one more wrong password, and lock accounts. Questions
# without an answer are noted beside the FIFO.
case ${SSH_ASKPASS_PROMPT-} in
  none) exit 0 ;;
  ?*) exit 1 ;;
esac
refuse() {
  printf '%.200s\n' "$1" >> "$CLUSTERPROXY_ANSWER.asked"
}
case $1 in
  *[Oo]ld*assword* | *[Nn]ew*assword* | *etype*)
    refuse "$1"
    kill "$PPID"
    exit 1
    ;;
  *assword* | *asswort*) ;;
  *)
    refuse "$1"
    exit 1
    ;;
esac
if ! [ -p "$CLUSTERPROXY_ANSWER" ]; then
  refuse "$1"
  kill "$PPID"
  exit 1
fi
IFS= read -r answer < "$CLUSTERPROXY_ANSWER" || exit 1
rm -f "$CLUSTERPROXY_ANSWER"
printf '%s\n' "$answer"
