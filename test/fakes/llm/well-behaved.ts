import type { Asked } from './asked.ts'
import { exercisesFor } from './exercises.ts'
import { checkHomework, rewriteFeedback, splitCriteria } from './homework.ts'
import { languageOf } from './language.ts'
import { type GivenConcept, type Piece, type Prompt, readPrompt } from './prompt.ts'

/**
 * Answers as a good model would, from the words of the materials and nothing else: what is defined becomes a concept, neighbours become a
 * lesson. What an instruction in a material says makes no difference to it. Undefined for a prompt that is not ours.
 */
export function wellBehaved(asked: Asked): unknown {
  const prompt = readPrompt(asked)
  if (prompt?.task === 'read-material') return readMaterial(prompt)
  if (prompt?.task === 'plan-course') return planCourse(prompt)
  if (prompt?.task === 'check') return checkHomework(prompt)
  if (prompt?.task === 'criteria') return splitCriteria(prompt)
  if (prompt?.task === 'feedback') return rewriteFeedback(prompt)
  if (prompt?.task === 'picture')
    return {
      shows: true,
      description: `Сторінка ${prompt.page}: схема, на якій стрілки ведуть від причини до наслідку.`,
    }
  return prompt === undefined ? undefined : { lessons: prompt.lessons.map(exercisesFor) }
}

function readMaterial({ title, pieces }: Extract<Prompt, { task: 'read-material' }>) {
  const sections = Map.groupBy(pieces, ({ place, kind }) => (kind === 'passage' || /\d:\d\d/.test(place) ? '' : place))
  const places = [...sections.keys()]
  const concepts = [...sections].flatMap(([place, inside]) => {
    // What only introduces its parts is no subject of its own.
    const isLeaf = place !== '' && !places.some((other) => other.startsWith(`${place} > `))
    return conceptsOf(isLeaf ? (place.split(' > ').at(-1) ?? '') : '', inside)
  })
  const found = [...Map.groupBy(concepts, (concept) => concept.title.toLowerCase()).values()]
  return {
    language: languageOf(pieces.map(({ text }) => text).join(' ')),
    title: title || concepts[0]?.title || '—',
    concepts: found.flatMap(([first, ...others]) => {
      const chunks = new Set([first, ...others].flatMap((one) => one?.chunks ?? []))
      return first === undefined ? [] : [{ ...first, chunks: [...chunks].slice(0, 12) }]
    }),
  }
}

/** What a section defines; when it defines nothing, its heading, if it has one. One without text teaches nothing. */
function conceptsOf(heading: string, pieces: readonly Piece[]) {
  const prose = pieces.filter(({ kind }) => kind !== 'heading' && kind !== 'code')
  const defined = prose.flatMap((piece) =>
    sentencesOf(piece.text).flatMap((sentence, at, all) => {
      const title = termIn(sentence)
      return title === undefined ? [] : [{ title, definition: [sentence, all[at + 1] ?? ''].join(' ').trim(), piece }]
    }),
  )
  const [first] = prose
  if (defined.length === 0 && heading !== '' && first !== undefined)
    defined.push({ title: heading, definition: sentencesOf(first.text).slice(0, 2).join(' '), piece: first })
  return defined.map(({ title, definition, piece }, at) => {
    const end = defined[at + 1]?.piece.number ?? Number.POSITIVE_INFINITY
    const code = pieces.filter(({ kind, number }) => kind === 'code' && number > piece.number && number < end)
    const chunks = [piece, ...code].map(({ number }) => number)
    return { title, definition, examples: code.slice(0, 2).map(({ text }) => text), chunks }
  })
}

const sentencesOf = (text: string) => text.split(/(?<=[.!?…])\s+/).filter((sentence) => sentence !== '')

const WORDS = String.raw`(?:[\p{L}\p{N}’'-]+ ?)`

/** `Змінна — це …`, `Список (list) — це …`, `Цикл повторює …`, `A loop is a …`. */
const DEFINITIONS = [
  String.raw`^(${WORDS}{1,3}?)(?: \([^)]*\))? — (?:це|дія|спосіб) `,
  `^(${WORDS}{1,2}?) (?:зберігає|повторює|перебирає|містить|виводить|створює|читає) `,
  `^(?:An? |The )?(${WORDS}{1,2}?) (?:is|are) (?:an?|the) `,
].map((pattern) => new RegExp(pattern, 'u'))

/** The term of a sentence that defines one. */
function termIn(sentence: string): string | undefined {
  for (const pattern of DEFINITIONS) {
    const term = pattern.exec(sentence)?.[1]?.trim()
    if (term !== undefined && !PRONOUNS.has(term)) return term.charAt(0).toUpperCase() + term.slice(1)
  }
  return undefined
}

const PRONOUNS = new Set('You I It This That There They We Він Вона Воно Вони Ви Це Хто Що'.split(' '))

const CONCEPTS_A_LESSON = 4
const LESSONS_A_MODULE = 4

function planCourse({ title, concepts }: Extract<Prompt, { task: 'plan-course' }>) {
  const same = [...Map.groupBy(concepts, (concept) => concept.title.toLowerCase()).values()]
  const language = languageOf(concepts.map(({ definition }) => definition).join(' '))
  const words = phrases[language]
  const lessons = inGroups(same, CONCEPTS_A_LESSON).map((united) => ({
    title: words.both(united.slice(0, 2).map(titleOf)),
    concepts: united.map((ones) => ({ ids: ones.map(({ id }) => id) })),
    terms: united.map(titleOf),
  }))
  const modules = inGroups(lessons, LESSONS_A_MODULE).map((inside, at, all) => {
    const terms = inside.flatMap((lesson) => lesson.terms)
    return {
      title:
        all.length === 1 && title !== '' ? title : listed(inside.map((lesson) => lesson.terms[0] ?? '').slice(0, 3)),
      description: words.description(terms.slice(0, 6)),
      learning_goal: words.goal(terms.slice(0, 3)),
      expected_knowledge: terms.slice(0, 4).map(words.knows),
      expected_skills: terms.slice(0, 3).map(words.can),
      difficulty: at === 0 ? 'easy' : at < all.length - 1 || all.length === 2 ? 'medium' : 'hard',
      lessons: inside.map(({ title, concepts }) => ({ title, concepts })),
    }
  })
  const terms = same.map(titleOf)
  return {
    expected_knowledge: terms.slice(0, 5).map(words.knows),
    expected_skills: terms.slice(0, 4).map(words.can),
    modules,
  }
}

const titleOf = ([concept]: readonly GivenConcept[]) => concept?.title ?? '—'

/** Groups of about equal size, none larger than asked. */
function inGroups<T>(items: readonly T[], size: number): T[][] {
  const groups = Math.ceil(items.length / size)
  return Array.from({ length: groups }, (_, at) =>
    items.slice(Math.round((at * items.length) / groups), Math.round(((at + 1) * items.length) / groups)),
  )
}

const listed = (terms: string[]) => terms.map((term, at) => (at === 0 ? term : low(term))).join(', ')

const low = (term: string) => (/^\p{Lu}\p{Ll}/u.test(term) ? term.charAt(0).toLowerCase() + term.slice(1) : term)

const phrases = {
  uk: {
    both: ([one = '', two]: string[]) =>
      two === undefined || / (та|і) /.test(one + two) ? one : `${one} та ${low(two)}`,
    description: (terms: string[]) => `Модуль пояснює: ${terms.map(low).join(', ')}.`,
    goal: (terms: string[]) => `Зрозуміти й застосовувати: ${terms.map(low).join(', ')}.`,
    knows: (term: string) => `Що таке ${low(term)}`,
    can: (term: string) => `Пояснювати на прикладі, що таке ${low(term)}`,
  },
  en: {
    both: ([one = '', two]: string[]) =>
      two === undefined || / and /.test(one + two) ? one : `${one} and ${low(two)}`,
    description: (terms: string[]) => `This module explains ${terms.map(low).join(', ')}.`,
    goal: (terms: string[]) => `Understand and apply ${terms.map(low).join(', ')}.`,
    knows: (term: string) => `What ${low(term)} means`,
    can: (term: string) => `Explain ${low(term)} with an example`,
  },
}
