import type { MultipartValue } from '@fastify/multipart'
import { invalid } from '#kernel/failure.ts'
import type { AnswerFields } from '../answer-files/hand-in-file.ts'

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i
const LANGUAGE = /^(?=.{2,35}$)[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8})*$/

/** Notes what a form's text field says. No validator sees these fields, so they are checked here: a wrong one is a 422. */
export function keepField(said: AnswerFields, { fieldname: name = '', value, valueTruncated }: MultipartValue) {
  if (name === 'answer') throw invalid(name, 'cannot come with a file; send JSON instead')
  if (name === 'file') throw invalid(name, 'must be a file with a filename')
  const field = FIELDS[name]
  if (field === undefined) throw invalid(name, 'is not a known field')
  if (typeof value !== 'string' || value.includes('\0')) throw invalid(name, 'must be text without U+0000')
  if (valueTruncated) throw invalid(name, 'is too long')
  const { key, complaint, isRight } = field
  if (said[key] !== undefined) throw invalid(name, 'is given twice')
  if (!isRight(value)) throw invalid(name, complaint)
  said[key] = key === 'exerciseId' ? value.toLowerCase() : value
}

type Field = { key: keyof AnswerFields; complaint: string; isRight(value: string): boolean }

const FIELDS: Record<string, Field> = {
  student_id: {
    key: 'studentId',
    complaint: 'must have 1 to 200 characters, and not be . or ..',
    isRight: (value) =>
      /\S/.test(value) && !/^\.{1,2}$/.test(value) && [...value].length <= 200 && value.isWellFormed(),
  },
  exercise_id: { key: 'exerciseId', complaint: 'must match format "uuid"', isRight: (value) => UUID.test(value) },
  language: { key: 'language', complaint: 'must be a BCP 47 tag', isRight: (value) => LANGUAGE.test(value) },
}
