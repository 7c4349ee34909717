#!/bin/sh
# Takes cpxd off this Mac, as an administrator: sudo sh uninstall.sh
# What each user's agent keeps (grants, journal, keys) stays in their own Library, and is named at the end.
set -eu
if [ "$(id -u)" -ne 0 ]; then
    echo "Run it as an administrator: sudo sh $0" >&2
    exit 1
fi
for uid in $(ps -axo uid=,comm= | awk '/\/cpxd\.app\/Contents\/MacOS\/cpxd$/ { print $1 }' | sort -u); do
    if ! launchctl bootout "gui/$uid/cpxd.agent"; then
        echo "The agent of user $uid was not stopped: it ends when that user logs out." >&2
    fi
done
rm -f "/Library/LaunchAgents/cpxd.agent.plist"
rm -f "/Library/Google/Chrome/NativeMessagingHosts/cpxd.native_host.json"
rm -f "/Library/Application Support/Chromium/NativeMessagingHosts/cpxd.native_host.json"
rm -f "/Library/Application Support/Mozilla/NativeMessagingHosts/cpxd.native_host.json"
rm -rf "/Library/Application Support/cpxd/cpxd.app"
rm -f "/Library/Application Support/cpxd/uninstall.sh"
# The policy, if an administrator wrote one, is theirs: the folder goes only when it is empty.
folder="/Library/Application Support/cpxd"
if [ -d "$folder" ] && [ -z "$(ls -A "$folder")" ]; then
    rmdir "$folder"
fi
if pkgutil --pkgs | grep -qx "cpxd.pkg"; then
    pkgutil --forget cpxd.pkg
fi
for folder in /Users/*/Library/"Application Support"/cpxd; do
    if [ -d "$folder" ]; then
        echo "kept: $folder (its user removes it with: rm -r)"
    fi
done
echo "cpxd is uninstalled. A certification authority that a user had trusted stays in that user's keychain: remove it there."
