import { CommanderError } from 'commander'
import { createProgram } from '#app/cli/program.ts'
import { createTerminal } from '#app/cli/terminal.ts'
import { ToldAlready } from '#app/told-already.ts'

const { env, stdout, stderr } = process
// Whoever reads what is printed may go: `| head` does, and a terminal that is closed. That is no reason to fall over.
for (const stream of [stdout, stderr]) stream.on('error', () => undefined)

try {
  await createProgram(createTerminal(env, stdout, stderr)).parseAsync()
} catch (error) {
  // The command line's own complaints are printed already: 2 is wrong usage, 0 is --help.
  if (error instanceof CommanderError) {
    process.exitCode = error.exitCode === 0 ? 0 : 2
  } else {
    const { describeError } = await import('#app/describe-error.ts')
    if (!(error instanceof ToldAlready)) stderr.write(`course-supporter: ${describeError(error)}\n`)
    process.exitCode = 1
  }
}
