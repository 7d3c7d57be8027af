import { Failure } from '#kernel/failure.ts'

export const homeworkNotAvailable = () =>
  new Failure('unavailable', 'homework.not_available', 'Homework is not checked by this installation yet.')

export const submissionNotFound = () => new Failure('not_found', 'submission.not_found', 'There is no such submission.')

export const studentNotFound = () =>
  new Failure('not_found', 'student.not_found', 'Nothing is known of such a student.')
