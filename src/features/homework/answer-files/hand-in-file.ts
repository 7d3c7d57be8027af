import { requireCourse } from '#features/courses/index.ts'
import { requireFileName } from '#features/materials/index.ts'
import { type Admission, type Leave, quotaExceeded } from '#features/storage/index.ts'
import { findShownExercise } from '#features/structure/index.ts'
import type { Caller } from '#kernel/caller.ts'
import { Failure, invalid, unavailable } from '#kernel/failure.ts'
import { brokenConstraint, type Database, type TenantTx } from '#platform/db/database.ts'
import type { Settle } from '#platform/db/settle.ts'
import { newId } from '#platform/ids/index.ts'
import type { Log } from '#platform/log/index.ts'
import { measureBody, type ObjectStore, ObjectTooLarge, type StoredObject } from '#platform/objects/index.ts'
import { exerciseNotFound } from '../failures.ts'
import { type Accepted, type HandIn, requireFileForm } from '../hand-in.ts'
import { judgedOf, requireMeasure } from '../judged-exercise.ts'
import { type ModelDeps, requireModels } from '../require-models.ts'
import { findSubmission } from '../submissions-store.ts'
import { type Arrival, createArrivals } from './arrivals.ts'
import { answerTooLarge, answerUnsupportedType } from './failures.ts'
import { submissionOfObject } from './files-store.ts'
import { extensionOf, isAnswerFile, MAX_ANSWER_BYTES } from './formats.ts'

/** Whose answer it is, and to what. */
export type AnswerFields = { studentId?: string; exerciseId?: string; language?: string }

/** A file on its way to us, with what was said about it so far; its fields may come after it. */
export type ArrivingAnswer = {
  filename: string
  contentType: string | null
  body: AsyncIterable<Uint8Array>
  /** Aborted, with a Failure, when the rest of the body will not come. */
  signal: AbortSignal
  early: AnswerFields
  /** Everything that was said, once the body was read. */
  fields(): Promise<AnswerFields>
}

type TakeIn = (caller: Caller, courseId: string, handIn: HandIn, settle: Settle<Accepted>) => Promise<Accepted>

type Deps = ModelDeps & {
  db: Pick<Database, 'forTenant'>
  objects: Pick<ObjectStore, 'put' | 'delete'>
  admission: Admission
  log: Log
  handIn: TakeIn
}

/**
 * Takes answers that are files: the bytes are safe before the answer is handed in, and go again when it is refused or was handed in before.
 * Throws what `handIn` throws, and the Failures `upload.busy`, `quota.exceeded`, `answer.too_large` and `answer.unsupported_type`.
 */
export function createFileHandIn({ db, objects, admission, log, handIn, ...models }: Deps) {
  const arrivals = createArrivals({ db, objects, log })

  /** What can be known before the body is read. Takes one of the places of those that write at once; the caller leaves it. */
  async function expect({ tenantId }: Caller, courseId: string): Promise<Leave> {
    await db.forTenant(tenantId, (tx) => requireCourse(tx, courseId))
    return admission.enter(tenantId)
  }

  async function take(caller: Caller, courseId: string, file: ArrivingAnswer, settle: Settle<Accepted>) {
    const { tenantId } = caller
    const filename = requireFileName(file.filename)
    if (!isAnswerFile(filename)) throw answerUnsupportedType(extensionOf(filename))
    const id = newId()
    const arrival = { id, tenantId, courseId, objectKey: `${tenantId}/${courseId}/${id}` }
    const room = await db.forTenant(tenantId, async (tx) => {
      if (file.early.exerciseId !== undefined) await requireAnswerable(tx, courseId, file.early.exerciseId)
      return arrivals.open(tx, arrival, file)
    })
    const hold = arrivals.hold(arrival)
    try {
      const signal = AbortSignal.any([file.signal, hold.signal])
      const stored = await keep(arrival, { ...file, signal }, room)
      const order = orderOf(await file.fields(), arrival, file, stored)
      const accepted = await handIn(caller, courseId, order, async (tx, accepted) => {
        if (!accepted.duplicate) await arrivals.close(tx, arrival)
        await settle(tx, accepted)
      }).catch((error: unknown) => {
        throw brokenConstraint(error) === 'storage_quota' ? quotaExceeded() : error
      })
      // There is one like it already.
      if (accepted.duplicate) await arrivals.abandon(arrival)
      return accepted
    } catch (error) {
      const landed = isOutage(error) ? await look(arrival) : 'absent'
      if (typeof landed === 'object') return landed
      if (landed === 'absent') await arrivals.abandon(arrival)
      throw error
    } finally {
      hold.stop()
    }
  }

  /** The SHA-256 of a file that is not kept. */
  async function digest({ body, signal }: ArrivingAnswer): Promise<string> {
    const measuring = measureBody(body, { maxBytes: MAX_ANSWER_BYTES, signal })
    const { sha256 } = await measuring.catch((error: unknown) => {
      throw translated(error, signal)
    })
    return sha256
  }

  async function requireAnswerable(tx: TenantTx, courseId: string, exerciseId: string) {
    const shown = await findShownExercise(tx, courseId, exerciseId)
    if (shown === undefined) throw exerciseNotFound()
    const exercise = judgedOf(shown.exercise)
    requireFileForm(exercise)
    requireMeasure(exercise)
    await requireModels(tx, models)
  }

  async function keep({ objectKey }: Arrival, { body, signal, contentType }: ArrivingAnswer, room: number) {
    const maxBytes = Math.min(MAX_ANSWER_BYTES, room)
    const options = { maxBytes, signal, ...(contentType === null ? {} : { contentType }) }
    return objects.put(objectKey, body, options).catch((error: unknown) => {
      throw error instanceof ObjectTooLarge && maxBytes < MAX_ANSWER_BYTES ? quotaExceeded() : translated(error, signal)
    })
  }

  // A commit whose answer was lost may have happened: then its bytes are needed, and the answer is accepted.
  async function look({ tenantId, objectKey }: Arrival): Promise<Accepted | 'absent' | 'unknown'> {
    try {
      const submission = await db.forTenant(tenantId, async (tx) => {
        const id = await submissionOfObject(tx, objectKey)
        return id === undefined ? undefined : findSubmission(tx, id)
      })
      return submission === undefined ? 'absent' : { submission, duplicate: false }
    } catch (error) {
      log.warn({ err: error, object_key: objectKey }, 'it is not known whether an answer was accepted; its bytes stay')
      return 'unknown'
    }
  }

  return { expect, take, digest }
}

function orderOf(
  { studentId, exerciseId, language = null }: Omit<AnswerFields, 'language'> & { language?: string | null },
  { objectKey }: Arrival,
  { filename, contentType }: ArrivingAnswer,
  { size: sizeBytes, sha256 }: StoredObject,
): HandIn {
  if (studentId === undefined) throw invalid('student_id', 'is required')
  if (exerciseId === undefined) throw invalid('exercise_id', 'is required')
  if (sizeBytes === 0) throw invalid('file', 'is empty')
  return { studentId, exerciseId, language, file: { filename, contentType, objectKey, sizeBytes, sha256 } }
}

function translated(error: unknown, signal: AbortSignal): unknown {
  if (signal.aborted) return signal.reason
  if (error instanceof ObjectTooLarge) return answerTooLarge()
  // A TypeError is a defect of ours, a Failure speaks of the body; what remains is the storage's trouble.
  return error instanceof Failure || error instanceof TypeError ? error : unavailable(error)
}

const isOutage = (error: unknown) => error instanceof Failure && error.kind === 'unavailable'
