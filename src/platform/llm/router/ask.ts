import type { Static, TSchema } from 'typebox'
import type { Question } from '../llm.ts'
import type { PriceOf } from '../registry/price-list.ts'
import { NO_USAGE } from '../usage.ts'
import type { Asked, Result, Trial } from './attempt.ts'
import type { AttemptLimits } from './attempt-request.ts'
import { createMeter, OUTPUT_MARGIN } from './meter.ts'
import { mostCost } from './price.ts'
import { inputTokensOf, type Request, writePrompt } from './prompt.ts'
import { type Reception, send } from './send.ts'
import { dialectOf, readAnswer } from './structured.ts'

type Deps = { priceOf: PriceOf; now: () => Date; limits: AttemptLimits }

/** A question in the words of one model's provider. */
export function prepareQuestion<S extends TSchema>(
  question: Question<S>,
  { adapter, place: { model }, correction }: Asked,
  { priceOf, now, limits, at }: Deps & { at: Date },
): Trial {
  const request: Request = {
    system: question.system,
    parts: question.parts,
    dialect: dialectOf(question.schema, model.provider),
    schemaName: question.schemaName,
    maxOutputTokens: Math.min(question.maxOutputTokens, model.maxOutput),
    ...(correction !== undefined && { correction }),
  }
  const { options, text } = writePrompt(request, adapter.tellsSchema)
  const input = inputTokensOf(text, request, model.provider)
  const estimated = { ...NO_USAGE, fresh: input.estimate, output: request.maxOutputTokens }
  const inputBound = Math.max(input.bound, input.estimate)
  const { maxOutputTokens } = request
  const meter = createMeter(model.provider, estimated, { maxOutputTokens, inputBound, now })
  const mostExpected = { ...estimated, output: estimated.output + OUTPUT_MARGIN }
  const settings = adapter.settings(model, request.dialect)
  const { signal } = question
  return {
    estimated,
    maxCostNanoUsd: mostCost({ model, at, expected: mostExpected, inputBound }, priceOf),
    deadlineMs: limits.attemptMs,
    meter,
    run: async () =>
      judge(await send({ adapter, model, options: { ...options, ...settings }, meter, limits, now, signal }), question),
  }
}

const CUT_OFF = 'It was cut off because it is too long: say it in fewer words.'

function judge<S extends TSchema>(
  reception: Reception,
  { schema, complain }: Question<S>,
): { result: Result; bug?: { error: unknown } } {
  const { text } = reception
  if ('fault' in reception) return { result: { outcome: reception.fault.outcome, text, fault: reception.fault } }
  const { unified } = reception.finish
  if (unified === 'content-filter') return { result: { outcome: 'refused', text } }
  if (unified === 'length') return { result: { outcome: 'malformed', text, complaints: [CUT_OFF] } }
  const reading = readAnswer(text, schema)
  if ('complaints' in reading) return { result: { outcome: 'malformed', text, complaints: reading.complaints } }
  try {
    const complaint = complain?.(reading.output as Static<S>)
    if (complaint === undefined) return { result: { outcome: 'answered', text, output: reading.output } }
    return { result: { outcome: 'malformed', text, complaints: [complaint] } }
  } catch (error) {
    // The answer is paid for all the same.
    return { result: { outcome: 'malformed', text }, bug: { error } }
  }
}
