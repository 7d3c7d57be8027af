import { clip } from '../outline/bounds.ts'
import type { OutlineConcept } from '../outline/outline.ts'
import { materialTitle } from '../outline/outline.ts'
import { tells } from '../outline/telling.ts'
import { type ShownSlide, timeLesson } from '../outline/timing.ts'
import type { ExerciseDraft, LessonDraft, ModuleDraft, Source, SourceMaterial, WebReference } from '../tree.ts'
import type { CourseConcept, PlannedLesson, PlannedModule } from './arrange.ts'
import type { Cleaner } from './clean.ts'
import { MOST } from './limits.ts'

/** Titles and goals as they are shown: cleaned, and taken from what is below where nothing is left of them. */
export function tidyModules(modules: PlannedModule[], cleaner: Cleaner): PlannedModule[] {
  const title = (text: string, otherwise: string) => (cleaner.leaks(text) ? null : cleaner.title(text)) ?? otherwise
  const prose = (text: string) => (cleaner.leaks(text) ? null : cleaner.prose(text, 5_000)) ?? ''
  return modules.map((module) => {
    const lessons = module.lessons.map((lesson) => ({
      ...lesson,
      title: title(lesson.title, lesson.concepts[0]?.[0]?.title ?? ''),
    }))
    return {
      title: title(module.title, lessons[0]?.title ?? ''),
      description: prose(module.description),
      learning_goal: prose(module.learning_goal),
      expected_knowledge: cleaner.statements(module.expected_knowledge, MOST.statements),
      expected_skills: cleaner.statements(module.expected_skills, MOST.statements),
      difficulty: module.difficulty,
      lessons,
    }
  })
}

type Materials = ReadonlyMap<string, SourceMaterial>
type Deps = { materials: Materials; shown: ShownSlide[]; cleaner: Cleaner }

export function moduleDraft(
  module: PlannedModule,
  exercises: ReadonlyMap<PlannedLesson, ExerciseDraft[]>,
  deps: Deps,
): ModuleDraft {
  const { title, description, learning_goal: goal, expected_knowledge: knowledge, expected_skills: skills } = module
  return {
    title,
    description: description || null,
    learningGoal: goal || null,
    expectedKnowledge: knowledge,
    expectedSkills: skills,
    difficulty: module.difficulty,
    lessons: module.lessons.map((lesson) => lessonDraft(lesson, exercises.get(lesson) ?? [], deps)),
  }
}

function lessonDraft({ title, concepts }: PlannedLesson, exercises: ExerciseDraft[], deps: Deps): LessonDraft {
  const cited = concepts.map((concept) => citedConcept(concept, deps))
  return { ...timeLesson({ title, concepts: cited }, deps.shown), exercises }
}

/** The concept with the places of the chunks that it is cited from: nothing here is of the model's. */
function citedConcept(concept: CourseConcept, { materials, shown, cleaner }: Deps): OutlineConcept {
  const [first] = concept
  const spoken: OutlineConcept['spoken'] = []
  const slides: OutlineConcept['slides'] = []
  for (const { materialId, chunks } of concept) {
    for (const [at, { locator }] of chunks.entries()) {
      if ('start' in locator && locator.end < LONGEST_VIDEO) {
        const sure = at === 0 ? tells.defines : tells.nothing
        spoken.push({ videoId: materialId, start: locator.start, end: locator.end, tells: sure })
      }
      if ('slide' in locator && locator.slide <= MOST_SLIDES) {
        slides.push({ presentationId: materialId, number: locator.slide })
      }
    }
  }
  // Where nothing that is said was cited, a slide of the concept tells when it is spoken of.
  const heard = new Set(spoken.map(({ videoId }) => videoId))
  for (const { presentationId, number, videoId, start, end } of shown) {
    const isOwn = slides.some((slide) => slide.presentationId === presentationId && slide.number === number)
    if (isOwn && !heard.has(videoId)) spoken.push({ videoId, start, end, tells: tells.nothing })
  }
  return {
    title: first?.title ?? '',
    definition: first?.definition ?? '',
    examples: [...new Set(concept.flatMap(({ examples }) => examples))].slice(0, MOST.examples),
    webReferences: webReferences(concept, materials, cleaner),
    sources: sourcesOf(concept),
    spoken,
    slides,
    texts: [],
  }
}

/** What a timecode of the contract can say: three digits of hours. */
const LONGEST_VIDEO = 1_000 * 3_600
/** What a slide reference of the contract can be. */
const MOST_SLIDES = 10_000

/** The most telling of each material first, then the next of each. */
function sourcesOf(concept: CourseConcept): Source[] {
  const longest = Math.max(...concept.map(({ chunks }) => chunks.length))
  const found = new Map<string, Source>()
  for (let at = 0; at < longest; at++) {
    for (const { materialId, chunks } of concept) {
      const locator = chunks[at]?.locator
      if (locator !== undefined) found.set(JSON.stringify([materialId, locator]), { materialId, locator })
    }
  }
  return [...found.values()].slice(0, MOST.sources)
}

function webReferences(concept: CourseConcept, materials: Materials, cleaner: Cleaner): WebReference[] {
  const found = new Map<string, WebReference>()
  for (const { materialId, chunks } of concept) {
    const page = materials.get(materialId)
    if (page?.sourceType !== 'web' || !isWebAddress(page.name) || found.has(page.name)) continue
    const description = cleaner.prose(chunks[0]?.text ?? '', 2_000)?.replace(/\s+/gu, ' ') ?? ''
    const title = cleaner.title(materialTitle(page)) ?? page.name
    found.set(page.name, { url: page.name, title: clip(title, 500), description: clip(description, 300) })
  }
  return [...found.values()].slice(0, MOST.webReferences)
}

const isWebAddress = (text: string) => text.length <= 2_048 && /^https?:/iu.test(text) && URL.canParse(text)
