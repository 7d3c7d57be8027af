import { type Passage, spokenPassages } from '#kernel/passage.ts'
import { titleKey } from '../title-key.ts'
import type { CourseDraft, SourceMaterial, StructureEngine, WebReference } from '../tree.ts'
import { alignPassages } from './align.ts'
import { bounds, clip } from './bounds.ts'
import { type DocumentOutline, documentModules, readDocument } from './document.ts'
import { mergeModules } from './merge.ts'
import { materialTitle, type OutlineModule } from './outline.ts'
import { lessonLength, passageModule } from './passage-module.ts'
import { pagePassages } from './passages.ts'
import { sentencesOf } from './sentences.ts'
import { type ShownSlide, shownIn, timeLesson } from './timing.ts'

/**
 * The engine that needs no language model: it takes the course from the headings of its documents and never writes a word of its own.
 *
 * 1. Text and web documents give modules, lessons and concepts (`document.ts`); PDF pages without headings give lessons of ten pages.
 * 2. What has the same title is united (`merge.ts`).
 * 3. Slides, then speech, are matched with that by their words (`align.ts`): they become sources of its concepts.
 *    What matches nothing becomes a module of its own (`passage-module.ts`); a short remark in between is left out.
 * 4. Matched speech gives timecodes and the slides shown meanwhile (`timing.ts`).
 *
 * The same input gives the same course. The order of materials decides the order of modules and whose wording is kept, not what is united.
 * Exercises, goals and expected skills stay empty rather than invented.
 */
export function createOutlineEngine(): StructureEngine {
  return {
    name: 'outline',
    async build({ materials, slideTimes }, { signal, progress }) {
      const readings = materials.map(readingOf)
      let done = 0
      const step = async (): Promise<void> => {
        done += 1
        await progress(done / (materials.length + 1))
        signal.throwIfAborted()
      }
      signal.throwIfAborted()

      let modules: OutlineModule[] = []
      const isModuleElsewhere = moduleTitles(readings)
      for (const reading of readings) {
        if (reading.kind === 'document') {
          modules.push(
            ...withWebReference(reading, documentModules(reading.document, isModuleElsewhere(reading.document))),
          )
        } else if (reading.kind === 'pages') {
          modules.push(passageModule(reading.material, reading.passages, { size: lessonLength.pages, asSlides: false }))
        } else continue
        await step()
      }
      modules = mergeModules(modules)

      const shown = shownIn(materials, slideTimes)
      for (const kind of ['slides', 'speech'] as const) {
        const before = modules
        for (const reading of readings) {
          if (reading.kind !== kind) continue
          modules = [...modules, ...placePassages(reading, before, shown)]
          await step()
        }
        modules = mergeModules(modules)
      }

      const course = withTimes(modules, shown)
      await step()
      return course
    },
  }
}

type Reading =
  | { kind: 'document'; material: SourceMaterial; document: DocumentOutline }
  | { kind: 'pages' | 'slides' | 'speech'; material: SourceMaterial; passages: Passage[] }
  | { kind: 'empty' }

/** What a material is, by the locators of its chunks. */
function readingOf(material: SourceMaterial): Reading {
  const chunks = material.chunks.toSorted((a, b) => a.order - b.order)
  const [first] = chunks
  if (!first) return { kind: 'empty' }
  if ('start' in first.locator) return { kind: 'speech', material, passages: spokenPassages(chunks) }
  if ('slide' in first.locator || 'page' in first.locator) {
    const kind = material.sourceType === 'presentation' ? 'slides' : 'pages'
    return { kind, material, passages: pagePassages(chunks) }
  }
  return { kind: 'document', material, document: readDocument({ ...material, chunks }) }
}

function moduleTitles(readings: Reading[]): (document: DocumentOutline) => boolean {
  const owners = new Map<string, Set<string>>()
  for (const reading of readings) {
    if (reading.kind !== 'document') continue
    for (const { title } of reading.document.sections) {
      const owner = owners.get(titleKey(title)) ?? new Set()
      owners.set(titleKey(title), owner.add(reading.material.id))
    }
  }
  return (document) => {
    const others = new Set(owners.get(titleKey(document.title)))
    others.delete(document.materialId)
    return others.size > 0
  }
}

/** A run of unmatched passages shorter than this is a greeting or a digression, not a subject: three minutes, three slides. */
const ownModule = { slides: 3, speech: 180 }

function placePassages(
  { kind, material, passages }: Extract<Reading, { passages: Passage[] }>,
  modules: OutlineModule[],
  shown: ShownSlide[],
): OutlineModule[] {
  const asSlides = kind === 'slides'
  const size = asSlides ? lessonLength.pages : lessonLength.speech
  const runs = alignPassages(modules, {
    materialId: material.id,
    kind: asSlides ? 'slides' : 'speech',
    passages,
    shown,
  })
  const nothingMatched = runs[0]?.length === passages.length
  const least = asSlides ? ownModule.slides : ownModule.speech
  return runs
    .filter((run) => nothingMatched || run.reduce((sum, passage) => sum + passage.length, 0) >= least)
    .map((run) => passageModule(material, run, { size, asSlides }))
}

function withWebReference({ material }: { material: SourceMaterial }, modules: OutlineModule[]): OutlineModule[] {
  if (material.sourceType !== 'web' || !URL.canParse(material.name) || !/^https?:/iu.test(material.name)) return modules
  const description = material.chunks.flatMap(sentencesOf)[0] ?? ''
  const reference: WebReference = {
    url: material.name,
    title: materialTitle(material),
    description: clip(description, bounds.description),
  }
  for (const concept of modules.flatMap((module) => module.lessons).flatMap((lesson) => lesson.concepts)) {
    concept.webReferences.push(reference)
  }
  return modules
}

function withTimes(modules: OutlineModule[], shown: ShownSlide[]): CourseDraft {
  return {
    modules: modules.map(({ title, description, lessons }) => ({
      title,
      description,
      learningGoal: null,
      expectedKnowledge: [],
      expectedSkills: [],
      difficulty: null,
      lessons: lessons.map((lesson) => timeLesson(lesson, shown)),
    })),
  }
}
