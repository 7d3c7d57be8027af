import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { dirname } from 'node:path'

// The size of things: what can be understood in one reading. Generated files do not count.

const MAX_LINES = 300
const MAX_MEDIAN = 80
const MAX_FILES_IN_FOLDER = 40
const GENERATED = ['src/platform/db/tables.ts']

const files = execFileSync('git', ['ls-files', '-co', '--exclude-standard', 'src', 'test'], { encoding: 'utf8' })
  .split('\n')
  .filter((file) => file.endsWith('.ts') && !GENERATED.includes(file))
const sources = files.filter((file) => file.startsWith('src/') && !/\.(test|harness)\.ts$|\/fixtures\//.test(file))
const lines = new Map(files.map((file) => [file, readFileSync(file, 'utf8').split('\n').length - 1]))
const sizes = sources.map((file) => lines.get(file) ?? 0).sort((a, b) => a - b)
const median = sizes[Math.floor(sizes.length / 2)] ?? 0
const folders = Map.groupBy(files, dirname)

const problems = [
  ...(sources.length < 100 ? [`only ${sources.length} source files were seen`] : []),
  ...sources
    .filter((file) => (lines.get(file) ?? 0) > MAX_LINES)
    .map((file) => `${file} has ${lines.get(file)} lines, more than ${MAX_LINES}`),
  ...(median > MAX_MEDIAN ? [`the median source file has ${median} lines, more than ${MAX_MEDIAN}`] : []),
  ...[...folders]
    .filter(([, inside]) => inside.length > MAX_FILES_IN_FOLDER)
    .map(([folder, inside]) => `${folder} holds ${inside.length} files`),
  ...files
    .filter((file) => /(^|\/)(utils?|helpers?|common|misc)(\/|\.ts$)/.test(file))
    .map((file) => `${file} has a name that says nothing`),
]

process.stdout.write(`${sources.length} source files, median ${median} lines, longest ${sizes.at(-1)}\n`)
for (const problem of problems) process.stderr.write(`${problem}\n`)
if (problems.length > 0) process.exitCode = 1
