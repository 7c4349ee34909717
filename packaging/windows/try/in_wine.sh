#!/bin/sh
# Installs, repairs, upgrades and removes the package in a Wine of its own, and says what was seen.
# Usage: in_wine.sh OLD.msi NEW.msi SHIM.dll CLIENT.exe FOLDER
set -eu
old=$1 new=$2 shim=$3 client=$4 root=$5
export WINEPREFIX="$root/prefix" WINEDEBUG=-all WINEDLLOVERRIDES="mscoree,mshtml="
drive="$WINEPREFIX/drive_c"
programs="$drive/Program Files/cpxd"
windows() { printf 'Z:%s' "$1" | tr / '\\'; }
say() { printf '    %s\n' "$1"; }
fail() { printf '    FAILED: %s\n' "$1" >&2; exit 1; }
# Wine keeps a service in the list for a while after it was removed.
state_is() {
    for _ in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20; do
        if wine sc query cpxd 2>/dev/null | grep -q "STATE.*$1"; then return 0; fi
        sleep 1
    done
    return 1
}
agent() { wine "$programs/cpxd.exe" "$@" 2>/dev/null </dev/null; }
agent_answers() {
    for _ in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20; do
        if agent --json status >"$root/status.json"; then return 0; fi
        sleep 1
    done
    return 1
}
value() { wine reg query "$1" /v "$2" 2>/dev/null | tr -d '\r'; }
install() { wine msiexec /i "$(windows "$1")" /qn $2 >/dev/null 2>&1 || fail "msiexec ends with $? for $1"; }

rm -rf "$WINEPREFIX"
wineboot -i >/dev/null 2>&1
wineserver -w
# Without an ordinary process Wine ends all services.
(sleep 600 | wine cmd >/dev/null 2>&1) &
holder=$!
sleep 4
trap 'kill $holder 2>/dev/null || true; wineserver -k || true' EXIT
# Test alone: Rust's random numbers, which Wine 8 has not; and the test cards' environment, by policy.
cp "$shim" "$drive/windows/system32/bcryptprimitives.dll"
wine reg add 'HKLM\Software\Policies\cpxd' /v environment /d test /f >/dev/null 2>&1

install "$old" 'READERSOURCE=virtual PORT=27911 ALLOWEDORIGINS=https://portal.example'
for file in cpxd.exe cpxd-native-host.exe native-host-chromium.json native-host-firefox.json; do
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
grep -q 27911 "$root/status.json" || agent status | grep -q 27911 || fail "the agent has not the port that was given"
say "the service runs, and its agent answers with the virtual card at the port that was given"
[ -f "$WINEPREFIX/drive_c/users/$(id -un)/AppData/Local/cpxd/endpoint.json" ] || fail "endpoint.json is missing"
say "the user's folder holds endpoint.json"

# Wine seldom names the owner of a connection (one of 25, seen by hand); then the agent has to refuse it.
wine "$client" 27911 /v1 >"$root/https" 2>/dev/null || true
if grep -q '^200 .*"cpxd"' "$root/https"; then
    say "HTTPS answers a caller whom the system names"
else
    grep -q '^403 .*peer-refused' "$root/https" || fail "HTTPS says: $(cat "$root/https")"
    say "HTTPS answers, and refuses a caller whom Wine does not name"
fi

rm "$programs/native-host-firefox.json"
# What msiexec /fa stands for, which Wine does not know.
install "$old" 'REINSTALL=ALL REINSTALLMODE=amus'
[ -f "$programs/native-host-firefox.json" ] || fail "the repair brings no file back"
say "repaired: a file that was lost is back"
state_is RUNNING || fail "the service does not run after the repair"

install "$new" 'READERSOURCE=virtual PORT=27912'
state_is RUNNING || fail "the service does not run after the upgrade"
agent_answers || fail "no agent answers after the upgrade"
agent status | grep -q 27912 || fail "the upgrade did not take the new port"
agent journal | grep -q . || fail "the journal was lost"
say "upgraded: the service and its agent are new, the journal is kept"

if wine msiexec /i "$(windows "$old")" /qn >/dev/null 2>&1; then
    fail "an older version is installed over a newer one"
fi
say "an older version is refused"

wine msiexec /x "$(windows "$new")" /qn >/dev/null 2>&1 || fail "the removal ends with $?"
sleep 2
[ -e "$programs" ] && fail "$programs is left: $(ls "$programs")"
wine reg query 'HKLM\Software\cpxd' >/dev/null 2>&1 && fail "HKLM\\Software\\cpxd is left"
wine reg query 'HKLM\Software\Mozilla\NativeMessagingHosts\cpxd.native_host' >/dev/null 2>&1 && fail "a browser's key is left"
wine sc query cpxd >/dev/null 2>&1 && fail "the service is left"
find "$drive" -iname '*cpxd*' ! -path '*/AppData/*' | grep -q . && fail "left: $(find "$drive" -iname '*cpxd*' ! -path '*/AppData/*')"
say "removed: nothing is left but the user's own folder"
