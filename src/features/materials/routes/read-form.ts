import type { Multipart } from '@fastify/multipart'
import type { FastifyRequest } from 'fastify'
import { Failure, invalid } from '#kernel/failure.ts'
import { type BodyWatch, piecesOfBody } from '#platform/http/index.ts'
import { malformedRequest } from '#platform/http/refusals.ts'
import { uploadInterrupted } from '../failures.ts'
import type { FileFields } from '../keep.ts'
import { keepField } from './form-fields.ts'

export type UploadForm = {
  filename: string
  contentType: string | null
  body: AsyncIterable<Uint8Array>
  /** What was said before the file. */
  early: FileFields
  /** Reads what comes after the file's last byte and returns all that was said. */
  rest(): Promise<FileFields>
}

// A form is small but for its file. `fileSize` is counted by whoever stores it.
const LIMITS = {
  files: 2,
  fields: 10,
  parts: 12,
  fieldNameSize: 100,
  fieldSize: 4_096,
  headerPairs: 20,
  fileSize: Number.POSITIVE_INFINITY,
}

/** Reads a `multipart/form-data` request as far as its file, whose bytes are left to stream. */
export async function readForm(request: FastifyRequest, { signal, until }: BodyWatch): Promise<UploadForm> {
  const parts = request.parts({ limits: LIMITS })
  const said: FileFields = {}

  async function next(): Promise<Multipart | undefined> {
    try {
      const { done, value } = await until(parts.next())
      return done ? undefined : value
    } catch (error) {
      throw translated(error, signal)
    }
  }

  async function rest() {
    for (let part = await next(); part; part = await next()) {
      if (part.type === 'file') throw invalid(nameOf(part), 'is a second file; send one request for each')
      keepField(said, part)
    }
    return said
  }

  for (let part = await next(); part; part = await next()) {
    if (part.type === 'field') {
      keepField(said, part)
      continue
    }
    if (part.fieldname !== 'file') throw invalid(nameOf(part), 'is not a known field; the file belongs in file')
    const { filename = '', mimetype, file } = part
    return {
      filename,
      contentType: mimetype || null,
      body: bytesOf(piecesOfBody(request.raw, file), signal),
      early: { ...said },
      rest,
    }
  }
  throw invalid('file', 'is required')
}

async function* bytesOf(file: AsyncIterable<Uint8Array>, signal: AbortSignal) {
  try {
    yield* file
  } catch (error) {
    throw translated(error, signal)
  }
}

// The parser has errors without names: these messages are its own (@fastify/busboy, deps/dicer).
const CUT_SHORT = /Unexpected end of multipart data|terminated early/

function translated(error: unknown, signal: AbortSignal): unknown {
  if (signal.aborted) return signal.reason
  if (error instanceof Failure || !(error instanceof Error)) return error
  if ('statusCode' in error && error.statusCode === 413) return error
  return CUT_SHORT.test(error.message) ? uploadInterrupted() : malformedRequest()
}

const nameOf = ({ fieldname }: { fieldname?: string }) => fieldname ?? ''
