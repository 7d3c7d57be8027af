import type { Window } from './port.ts'

/** How large a course may grow, whatever is answered; what comes after these is dropped and counted. */
export const MOST = {
  concepts: 10_000,
  modules: 60,
  lessons: 500,
  /** Of materials that have no place in the plan. */
  leftModules: 400,
  conceptsOfLesson: 200,
  /** Of one lesson that code makes of what has no place in the plan. */
  conceptsOfLeftLesson: 25,
  /** Concepts of materials that the plan may say are one and the same. */
  united: 8,
  exercisesOfLesson: 5,
  examples: 20,
  sources: 20,
  statements: 30,
  webReferences: 20,
} as const

/**
 * What calls take and give, in tokens: for splitting and for estimates, measured on courses like the example. A material has one concept in
 * 240 tokens, written down in 120; in the plan a concept is 90 tokens that are read and 28 that are written, its share of lesson and module
 * included; four concepts make a lesson, five lessons a module; a lesson's exercises are 900 tokens.
 */
export const TYPICAL = {
  textOfConcept: 240,
  conceptWritten: 120,
  conceptInPlan: 90,
  plannedConcept: 28,
  conceptsOfLesson: 4,
  lessonsOfModule: 5,
  conceptForExercises: 130,
  exercisesOfLesson: 900,
} as const

/** A model that reads more than this at once passes over things. */
const LONGEST_PART = 24_000
const LONGEST_PLAN = 80_000

/** What of a window the answer may be expected to fill: the rest is for thinking, and for being wrong. */
const FILLED = 0.7

/** Tokens that a prompt and its schema take, and a little more. */
const ALWAYS = 1_500

/** How much may be asked about in the window, if an answer is `written` times as long: what is read is counted a fifth longer, as estimates err. */
const roomFor = (window: Window, written: number) =>
  Math.min((window.contextWindow - ALWAYS) / (1.2 + written), (window.maxOutput * FILLED) / written)

/** Tokens of one part of a material, such that its text is at most 40 % of the window and its concepts can be written down. */
export function partLimit(window: Window): number {
  const room = roomFor(window, TYPICAL.conceptWritten / TYPICAL.textOfConcept)
  return atLeast(LEAST, Math.min(LONGEST_PART, window.contextWindow * 0.4, room))
}

/** Tokens of concepts in one call that plans, and how many concepts they may be. */
export function planLimit(window: Window): { tokens: number; concepts: number } {
  const written = TYPICAL.plannedConcept / TYPICAL.conceptInPlan
  const room = roomFor(window, written)
  return {
    tokens: atLeast(LEAST, Math.min(LONGEST_PLAN, window.contextWindow * 0.4, room)),
    concepts: atLeast(10, Math.min(1_500, (window.maxOutput * FILLED) / TYPICAL.plannedConcept)),
  }
}

/** Tokens of lessons in one call that writes exercises, and how many lessons they may be. */
export function exerciseLimit(window: Window): { tokens: number; lessons: number } {
  const read = TYPICAL.conceptsOfLesson * TYPICAL.conceptForExercises
  const room = roomFor(window, TYPICAL.exercisesOfLesson / read)
  return {
    tokens: atLeast(LEAST, Math.min(LONGEST_PART, window.contextWindow * 0.3)),
    lessons: atLeast(1, Math.min(MOST_LESSONS, room / read)),
  }
}

/** With less, a place and a title leave nothing for the text: a smaller window is of no use. */
const LEAST = 300

/** Of more at once, the last are done without care. */
const MOST_LESSONS = 8

const atLeast = (least: number, most: number) => Math.max(least, Math.floor(most))

/** Tokens an answer may have: twice what is expected and as much as a model may want to think, if the window has that. */
export function outputLimit(
  { contextWindow, maxOutput }: Window,
  { input, output }: { input: number; output: number },
) {
  const left = contextWindow - Math.ceil(input * 1.2)
  return Math.max(256, Math.min(maxOutput, left, output * 2 + 8_000))
}
