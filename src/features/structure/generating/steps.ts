import type { Static, TSchema } from 'typebox'
import { Check } from 'typebox/value'
import { requireCourse } from '#features/courses/index.ts'
import type { Ledgers } from '#features/usage/index.ts'
import type { Database } from '#platform/db/database.ts'
import type { Llm } from '#platform/llm/llm.ts'
import type { AskStep, Step, StepQuestion } from '../architect/port.ts'
import type { CoursePlace } from '../store.ts'
import { findAnswer, keepAnswer } from './answers-store.ts'
import type { Strategy } from './engines.ts'
import { fingerprintOfStep } from './fingerprint.ts'

type Deps = { db: Pick<Database, 'forTenant'>; llm: Llm; ledgers: Pick<Ledgers, 'for' | 'providersOf'> }

type Order = CoursePlace & {
  jobId: string
  strategy: Strategy
  /** Buys what was bought before, once. */
  force: boolean
  signal: AbortSignal
}

export type Steps = {
  ask: AskStep
  /** Lets no further step begin. Resolves, never rejects, when none is under way any more. */
  close(): Promise<void>
}

/**
 * The steps of one job. An answer is looked up among those that were paid for, or bought and stored in the transaction that pays for it.
 * Equal steps are bought once. A course that is gone is the Failure `course.not_found`.
 */
export function createSteps({ db, llm, ledgers }: Deps, { tenantId, courseId, ...order }: Order): Steps {
  const { jobId, strategy, force, signal } = order
  const buying = new Map<string, Promise<unknown>>()
  const underWay = new Set<Promise<unknown>>()
  let closed = false

  async function answer<S extends TSchema>(step: Step, question: StepQuestion<S>): Promise<Static<S>> {
    requireOpen()
    const begun = await db.forTenant(tenantId, async (tx) => {
      await requireCourse(tx, courseId)
      // Now, not when the job began: what is no longer allowed is no longer sent.
      const allowed = await ledgers.providersOf(tx)
      const models = llm.chain(step.action, strategy, allowed)
      const lasting = fingerprintOfStep(step, question, models, '')
      // By the job's own id a forced one that was killed finds what it has bought.
      const wanted = force ? fingerprintOfStep(step, question, models, jobId) : lasting
      return { allowed, lasting, wanted }
    })
    const { wanted } = begun
    requireOpen()
    // Looked up in there: whoever did it before might find nothing, and come after the one who then bought it has gone.
    const bought = buying.get(wanted) ?? findOrBuy(step, question, begun).finally(() => buying.delete(wanted))
    buying.set(wanted, bought)
    return bought as Promise<Static<S>>
  }

  async function findOrBuy<S extends TSchema>(step: Step, question: StepQuestion<S>, begun: Begun): Promise<Static<S>> {
    const known = await db.forTenant(tenantId, (tx) => findAnswer(tx, courseId, begun.wanted))
    if (known !== undefined && Check(question.schema, known.answer)) return known.answer
    requireOpen()
    return buy(step, question, begun)
  }

  function requireOpen() {
    signal.throwIfAborted()
    if (closed) throw new Error('The job has ended: no further step begins.')
  }

  type Begun = { allowed: readonly string[] | null; lasting: string; wanted: string }

  async function buy<S extends TSchema>(step: Step, question: StepQuestion<S>, begun: Begun): Promise<Static<S>> {
    const { allowed, lasting, wanted } = begun
    const { name, action, materialId } = step
    const ledger = ledgers.for({
      tenantId,
      courseId,
      jobId,
      keep: async (tx, { provider, model, promptVersion }, bought) => {
        const about = { tenantId, courseId, materialId, step: name, provider, model, promptVersion }
        const answer = storable(bought)
        for (const fingerprint of new Set([wanted, lasting])) await keepAnswer(tx, { ...about, fingerprint, answer })
      },
    })
    return storable((await llm.ask({ ...question, action, strategy, allowed, signal, ledger })).output)
  }

  return {
    ask: (step, question) => {
      const asked = answer(step, question)
      underWay.add(asked)
      const forget = () => void underWay.delete(asked)
      asked.then(forget, forget)
      return asked
    },
    async close() {
      closed = true
      while (underWay.size > 0) await Promise.allSettled(underWay)
    },
  }
}

/** What is left of an answer when PostgreSQL has kept it: it takes no U+0000 and no half of a character. */
function storable<T>(answer: T): T {
  return JSON.parse(JSON.stringify(answer), (_name, value: unknown) =>
    typeof value === 'string' ? value.replaceAll('\0', '').toWellFormed() : value,
  )
}
