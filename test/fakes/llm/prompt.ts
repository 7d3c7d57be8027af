import type { Asked } from './asked.ts'

/** A numbered piece of a material, as the architect shows it. */
export type Piece = { number: number; place: string; kind: string; text: string }

export type GivenConcept = { id: string; title: string; definition: string }

export type GivenLesson = {
  id: string
  title: string
  concepts: { title: string; definition: string; examples: string[] }[]
}

export type GivenCriterion = { id: string; text: string }

export type GivenDraft = {
  feedback: string
  strengths: string[]
  recommendations: string[]
  comments: Record<string, string>
}

/** What one of our prompts asks for. `code` is the mark of its fences. */
export type Prompt = { code: string } & (
  | { task: 'read-material'; title: string; pieces: Piece[] }
  | { task: 'plan-course'; title: string; language: string | undefined; concepts: GivenConcept[] }
  | { task: 'write-exercises'; language: string | undefined; lessons: GivenLesson[] }
  | { task: 'check'; language: string | undefined; solution: string; criteria: GivenCriterion[]; answer: string }
  | { task: 'criteria'; exercise: string; measure: string }
  | { task: 'feedback'; passages: string[]; draft: GivenDraft }
  | { task: 'picture'; page: number; words: string }
)

/** Reads a user's message of ours; the format is described in src/features/structure/architect/index.ts and src/features/materials/reading/picture.ts and src/features/homework/checking/questions.ts. Undefined when it is none. */
export function readPrompt({ user }: Pick<Asked, 'user'>): Prompt | undefined {
  const code = /^Fence: ([a-z]{32})$/m.exec(user)?.[1]
  if (code === undefined) return undefined
  const head = user.slice(0, user.indexOf('<<<'))
  const fenced = (label: string) => user.split(`<<<${code} ${label}\n`)[1]?.split(`\n${code}>>>`)[0]
  const language = /[Ll]anguage: ([\w-]+)\./.exec(head)?.[1]
  const page = /^Page (\d+)\. /m.exec(user)?.[1]
  if (page !== undefined) return { code, task: 'picture', page: Number(page), words: fenced('page') ?? '' }
  const material = fenced('material')
  if (material !== undefined)
    return { code, task: 'read-material', title: fieldOf(material, 'title'), pieces: piecesOf(material) }
  const concepts = fenced('concepts')
  if (concepts !== undefined) {
    const title = fieldOf(fenced('course') ?? '', 'title')
    return { code, task: 'plan-course', title, language, concepts: concepts.split('\n').flatMap(conceptOf) }
  }
  const exercise = fenced('task')
  if (exercise !== undefined) return { code, ...homeworkOf(exercise, language, fenced) }
  const lessons = fenced('lessons')
  return lessons === undefined ? undefined : { code, task: 'write-exercises', language, lessons: lessonsOf(lessons) }
}

type Fenced = (label: string) => string | undefined

function homeworkOf(exercise: string, language: string | undefined, fenced: Fenced) {
  const [answer, draft] = [fenced('answer'), fenced('draft')]
  const linesOf = (label: string) => (fenced(label) ?? '').split('\n')
  if (answer !== undefined) {
    const criteria = linesOf('criteria').flatMap((line) => {
      const [, id, text = ''] = /^\[([^\]]+)\] (.*)$/.exec(line) ?? []
      return id === undefined ? [] : [{ id, text }]
    })
    return { task: 'check' as const, language, solution: fenced('solution') ?? '', criteria, answer }
  }
  if (draft === undefined)
    return { task: 'criteria' as const, exercise, measure: fenced('grading') ?? fenced('solution') ?? exercise }
  const passages = linesOf('passages').map((line) => line.replace(/^- /, ''))
  return { task: 'feedback' as const, passages, draft: JSON.parse(draft) as GivenDraft }
}

const fieldOf = (text: string, name: string) => new RegExp(`^${name}: (.*)$`, 'm').exec(text)?.[1] ?? ''

const KINDS = ['heading', 'paragraph', 'list', 'table', 'code', 'passage', 'description']

function piecesOf(text: string): Piece[] {
  const pieces: Piece[] = []
  for (const line of text.split('\n')) {
    const [, number, about, words = ''] = /^\[(\d+)\] (?:\(([^()]*(?:\([^()]*\)[^()]*)*)\) )?(.*)$/.exec(line) ?? []
    const last = pieces.at(-1)
    if (number === undefined) {
      if (last !== undefined) last.text += `\n${line.replace(/^ {4}/, '')}`
      continue
    }
    const [place, kind] = about === undefined ? [last?.place ?? '', last?.kind ?? 'paragraph'] : placeAndKind(about)
    pieces.push({ number: Number(number), place, kind, text: words })
  }
  return pieces
}

function placeAndKind(about: string): [place: string, kind: string] {
  const parts = about.split(', ')
  const kind = parts.at(-1) ?? ''
  return KINDS.includes(kind) ? [parts.slice(0, -1).join(', '), kind] : [about, 'paragraph']
}

function conceptOf(line: string): GivenConcept[] {
  const [, id, title = '', definition = ''] = /^\[(\w+)\] (.+?): (.*)$/.exec(line) ?? []
  return id === undefined ? [] : [{ id, title, definition }]
}

function lessonsOf(text: string): GivenLesson[] {
  const lessons: GivenLesson[] = []
  for (const line of text.split('\n')) {
    const [, id, title = ''] = /^# \[(\w+)\] (.*)$/.exec(line) ?? []
    if (id !== undefined) lessons.push({ id, title, concepts: [] })
    const [, term, definition = ''] = /^- (.+?): (.*)$/.exec(line) ?? []
    if (term !== undefined) lessons.at(-1)?.concepts.push({ title: term, definition, examples: [] })
    else if (line.startsWith('    ')) lessons.at(-1)?.concepts.at(-1)?.examples.push(line.slice(4))
  }
  return lessons
}
