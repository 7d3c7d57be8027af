import type { HandedIn, JudgedExercise, Result, ReviewReason } from './grading/verdict.ts'

export type SubmissionStatus = 'queued' | 'checking' | 'done' | 'needs_review' | 'rejected' | 'error'

/** What a person said of a submission last. */
export type Review = {
  reviewer_id: string
  comment: string | null
  criteria: { id: string; met: boolean }[]
  /** Where the person and the model differ. */
  differences: { id: string; model: string; human: string }[]
  reviewed_at: string
}

/** `sha256` of its bytes, as hex. */
export type AnswerFile = {
  filename: string
  contentType: string | null
  objectKey: string
  sizeBytes: number
  sha256: string
}

/** One attempt of a student at an exercise. */
export type Submission = {
  id: string
  courseId: string
  lessonId: string
  exerciseId: string
  studentId: string
  attempt: number
  structureVersion: number
  /** Null for a file that was not read yet. */
  answer: HandedIn | null
  file: AnswerFile | null
  /** The exercise as it was when this was handed in, or when it was graded anew. */
  exercise: JudgedExercise
  /** Of the feedback; null: the answer's own. */
  language: string | null
  status: SubmissionStatus
  result: Result | null
  review: Review | null
  /** Why a person has to look; empty when nobody has to. */
  reviewReasons: ReviewReason[]
  error: { code: string; message: string } | null
  createdAt: Date
  updatedAt: Date
  finishedAt: Date | null
}

/** How a submission's check ended. */
export type Ending =
  | { status: 'done'; result: Result }
  | { status: 'needs_review'; result: Result | null; reasons: ReviewReason[] }
  | { status: 'rejected' | 'error'; result: null; error: { code: string; message: string } }
