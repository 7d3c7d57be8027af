import { titleKey } from '../title-key.ts'
import { bounds } from './bounds.ts'
import type { OutlineConcept, OutlineLesson, OutlineModule } from './outline.ts'

/**
 * Unites what has the same title (see `titleKey`): modules, lessons of one module, concepts of one lesson. The first given
 * stays where it is and keeps its wording; sources and examples of the others are added to it. Bounds hold afterwards.
 */
export function mergeModules(modules: OutlineModule[]): OutlineModule[] {
  return mergeByTitle(modules, bounds.modules, uniteModules).map((module) => ({
    ...module,
    lessons: mergeByTitle(module.lessons, bounds.lessons, uniteLessons).map((lesson) => ({
      ...lesson,
      concepts: mergeByTitle(lesson.concepts, bounds.concepts, uniteConcepts),
    })),
  }))
}

function mergeByTitle<T extends { title: string }>(items: T[], max: number, unite: (first: T, all: T[]) => T): T[] {
  const groups = new Map<string, [T, ...T[]]>()
  for (const item of items) {
    const key = titleKey(item.title)
    const group = groups.get(key)
    if (group) group.push(item)
    else if (groups.size < max) groups.set(key, [item])
  }
  return [...groups.values()].map((group) => unite(group[0], group))
}

function uniteModules(first: OutlineModule, all: OutlineModule[]): OutlineModule {
  const description = all.find((module) => module.description !== null)?.description ?? null
  return { ...first, description, lessons: all.flatMap((module) => module.lessons) }
}

function uniteLessons(first: OutlineLesson, all: OutlineLesson[]): OutlineLesson {
  return { ...first, concepts: all.flatMap((lesson) => lesson.concepts) }
}

function uniteConcepts(first: OutlineConcept, all: OutlineConcept[]): OutlineConcept {
  return {
    title: first.title,
    definition: all.find((concept) => concept.definition !== '')?.definition ?? '',
    examples: unique(all.flatMap((concept) => concept.examples)).slice(0, bounds.examples),
    webReferences: unique(all.flatMap((concept) => concept.webReferences)).slice(0, bounds.webReferences),
    sources: unique(all.flatMap((concept) => concept.sources)).slice(0, bounds.sources),
    spoken: all.flatMap((concept) => concept.spoken),
    slides: unique(all.flatMap((concept) => concept.slides)).slice(0, bounds.slides),
    texts: all.flatMap((concept) => concept.texts),
  }
}

function unique<T>(items: T[]): T[] {
  const byContent = new Map<string, T>()
  for (const item of items) {
    const content = JSON.stringify(item)
    if (!byContent.has(content)) byContent.set(content, item)
  }
  return [...byContent.values()]
}
