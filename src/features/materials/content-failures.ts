import { Failure } from '#kernel/failure.ts'

export const noContent = () =>
  new Failure(
    'conflict',
    'material.no_content',
    'The page of this material has not been fetched: there is nothing to be had yet.',
  )

export const contentMissing = () =>
  new Failure('not_found', 'material.content_missing', 'The file of this material is not there any more.')

export const contentLinkInvalid = () =>
  new Failure('forbidden', 'content.link_invalid', 'This link has expired, or was never given out. Ask for a new one.')

export const rangeUnsatisfiable = () =>
  new Failure(
    'range_unsatisfiable',
    'content.range_unsatisfiable',
    'The file is shorter than the range that is asked for.',
  )

export { materialNotFound } from './failures.ts'
