#!/bin/sh
# Makes cpxd.pkg on a Mac with Xcode's tools. NEVER RUN: no Mac was at hand.
#   sh packaging/macos/build.sh "Developer ID Application: NAME" "Developer ID Installer: NAME"
set -eu
application=$1
installer=$2
here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/../.." && pwd)
out="$root/target/macos"
tree="$out/tree"
support="$tree/Library/Application Support/cpxd"
programs="$support/cpxd.app/Contents/MacOS"
libraries="$support/cpxd.app/Contents/Frameworks"
rm -rf "$out"
mkdir -p "$programs" "$libraries" "$tree/Library/LaunchAgents" "$out/unsigned"
for target in aarch64-apple-darwin x86_64-apple-darwin; do
    cargo build --release --locked --target "$target" -p cpxd -p native-host --manifest-path "$root/Cargo.toml"
    cargo build --release --locked --target "$target" -p prompt-window --manifest-path "$root/Cargo.toml"
    cargo build --release --locked --target "$target" -p pkcs11-module --lib --manifest-path "$root/Cargo.toml"
done
for program in cpxd cpxd-native-host cpxd-prompt-window; do
    lipo -create -output "$programs/$program" \
        "$root/target/aarch64-apple-darwin/release/$program" "$root/target/x86_64-apple-darwin/release/$program"
    codesign --force --options runtime --timestamp --entitlements "$here/entitlements.plist" \
        --sign "$application" "$programs/$program"
done
module=libcpxd_pkcs11.dylib
lipo -create -output "$libraries/$module" \
    "$root/target/aarch64-apple-darwin/release/$module" "$root/target/x86_64-apple-darwin/release/$module"
codesign --force --options runtime --timestamp --sign "$application" "$libraries/$module"
cp "$here/Info.plist" "$support/cpxd.app/Contents/Info.plist"
cp "$here/uninstall.sh" "$support/uninstall.sh"
codesign --force --options runtime --timestamp --entitlements "$here/entitlements.plist" \
    --sign "$application" "$support/cpxd.app"
cp "$here/cpxd.agent.plist" "$tree/Library/LaunchAgents/cpxd.agent.plist"
for place in "Google/Chrome" "Application Support/Chromium"; do
    mkdir -p "$tree/Library/$place/NativeMessagingHosts"
    cp "$here/native-messaging/chromium.json" "$tree/Library/$place/NativeMessagingHosts/cpxd.native_host.json"
done
mkdir -p "$tree/Library/Application Support/Mozilla/NativeMessagingHosts"
cp "$here/native-messaging/firefox.json" \
    "$tree/Library/Application Support/Mozilla/NativeMessagingHosts/cpxd.native_host.json"
version=$(plutil -extract CFBundleShortVersionString raw "$here/Info.plist")
pkgbuild --root "$tree" --identifier cpxd.pkg --version "$version" --ownership recommended \
    --scripts "$here/scripts" "$out/unsigned/cpxd-component.pkg"
productbuild --distribution "$here/distribution.xml" --resources "$here/resources" \
    --package-path "$out/unsigned" --sign "$installer" "$out/cpxd-$version.pkg"
echo "$out/cpxd-$version.pkg: now notarise it (xcrun notarytool submit --wait) and staple it (xcrun stapler staple)"
