import { Writable } from 'node:stream'
import pino, { type DestinationStream, type Logger } from 'pino'
import { pretty } from './pretty.ts'
import { redact } from './redact.ts'
import { serializeError } from './serialize-error.ts'

export { redact } from './redact.ts'

export type Log = Logger

export type LogOptions = {
  level: string
  /** Lines for a person at a terminal instead of JSON. */
  pretty: boolean
  destination?: NodeJS.WritableStream
}

/**
 * The program's log: one JSON object a line on stdout, times in RFC 3339. Whatever is logged, secrets are blotted out of the finished
 * line, so that no code path and no library's error message has to remember to.
 */
export async function createLog({ level, pretty: isPretty, destination = process.stdout }: LogOptions): Promise<Log> {
  const out = isPretty ? prettyStream(destination) : destination
  const options = {
    level,
    base: null,
    timestamp: pino.stdTimeFunctions.isoTime,
    formatters: { level: (label: string) => ({ level: label }) },
    serializers: { err: (error: unknown) => serializeError(error) },
  }
  return pino(options, redacting(out))
}

function redacting(out: NodeJS.WritableStream): DestinationStream {
  return { write: (line: string) => void out.write(redact(line)) }
}

function prettyStream(destination: NodeJS.WritableStream): NodeJS.WritableStream {
  const colour = 'hasColors' in destination && typeof destination.hasColors === 'function' && destination.hasColors()
  return new Writable({
    decodeStrings: false,
    write(line: string, _encoding, done) {
      destination.write(pretty(line, { colour }), () => done())
    },
  })
}
