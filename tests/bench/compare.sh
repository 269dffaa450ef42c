#!/usr/bin/env bash
# Whole processes over the fixtures, copied until there are enough: whybounce on one core and on all, and Sisimai for Perl
# beside it where Debian's libsisimai-perl is installed. Needs hyperfine. Prints a table; asserts nothing.
set -euo pipefail
cd "$(dirname "$0")/../.."
copies=${1:-20}
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
mkdir -p "$folder/maildir/cur" "$folder/maildir/new" "$folder/maildir/tmp"
for ((copy = 0; copy < copies; copy++)); do
  for mail in fixtures/*/*.eml; do
    case $mail in fixtures/hostile/*) continue ;; esac # what Sisimai may not survive would compare nothing
    name=${mail#fixtures/}
    cp "$mail" "$folder/maildir/cur/$copy-${name//\//-}"
  done
done
echo "$(find "$folder" -name '*.eml' | wc -l) mails"
cargo build --release --quiet
commands=("target/release/whybounce -j 1 -f json $folder/maildir" "target/release/whybounce -f json $folder/maildir")
if perl -MSisimai -e1 2>/dev/null; then
  commands+=("perl -MSisimai -e 'Sisimai->make(shift)' $folder/maildir/cur")
fi
hyperfine --warmup 1 --runs 5 --export-markdown "$folder/table.md" "${commands[@]}" >/dev/null 2>&1
sed "s|$folder|DIR|g" "$folder/table.md"
