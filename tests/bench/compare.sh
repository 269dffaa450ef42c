#!/usr/bin/env bash
# Whole processes over the fixtures, or the mails of the folder that MAILS names, copied so many times (the first argument). Needs
# hyperfine; where Debian's libsisimai-perl is installed, Sisimai for Perl is measured beside, both writing JSON. The copies are
# held in memory, some 1.5 GB, where there is /dev/shm: a system that drops files from its cache in between would make one or the
# other wait. Prints a table; asserts nothing.
set -euo pipefail
cd "$(dirname "$0")/../.."
copies=${1:-280} # some 60,000 of the fixtures
root=${MAILS:-fixtures}
memory=/dev/shm
[ -w "$memory" ] || memory=${TMPDIR:-/tmp}
folder=$(mktemp -d -p "$memory")
trap 'rm -rf "$folder"' EXIT
cargo build --release --quiet
whybounce=${CARGO_TARGET_DIR:-$PWD/target}/release/whybounce

mkdir -p "$folder/round" "$folder/maildir/cur" "$folder/maildir/new" "$folder/maildir/tmp"
# What Sisimai may not survive would compare nothing.
find "$root" -name '*.eml' -not -path 'fixtures/hostile/*' | sort >"$folder/list"
while read -r mail; do
  name=${mail#"$root"/}
  cp "$mail" "$folder/round/${name//\//-}"
  printf 'From MAILER-DAEMON Thu Jan  1 00:00:00 2026\n'
  sed 's/^From />From /' "$mail"
  echo
done <"$folder/list" >"$folder/round.mbox"
# Round by round, since some read a folder as it was written: the same mail many times in a row would be no common folder.
for ((copy = 0; copy < copies; copy++)); do
  tar -C "$folder/round" -cf - . | tar -C "$folder/maildir/cur" -xf - --transform "s,^\./,$copy-,"
done
while [ "$(stat -c %s "$folder/mbox" 2>/dev/null || echo 0)" -lt $((1 << 30)) ]; do
  for ((copy = 0; copy < 100; copy++)); do cat "$folder/round.mbox"; done >>"$folder/mbox"
done
grep -rhoE '^  "[^"]+",' src/rules | sed 's/^  "//; s/",$//' | sed 's/\\"/"/g' >"$folder/round.txt"
for ((copy = 0; copy < 200; copy++)); do cat "$folder/round.txt"; done >"$folder/replies"

mails=$(find "$folder/maildir" -name '*.eml' | wc -l)
replies=$(wc -l <"$folder/replies")
mean() { # seconds of a command, the mean of some runs; a shell is there only where it is needed
  local shell=(-N)
  case $2 in *'<'*) shell=() ;; esac
  hyperfine "${shell[@]}" --warmup 1 --runs "$1" --export-json "$folder/one.json" "$2" >/dev/null 2>&1
  sed -nE 's/^ *"mean": ([0-9.e-]+),?$/\1/p' "$folder/one.json" | head -1
}
row() { printf '| %s | %s |\n' "$1" "$2"; }
one=$(mean 200 "$whybounce fixtures/postfix/user-unknown-at-gmail.eml")
nothing=$(mean 200 /bin/true)
single=$(mean 5 "$whybounce -j 1 -f json $folder/maildir")
all=$(mean 5 "$whybounce -f json $folder/maildir")
box=$(mean 3 "$whybounce -f summary $folder/mbox")
lines=$(mean 3 "$whybounce reply -f summary <$folder/replies")
echo '| what | figure |'
echo '|---|---|'
row "one mail, more than /bin/true" "$(awk "BEGIN { printf \"%.1f ms\", ($one - $nothing) * 1000 }")"
row "$mails mails, one core" "$(awk "BEGIN { printf \"%.0f a second\", $mails / $single }")"
row "$mails mails, $(nproc) cores" "$(awk "BEGIN { printf \"%.0f a second\", $mails / $all }")"
row "an mbox of 1 GiB, $(nproc) cores" "$(awk "BEGIN { printf \"%.0f MB/s\", $(stat -c %s "$folder/mbox") / $box / 1e6 }")"
row "$replies replies, one core" "$(awk "BEGIN { printf \"%.0f a second\", $replies / $lines }")"
if perl -MSisimai -e1 2>/dev/null; then
  peer=$(mean 1 "perl -MSisimai -e 'print Sisimai->dump(shift)' $folder/maildir/cur")
  row "the same mails with Sisimai for Perl" "$(awk "BEGIN { printf \"%.0f a second: %.0f and %.0f times as long\", $mails / $peer, $peer / $single, $peer / $all }")"
fi
