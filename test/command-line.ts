import { Readable, Writable } from 'node:stream'
import { runCommandLine } from '#app/cli/command-line.ts'
import { keepOutput } from './output.ts'

export type Result = { code: number; out: string; err: string }

// biome-ignore lint/suspicious/noExplicitAny: a test says what it expects of the data, and fails when that is not there
export type CommandLine = { run(...args: string[]): Promise<Result>; json(...args: string[]): Promise<any> }

/** The program's command line, run in this process with nothing but this environment and `input` to read. `json` adds `--json` and fails unless all went well. */
export function commandLine(env: Record<string, string>, input = ''): CommandLine {
  async function run(...args: string[]): Promise<Result> {
    const [stdout, stderr] = [sink(), sink()]
    const code = await runCommandLine(args, {
      env,
      stdin: Readable.from([input]),
      stdout: stdout.stream,
      stderr: stderr.stream,
    })
    const result = { code, out: stdout.text(), err: stderr.text() }
    const printsKey = args[0] === 'key' && (args[1] === 'create' || args[1] === 'rotate')
    keepOutput(`${printsKey ? '' : result.out}${result.err}`)
    return result
  }
  return {
    run,
    async json(...args) {
      const { code, out, err } = await run(...args, '--json')
      if (code !== 0 || err !== '') throw new Error(`course-supporter ${args.join(' ')} ended with ${code}: ${err}`)
      return JSON.parse(out)
    },
  }
}

function sink() {
  const pieces: string[] = []
  const stream = new Writable({
    decodeStrings: false,
    write(piece: string, _encoding, done) {
      pieces.push(piece)
      done()
    },
  })
  return { stream, text: () => pieces.join('') }
}
