# shellcheck shell=sh
# certificate-words.sh: what openssl(1) tells of a certificate, for programs of queries.
# shellcheck disable=SC2034 # those that come behind it use them

# certificate_words PROGRAM...: of the certificate that the program prints, its serial, issuer, from, to, and
# the line with its names (sans), empty where openssl(1) doesn't tell them; false where there is none
certificate_words() {
  # OpenSSL before 1.1.1 doesn't know -ext.
  words=$("$@" | openssl x509 -noout -serial -issuer -nameopt RFC2253 -dates -ext subjectAltName 2>/dev/null) ||
    words=$("$@" | openssl x509 -noout -serial -issuer -nameopt RFC2253 -dates 2>/dev/null) || return 1
  serial='' issuer='' from='' to='' sans=''
  while IFS= read -r line; do
    case $line in
      serial=*) serial=${line#*=} ;;
      issuer=*) issuer=${line#*=} ;;
      notBefore=*) from=${line#*=} ;;
      notAfter=*) to=${line#*=} ;;
      *DNS:*) sans=$line ;;
    esac
  done <<END_OF_WORDS
$words
END_OF_WORDS
}
