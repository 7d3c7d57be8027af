import type { Chunk, Locator } from '../../kernel/chunk.ts'

/** A `done` material as an engine sees it: its chunks in reading order. */
export type SourceMaterial = {
  id: string
  sourceType: 'video' | 'presentation' | 'text' | 'web'
  /** File name without its extension, or the page's URL: the title of last resort. */
  name: string
  /** The document's own title (an HTML `<title>`, say), when it has one. */
  title: string | null
  chunks: Chunk[]
}

/** `seconds` into the video at which the slide is shown. Null ids mean "the course's only one". */
export type SlideTime = {
  slideNumber: number
  seconds: number
  presentationId: string | null
  videoId: string | null
}

export type Source = { materialId: string; locator: Locator }
export type WebReference = { url: string; title: string; description: string }
export type SlideRange = { start: number; end: number }
export type Difficulty = 'easy' | 'medium' | 'hard'
export type ExerciseKind = 'open' | 'choice' | 'multiple_choice' | 'number' | 'short_text'
export type Criterion = { id: string; text: string; weight: 1 | 2 | 3; required: boolean }
export type AnswerKey = string[] | { value: number; tolerance: number }

type Concept = {
  title: string
  definition: string
  examples: string[]
  /** `[H:]MM:SS` */
  timecodes: string[]
  slideReferences: number[]
  webReferences: WebReference[]
  sources: Source[]
}

type Exercise = {
  externalId: string | null
  kind: ExerciseKind
  description: string
  options: { id: string; text: string }[]
  referenceSolution: string | null
  gradingCriteria: string | null
  criteria: Criterion[]
  answerKey: AnswerKey | null
  passScore: number
  maxAttempts: number
  difficultyLevel: number | null
}

type Lesson = {
  title: string
  videoMaterialId: string | null
  videoStartTimecode: string | null
  videoEndTimecode: string | null
  presentationMaterialId: string | null
  slideRange: SlideRange | null
}

type Module = {
  title: string
  description: string | null
  learningGoal: string | null
  expectedKnowledge: string[]
  expectedSkills: string[]
  difficulty: Difficulty | null
}

/** What an engine makes: the tree without ids. Order in the arrays is the order in the course. */
export type ConceptDraft = Concept
export type ExerciseDraft = Exercise
export type LessonDraft = Lesson & { concepts: ConceptDraft[]; exercises: ExerciseDraft[] }
export type ModuleDraft = Module & { lessons: LessonDraft[] }
/** What the course teaches as a whole is known to some engines only. */
export type CourseDraft = { modules: ModuleDraft[]; expectedKnowledge?: string[]; expectedSkills?: string[] }

/** The same tree with its stable ids: what is stored and shown. */
export type ConceptNode = Concept & { id: string }
export type ExerciseNode = Exercise & { id: string }
export type LessonNode = Lesson & { id: string; concepts: ConceptNode[]; exercises: ExerciseNode[] }
export type ModuleNode = Module & { id: string; lessons: LessonNode[] }
export type CourseTree = { modules: ModuleNode[] }

/** Turns materials into a course. The engine decides content only; ids, versions and storage are the feature's. */
export type StructureEngine = {
  name: 'outline' | 'llm'
  build(
    input: { materials: SourceMaterial[]; slideTimes: SlideTime[] },
    context: { signal: AbortSignal; progress(done: number): Promise<void> },
  ): Promise<CourseDraft>
}
