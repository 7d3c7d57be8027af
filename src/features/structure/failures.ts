import { Failure } from '#kernel/failure.ts'

export { budgetExceeded, installationExhausted } from '#features/usage/index.ts'
export { queueFull } from '#platform/queue/index.ts'

export const noMaterials = () =>
  new Failure('conflict', 'structure.no_materials', 'A structure needs at least one material that is done.')

export const materialsPending = () =>
  new Failure(
    'conflict',
    'structure.materials_pending',
    'Some materials are still being read. Wait, or send ignore_pending: true.',
    { retryAfter: 2 },
  )

export const estimatesBusy = () =>
  new Failure(
    'limited',
    'structure.estimates_busy',
    'Too many estimates of your organisation are under way. Please try again when some of them have finished.',
    { retryAfter: 5 },
  )

export const authorVersion = () =>
  new Failure(
    'conflict',
    'structure.author_version',
    "The structure is the author's own. Send replace_author: true to replace it.",
  )

/** `why`: a sentence without its full stop. */
export const wouldDowngrade = (why = NO_MODEL) =>
  new Failure(
    'conflict',
    'structure.would_downgrade',
    `Language models have made the structure. ${why}, so that the outline engine would replace it: send replace_llm: true if it shall.`,
  )

const NO_MODEL = 'No language model is configured'

export const versionNotFound = () =>
  new Failure('not_found', 'structure.version_not_found', 'There is no such version of the structure.')

export const versionChanged = () =>
  new Failure(
    'precondition_failed',
    'structure.version_changed',
    'The structure was changed since it was read. Read it again.',
  )

export const lessonNotFound = () =>
  new Failure('not_found', 'lesson.not_found', 'There is no such lesson in this course.')

export const exerciseNotFound = () => new Failure('not_found', 'exercise.not_found', 'There is no such exercise.')

export const exerciseExternalIdTaken = () =>
  new Failure('conflict', 'exercise.external_id_taken', 'Another exercise has this external_id.')
