#!/bin/sh
# Every check of the code itself, each with its name; the first that fails ends it.
set -eu
step() { printf '%-28s' "$1"; shift; if out=$("$@" 2>&1); then echo ok; else echo FAILED; echo "$out"; exit 1; fi; }

imports() {
  out=$(depcruise src test --config .dependency-cruiser.js) || { echo "$out"; return 1; }
  # A tool that saw nothing finds no violation either.
  seen=$(echo "$out" | sed -n 's/.*(\([0-9]*\) modules.*/\1/p')
  [ "${seen:-0}" -ge 100 ] || { echo "dependency-cruiser saw only ${seen:-0} modules"; return 1; }
}

openapi_is_current() {
  node src/bin/openapi.ts --check
}

step 'types' tsc --noEmit
step 'lint and format' biome ci --colors=off --error-on-warnings .
step 'import rules' imports
step 'unused code and packages' knip
step 'openapi.json is current' openapi_is_current
step 'openapi.json lint' redocly lint --max-problems 50 openapi.json
step '.env.example' vitest run src/app/config.test.ts -t '.env.example'
step 'house rules' node test/house.ts
step 'workflows' node test/workflows.ts
