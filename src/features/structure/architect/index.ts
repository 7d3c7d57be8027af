import { createHash } from 'node:crypto'
import type { Static, TSchema } from 'typebox'
import type { AskStep } from '#features/usage/index.ts'
import { createLeakCheck } from '#platform/llm/leaks.ts'
import type { Prompt } from '#platform/llm/prompts.ts'
import { inOrder } from '#platform/turns/index.ts'
import { shownIn } from '../outline/timing.ts'
import type { CourseDraft } from '../tree.ts'
import { arrange, type PlannedModule } from './arrange.ts'
import { type About, type Call, createCalls } from './calls.ts'
import { type Cleaner, createCleaner } from './clean.ts'
import { moduleDraft, tidyModules } from './course.ts'
import { expectCalls } from './expected.ts'
import { nothingFound } from './failures.ts'
import { lessonExercises } from './lesson-exercises.ts'
import { lessonGroups } from './lessons.ts'
import { MOST, partLimit } from './limits.ts'
import { partsOf } from './parts.ts'
import { planGroups } from './plan.ts'
import type { ArchitectAction, Brief, ExpectedCall, Window } from './port.ts'
import { type Dropped, type FoundConcept, languageOf, readAnswer, uniteParts } from './read.ts'

/**
 * The engine that asks language models. Three kinds of calls, all through `ask`, which buys an answer once:
 *
 * A. `read-material@1`, action `material_analysis`, schema `material_concepts` (ReadAnswer): one part of one material.
 * B. `plan-course@1`, action `course_structuring`, schema `course_plan` (PlanAnswer): all concepts, or a group of neighbours in a long course.
 * C. `write-exercises@1`, action `course_structuring`, schema `lesson_exercises` (ExercisesAnswer): some lessons of one module.
 *
 * `system` is the prompt file's text as it is: it has no placeholders, so it is the same for every call of its kind. The user's message is one
 * text part, made by `platform/llm/fence.ts` (CODE is 32 of the letters bcdfghjkmnpqrtvw, fresh for every call; our own lines come before the first fence):
 *
 *     Fence: CODE
 *     Material: video. Part 2 of 3. Pieces 41 to 80.          (A)
 *
 *     <<<CODE material
 *     title: Лекція 1
 *     [41] (03:15) Змінна — це ім'я, за яким програма зберігає значення.
 *     [42] Присвоювання — це дія.
 *     [43] (Основи > Змінні, code) price = 120
 *         print(price)
 *     CODE>>>
 *
 * In A the parentheses hold the time at which a passage of half a minute to a minute begins, `slide 4`, `page 7`, the headings, or `web page`, then the kind of the piece unless it is prose; they are
 * left out where they would be those of the piece before. In B:
 *
 *     Fence: CODE
 *     Course plan. Concepts: 2. Language: uk.                   (`Group 1 of 2.` in long courses; no language if it is not known)
 *
 *     <<<CODE course
 *     title: Python для початківців
 *     description: …
 *     learning goal: …
 *     CODE>>>
 *
 *     <<<CODE concepts
 *     # m1, text: Python для початківців
 *     [c1] Змінна: Змінна — це ім'я, за яким програма зберігає значення.
 *     # m2, video: lecture
 *     [c2] Присвоювання: Дія, яка записує значення у змінну.
 *     CODE>>>
 *
 * And in C:
 *
 *     Fence: CODE
 *     Exercises. Lessons: 1. Language: uk.
 *
 *     <<<CODE lessons
 *     module: Змінні та типи даних
 *     learning goal: …
 *     # [l1] Змінні
 *     - Змінна: Змінна — це ім'я, за яким програма зберігає значення.
 *         price = 120
 *     CODE>>>
 */
export function createArchitect({ prompts }: { prompts: ReadonlyMap<string, Prompt> }) {
  const calls = createCalls(prompts)
  const leaksPrompt = createLeakCheck(calls.asked.map(({ system }) => system))
  const version = createHash('sha256')
    .update(JSON.stringify([REVISION, calls.asked]))
    .digest('hex')

  async function build(brief: Brief, context: Context): Promise<{ course: CourseDraft; dropped: Dropped }> {
    const cleaner = createCleaner({ materials: brief.materials, leaksPrompt })
    const found = await read(brief, context, cleaner)
    const { modules, ...statements } = await plan(brief, context, { ...found, cleaner })
    const { exercises, dropped } = await write(modules, context, { ...found, cleaner })
    const materials = new Map(brief.materials.map((material) => [material.id, material]))
    const deps = { materials, shown: shownIn(brief.materials, brief.slideTimes), cleaner }
    const drafts = modules.map((module) => moduleDraft(module, exercises, deps))
    return { course: { modules: drafts, ...statements }, dropped: { ...found.dropped, exercises: dropped } }
  }

  async function read({ materials }: Brief, context: Context, cleaner: Cleaner) {
    const window = context.windows.material_analysis
    const parts = materials.flatMap((material, at) =>
      partsOf(material, partLimit(window)).map((part, index, all) => {
        const about = { name: `read m${at + 1} ${index + 1}/${all.length}`, materialId: material.id }
        return { part, about: { ...about, message: part.message, size: part.tokens } }
      }),
    )
    const reads = await askAll(calls.read, parts, { ...context, window, from: 0, to: 0.6 }, ({ part }, answer) =>
      readAnswer(part, answer, cleaner),
    )
    const { concepts, tooMany } = uniteParts(reads)
    if (concepts.length === 0) throw nothingFound()
    const language = languageOf(reads)
    const dropped = {
      concepts: reads.reduce((sum, one) => sum + one.dropped.concepts, tooMany),
      citations: reads.reduce((sum, one) => sum + one.dropped.citations, 0),
    }
    return { concepts, language, dropped }
  }

  type Known = { language: string | null; cleaner: Cleaner }

  async function plan(brief: Brief, context: Context, known: Known & { concepts: FoundConcept[] }) {
    const window = context.windows.course_structuring
    const groups = planGroups(brief, { ...known, window }).map((group, at, all) => {
      const about = { name: `plan ${at + 1}/${all.length}`, materialId: null }
      return { group, about: { ...about, message: group.message, size: group.concepts.length } }
    })
    const plans = await askAll(
      calls.plan,
      groups,
      { ...context, window, from: 0.6, to: 0.75 },
      ({ group }, answer) => ({ group, answer }),
    )
    const all = (texts: string[][]) => known.cleaner.statements(texts.flat(), MOST.statements)
    return {
      modules: tidyModules(arrange(plans, brief.materials), known.cleaner),
      expectedKnowledge: all(plans.map(({ answer }) => answer.expected_knowledge)),
      expectedSkills: all(plans.map(({ answer }) => answer.expected_skills)),
    }
  }

  async function write(modules: PlannedModule[], context: Context, { language, cleaner }: Known) {
    const window = context.windows.course_structuring
    const groups = modules
      .flatMap((module) => lessonGroups(module, { language, window }))
      .map((group, at, all) => {
        const about = { name: `exercises ${at + 1}/${all.length}`, materialId: null }
        return { group, about: { ...about, message: group.message, size: group.lessons.size } }
      })
    const answers = await askAll(
      calls.write,
      groups,
      { ...context, window, from: 0.75, to: 1 },
      ({ group }, answer) => ({ group, answer }),
    )
    return lessonExercises(answers, cleaner)
  }

  return {
    /** Throws the Failure `structure.nothing_found`, those of `ask`, or the signal's reason. Progress goes from 0 to 1. */
    build,
    expectedCalls: (brief: Brief, windows: Windows): ExpectedCall[] => expectCalls(brief, windows, calls),
    version,
  }
}

type Windows = Record<ArchitectAction, Window>

type Context = { signal: AbortSignal; progress(done: number): Promise<void>; ask: AskStep; windows: Windows }

/** Counts up when the same materials are to be asked about differently for another reason than prompts and schemas. */
const REVISION = 2

/** Calls under way at the same time. */
const AT_ONCE = 3

type Asking = Pick<Context, 'signal' | 'progress' | 'ask'> & { window: Window; from: number; to: number }

/** Asks about every item, a few at a time, and tells the progress after each. The results are in the order of the items. */
function askAll<S extends TSchema, T extends { about: About }, R>(
  call: Call<S>,
  items: readonly T[],
  { signal, progress, ask, window, from, to }: Asking,
  take: (item: T, answer: Static<S>) => R,
): Promise<R[]> {
  let done = 0
  return inOrder(items, { width: AT_ONCE, signal }, async (item) => {
    const taken = take(item, await call.ask(item.about, { ask, window }))
    done += 1
    await progress(from + ((to - from) * done) / items.length)
    return taken
  })
}
