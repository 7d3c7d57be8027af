import { Writable } from 'node:stream'
import { createLog, type Log } from '#platform/log/index.ts'
import { keepOutput } from './output.ts'

/** The app's own log, at its most talkative, kept in memory instead of printed; and for the search for secrets. */
export async function capturedLog(): Promise<{ log: Log; lines: string[] }> {
  const lines: string[] = []
  const destination = new Writable({
    decodeStrings: false,
    write(line: string, _encoding, done) {
      lines.push(line)
      keepOutput(line)
      done()
    },
  })
  return { log: await createLog({ level: 'trace', pretty: false, destination }), lines }
}
