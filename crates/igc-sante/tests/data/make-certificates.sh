#!/bin/sh
# Makes the certificates of this folder anew: fictional holders, keys that are thrown away at the end.
# Needs openssl 3. See README.md.
set -eu

here=$(cd "$(dirname "$0")" && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"

cat > openssl.cnf <<'CNF'
[ca]
default_ca = any
[any]
database = index.txt
new_certs_dir = .
rand_serial = yes
unique_subject = no
policy = anything
default_md = sha256
[anything]
countryName = optional
[req]
distinguished_name = dn
string_mask = utf8only
[dn]
[root]
basicConstraints = critical, CA:TRUE
keyUsage = critical, keyCertSign, cRLSign
subjectKeyIdentifier = hash
[intermediate]
basicConstraints = critical, CA:TRUE, pathlen:0
keyUsage = critical, keyCertSign, cRLSign
subjectKeyIdentifier = hash
authorityKeyIdentifier = keyid
CNF
: > index.txt

CA_PREFIX='/C=FR/O=ASIP-SANTE/OU=0002 187512751'

# sign NAME SUBJECT SECTION_OR_FILE [openssl ca options]: key NAME.key, certificate NAME.pem
sign() {
    name=$1 subject=$2 extensions=$3
    shift 3
    openssl req -new -newkey rsa:2048 -nodes -keyout "$name.key" -out "$name.csr" -config openssl.cnf \
        -utf8 -subj "$subject" 2> /dev/null
    if [ -f "$extensions" ]; then set -- "$@" -extfile "$extensions"; else set -- "$@" -extensions "$extensions"; fi
    openssl ca -batch -notext -preserveDN -config openssl.cnf -in "$name.csr" -out "$name.pem" "$@" 2> ca.log ||
        { cat ca.log >&2; exit 1; }
    openssl x509 -in "$name.pem" -outform DER -out "$here/$name.der"
}

# authority NAME SUBJECT SECTION ISSUER: valid 2020 to 2040; one that is its own issuer signs itself
authority() {
    if [ "$1" = "$4" ]; then set -- "$1" "$2" "$3" -selfsign -keyfile "$1.key"
    else set -- "$1" "$2" "$3" -cert "$4.pem" -keyfile "$4.key"; fi
    sign "$@" -startdate 20200101000000Z -enddate 20400101000000Z
}

# card NAME SUBJECT ISSUER [openssl ca options]: valid 2026 to 2029; extensions in NAME.ext
card() {
    name=$1 subject=$2 issuer=$3
    shift 3
    sign "$name" "$subject" "$name.ext" -cert "$issuer.pem" -keyfile "$issuer.key" \
        -startdate 20260101000000Z -enddate 20290101000000Z "$@"
}

# extensions NAME USAGES EXTENDED_USAGES CATEGORY TYPE CARD_NUMBER [more lines]: the extensions of `card NAME`
extensions() {
    file=$1.ext
    cat > "$file" <<EXT
basicConstraints = CA:FALSE
subjectKeyIdentifier = hash
authorityKeyIdentifier = keyid
keyUsage = critical, $2
extendedKeyUsage = $3
1.2.250.1.71.1.2.5 = DER:0401$4
1.2.250.1.71.1.2.2 = ASN1:INTEGER:$5
1.2.250.1.71.1.2.3 = ASN1:PRINTABLESTRING:8025000001/$6
EXT
    shift 6
    printf '%s\n' "$@" >> "$file"
}

authentication='digitalSignature, keyEncipherment'
logon='clientAuth, 1.3.6.1.4.1.311.20.2.2'
doctor='1.2.250.1.71.1.2.7 = ASN1:INTEGER:10'
camille='/C=FR/title=Médecin/CN=899700000001+SN=DUPONT+GN=CAMILLE'

authority test-root "$CA_PREFIX/OU=IGC-SANTE TEST/CN=TEST AC RACINE IGC-SANTE FORT" root test-root
authority test-fort-personnes "$CA_PREFIX/OU=IGC-SANTE TEST/CN=TEST AC IGC-SANTE FORT PERSONNES" intermediate test-root
authority test-standard-root "$CA_PREFIX/OU=IGC-SANTE TEST/CN=TEST AC RACINE IGC-SANTE STANDARD" root test-standard-root
authority test-standard-personnes "$CA_PREFIX/OU=IGC-SANTE TEST/CN=TEST AC IGC-SANTE STANDARD PERSONNES" intermediate test-standard-root
authority impostor-fort-personnes "$CA_PREFIX/OU=IGC-SANTE TEST/CN=TEST AC IGC-SANTE FORT PERSONNES" intermediate test-root
authority test-too-deep "$CA_PREFIX/OU=IGC-SANTE TEST/CN=TEST AC IGC-SANTE TOO DEEP" intermediate test-fort-personnes
authority production-root "$CA_PREFIX/OU=IGC-SANTE/CN=AC RACINE IGC-SANTE FORT" root production-root
authority production-fort-personnes "$CA_PREFIX/OU=IGC-SANTE/CN=AC IGC-SANTE FORT PERSONNES" intermediate production-root

extensions cps-authentication "$authentication" "$logon" 80 0 9900000001 "$doctor" \
    '1.2.250.1.71.4.2.5 = DER:30060C04534D3236'
card cps-authentication "$camille" test-fort-personnes

extensions cps-signature nonRepudiation emailProtection 80 0 9900000001 "$doctor"
card cps-signature "$camille" test-fort-personnes

extensions cpf-authentication "$authentication" "$logon" 80 1 9900000002 '1.2.250.1.71.1.2.8 = ASN1:INTEGER:50'
card cpf-authentication '/C=FR/title=Sage-femme en formation/CN=899700000002+SN=MARTIN+GN=LÉA' test-fort-personnes

extensions cpe-authentication "$authentication" "$logon" 80 2 9900000003
card cpe-authentication \
    '/C=FR/O=HÔPITAL FICTIF, SITE NORD/L=VILLENEUVE (99)/OU=1990000001/CN=3990000001\/0000000042/SN=DURAND/GN=ALIX' \
    test-standard-personnes

extensions cpe-pseudonym "$authentication" "$logon" 80 2 9900000004
card cpe-pseudonym \
    '/C=FR/O=HÔPITAL FICTIF, SITE NORD/L=VILLENEUVE (99)/OU=1990000001/CN=3990000001\/0000000043/pseudonym=ACCUEIL URGENCES' \
    test-standard-personnes

extensions cpe-of-fort "$authentication" "$logon" 80 2 9900000003
card cpe-of-fort '/C=FR/OU=1990000001/CN=3990000001\/0000000042/SN=DURAND/GN=ALIX' test-fort-personnes

extensions production-cps-signature nonRepudiation emailProtection 00 0 9900000005 "$doctor"
card production-cps-signature "$camille" production-fort-personnes

extensions cps-signed-with-sha1 nonRepudiation emailProtection 80 0 9900000001 "$doctor"
card cps-signed-with-sha1 "$camille" test-fort-personnes -md sha1

extensions cps-of-too-deep nonRepudiation emailProtection 80 0 9900000001 "$doctor"
card cps-of-too-deep "$camille" test-too-deep

extensions cps-with-critical-extension nonRepudiation emailProtection 80 0 9900000001 '1.2.250.1.71.1.2.99 = critical, ASN1:NULL'
card cps-with-critical-extension "$camille" test-fort-personnes

extensions two-common-names nonRepudiation emailProtection 80 0 9900000006
card two-common-names '/C=FR/CN=899700000001/CN=899700000002/SN=DUPONT' test-fort-personnes
