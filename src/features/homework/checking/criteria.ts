import { createHash } from 'node:crypto'
import type { Criterion } from '#features/structure/index.ts'
import { Failure } from '#kernel/failure.ts'
import { leaksOf } from '../grading/leak.ts'
import type { JudgedExercise } from '../grading/verdict.ts'
import { buy, type Deps, type Order } from './buy.ts'
import { findSplit, keepSplit, type SplitPlace } from './criteria-store.ts'
import { criteriaQuestion } from './questions.ts'
import type { CriteriaReply } from './reply-schemas.ts'
import { readable } from './texts.ts'

const LONGEST = 500

/**
 * The criteria that an answer is judged by: the exercise's own, or those that a model makes of its free text. These are made once for a text,
 * and hold for all who answer it. Processes that make them at the same moment agree on the first to be kept.
 */
export function createCriteria(deps: Deps) {
  // So many may wait for one purchase: a class hands in at the same minute.
  const making = new Map<string, Promise<Criterion[]>>()

  return async function criteriaOf(order: Order, exerciseId: string, exercise: JudgedExercise): Promise<Criterion[]> {
    if (exercise.criteria.length > 0) return exercise.criteria
    const { tenantId, courseId, signal } = order
    const place = { tenantId, courseId, exerciseId, source: sourceOf(exercise) }
    const key = `${tenantId} ${exerciseId} ${place.source}`
    for (;;) {
      const others = making.get(key)
      if (others === undefined) {
        const own = make(order, place, exercise).finally(() => making.delete(key))
        making.set(key, own)
        return own
      }
      try {
        return await within(others, signal)
      } catch (error) {
        signal.throwIfAborted()
        // That another job has to end is none of our business, but what it found out is.
        if (error instanceof Failure && error.code !== 'submission.not_found') throw error
      }
    }
  }

  async function make(order: Order, place: SplitPlace, exercise: JudgedExercise): Promise<Criterion[]> {
    const find = () => deps.db.forTenant(order.tenantId, (tx) => findSplit(tx, place))
    const known = await find()
    if (known !== undefined) return known
    const { output } = await buy(deps, order, criteriaQuestion(exercise, complaintAbout(exercise)), {
      find: async () => undefined,
      keep: (tx, _named, { output, model, promptVersion }) =>
        keepSplit(tx, { ...place, criteria: criteriaFrom(output as CriteriaReply), model, promptVersion }),
    })
    return (await find()) ?? criteriaFrom(output)
  }
}

/** Names the words that criteria are made of. */
export function sourceOf({ description, gradingCriteria, referenceSolution }: JudgedExercise): string {
  const words = [description, gradingCriteria, gradingCriteria === null ? referenceSolution : null]
  return createHash('sha256').update(JSON.stringify(words)).digest('hex')
}

const criteriaFrom = ({ criteria }: CriteriaReply): Criterion[] =>
  criteria
    .map((one) => ({ ...one, text: readable(one.text, LONGEST) }))
    .filter(({ text }) => text !== '')
    .map(({ text, weight, required }, at) => ({ id: `c${at + 1}`, text, weight: weight as 1 | 2 | 3, required }))

/** A student reads the criteria, so they must not say the solution, unless the author's own words do. */
function complaintAbout({ description, gradingCriteria, referenceSolution }: JudgedExercise) {
  return (reply: CriteriaReply) => {
    const criteria = criteriaFrom(reply)
    if (criteria.length === 0) return 'It has no criterion with a text.'
    if (referenceSolution === null) return undefined
    const known = [description, gradingCriteria ?? '']
    const leaking = criteria.filter(({ text }) => leaksOf(text, referenceSolution, known).length > 0)
    const places = leaking.map(({ text }) => criteria.findIndex((one) => one.text === text) + 1)
    return places.length > 0
      ? `Criteria ${places.join(', ')} repeat the solution: say what to look for, not what is right.`
      : undefined
  }
}

async function within<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  signal.throwIfAborted()
  const { promise, reject } = Promise.withResolvers<never>()
  const stop = () => reject(signal.reason)
  signal.addEventListener('abort', stop, { once: true })
  try {
    return await Promise.race([work, promise])
  } finally {
    signal.removeEventListener('abort', stop)
  }
}
