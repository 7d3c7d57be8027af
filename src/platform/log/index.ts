import { Writable } from 'node:stream'
import pino, { type DestinationStream, type Logger } from 'pino'
import { redact } from './redact.ts'

export { redact } from './redact.ts'

export type Log = Logger

export type LogOptions = {
  level: string
  /** Lines for a person at a terminal instead of JSON. Needs the development package pino-pretty. */
  pretty: boolean
  destination?: NodeJS.WritableStream
}

/**
 * The program's log: one JSON object a line on stdout, times in RFC 3339. Whatever is logged, secrets are blotted out of the finished
 * line, so that no code path and no library's error message has to remember to.
 */
export async function createLog({ level, pretty, destination = process.stdout }: LogOptions): Promise<Log> {
  const out = pretty ? await prettyStream(destination) : destination
  const options = {
    level,
    base: null,
    timestamp: pino.stdTimeFunctions.isoTime,
    formatters: { level: (label: string) => ({ level: label }) },
    serializers: { err: (error: Error) => withoutRows(pino.stdSerializers.errWithCause(error)) },
  }
  return pino(options, redacting(out))
}

// PostgreSQL's `detail` quotes the row that broke a rule: what a student wrote, or who it was.
function withoutRows(serialized: unknown): unknown {
  if (typeof serialized !== 'object' || serialized === null) return serialized
  const error = serialized as { detail?: unknown; cause?: unknown; aggregateErrors?: unknown[] }
  delete error.detail
  withoutRows(error.cause)
  for (const inner of error.aggregateErrors ?? []) withoutRows(inner)
  return serialized
}

function redacting(out: NodeJS.WritableStream): DestinationStream {
  return { write: (line: string) => void out.write(redact(line)) }
}

async function prettyStream(destination: NodeJS.WritableStream): Promise<NodeJS.WritableStream> {
  const { prettyFactory } = await import('pino-pretty')
  const format = prettyFactory({
    colorize: 'isTTY' in destination && destination.isTTY === true,
    translateTime: 'SYS:HH:MM:ss',
    ignore: 'pid,hostname',
    singleLine: true,
  })
  return new Writable({
    decodeStrings: false,
    write(line: string, _encoding, done) {
      destination.write(format(line), () => done())
    },
  })
}
