import type { Message } from '#platform/llm/fence.ts'
import { estimateTokens } from '#platform/llm/tokens.ts'
import { clip } from '../outline/bounds.ts'
import type { CourseConcept, PlannedLesson, PlannedModule } from './arrange.ts'
import { exerciseLimit } from './limits.ts'
import { oneLine } from './parts.ts'
import type { Window } from './port.ts'

/** Lessons of one module for which exercises are written in one call, by the ids that the answer names them by. */
export type LessonGroup = { lessons: ReadonlyMap<string, PlannedLesson>; message: Message }

/** A module's lessons in as few calls as the window allows, about as many in each. */
export function lessonGroups(
  { title, learning_goal: goal, lessons }: PlannedModule,
  { language, window }: { language: string | null; window: Window },
): LessonGroup[] {
  const limit = exerciseLimit(window)
  const texts = lessons.map((lesson) => lessonText(lesson, limit.tokens))
  const sizes = texts.map(estimateTokens)
  const all = sizes.reduce((sum, size) => sum + size, 0)
  const count = Math.max(Math.ceil(lessons.length / limit.lessons), Math.ceil(all / limit.tokens), 1)
  const most = { lessons: Math.ceil(lessons.length / count), tokens: limit.tokens }

  const groups: number[][] = []
  let used = 0
  for (const at of lessons.keys()) {
    const last = groups.at(-1)
    const size = sizes[at] ?? 0
    if (!last || last.length >= most.lessons || used + size > most.tokens) {
      groups.push([at])
      used = size
    } else {
      last.push(at)
      used += size
    }
  }
  return groups.map((group) => ({
    lessons: new Map(group.flatMap((at, index) => (lessons[at] ? [[`l${index + 1}`, lessons[at]]] : []))),
    message: {
      head: [`Exercises. Lessons: ${group.length}.${language === null ? '' : ` Language: ${language}.`}`],
      data: [
        {
          label: 'lessons',
          text: [
            `module: ${oneLine(title, 200)}`,
            ...(goal ? [`learning goal: ${oneLine(goal, 500)}`] : []),
            ...group.map((at, index) => `# [l${index + 1}] ${texts[at]}`),
          ].join('\n'),
        },
      ],
    },
  }))
}

/** UTF-16 units of definitions and examples, and how many of these: the most with which a lesson fits. */
const SHORTENED = [
  { definition: 1_000, example: 500, examples: 3 },
  { definition: 400, example: 200, examples: 1 },
  { definition: 150, example: 0, examples: 0 },
]

function lessonText({ title, concepts }: PlannedLesson, tokens: number): string {
  const heading = oneLine(title, 200)
  const texts = SHORTENED.map((lengths) => concepts.map((concept) => conceptText(concept, lengths)))
  const all = texts.map((lines) => [heading, ...lines].join('\n'))
  const whole = all.find((text) => estimateTokens(text) <= tokens)
  if (whole !== undefined) return whole
  let used = estimateTokens(heading)
  const shortest = texts.at(-1) ?? []
  const end = shortest.findIndex((line) => {
    used += estimateTokens(`${line}\n`)
    return used > tokens
  })
  return [heading, ...shortest.slice(0, Math.max(1, end))].join('\n')
}

function conceptText(concept: CourseConcept, lengths: (typeof SHORTENED)[number]): string {
  const examples = concept.flatMap((found) => found.examples).slice(0, lengths.examples)
  return [
    `- ${oneLine(concept[0]?.title ?? '', 200)}: ${oneLine(concept[0]?.definition ?? '', lengths.definition)}`,
    ...examples.map((example) => `    ${clip(example, lengths.example).replaceAll('\n', '\n    ')}`),
  ].join('\n')
}
