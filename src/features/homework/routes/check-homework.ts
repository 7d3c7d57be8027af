import multipart from '@fastify/multipart'
import type { FastifyReply, FastifyRequest } from 'fastify'
import { type Static, Type } from 'typebox'
import { quotaExceeded, uploadBusy } from '#features/storage/index.ts'
import { invalid } from '#kernel/failure.ts'
import { type Api, Id, Input, type Once } from '#platform/http/index.ts'
import { answerInterrupted, answerTooLarge, answerUnsupportedType } from '../answer-files/failures.ts'
import { ANSWER_EXTENSIONS, MAX_ANSWER_BYTES } from '../answer-files/formats.ts'
import type { createFileHandIn } from '../answer-files/hand-in-file.ts'
import {
  attemptsExceeded,
  budgetExceeded,
  courseNotFound,
  exerciseNotFound,
  exerciseNotGradable,
  llmNotConfigured,
  queueFull,
} from '../failures.ts'
import type { Accepted, createHandIn, HandIn } from '../hand-in.ts'
import { presentAccepted, presentSubmission } from '../present.ts'
import { CheckedHomework, HomeworkAccepted, HomeworkBody } from '../schemas.ts'
import type { createSubmissions } from '../submissions.ts'
import { ANSWER_FORM, readAnswerForm, refuseLongForm } from './answer-form.ts'

type Deps = {
  handIn: ReturnType<typeof createHandIn>
  files: ReturnType<typeof createFileHandIn>
  submissions: ReturnType<typeof createSubmissions>
  once: Once
  /** Milliseconds for which a file may be silent. */
  stallMs: number
}

const DESCRIPTION = `An exercise with an answer key is graded at once: 202 says \`done\`, and with \`Prefer: wait=1\` the result is in the response. The answer to an \`open\` one waits for its check; with \`Prefer: wait=30\` the response waits, too, at most so many seconds (30 or fewer), and is 200 with the whole submission, and \`duplicate\`, if that is finished by then. When too many responses wait already it is 202 at once, without \`Preference-Applied\`. The same answer of the same student under the same criteria is the earlier submission again, for nothing: \`duplicate\` is true.

The answer to an \`open\` exercise may be a file (${ANSWER_EXTENSIONS.join(' ')}; at most ${MAX_ANSWER_BYTES} bytes) in a form; its fields may come in any order. Of a \`.zip\` the files of text are read. A file whose text is too long or cannot be read is \`rejected\` with a reason that its student may read.`

/** One operation in two dresses: JSON with the answer, a form with its file. */
export async function checkHomeworkRoute(api: Api, { handIn, files, submissions, once, stallMs }: Deps) {
  await api.register(async (scope: Api) => {
    await scope.register(multipart)
    scope.addHook('preParsing', async (request, _reply, payload) => {
      refuseLongForm(request)
      return payload
    })
    scope.post('/courses/:courseId/check-homework', { schema: SCHEMA, config: CONFIG }, async (request, reply) => {
      const { caller } = request
      const { courseId } = request.params
      const waitMs = waitOf(request)
      const gone = goneOf(reply)
      const finish = async (accepted: Accepted): Promise<Accepted> => {
        if (waitMs === 0) return accepted
        const submission = await submissions.wait(caller, accepted.submission, waitMs, gone)
        if (submission === undefined) return accepted
        reply.header('preference-applied', `wait=${waitMs / 1_000}`)
        return { ...accepted, submission }
      }
      const answer = ({ submission, duplicate }: Accepted) => {
        const location = `/api/v1/submissions/${submission.id}`
        return waitMs > 0 && submission.finishedAt !== null
          ? { status: 200, location, body: { ...presentSubmission(submission), duplicate } }
          : { status: 202, location, body: presentAccepted(submission, duplicate) }
      }
      if (!request.isMultipart()) {
        // Without a type there is nothing that a validator looks at.
        if (request.body === undefined || request.body === null)
          throw invalid('answer', 'is missing: send JSON or a form')
        const order = orderOf(request.body as Static<typeof HomeworkBody>)
        return once<Accepted>(request, reply, {
          work: async (settle) => finish(await handIn(caller, courseId, order, settle)),
          answer,
        })
      }
      const leave = await files.expect(caller, courseId)
      try {
        const file = await readAnswerForm(request, { stallMs })
        return await once<Accepted>(request, reply, {
          work: async (settle) => {
            const accepted = await files.take(caller, courseId, file, settle)
            leave()
            return finish(accepted)
          },
          answer,
          payload: {
            declared: undefined,
            of: ({ submission }) => identityOf(submission, submission.file?.sha256),
            read: async () => {
              const sha256 = await files.digest(file)
              return identityOf(await file.fields(), sha256)
            },
          },
        })
      } finally {
        leave()
      }
    })
  })
}

const Prefer = Type.String({
  description: '`wait=30`: answer when the check has ended, within so many seconds (at most 30).',
})

const SCHEMA = {
  operationId: 'checkHomework',
  summary: "Check a student's answer to an exercise",
  description: DESCRIPTION,
  tags: ['homework'],
  params: Input({ courseId: Id }),
  headers: Type.Object({ prefer: Type.Optional(Prefer) }),
  body: { content: { 'application/json': { schema: HomeworkBody } } },
  response: { 200: CheckedHomework, 202: HomeworkAccepted },
}

const CONFIG = {
  access: 'check' as const,
  idempotent: true,
  answers: { 'Preference-Applied': '`wait=30`: for how long the response would have waited, if one asked it to.' },
  streams: true,
  bodies: { 'multipart/form-data': ANSWER_FORM },
  failures: [
    courseNotFound,
    exerciseNotFound,
    exerciseNotGradable,
    attemptsExceeded,
    llmNotConfigured,
    budgetExceeded,
    queueFull,
    answerTooLarge,
    answerUnsupportedType,
    answerInterrupted,
    quotaExceeded,
    uploadBusy,
  ],
}

function orderOf({ student_id, exercise_id, answer, language = null }: Static<typeof HomeworkBody>): HandIn {
  return { studentId: student_id, exerciseId: exercise_id.toLowerCase(), answer, language }
}

type Named = { studentId?: string; exerciseId?: string; language?: string | null }

/** Of an answer that is a file: two requests with one key are the same when these are. Its name says nothing. */
const identityOf = ({ studentId, exerciseId, language = null }: Named, sha256: string | undefined) =>
  JSON.stringify([studentId, exerciseId, language, sha256])

const LONGEST_WAIT = 30

/** Milliseconds that the client would wait (RFC 7240, section 4.3). What cannot be understood is no preference. */
function waitOf({ headers }: FastifyRequest): number {
  const said = [headers.prefer ?? []].flat().join(',')
  const seconds = /(?:^|,)\s*wait\s*=\s*"?(\d{1,6})"?\s*(?:[,;]|$)/i.exec(said)?.[1]
  return Math.min(Number(seconds ?? 0), LONGEST_WAIT) * 1_000
}

/** Aborts when the client has gone: nobody waits any more. */
function goneOf({ raw }: FastifyReply): AbortSignal {
  const gone = new AbortController()
  // Of the response, which is this request's own: a socket carries many.
  raw.once('close', () => gone.abort())
  return gone.signal
}
