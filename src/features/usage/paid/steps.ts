import { type Static, type TSchema, Type } from 'typebox'
import { Check } from 'typebox/value'
import { requireCourse } from '#features/courses/index.ts'
import type { Database, TenantTx } from '#platform/db/database.ts'
import type { Ledger } from '#platform/llm/ledger.ts'
import type { Llm } from '#platform/llm/llm.ts'
import type { Ledgers } from '../ledgers.ts'
import { findAnswer, keepAnswer } from './answers-store.ts'
import { type Asked, fingerprintOfStep } from './fingerprint.ts'
import type { AskStep, Step, StepQuestion, TranscribeStep } from './step.ts'

type Deps = { db: Pick<Database, 'forTenant'>; llm: Llm; ledgers: Pick<Ledgers, 'for' | 'providersOf'> }

type Order = {
  tenantId: string
  courseId: string
  jobId: string
  strategy: string
  /** Buys what was bought before, once. */
  force: boolean
  signal: AbortSignal
  /** Looks, before every step, whether what it is for is still there, and throws when it is not. The course is looked for in any case. */
  require?(tx: TenantTx): Promise<unknown>
}

export type Steps = {
  ask: AskStep
  transcribe: TranscribeStep
  /** Whose answers were given so far, bought or remembered: the providers' names for the models, in alphabetical order. */
  models(): string[]
  /** Lets no further step begin. Resolves, never rejects, when none is under way any more. */
  close(): Promise<void>
}

/** What is asked for, how it is sent, and what the answer has to be. */
type Purchase = Asked & { schema: TSchema; send(means: Means): Promise<Sent> }
type Sent = { output: unknown; model: string }
type Means = { allowed: readonly string[] | null; ledger: Ledger }

/**
 * The steps of one job. An answer is looked up among those that were paid for, or bought and stored in the transaction that pays for it.
 * Equal steps are bought once. A course that is gone is the Failure `course.not_found`.
 */
export function createSteps({ db, llm, ledgers }: Deps, { tenantId, courseId, ...order }: Order): Steps {
  const { jobId, strategy, force, signal, require } = order
  const buying = new Map<string, Promise<unknown>>()
  const underWay = new Set<Promise<unknown>>()
  const models = new Set<string>()
  let closed = false

  async function answer(step: Step, purchase: Purchase): Promise<unknown> {
    requireOpen()
    const begun = await db.forTenant(tenantId, async (tx) => {
      await requireCourse(tx, courseId)
      await require?.(tx)
      // Now, not when the job began: what is no longer allowed is no longer sent.
      const allowed = await ledgers.providersOf(tx)
      const models = llm.chain(step.action, strategy, allowed)
      const lasting = fingerprintOfStep(step, purchase, models, '')
      // By the job's own id a forced one that was killed finds what it has bought.
      const wanted = force ? fingerprintOfStep(step, purchase, models, jobId) : lasting
      return { allowed, lasting, wanted }
    })
    const { wanted } = begun
    requireOpen()
    // Looked up in there: whoever did it before might find nothing, and come after the one who then bought it has gone.
    const bought = buying.get(wanted) ?? findOrBuy(step, purchase, begun).finally(() => buying.delete(wanted))
    buying.set(wanted, bought)
    return bought
  }

  async function findOrBuy(step: Step, purchase: Purchase, begun: Begun): Promise<unknown> {
    const known = await db.forTenant(tenantId, (tx) => findAnswer(tx, courseId, begun.wanted))
    if (known !== undefined && Check(purchase.schema, known.answer)) {
      models.add(known.model)
      return known.answer
    }
    requireOpen()
    return buy(step, purchase, begun)
  }

  function requireOpen() {
    signal.throwIfAborted()
    if (closed) throw new Error('The job has ended: no further step begins.')
  }

  type Begun = { allowed: readonly string[] | null; lasting: string; wanted: string }

  async function buy(step: Step, { send }: Purchase, { allowed, lasting, wanted }: Begun): Promise<unknown> {
    const { name, materialId } = step
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
    const { output, model } = await send({ allowed, ledger })
    models.add(model)
    return storable(output)
  }

  /** Remembers what is under way until it has ended. */
  function watched<T>(asked: Promise<T>): Promise<T> {
    underWay.add(asked)
    const forget = () => void underWay.delete(asked)
    asked.then(forget, forget)
    return asked
  }

  return {
    ask: <S extends TSchema>(step: Step, question: StepQuestion<S>) => {
      const { action } = step
      const send = (means: Means): Promise<Sent> => llm.ask({ ...question, action, strategy, signal, ...means })
      return watched(answer(step, { ...question, send }) as Promise<Static<S>>)
    },
    transcribe: (step, recording) => {
      const { action } = step
      const asked = {
        promptVersion: recording.promptVersion,
        system: '',
        schema: TimedTexts,
        schemaName: 'timed_texts',
      }
      const send = async (means: Means) => {
        const { segments, model } = await llm.transcribe({ ...recording, action, strategy, signal, ...means })
        return { output: segments, model }
      }
      return watched(answer(step, { ...asked, send }) as Promise<Static<typeof TimedTexts>>)
    },
    models: () => [...models].toSorted(),
    async close() {
      closed = true
      while (underWay.size > 0) await Promise.allSettled(underWay)
    },
  }
}

const Seconds = Type.Number({ minimum: 0 })
const TimedTexts = Type.Array(Type.Object({ start: Seconds, end: Seconds, text: Type.String() }))

/** What is left of an answer when PostgreSQL has kept it: it takes no U+0000 and no half of a character. */
function storable<T>(answer: T): T {
  return JSON.parse(JSON.stringify(answer), (_name, value: unknown) =>
    typeof value === 'string' ? value.replaceAll('\0', '').toWellFormed() : value,
  )
}
