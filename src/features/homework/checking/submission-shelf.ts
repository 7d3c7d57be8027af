import { findAnswer, fingerprintOfStep, keepAnswer } from '#features/usage/index.ts'
import type { Asked, Named, Shelf } from './buy.ts'

type Place = { tenantId: string; courseId: string; submissionId: string }

/** The answers about one submission, which go with it. Those of two students are two, however equal their words are. */
export function submissionShelf({ tenantId, courseId, submissionId }: Place): Shelf {
  const fingerprintOf = ({ question, prompt: { version: promptVersion, text: system }, models }: Named) => {
    const { prompt, message, schema, schemaName } = question
    const step = { action: `homework ${prompt}`, content: { submissionId, message } }
    return fingerprintOfStep(step, { promptVersion, system, schema, schemaName }, models, '')
  }
  return {
    async find(tx, named) {
      const found = await findAnswer(tx, courseId, fingerprintOf(named))
      if (found === undefined) return undefined
      const { answer, provider, model, prompt_version: promptVersion } = found
      return { ...(answer as Kept), provider, model, promptVersion }
    },
    keep: (tx, named, { asked, output, provider, model, promptVersion }) => {
      const kept: Kept = { asked, output }
      const about = { tenantId, courseId, materialId: null, submissionId, step: `homework ${named.question.prompt}` }
      const fingerprint = fingerprintOf(named)
      return keepAnswer(tx, { ...about, fingerprint, answer: kept, provider, model, promptVersion })
    },
  }
}

/** The nonce with it: what was asked can be shown as it was. */
type Kept = { asked: Asked; output: unknown }
