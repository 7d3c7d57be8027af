import { CommanderError } from 'commander'
import { createProgram } from '#app/cli/program.ts'
import { createTerminal } from '#app/cli/terminal.ts'
import { describeError } from '#app/describe-error.ts'

const program = createProgram(createTerminal(process.env, process.stdout, process.stderr))

try {
  await program.parseAsync()
} catch (error) {
  // The command line's own complaints are printed already: 2 is wrong usage, 0 is --help.
  if (error instanceof CommanderError) {
    process.exitCode = error.exitCode === 0 ? 0 : 2
  } else {
    process.stderr.write(`course-supporter: ${describeError(error)}\n`)
    process.exitCode = 1
  }
}
