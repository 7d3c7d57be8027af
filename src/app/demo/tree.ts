import { fitted } from '../cli/bars.ts'

type DemoConcept = {
  title: string
  definition: string
  timecodes: string[]
  slide_references: number[]
  sources: unknown[]
}
type DemoExercise = {
  kind: string
  description: string
  difficulty_level: number | null
  criteria: { text: string; weight: number; required: boolean }[]
}
type DemoLesson = {
  title: string
  video_start_timecode: string | null
  video_end_timecode: string | null
  concepts: DemoConcept[]
  exercises: DemoExercise[]
}
type DemoModule = { title: string; description: string | null; difficulty: string | null; lessons: DemoLesson[] }

export type DemoCourse = {
  title: string
  modules: DemoModule[]
  structure: { version: number; generated_by: string } | null
}

const WIDTH = 100

/** A course as a tree for a terminal: what each concept is, where it is taught, and what each exercise is graded by. */
export function drawCourse({ title, modules, structure }: DemoCourse): string {
  const head = `${title}  (version ${structure?.version ?? 0}, by ${structure?.generated_by ?? 'nobody'})`
  return [head, ...branches(modules, (module, place) => drawModule(module, modules.indexOf(module) + 1, place))].join(
    '\n',
  )
}

/** Where a line stands: what is before its own text, and before the lines below it. */
type Place = { here: string; below: string }

function branches<T>(items: readonly T[], draw: (item: T, place: Place) => string[], before = ''): string[] {
  return items.flatMap((item, at) => {
    const isLast = at === items.length - 1
    return draw(item, { here: `${before}${isLast ? '└─ ' : '├─ '}`, below: `${before}${isLast ? '   ' : '│  '}` })
  })
}

function drawModule({ title, difficulty, lessons }: DemoModule, number: number, { here, below }: Place): string[] {
  return [
    line(here, `${number}. ${title}${difficulty === null ? '' : `  · ${difficulty}`}`),
    ...branches(
      lessons,
      (lesson, place) => [
        line(place.here, `${number}.${lessons.indexOf(lesson) + 1} ${lesson.title}${timesOf(lesson)}`),
        ...drawLesson(lesson, place.below),
      ],
      below,
    ),
  ]
}

function drawLesson({ concepts, exercises }: DemoLesson, before: string): string[] {
  return branches<DemoConcept | DemoExercise>(
    [...concepts, ...exercises],
    (item, { here, below }) =>
      'kind' in item
        ? [
            line(here, `✎ ${kindOf(item)}: ${oneLine(item.description)}`),
            ...item.criteria.map((one) => line(below, criterion(one))),
          ]
        : [line(here, describe(item))],
    before,
  )
}

const line = (before: string, text: string) => `${before}${fitted(text, WIDTH - before.length)}`

const oneLine = (text: string) => text.replace(/\s+/g, ' ')

const kindOf = ({ kind, difficulty_level: level }: DemoExercise) =>
  `${kind.replaceAll('_', ' ')}${level === null ? '' : ` ${level}/5`}`

const criterion = ({ text, weight, required }: DemoExercise['criteria'][number]) =>
  `  ☐ ${weight}${required ? ', required' : ''}: ${oneLine(text)}`

const timesOf = ({ video_start_timecode: start, video_end_timecode: end }: DemoLesson) =>
  start === null ? '' : `  ▶ ${start}–${end}`

function describe({ title, definition, timecodes, slide_references: slides }: DemoConcept): string {
  const places = [
    ...timecodes.slice(0, 2).map((time) => `▶ ${time}`),
    ...(slides.length > 0 ? [`slide ${slides.slice(0, 3).join(', ')}`] : []),
  ]
  return `${title}${places.length > 0 ? ` [${places.join(', ')}]` : ''}: ${oneLine(definition)}`
}
