#!/bin/sh
# prune.sh NODE_MODULES: removes from installed packages what no running program reads: types, maps of sources, manuals, tests.
# Licences stay. No TypeScript can be missed: Node.js does not load any from below node_modules.
set -eu
cd "${1:?usage: prune.sh NODE_MODULES}"
# graphile-worker's loader of configuration files can read ones in TypeScript; we give it none.
rm -rf typescript .bin .cache
find . -type d -path '*/node_modules/@types' -prune -exec rm -rf {} +
rm -rf @types
find . -type f \( -name '*.map' -o -name '*.ts' -o -name '*.mts' -o -name '*.cts' -o -name '*.flow' -o -name '*.tsbuildinfo' \) -delete
find . -type f \( -iname '*.md' -o -iname '*.markdown' \) ! -iname 'licen[cs]e*' ! -iname 'copying*' ! -iname 'notice*' -delete
# Only beside a package.json: further in, a folder of such a name may be code.
find . -name package.json -printf '%h\n' | while read -r package; do
  for folder in test tests __tests__ docs doc example examples benchmark benchmarks bench .github; do
    [ ! -d "$package/$folder" ] || rm -rf "${package:?}/$folder"
  done
done
find . -type d -empty -delete
