import { CommanderError } from 'commander'
import type { Env } from '../config-reader.ts'
import { ToldAlready } from '../told-already.ts'
import { createProgram } from './program.ts'
import { createTerminal } from './terminal.ts'

export type World = {
  env: Env
  stdin?: NodeJS.ReadableStream
  stdout: NodeJS.WritableStream
  stderr: NodeJS.WritableStream
}

/** Runs one command and returns its exit code: 0 good, 1 refused with one line on stderr, 2 wrong usage. */
export async function runCommandLine(
  args: readonly string[],
  { env, stdin, stdout, stderr }: World,
): Promise<0 | 1 | 2> {
  const program = createProgram(createTerminal(env, { stdin, stdout }), {
    writeOut: (text) => void stdout.write(text),
    writeErr: (text) => void stderr.write(text),
  })
  try {
    await program.parseAsync(args, { from: 'user' })
    return 0
  } catch (error) {
    // The command line's own complaints are printed already; --help comes as one, too.
    if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2
    const { describeError } = await import('../describe-error.ts')
    if (!(error instanceof ToldAlready)) stderr.write(`course-supporter: ${describeError(error)}\n`)
    return 1
  }
}
