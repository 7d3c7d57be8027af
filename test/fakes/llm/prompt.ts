import type { Asked } from './asked.ts'

/** A numbered piece of a material, as the architect shows it. */
export type Piece = { number: number; place: string; kind: string; text: string }

export type GivenConcept = { id: string; title: string; definition: string }

export type GivenLesson = {
  id: string
  title: string
  concepts: { title: string; definition: string; examples: string[] }[]
}

/** What one of our prompts asks for. `code` is the mark of its fences. */
export type Prompt = { code: string } & (
  | { task: 'read-material'; title: string; pieces: Piece[] }
  | { task: 'plan-course'; title: string; language: string | undefined; concepts: GivenConcept[] }
  | { task: 'write-exercises'; language: string | undefined; lessons: GivenLesson[] }
  | { task: 'picture'; page: number; words: string }
)

/** Reads a user's message of ours; the formats are described in src/features/structure/architect/index.ts and, for pages, src/features/materials/reading/picture.ts. Undefined when it is none. */
export function readPrompt({ user }: Pick<Asked, 'user'>): Prompt | undefined {
  const code = /^Fence: ([a-z]{32})$/m.exec(user)?.[1]
  if (code === undefined) return undefined
  const head = user.slice(0, user.indexOf('<<<'))
  const fenced = (label: string): string | undefined => user.split(`<<<${code} ${label}\n`)[1]?.split(`\n${code}>>>`)[0]
  const language = /Language: ([\w-]+)\./.exec(head)?.[1]
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
  const lessons = fenced('lessons')
  return lessons === undefined ? undefined : { code, task: 'write-exercises', language, lessons: lessonsOf(lessons) }
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
