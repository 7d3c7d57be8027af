import { fingerprintOf, nameOfModel } from '#features/usage/index.ts'
import { DUPLICATES_VERSION } from '../duplicates/find.ts'
import type { Sources } from './brief.ts'
import { ACTIONS, type Architect, type Choice } from './engines.ts'

/** Another one whenever the outline engine makes something else of the same materials. */
const OUTLINE_VERSION = 'outline.v1'

/** Names a whole structure by what it is made from, and by whom: when that is as before, making it again is of no use. */
export function fingerprintOfStructure(
  sources: Sources,
  choice: Choice,
  architect: Pick<Architect, 'version'>,
): string {
  if (choice.engine === 'outline') return fingerprintOf([...made(sources), OUTLINE_VERSION])
  return fingerprintOf([
    ...asked(sources, choice, architect),
    ACTIONS.map((action) => choice.chains[action].map(nameOfModel)),
  ])
}

/** Names the calls that a language model's structure takes: what it costs to make it, whoever is asked. */
export const nameOfCount = (sources: Sources, choice: Choice, architect: Pick<Architect, 'version'>): string =>
  choice.engine === 'outline' ? '' : fingerprintOf(asked(sources, choice, architect))

/** What is sent, and in which pieces, as those depend on how much the models hold. */
function asked(
  sources: Sources,
  { windows }: Extract<Choice, { engine: 'llm' }>,
  { version }: Pick<Architect, 'version'>,
) {
  const [about, materials, slideTimes, duplicates] = made(sources)
  return [about, materials, slideTimes, version, duplicates, windows]
}

function made({ course, materials, slideMappings }: Sources) {
  const { title, description, learningGoal } = course
  return [
    [title, description, learningGoal],
    materials.map(({ id, processedAt }) => [id, processedAt?.toISOString() ?? null]),
    slideMappings
      .map(({ slideNumber, videoTimecode, presentationId, videoId }) =>
        JSON.stringify([slideNumber, videoTimecode, presentationId, videoId]),
      )
      .toSorted(),
    DUPLICATES_VERSION,
  ]
}
