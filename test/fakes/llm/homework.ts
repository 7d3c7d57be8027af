import { languageOf } from './language.ts'
import type { Prompt } from './prompt.ts'

type Task<T extends Prompt['task']> = Extract<Prompt, { task: T }>

/**
 * Judges as a good examiner would who knows only words: a criterion is met by the sentence of the answer that has most of its words in it,
 * if it has two, or one in three; a word that is asked for has to be there. What an answer orders makes no difference.
 */
export function checkHomework({ criteria, answer, language }: Task<'check'>) {
  const words = phrases[language === undefined ? languageOf(answer) : language.startsWith('uk') ? 'uk' : 'en']
  const isAttempt = stemsOf(answer).length >= 2
  const judged = criteria.map(({ id, text }) => {
    const wanted = stemsOf(text)
    const best = sentencesOf(answer)
      .map((quote) => ({ quote, shared: wanted.filter((stem) => stemsOf(quote).includes(stem)).length }))
      .toSorted((a, b) => b.shared - a.shared)[0]
    const word = /(?:слово|word) [«“]([^»”]+)[»”]/u.exec(text)?.[1]
    const isLike = best !== undefined && (best.shared >= 2 || best.shared * 3 >= wanted.length) && best.shared > 0
    const isMet = isLike && (word === undefined || answer.includes(word))
    const judgement = isMet
      ? { id, met: 'met', quote: best.quote.slice(0, 200), comment: words.met }
      : { id, met: 'not_met', quote: null, comment: words.notMet }
    return { judgement, isOfTask: word === undefined }
  })
  const judgements = judged.map(({ judgement }) => judgement)
  // Of a word that the task does not ask for nothing is said.
  const told = judged.filter(({ isOfTask }) => isOfTask).map(({ judgement }) => judgement)
  const met = told.filter((one) => one.met === 'met').length
  return {
    is_attempt: isAttempt,
    refusal_reason: isAttempt ? '' : words.noAttempt,
    judgements: isAttempt ? judgements : [],
    feedback: words.feedback(met, told.length),
    strengths: met > 0 ? [words.strength] : [],
    recommendations: met < told.length ? [words.recommendation] : [],
  }
}

/** A criterion for each sentence of what the author wants. */
export function splitCriteria({ measure }: Task<'criteria'>) {
  const sentences = sentencesOf(measure).slice(0, 12)
  const criteria = sentences.map((text, at) => ({ text, weight: at === 0 ? 2 : 1, required: at === 0 }))
  return { criteria: criteria.length > 0 ? criteria : [{ text: measure, weight: 1, required: true }] }
}

/** The draft without the sentences in which a passage stands. */
export function rewriteFeedback({ passages, draft }: Task<'feedback'>) {
  const clean = (text: string) =>
    text
      .split(/(?<=[.!?…])\s+/)
      .filter((sentence) => !passages.some((passage) => passage !== '' && sentence.includes(passage)))
      .join(' ')
  const { feedback, strengths, recommendations, comments } = draft
  return {
    feedback: clean(feedback) || phrases[languageOf(feedback)].recommendation,
    strengths: strengths.map(clean).filter((text) => text !== ''),
    recommendations: recommendations.map(clean).filter((text) => text !== ''),
    comments: Object.entries(comments).map(([id, comment]) => ({ id, comment: clean(comment) })),
  }
}

const sentencesOf = (text: string) => text.split(/(?<=[.!?…])\s+|\n+/).filter((sentence) => /\p{L}/u.test(sentence))

/** The beginnings of the longer words: endings change in Ukrainian. */
const stemsOf = (text: string) => [
  ...new Set((text.toLowerCase().match(/[\p{L}\p{N}]{4,}/gu) ?? []).map((word) => word.slice(0, 5))),
]

const phrases = {
  uk: {
    met: 'Це у відповіді є.',
    notMet: 'Цього у відповіді бракує.',
    noAttempt: 'Відповідь не стосується завдання.',
    feedback: (met: number, all: number) =>
      met === all
        ? 'Розкрито все, про що йшлося в завданні.'
        : `Розкрито ${met} з ${all}. Прочитайте урок ще раз і доповніть.`,
    strength: 'Думку висловлено зрозуміло.',
    recommendation: 'Перечитайте визначення в уроці.',
  },
  en: {
    met: 'The answer has this.',
    notMet: 'The answer lacks this.',
    noAttempt: 'The answer is not about the task.',
    feedback: (met: number, all: number) =>
      met === all
        ? 'All that the task asks for is there.'
        : `${met} of ${all} are covered. Read the lesson again and go on.`,
    strength: 'The idea is put clearly.',
    recommendation: 'Read the definition in the lesson again.',
  },
}
