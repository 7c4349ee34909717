#!/bin/sh
# Takes cpxd off this Mac, as an administrator: sudo sh uninstall.sh
# What each user's agent keeps (grants, journal, keys) stays in their own Library, and is named at the end.
set -eu
if [ "$(id -u)" -ne 0 ]; then
    echo "Run it as an administrator: sudo sh $0" >&2
    exit 1
fi
for uid in $(ps -axo uid=,comm= | awk '/\/cpxd\.app\/Contents\/MacOS\/cpxd$/ { print $1 }' | sort -u); do
    launchctl bootout "gui/$uid/cpxd.agent" 2>/dev/null || true
done
rm -f "/Library/LaunchAgents/cpxd.agent.plist"
rm -f "/Library/Google/Chrome/NativeMessagingHosts/cpxd.native_host.json"
rm -f "/Library/Application Support/Chromium/NativeMessagingHosts/cpxd.native_host.json"
rm -f "/Library/Application Support/Mozilla/NativeMessagingHosts/cpxd.native_host.json"
rm -rf "/Library/Application Support/cpxd/cpxd.app"
rm -f "/Library/Application Support/cpxd/uninstall.sh"
# The policy, if an administrator wrote one, is theirs: the folder goes only when it is empty.
rmdir "/Library/Application Support/cpxd" 2>/dev/null || true
pkgutil --forget cpxd.pkg >/dev/null 2>&1 || true
for folder in /Users/*/Library/"Application Support"/cpxd; do
    [ -d "$folder" ] && echo "kept: $folder (its user removes it with: rm -r)"
done
echo "cpxd is uninstalled. A certification authority that a user had trusted stays in that user's keychain: remove it there."
