/**
 * The child process: one document from stdin, JSON lines to stdout. It runs without environment, without write access and
 * with bounded memory and time; see `confine.ts`. It may be killed at any moment and leaves nothing behind.
 */
import { once } from 'node:events'
import { ExtractionError } from './errors.ts'
import { type Job, MAX_TITLE_CHARS, type Message, writeMessage } from './protocol.ts'
import type { Document } from './read/blocks.ts'
import { readDocument } from './read/document.ts'

// pdf.js leaves promises about damaged parts to fail unheard. A reader that gives up says so itself; one that never answers is
// known by its silence.
process.on('unhandledRejection', () => undefined)

try {
  const job = JSON.parse(process.argv[2] ?? '') as Job
  const bytes = await readAll(process.stdin)
  await send(await readDocument(bytes, job))
} catch (error) {
  const failure = failureOf(error)
  process.stderr.write(String(error instanceof Error ? (error.stack ?? error) : error).slice(0, 4000))
  await write({ type: 'failed', code: failure.code, message: failure.message })
}

async function send({ title, blocks, pictures = [] }: Document): Promise<void> {
  if (title) await write({ type: 'title', title: title.slice(0, MAX_TITLE_CHARS).toWellFormed() })
  for (const block of blocks) await write({ type: 'block', block })
  for (const page of pictures) await write({ type: 'picture', page })
  await write({ type: 'done' })
}

/** Waits while the parent is busy, so that what it has not read yet does not pile up here. */
async function write(message: Message): Promise<void> {
  if (!process.stdout.write(writeMessage(message))) await once(process.stdout, 'drain')
}

async function readAll(stream: NodeJS.ReadableStream): Promise<Buffer> {
  const parts: Buffer[] = []
  for await (const part of stream) parts.push(part as Buffer)
  return Buffer.concat(parts)
}

function failureOf(error: unknown): ExtractionError {
  if (error instanceof ExtractionError) return error
  if (!(error instanceof RangeError)) return new ExtractionError('extract.crashed')
  return /call stack/.test(error.message)
    ? new ExtractionError('extract.unreadable', 'The file could not be read: its content is nested too deeply.')
    : new ExtractionError('extract.out_of_memory')
}
