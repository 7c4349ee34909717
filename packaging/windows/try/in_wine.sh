#!/bin/sh
# Installs, uses, repairs, upgrades and removes the package in a Wine of its own, and says what was seen.
# Usage: in_wine.sh OLD.msi NEW.msi SHIM.dll CLIENT.exe FOLDER MODULE_CLIENT.exe
set -eu
old=$1 new=$2 shim=$3 client=$4 root=$5 module_client=$6
export WINEPREFIX="$root/prefix" WINEDLLOVERRIDES="mscoree,mshtml="
# Wine's event log keeps nothing; this has it say there what it was told.
export WINEDEBUG=-all,+eventlog
drive="$WINEPREFIX/drive_c"
programs="$drive/Program Files/cpxd"
state="$drive/users/$(id -un)/AppData/Local/cpxd"
events="$root/events"
windows() { printf 'Z:%s' "$1" | tr / '\\'; }
say() { printf '    %s\n' "$1"; }
fail() { printf '    FAILED: %s\n' "$1" >&2; exit 1; }
# Whether a command works within half a minute.
soon() {
    for _ in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20 21 22 23 24 25 26 27 28 29 30; do
        if "$@"; then return 0; fi
        sleep 1
    done
    return 1
}
# Wine keeps a service in the list for a while after it was removed.
is_in_state() { wine sc query cpxd 2>/dev/null | grep -q "STATE.*$1"; }
state_is() { soon is_in_state "$1"; }
service() { wine sc "$1" cpxd >/dev/null 2>&1; }
agent() { wine "$programs/cpxd.exe" "$@" 2>/dev/null </dev/null; }
answers() { agent --json status >"$root/status.json"; }
agent_answers() { soon answers; }
at_port() { [ -f "$state/endpoint.json" ] && grep -q ":$1\"" "$state/endpoint.json"; }
value() { wine reg query "$1" /v "$2" 2>/dev/null | tr -d '\r'; }
install() { wine msiexec /i "$(windows "$1")" /qn $2 >/dev/null 2>&1 || fail "msiexec ends with $? for $1"; }
is_trusted() { agent --json install | grep -q '"state":"trusted"\|"state": "trusted"'; }
# What https_client.exe says without the status before it; it fails unless that is 200.
https() { wine "$client" "$@" 2>/dev/null | sed 's/^200 //'; }
field() { sed -n "s/.*\"$1\":\"\([^\"]*\)\".*/\1/p"; }
is_in_use() { grep -qsF "$programs/cpxd.exe" /proc/[0-9]*/maps; }
is_free() { ! is_in_use; }
count() { tr -d '\0' <"$events" | grep -c "$1" || true; }

rm -rf "$WINEPREFIX"
wineboot -i >/dev/null 2>"$events"
wineserver -w
# Without an ordinary process Wine ends all services. Services say what they say where this does.
rm -f "$root/open"
mkfifo "$root/open"
sleep 900 >"$root/open" &
holder=$!
wine cmd <"$root/open" >/dev/null 2>>"$events" &
sleep 4
demo_input=
trap 'kill $holder $demo_input 2>/dev/null || true; wineserver -k || true' EXIT
# Test alone: Rust's random numbers, which Wine 8 has not; and the test cards' environment, by policy.
cp "$shim" "$drive/windows/system32/bcryptprimitives.dll"
wine reg add 'HKLM\Software\Policies\cpxd' /v environment /d test /f >/dev/null 2>&1

for wrong in PORT=99999 PORT=many ALLOWEDORIGINS=javascript:x TRUSTCA=yes UPDATECHECK=2 METRICS=2 LANGUAGE=de; do
    wine msiexec /i "$(windows "$old")" /qn "$wrong" >/dev/null 2>&1 && fail "$wrong is taken"
    [ -e "$programs" ] && fail "$wrong leaves $programs"
done
say "refused, and nothing installed: PORT=99999, PORT=many, ALLOWEDORIGINS=javascript:x, TRUSTCA=yes, UPDATECHECK=2, METRICS=2, LANGUAGE=de"

install "$old" 'READERSOURCE=virtual PORT=27911 ALLOWEDORIGINS=https://portal.example TRUSTCA=1 LANGUAGE=en UPDATECHECK=0'
for file in cpxd.exe cpxd-native-host.exe cpxd_pkcs11.dll native-host-chromium.json native-host-firefox.json; do
    [ -f "$programs/$file" ] || fail "$file is not installed"
done
for browser in 'Google\Chrome' Chromium 'Microsoft\Edge' Mozilla; do
    wine reg query "HKLM\\Software\\$browser\\NativeMessagingHosts\\cpxd.native_host" /ve 2>/dev/null |
        grep -q 'native-host-.*json' || fail "$browser is not told of the native host"
done
value 'HKLM\Software\cpxd' port | grep -q 27911 || fail "the port is not kept"
say "installed in silence, with properties; the browsers' keys are there"
state_is RUNNING || fail "the service does not run"
agent_answers || fail "no agent answers in this session"
at_port 27911 || fail "the agent has not the port that was given"
say "the service runs, and its agent answers with the virtual card at the port that was given"
agent status | grep -q 'Readers' || fail "LANGUAGE=en: $(agent status)"
say "LANGUAGE: the command line speaks English where the environment names no language"
grep -q 'agent-ready' "$state/log/"*.log || fail "the agent's log lacks agent-ready"
say "the agent's log is in the user's folder: $(cd "$state" && echo log/*.log)"
for file in ca leaf; do
    [ -f "$state/tls/$file.pem" ] || fail "$file.pem is missing"
    grep -q 'sealed by DPAPI' "$state/tls/$file.pem" || fail "$file.pem is not sealed"
    grep -q 'PRIVATE KEY' "$state/tls/$file.pem" && fail "$file.pem shows its key"
done
say "the keys of TLS are sealed by DPAPI"
soon is_trusted || fail "TRUSTCA=1: $(agent install)"
say "TRUSTCA: the user's roots hold the agent's authority"
https 27911 GET /v1 >"$root/https" || fail "HTTPS says: $(cat "$root/https")"
grep -q '"cpxd"' "$root/https" || fail "HTTPS says: $(cat "$root/https")"
say "HTTPS answers a client of this user, who checked the certificate by the user's roots"
# Wine says yes to the removal of a root and keeps it (seen with a program of twenty lines, too).
if agent --json uninstall >"$root/uninstall.json"; then
    is_trusted && fail "uninstall says that it took the authority out, and it is there"
    say "cpxd uninstall takes the authority out of them"
else
    grep -q 'store-unchanged' "$root/uninstall.json" || fail "uninstall: $(cat "$root/uninstall.json")"
    say "cpxd uninstall says that Wine did not let the authority go"
fi
[ "$(count 'agent was started in session')" -ge 1 ] || fail "the event log was told of no start: $(cat "$events")"
say "the event log was told of the start"

service stop
state_is STOPPED || fail "the service does not stop"
agent status >/dev/null && fail "the agent outlives its service"
say "stopped: the service, and its agent with it"

# The agent of the demo, whose holder is scripted.
rm -f "$root/input"
mkfifo "$root/input"
sleep 900 >"$root/input" &
demo_input=$!
wine "$programs/cpxd.exe" demo --headless --supervised --state-dir 'C:\demo' <"$root/input" >/dev/null 2>"$root/demo.log" &
soon [ -f "$drive/demo/endpoint.json" ] || fail "the demo does not start: $(cat "$root/demo.log")"
token=$(cat "$drive/demo/demo-token")
https -k 27911 GET /v1/cards "$token" >"$root/cards" || fail "cards: $(cat "$root/cards")"
card=$(sed 's/.*"cards":\[{"id":"\([^"]*\)".*/\1/' "$root/cards")
nonce=$(openssl rand -base64 33)
https -k 27911 POST "/v1/cards/$card/authenticate" "$token" \
    "{\"nonce\":\"$nonce\",\"origin\":\"https://portal.example\"}" >"$root/token" || fail "authenticate: $(cat "$root/token")"
field unverifiedCertificate <"$root/token" | base64 -d | openssl x509 -inform DER -pubkey -noout >"$root/aut.pub"
field signature <"$root/token" | base64 -d >"$root/aut.sig"
{ printf %s https://portal.example | openssl dgst -sha256 -binary
  printf %s "$nonce" | openssl dgst -sha256 -binary; } |
    openssl dgst -sha256 -verify "$root/aut.pub" -signature "$root/aut.sig" | grep -q '^Verified OK$' ||
    fail "openssl does not verify the token"
say "a client inside Wine authenticates over HTTPS; openssl: Verified OK"
echo Ordonnance >"$root/document"
digest=$(openssl dgst -sha256 -binary "$root/document" | base64)
https -k 27911 POST "/v1/cards/$card/sign" "$token" \
    "{\"hash\":\"SHA-256\",\"digests\":[{\"value\":\"$digest\",\"description\":\"Ordonnance\"}]}" >"$root/signed" ||
    fail "sign: $(cat "$root/signed")"
field certificate <"$root/signed" | base64 -d | openssl x509 -inform DER -pubkey -noout >"$root/sig.pub"
sed 's/.*"signatures":\["\([^"]*\)".*/\1/' "$root/signed" | base64 -d >"$root/document.sig"
openssl dgst -sha256 -verify "$root/sig.pub" -signature "$root/document.sig" "$root/document" | grep -q '^Verified OK$' ||
    fail "openssl does not verify the signature"
say "a client inside Wine has a document signed over HTTPS; openssl: Verified OK"

# A program that loads the PKCS#11 module, under two names; its user's file leads the module to the agent of the demo.
module=$(windows "$programs/cpxd_pkcs11.dll")
of_module="$drive/users/$(id -un)/AppData/Roaming/cpxd/pkcs11-module.toml"
mkdir -p "$(dirname "$of_module")"
printf "state-dir = 'C:\\\\demo'\n" >"$of_module"
for name in logiciel firefox; do
    folder="$root/$name"
    rm -rf "$folder"
    mkdir "$folder"
    cp "$module_client" "$folder/$name.exe"
    cp "$root/document" "$folder/document"
    openssl dgst -sha256 -binary "$folder/document" >"$folder/digest"
    printf geheim | openssl pkeyutl -encrypt -pubin -inkey "$root/aut.pub" -out "$folder/cryptogram"
    wine "$folder/$name.exe" use "$module" "$(windows "$folder")" >"$folder/said" 2>/dev/null || fail "$name.exe: $(cat "$folder/said")"
    for key in 0 1; do
        openssl x509 -inform DER -in "$folder/$key.der" -pubkey -noout >"$folder/$key.pub"
        openssl dgst -sha256 -verify "$folder/$key.pub" -signature "$folder/$key.sig" "$folder/document" | grep -q '^Verified OK$' ||
            fail "openssl does not verify key $key of $name.exe"
    done
    cmp -s "$folder/0.der" "$folder/1.der" && fail "$name.exe sees one certificate twice"
    grep -q 'ends the wait for an event' "$folder/said" || fail "$name.exe: $(cat "$folder/said")"
done
said() { tr -d '\r' <"$root/$1/said" | grep -qx "$2" || fail "$1.exe does not say “$2”: $(cat "$root/$1/said")"; }
said logiciel 'met as: log-in'
said logiciel 'private keys at once: 0'
said firefox 'met as: browser'
said firefox 'private keys at once: 2'
[ "$(cat "$root/logiciel/plaintext")" = geheim ] || fail "logiciel.exe deciphers something else"
say "a program of PKCS#11 loads cpxd_pkcs11.dll, logs in, signs with both keys, deciphers; one called firefox.exe is met as a browser; openssl: Verified OK"
demo_sessions() { agent --state-dir 'C:\demo' --json sessions; }
wine "$root/logiciel/logiciel.exe" hold "$module" >"$root/logiciel/said" 2>/dev/null &
holds() { grep -q 'logged in' "$root/logiciel/said"; }
soon holds || fail "logiciel.exe: $(cat "$root/logiciel/said")"
log_in_is_there() { demo_sessions >"$root/sessions" && grep -q '"opened"' "$root/sessions"; }
soon log_in_is_there || fail "the agent tells no log-in of logiciel.exe: $(cat "$root/sessions")"
wine taskkill /f /im logiciel.exe >/dev/null 2>&1 || fail "logiciel.exe does not end"
log_in_is_gone() { demo_sessions >"$root/sessions" && ! grep -q '"opened"' "$root/sessions"; }
soon log_in_is_gone || fail "its log-in outlives logiciel.exe: $(cat "$root/sessions")"
grep -q 'logiciel\.exe' "$drive/demo/journal/"*.jsonl || fail "the journal does not name logiciel.exe"
say "a log-in ends with its process, which was ended from outside; the journal names its program"
rm "$of_module"
kill "$demo_input"
demo_input=
is_gone() { [ ! -e "$drive/demo/endpoint.json" ]; }
soon is_gone || fail "the demo does not end with its input"

# What no condition of the installer sees: a policy, or somebody in the registry.
wine reg add 'HKLM\Software\Policies\cpxd' /v port /d 99999 /f >/dev/null 2>&1
before=$(count 'agent was started in session')
service start
state_is RUNNING || fail "the service does not run with a wrong policy"
sleep 15
agent --json status >"$root/status.json" && fail "an agent runs with a wrong policy"
for word in Policies '`port`' 99999; do
    grep -q "$word" "$root/status.json" || fail "status does not say why: $(cat "$root/status.json")"
done
[ $(($(count 'agent was started in session') - before)) -eq 1 ] || fail "it is started again and again: $(cat "$events")"
[ "$(count '99999.*`port`')" -ge 1 ] || fail "the event log does not name the key and the value: $(cat "$events")"
say "a policy of port 99999: one start, none after it; the event log and cpxd status name key and value"
wine reg delete 'HKLM\Software\Policies\cpxd' /v port /f >/dev/null 2>&1
service stop
state_is STOPPED || fail "the service does not stop"
service start
agent_answers || fail "no agent answers after the policy was put right"
say "put right: after a start of the service its agent answers"

rm "$programs/native-host-firefox.json"
# What msiexec /fa stands for, which Wine does not know.
install "$old" 'REINSTALL=ALL REINSTALLMODE=amus'
[ -f "$programs/native-host-firefox.json" ] || fail "the repair brings no file back"
say "repaired: a file that was lost is back"
state_is RUNNING || fail "the service does not run after the repair"

install "$new" 'READERSOURCE=virtual PORT=27912'
state_is RUNNING || fail "the service does not run after the upgrade"
agent_answers || fail "no agent answers after the upgrade"
at_port 27912 || fail "the upgrade did not take the new port"
agent journal | grep -q . || fail "the journal was lost"
say "upgraded: the service and its agent are new, the journal is kept"

if wine msiexec /i "$(windows "$old")" /qn >/dev/null 2>&1; then
    fail "an older version is installed over a newer one"
fi
say "an older version is refused"

# Wine's installer tells a service to stop and does not wait for that, whatever the package says (Wait="yes").
is_in_use || fail "a running program is not seen to be in use"
service stop
state_is STOPPED || fail "the service does not stop before the removal"
soon is_free || fail "a program of the package runs although the service has stopped"
wine msiexec /x "$(windows "$new")" /qn >/dev/null 2>&1 || fail "the removal ends with $?"
[ -e "$programs" ] && fail "$programs is left: $(ls "$programs")"
wine reg query 'HKLM\Software\cpxd' >/dev/null 2>&1 && fail "HKLM\\Software\\cpxd is left"
wine reg query 'HKLM\Software\Mozilla\NativeMessagingHosts\cpxd.native_host' >/dev/null 2>&1 && fail "a browser's key is left"
wine sc query cpxd >/dev/null 2>&1 && fail "the service is left"
find "$drive" -iname '*cpxd*' ! -path '*/AppData/*' | grep -q . && fail "left: $(find "$drive" -iname '*cpxd*' ! -path '*/AppData/*')"
say "removed: nothing is left but the user's own folder"
