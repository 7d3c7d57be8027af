import { Failure } from '#kernel/failure.ts'
import { type Extracted, ExtractionError, type Extractor } from '#platform/extract/index.ts'
import { ObjectNotFound, type ObjectStore } from '#platform/objects/index.ts'
import type { ReadAnswer } from '../checking/jobs.ts'
import { rejectionMessage } from '../grading/gate.ts'
import { languageOf } from '../grading/language.ts'
import type { Submission } from '../submission.ts'
import { formatOf, isVerbatim } from './formats.ts'

type Deps = { objects: Pick<ObjectStore, 'get'>; extractor: Pick<Extractor, 'extract'> }

/** Characters of an answer's text, as many as one in a request may have. */
const LONGEST = 50_000

/**
 * Reads the text of a file that was handed in, in a process that is confined for it. What is wrong with the file is `rejected`, with a sentence
 * that its student may read, in their language; what may pass is thrown.
 */
export function createAnswerReader({ objects, extractor }: Deps): ReadAnswer {
  return async ({ tenantId, submission, signal }) => {
    const { file } = submission
    if (file === null) throw new TypeError('This answer did not come as a file.')
    const format = formatOf(file.filename)
    if (format === undefined)
      return { rejected: { code: 'answer.unsupported', message: sayIn(submission).unsupported } }
    try {
      const body = await objects.get(file.objectKey, { signal })
      try {
        const extracted = await extractor.extract({ format, body, signal, turn: tenantId })
        const text = isVerbatim(format) ? verbatim(extracted) : joined(extracted)
        return text.length > LONGEST ? tooLong(submission) : { text }
      } finally {
        body.destroy()
      }
    } catch (error) {
      if (error instanceof ObjectNotFound)
        throw new Failure('invalid', 'answer.bytes_missing', 'The stored file is gone. Hand the answer in again.', {
          cause: error,
        })
      if (error instanceof ExtractionError) return refusalOf(error, submission)
      throw error
    }
  }
}

const verbatim = ({ chunks }: Extracted) => chunks.map(({ text }) => text).join('')

/** A document's own title is part of what was written. */
const joined = ({ title, chunks }: Extracted) =>
  [
    ...(title === null || chunks.some(({ text }) => text === title) ? [] : [title]),
    ...chunks.map(({ text }) => text),
  ].join('\n\n')

function refusalOf({ code }: ExtractionError, submission: Submission) {
  if (code === 'extract.too_large') return tooLong(submission)
  const { empty, unreadable } = sayIn(submission)
  return code === 'extract.empty'
    ? { rejected: { code: 'answer.empty', message: empty } }
    : { rejected: { code: 'answer.unreadable', message: unreadable } }
}

const tooLong = (submission: Submission) => ({
  rejected: { code: 'answer.too_long', message: rejectionMessage('too_long', ownLanguage(submission)) },
})

const ownLanguage = ({ language, exercise }: Submission) => languageOf(language, exercise.description)

const sayIn = (submission: Submission) => WORDS[ownLanguage(submission)]

const WORDS = {
  uk: {
    empty: 'У файлі немає тексту, який можна оцінити.',
    unreadable: 'Файл не вдалося прочитати: він пошкоджений, зашифрований або має інший формат, ніж його назва.',
    unsupported: 'Файли такого виду поки що не читаються. Надішліть відповідь як .docx, .txt або .md.',
  },
  en: {
    empty: 'The file has no text that could be graded.',
    unreadable: 'The file cannot be read: it is damaged, encrypted or of another kind than its name says.',
    unsupported: 'Files of this kind cannot be read yet. Send the answer as .docx, .txt or .md.',
  },
}
