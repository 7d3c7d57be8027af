import type { Chunk } from '#kernel/chunk.ts'
import { titleKey } from '../title-key.ts'
import type { SourceMaterial } from '../tree.ts'
import { definedTerm } from './definitions.ts'
import { materialTitle, type OutlineConcept, type OutlineLesson, type OutlineModule } from './outline.ts'
import { readSections, type Section } from './sections.ts'
import { sentencesOf } from './sentences.ts'
import { definedConcepts, wholeConcept } from './text-concepts.ts'

/** A document as its headings divide it: `intro` stands before the first section. */
export type DocumentOutline = { materialId: string; title: string; intro: Chunk[]; sections: Section[] }

/**
 * Reads a document by its headings. A single top-level heading is the document's title and its children are the sections;
 * with several, or with one that has no children, the top-level headings are the sections themselves.
 */
export function readDocument(material: SourceMaterial): DocumentOutline {
  const root = readSections(material.chunks)
  const [only, ...others] = root.children
  if (only && others.length === 0 && only.children.length > 0) {
    return {
      materialId: material.id,
      title: only.title,
      intro: [...root.chunks, ...only.chunks],
      sections: only.children,
    }
  }
  const title = only && others.length === 0 ? only.title : materialTitle(material)
  // Some pages repeat their title as the first of equal headings.
  if (only && others.length > 0 && only.children.length === 0 && titleKey(only.title) === titleKey(title)) {
    return { materialId: material.id, title, intro: [...root.chunks, ...only.chunks], sections: others }
  }
  return { materialId: material.id, title, intro: root.chunks, sections: root.children }
}

/**
 * Sections become modules, the headings below them lessons, deeper ones concepts. A document whose title is a section of another
 * document (`isModuleElsewhere`) is a module itself and its sections are lessons: it tells more of what the other one only names.
 */
export function documentModules(document: DocumentOutline, isModuleElsewhere: boolean): OutlineModule[] {
  const { materialId, title, intro, sections } = document
  const whole: Section = { title, heading: null, chunks: intro, children: sections }
  if (isModuleElsewhere || sections.length === 0) return [moduleOf(materialId, whole)]
  const introduction = isWorthLesson(intro) ? [moduleOf(materialId, { ...whole, children: [] })] : []
  return [...introduction, ...sections.map((section) => moduleOf(materialId, section))]
}

/**
 * The text directly under a module's heading is the module's description when it is short and defines nothing,
 * otherwise the first lesson, under the module's title. A heading without children is a module with one lesson of its title.
 */
function moduleOf(materialId: string, section: Section): OutlineModule {
  const { title, chunks, children } = section
  const own: Section = { ...section, children: [] }
  if (children.length === 0) return { title, description: null, lessons: [lessonOf(materialId, own)] }
  const lessons = children.map((child) => lessonOf(materialId, child))
  if (isWorthLesson(chunks)) return { title, description: null, lessons: [lessonOf(materialId, own), ...lessons] }
  return { title, description: chunks.map((chunk) => chunk.text.trim()).join('\n\n') || null, lessons }
}

const shortText = 500

function isWorthLesson(chunks: Chunk[]): boolean {
  if (chunks.some((chunk) => chunk.kind !== 'paragraph')) return true
  if (chunks.reduce((length, chunk) => length + chunk.text.length, 0) > shortText) return true
  return chunks.flatMap(sentencesOf).some((sentence) => definedTerm(sentence, { inList: false }) !== null)
}

/** Deeper headings are the lesson's concepts; its own text gives the terms it defines, or else one concept of the lesson's title. */
function lessonOf(materialId: string, section: Section): OutlineLesson {
  const { title, heading, chunks, children } = section
  const own = definedConcepts(materialId, chunks)
  const deeper = children.flatMap((child) => deeperConcepts(materialId, child))
  const needsOne = own.length === 0 && (chunks.length > 0 || deeper.length === 0)
  const whole = needsOne ? [wholeConcept(materialId, title, chunks, heading)] : own
  return { title, concepts: [...whole, ...deeper] }
}

function deeperConcepts(materialId: string, section: Section): OutlineConcept[] {
  const { title, heading, chunks, children } = section
  const below = children.flatMap((child) => deeperConcepts(materialId, child))
  if (chunks.length === 0 && below.length > 0) return below
  return [wholeConcept(materialId, title, chunks, heading), ...below]
}
