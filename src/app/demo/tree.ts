type DemoConcept = {
  title: string
  definition: string
  timecodes: string[]
  slide_references: number[]
  sources: unknown[]
}
type DemoLesson = {
  title: string
  video_start_timecode: string | null
  video_end_timecode: string | null
  concepts: DemoConcept[]
}

export type DemoCourse = {
  title: string
  modules: { title: string; lessons: DemoLesson[] }[]
  structure: { version: number; generated_by: string } | null
}

const WIDTH = 100

/** A course as a tree for a terminal: what each concept is, and where it is taught. */
export function drawCourse({ title, modules, structure }: DemoCourse): string {
  const lines = [`${title}  (version ${structure?.version ?? 0}, by ${structure?.generated_by ?? 'nobody'})`]
  for (const [m, module] of modules.entries()) {
    const lastModule = m === modules.length - 1
    lines.push(`${lastModule ? '└─' : '├─'} ${m + 1}. ${module.title}`)
    const inModule = lastModule ? '   ' : '│  '
    for (const [l, lesson] of module.lessons.entries()) {
      const lastLesson = l === module.lessons.length - 1
      lines.push(`${inModule}${lastLesson ? '└─' : '├─'} ${m + 1}.${l + 1} ${lesson.title}${timesOf(lesson)}`)
      const inLesson = `${inModule}${lastLesson ? '   ' : '│  '}`
      for (const [c, concept] of lesson.concepts.entries()) {
        lines.push(
          `${inLesson}${c === lesson.concepts.length - 1 ? '└─' : '├─'} ${shorten(describe(concept), WIDTH - inLesson.length)}`,
        )
      }
    }
  }
  return lines.join('\n')
}

const timesOf = ({ video_start_timecode: start, video_end_timecode: end }: DemoLesson) =>
  start === null ? '' : `  ▶ ${start}–${end}`

function describe({ title, definition, timecodes, slide_references: slides }: DemoConcept): string {
  const places = [
    ...timecodes.slice(0, 2).map((time) => `▶ ${time}`),
    ...(slides.length > 0 ? [`slide ${slides.slice(0, 3).join(', ')}`] : []),
  ]
  return `${title}${places.length > 0 ? ` [${places.join(', ')}]` : ''}: ${definition.replace(/\s+/g, ' ')}`
}

function shorten(text: string, length: number): string {
  const letters = [...text]
  return letters.length <= length
    ? text
    : `${letters
        .slice(0, length - 1)
        .join('')
        .trimEnd()}…`
}
