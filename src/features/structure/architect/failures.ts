import { Failure } from '#kernel/failure.ts'

export const nothingFound = () =>
  new Failure('conflict', 'structure.nothing_found', 'The materials teach nothing that a course could be built from.')
