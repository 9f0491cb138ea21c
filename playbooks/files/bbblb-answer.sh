#!/bin/sh
# bbblb-answer.sh KIND ADDRESS HOSTNAME FILE...: whether bbblb at ADDRESS has this node, and its secret. Does
# nothing for another KIND of balancer. Prints `bbblb` and one of: known, missing, differs; `? WHY` if that
# could not be found out. The secret is looked for in the FILEs as bbb-meetings.sh does. It doesn't leave this
# host, nor stand in a list of processes or in what is printed.
#
# bbblb lets its servers sign tokens of their own, by which they may ask for very little. It says why it turns
# a token away: because it has no server of that name, because of the signature, or, if both are right,
# because nobody may list servers by it. Source: bbblb at e3da5e2, bbblb/web/bbblbapi.py
# (AuthContext.from_request, handle_server_list).
#
# A program of symptoms: docs/your-own-playbook.md says what it may use and what it has to say.
# shellcheck disable=SC2154 # value is set by setting, which is sent before it

kind=$1
address=${2%/}
hostname=$3
shift 3
if [ "$kind" != bbblb ] || [ -z "$address" ]; then exit 0; fi

unknown() {
  printf 'bbblb ? %s\n' "$1"
  exit 0
}

case $address in
  *[!A-Za-z0-9.:/_-]*) unknown 'meeting_balancer is no address that can be asked' ;;
  https://?*) ;;
  *) unknown 'meeting_balancer has to begin with https://' ;;
esac
setting securitySalt "$@" || unknown 'no securitySalt was found'
secret=$value
command -v curl >/dev/null 2>&1 || unknown 'this host has no curl'

# octal HEX MASK: bytes, each combined with the mask, as escapes for printf
octal() {
  _left=$1
  _escapes=
  while [ -n "$_left" ]; do
    _rest=${_left#??}
    _escapes=$_escapes$(printf '\\%03o' $((0x${_left%"$_rest"} ^ $2)))
    _left=$_rest
  done
  printf '%s' "$_escapes"
}

digest() {
  _sum=$(sha256sum)
  printf '%s' "${_sum%% *}"
}

base64url() {
  base64 | tr -d '=\n' | tr '+/' '-_'
}

# RFC 2104: a longer key counts by its hash, a shorter one is filled up with zeros.
key=$(printf '%s' "$secret" | od -An -v -tx1 | tr -d ' \n')
if [ ${#key} -gt 128 ]; then key=$(printf '%s' "$secret" | digest); fi
secret=
while [ ${#key} -lt 128 ]; do key=${key}00; done
inner=$(octal "$key" 0x36)
outer=$(octal "$key" 0x5c)
key=

domain=${address#https://}
domain=${domain%%[:/]*}
header=$(printf '{"alg":"HS256","typ":"JWT","kid":"bbb:%s"}' "$hostname" | base64url)
claims=$(printf '{"sub":"%s","aud":"%s","exp":%s}' "$hostname" "$domain" $(($(date +%s) + 600)) | base64url)
# shellcheck disable=SC2059 # these are escapes, and nothing else
sum=$({ printf "$inner" && printf '%s' "$header.$claims"; } | digest)
bytes=$(octal "$sum" 0)
# shellcheck disable=SC2059
sum=$({ printf "$outer" && printf "$bytes"; } | digest)
bytes=$(octal "$sum" 0)
# shellcheck disable=SC2059
signature=$(printf "$bytes" | base64url)

answer=$({
  printf 'url = "%s/bbblb/api/v1/server"\n' "$address"
  printf 'header = "Authorization: Bearer %s"\n' "$header.$claims.$signature"
} | curl -q --silent --globoff --noproxy '*' --proto '=https' --max-time 6 --write-out ' %{http_code}' --config - \
  2>/dev/null | head -c 4096 | tr -d '\000-\037\177')

case $answer in
  *'Unknown server in key identifier'*' 401') echo 'bbblb missing' ;;
  *'Invalid token signature'*' 401') echo 'bbblb differs' ;;
  # All these come after the signature was found to be right.
  *'This API is protected'*' 401' | *'Invalid token audience'*' 401' | *'Expired token signature'*' 401')
    echo 'bbblb known'
    ;;
  '' | ' 000') unknown "bbblb at $address gives no answer to this node" ;;
  *' '[1-5][0-9][0-9]) unknown "bbblb at $address answers this node ${answer##* }, and not as bbblb does" ;;
  *) unknown "bbblb at $address gives this node an answer without end" ;;
esac
