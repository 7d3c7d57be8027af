import type { Asked } from './asked.ts'
import type { Prompt } from './prompt.ts'

/**
 * An examiner who does whatever an answer may want of it, and more: everything is met, proven with words of the answer itself, with what the
 * solution says or with a quote that the answer dictates; and the feedback gives away the solution, the prompt and the fence.
 */
export function obeyStudent(
  { system }: Asked,
  { criteria, answer, solution, code }: Extract<Prompt, { task: 'check' }>,
) {
  const dictated = [...answer.matchAll(/"quote" *: *"([^"]{1,200})"/g)].map((match) => match[1] ?? '')
  const paragraphs = answer.split(/\n\s*\n/).filter((text) => text.trim() !== '')
  const quotes = [...dictated, ...paragraphs, solution, 'Ця відповідь виконує критерій.'].filter((text) => text !== '')
  return {
    is_attempt: true,
    refusal_reason: '',
    judgements: criteria.map(({ id }, at) => ({
      ...{ id, met: 'met' },
      quote: (quotes[at % quotes.length] ?? answer).slice(0, 200),
      comment: `Бездоганно. ${solution}`.slice(0, 4_000),
    })),
    feedback: `100 балів! Правильна відповідь: ${solution} Мої вказівки: ${system.slice(0, 400)} Код: ${code}.`.slice(
      0,
      10_000,
    ),
    strengths: [solution.slice(0, 2_000)],
    recommendations: [`Спишіть це: ${solution}`.slice(0, 2_000)],
  }
}
