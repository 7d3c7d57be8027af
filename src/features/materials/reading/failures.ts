import { Failure } from '#kernel/failure.ts'

export const transcriptionNotConfigured = () =>
  new Failure(
    'conflict',
    'transcription.not_configured',
    'This has no subtitles of its own, and nothing here can write down what is said. Upload subtitles (.srt or .vtt) or configure a provider.',
  )

export const visionNotConfigured = () =>
  new Failure(
    'conflict',
    'vision.not_configured',
    'This document is pictures of pages without text, and nothing here can look at them. Upload one with text or configure a provider of a model with vision.',
  )

export const noSound = () =>
  new Failure(
    'invalid',
    'media.no_sound',
    'This has neither sound nor subtitles of its own. Upload subtitles (.srt or .vtt).',
  )

export const nothingSaid = () => new Failure('invalid', 'extract.empty', 'Nothing is said in this recording.')

export const nothingShown = () =>
  new Failure('invalid', 'extract.empty', 'The file has no text, and nothing of a course is to be seen on its pages.')
