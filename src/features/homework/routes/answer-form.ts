import type { Multipart } from '@fastify/multipart'
import type { FastifyRequest } from 'fastify'
import { saneType } from '#features/materials/index.ts'
import { Failure, invalid } from '#kernel/failure.ts'
import { piecesOfBody, watchBody } from '#platform/http/index.ts'
import { malformedRequest } from '#platform/http/refusals.ts'
import { answerInterrupted, answerTooLarge } from '../answer-files/failures.ts'
import { MAX_ANSWER_BYTES } from '../answer-files/formats.ts'
import type { AnswerFields, ArrivingAnswer } from '../answer-files/hand-in-file.ts'
import { keepField } from './answer-fields.ts'

/** A form may be larger than its file by this much framing. */
const FORM_ROOM = 1024 * 1024

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

/** For the OpenAPI document: no validator sees this body. */
export const ANSWER_FORM = {
  type: 'object',
  required: ['student_id', 'exercise_id', 'file'],
  properties: {
    student_id: { type: 'string', minLength: 1, maxLength: 200 },
    exercise_id: { type: 'string', format: 'uuid' },
    language: { type: 'string', maxLength: 35 },
    file: { type: 'string', contentMediaType: 'application/octet-stream', format: 'binary' },
  },
}

/** A form that says it is too long is refused before a byte of it is read. */
export function refuseLongForm({ mediaType, headers }: FastifyRequest): void {
  const length = Number(headers['content-length'] ?? 0)
  if (mediaType === 'multipart/form-data' && length > MAX_ANSWER_BYTES + FORM_ROOM) throw answerTooLarge()
}

/** Reads a form as far as its file, whose bytes are left to stream. */
export async function readAnswerForm(
  request: FastifyRequest,
  { stallMs }: { stallMs: number },
): Promise<ArrivingAnswer> {
  const { signal, until } = watchBody(request.raw, { stallMs, interrupted: answerInterrupted })
  const parts = request.parts({ limits: LIMITS })
  const said: AnswerFields = {}

  async function next(): Promise<Multipart | undefined> {
    try {
      const { done, value } = await until(parts.next())
      return done ? undefined : value
    } catch (error) {
      throw translated(error, signal)
    }
  }

  async function fields(): Promise<AnswerFields> {
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
    const body = bytesOf(piecesOfBody(request.raw, file), signal)
    return { filename, contentType: saneType(mimetype || null), body, signal, early: { ...said }, fields }
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
  return CUT_SHORT.test(error.message) ? answerInterrupted() : malformedRequest()
}

const nameOf = ({ fieldname }: { fieldname?: string }) => fieldname ?? ''
