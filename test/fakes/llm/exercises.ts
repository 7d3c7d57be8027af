import { languageOf } from './language.ts'
import type { GivenLesson } from './prompt.ts'

type Concept = GivenLesson['concepts'][number]

/** One or two exercises on the concepts of a lesson: one to be written, and one whose answer can be compared. */
export function exercisesFor({ id, title, concepts }: GivenLesson, at: number) {
  const [first = { title, definition: title, examples: [] }, ...others] = concepts
  const words = phrases[languageOf(`${first.title} ${first.definition}`)]
  const asked = others[0] ?? first
  const compared =
    others.length === 0 ? [] : [at % 2 === 0 ? choice(asked, [first, ...others.slice(1)], words) : term(asked, words)]
  return { lesson: id, exercises: [open(first, words), ...compared] }
}

type Words = (typeof phrases)['uk']

const nothing = { options: [], number: null, accepted: [] }

const open = ({ title, definition, examples }: Concept, words: Words) => ({
  ...nothing,
  kind: 'open',
  description: words.explain(title),
  reference_solution: [definition, ...examples.slice(0, 1)].join('\n'),
  grading_criteria: words.judge(title),
  criteria: [
    { text: words.says(definition), weight: 2, required: true },
    { text: words.shows, weight: 1, required: false },
  ],
  difficulty_level: 2,
})

const choice = ({ title, definition }: Concept, others: readonly Concept[], words: Words) => ({
  ...nothing,
  kind: 'choice',
  description: words.choose(title),
  options: [
    { text: withoutTerm(definition), correct: true },
    ...others.slice(0, 3).map((other) => ({ text: withoutTerm(other.definition), correct: false })),
  ].filter(({ text }, at, all) => all.findIndex((one) => one.text === text) === at),
  reference_solution: definition,
  grading_criteria: words.oneRight,
  criteria: [{ text: words.oneRight, weight: 1, required: true }],
  difficulty_level: 1,
})

const term = ({ title, definition }: Concept, words: Words) => ({
  ...nothing,
  kind: 'short_text',
  description: words.which(withoutTerm(definition)),
  accepted: [title],
  reference_solution: title,
  grading_criteria: words.exactly(title),
  criteria: [{ text: words.exactly(title), weight: 1, required: true }],
  difficulty_level: 1,
})

/** The first sentence of a definition, without what it defines. */
function withoutTerm(definition: string): string {
  const [sentence = definition] = definition.split(/(?<=[.!?])\s/)
  const said = sentence.replace(/^.{1,60}? (?:— (?:це )?|is |are )/u, '')
  return said.charAt(0).toUpperCase() + said.slice(1)
}

const phrases = {
  uk: {
    explain: (title: string) => `Поясніть своїми словами, що таке «${title}», і наведіть власний приклад.`,
    judge: (title: string) => `Відповідь розкриває зміст поняття «${title}» і містить доречний приклад.`,
    says: (definition: string) => `Сказано по суті те саме: ${definition}`,
    shows: 'Наведено власний доречний приклад',
    choose: (title: string) => `Яке твердження пояснює, що таке «${title}»?`,
    oneRight: 'Обрано правильний варіант',
    which: (definition: string) => `Яким терміном це називають? ${definition}`,
    exactly: (title: string) => `Названо термін «${title}»`,
  },
  en: {
    explain: (title: string) => `Explain in your own words what “${title}” means, and give an example of your own.`,
    judge: (title: string) => `The answer tells what “${title}” means and has a fitting example.`,
    says: (definition: string) => `Says in essence: ${definition}`,
    shows: 'Gives a fitting example of its own',
    choose: (title: string) => `Which statement explains “${title}”?`,
    oneRight: 'The right option is chosen',
    which: (definition: string) => `What is the term for this? ${definition}`,
    exactly: (title: string) => `Names the term “${title}”`,
  },
}
