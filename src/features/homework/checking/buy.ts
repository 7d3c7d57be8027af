import type { Static, TSchema } from 'typebox'
import { Check } from 'typebox/value'
import type { Ledgers } from '#features/usage/index.ts'
import type { Database, TenantTx } from '#platform/db/database.ts'
import { fence } from '#platform/llm/fence.ts'
import type { Llm, Model, Prompt } from '#platform/llm/index.ts'
import { llmNotConfigured, submissionNotFound } from '../failures.ts'
import { findSubmission } from '../submissions-store.ts'
import type { Control } from './control.ts'
import type { Question } from './questions.ts'

/** What was asked, word by word, for whoever has to defend a grade. */
export type Asked = {
  prompt_version: string
  system: string
  user: string
  schema_name: string
  /** Criteria among the others that no answer fulfils. */
  controls?: Control[]
  /** Scripts that an answer may be in, besides Latin and Cyrillic. */
  scripts?: string[]
}

/** An answer of a model's, and all that it rests on. */
export type Bought<T> = { asked: Asked; output: T; provider: string; model: string; promptVersion: string }

/** Where answers to a question are looked for, and kept in the transaction that pays for them. */
export type Shelf = {
  find(tx: TenantTx, of: Named): Promise<Bought<unknown> | undefined>
  keep(tx: TenantTx, of: Named, bought: Bought<unknown>): Promise<void>
}

/** A question by everything that its answer depends on. */
export type Named = { question: Question<TSchema>; prompt: Prompt; models: readonly Model[] }

export type Order = {
  tenantId: string
  courseId: string
  submissionId: string
  jobId: string
  signal: AbortSignal
  /** Told of every question before it is asked, and of an answer that was bought before. */
  onAsk?: (asked: Asked) => void
}

export type Deps = {
  db: Pick<Database, 'forTenant'>
  llm: Llm
  ledgers: Pick<Ledgers, 'for' | 'providersOf'>
  prompts: ReadonlyMap<string, Prompt>
}

const ACTION = 'homework_check'
const STRATEGY = 'default'

/**
 * Gives the answer that was bought before, or buys it; it is kept before this resolves. Throws what `llm.ask` throws, and the Failure
 * `submission.not_found` when what it is for is gone: then nothing is bought.
 */
export async function buy<S extends TSchema>(
  { db, llm, ledgers, prompts }: Deps,
  order: Order,
  question: Question<S>,
  shelf: Shelf,
): Promise<Bought<Static<S>>> {
  const { tenantId, courseId, submissionId, jobId, signal, onAsk } = order
  signal.throwIfAborted()
  const prompt = prompts.get(question.prompt)
  if (prompt === undefined) throw new Error(`There is no prompt ${question.prompt}.`)
  const { allowed, named, known } = await db.forTenant(tenantId, async (tx) => {
    if ((await findSubmission(tx, submissionId)) === undefined) throw submissionNotFound()
    // Now, not when it was handed in: what is no longer allowed is no longer sent.
    const allowed = await ledgers.providersOf(tx)
    const named: Named = { question: question as unknown as Question<TSchema>, prompt, models: modelsOf(allowed) }
    return { allowed, named, known: await shelf.find(tx, named) }
  })
  if (known !== undefined && Check(question.schema, known.output)) {
    onAsk?.(known.asked)
    return known as Bought<Static<S>>
  }
  if (named.models.length === 0) throw llmNotConfigured()
  signal.throwIfAborted()

  const { schema, schemaName, maxOutputTokens } = question
  const { message, complain, controls, scripts } = question.draw?.() ?? {
    ...question,
    controls: undefined,
    scripts: undefined,
  }
  const { version: promptVersion, text: system } = prompt
  const asked: Asked = {
    ...{ prompt_version: promptVersion, system, user: fence(message), schema_name: schemaName },
    ...(controls && { controls }),
    ...(scripts && { scripts }),
  }
  onAsk?.(asked)
  const ledger = ledgers.for({
    tenantId,
    courseId,
    jobId,
    keep: (tx, { provider, model }, output) => shelf.keep(tx, named, { asked, output, provider, model, promptVersion }),
  })
  const { output, provider, model } = await llm.ask({
    ...{ action: ACTION, strategy: STRATEGY, allowed, promptVersion, system, schema, schemaName, maxOutputTokens },
    parts: [{ type: 'text', text: asked.user }],
    ...(complain && { complain }),
    ...{ signal, ledger },
  })
  return { asked, output, provider, model, promptVersion }

  function modelsOf(allowed: readonly string[] | null) {
    return llm.chain(ACTION, STRATEGY, allowed)
  }
}
