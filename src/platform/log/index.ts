import { Writable } from 'node:stream'
import pino, { type DestinationStream, type Logger } from 'pino'

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
    serializers: { err: pino.stdSerializers.errWithCause },
  }
  return pino(options, redacting(out))
}

// API keys, passwords in URLs, bearer tokens, provider keys, and values under names that say "secret".
const SECRETS: [RegExp, string][] = [
  [/\bcs_(live|test)_([0-9a-f]{4})[0-9a-f]{28}\b/g, 'cs_$1_$2[redacted]'],
  [/(\b[a-z][a-z0-9+.-]*:\/\/[^\s:@/"]*:)[^\s@/"]+@/gi, '$1[redacted]@'],
  [/\b(Bearer|Basic) [\w.~+/=-]{8,}/g, '$1 [redacted]'],
  [/\bsk-[\w-]{16,}|\bAIza[\w-]{30,}/g, '[redacted]'],
  [
    /((?:\\?")(?:password|secret|secretAccessKey|secret_key|authorization|api_?key|x-api-key)(?:\\?")\s*:\s*\\?")[^"\\]+/gi,
    '$1[redacted]',
  ],
  [/([?&](?:X-Amz-Signature|X-Amz-Credential|X-Amz-Security-Token|token|key)=)[^&\s"]+/gi, '$1[redacted]'],
]

/** The text without any secret that has a recognisable form. */
export function redact(text: string): string {
  return SECRETS.reduce((line, [pattern, replacement]) => line.replace(pattern, replacement), text)
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
