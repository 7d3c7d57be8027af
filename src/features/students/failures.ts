import { Failure } from '#kernel/failure.ts'

export { courseNotFound } from '#features/courses/index.ts'

export const studentNotFound = () =>
  new Failure('not_found', 'student.not_found', 'Nothing is known of such a student.')
