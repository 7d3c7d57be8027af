import { readFile, writeFile } from 'node:fs/promises'
import { describedApi } from '#app/openapi.ts'
import { OPENAPI } from '#app/paths.ts'

// Writes openapi.json; with --check it only says whether that would change it.
const text = await describedApi()
if (!process.argv.includes('--check')) {
  await writeFile(OPENAPI, text)
} else if ((await readFile(OPENAPI, 'utf8').catch(() => '')) !== text) {
  process.stderr.write('openapi.json is not what the routes say: run make openapi, and review the change.\n')
  process.exitCode = 1
}
