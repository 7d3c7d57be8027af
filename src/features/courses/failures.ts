import { Failure } from '#kernel/failure.ts'

export const courseNotFound = () => new Failure('not_found', 'course.not_found', 'There is no such course.')

export const courseExternalIdTaken = () =>
  new Failure('conflict', 'course.external_id_taken', 'Another course has this external_id.')

export const slideMapped = (slides: number[] = [1]) =>
  new Failure(
    'conflict',
    'slide_mapping.exists',
    `Already mapped: slide ${slides.slice(0, 20).join(', ')}${slides.length > 20 ? ' and more' : ''}. Nothing was kept.`,
  )
