import { Type } from 'typebox'
import {
  ExternalId,
  Id,
  Input,
  Nullable,
  PageOf,
  type StaticOf,
  Text,
  Timecode,
  Timestamp,
} from '#platform/http/index.ts'
import type { Course, SlideMapping } from './store.ts'

const LongText = Type.String({ maxLength: 10_000 })

export const COURSE_FIELDS = {
  id: Id,
  external_id: Nullable(Type.String()),
  title: Type.String({ examples: ['Python для початківців'] }),
  description: Nullable(Type.String()),
  learning_goal: Nullable(Type.String()),
  created_at: Timestamp,
  updated_at: Timestamp,
}

export const CourseBody = Type.Object(COURSE_FIELDS, { title: 'Course' })

export const CoursePage = PageOf(CourseBody, 'CoursePage')

export const NewCourse = Input(
  {
    title: Text(500, { examples: ['Python для початківців'] }),
    description: Type.Optional(Nullable(LongText)),
    learning_goal: Type.Optional(Nullable(LongText)),
    external_id: Type.Optional(Nullable(ExternalId)),
  },
  { title: 'NewCourse', examples: [{ title: 'Python для початківців' }] },
)

export const CourseChanges = Input(
  {
    title: Type.Optional(Text(500)),
    description: Type.Optional(Nullable(LongText)),
    learning_goal: Type.Optional(Nullable(LongText)),
    external_id: Type.Optional(Nullable(ExternalId)),
  },
  { title: 'CourseChanges', minProperties: 1, examples: [{ title: 'Python: перші кроки' }] },
)

export const CourseParams = Input({ courseId: Id })

export function presentCourse(course: Course): StaticOf<typeof CourseBody> {
  return {
    id: course.id,
    external_id: course.externalId,
    title: course.title,
    description: course.description,
    learning_goal: course.learningGoal,
    created_at: course.createdAt.toISOString(),
    updated_at: course.updatedAt.toISOString(),
  }
}

const PRESENTATION =
  'A presentation among the materials of the course; null or left out: its only one, or one that is not uploaded.'
const VIDEO =
  'A video among the materials of the course; null or left out: its only one. With several a mapping must name one to count.'

const IdOf = (description: string) => ({ ...Id, description })

const SlideNumber = Type.Integer({ minimum: 1, maximum: 10_000 })

export const SlideMappingBody = Type.Object(
  {
    id: Id,
    slide_number: Type.Integer(),
    video_timecode: Type.String({ description: '`[H:]MM:SS`', examples: ['12:30'] }),
    presentation_id: Nullable(IdOf(PRESENTATION)),
    video_id: Nullable(IdOf(VIDEO)),
  },
  { title: 'SlideMapping' },
)

export const NewSlideMappings = Input(
  {
    mappings: Type.Array(
      Input({
        slide_number: SlideNumber,
        video_timecode: Timecode,
        presentation_id: Type.Optional(Nullable(IdOf(PRESENTATION))),
        video_id: Type.Optional(Nullable(IdOf(VIDEO))),
      }),
      { minItems: 1, maxItems: 1_000 },
    ),
  },
  { title: 'NewSlideMappings', examples: [{ mappings: [{ slide_number: 1, video_timecode: '00:15' }] }] },
)

export const CreatedSlideMappings = Type.Object(
  { created: Type.Integer(), mappings: Type.Array(SlideMappingBody) },
  { title: 'CreatedSlideMappings' },
)

export const SlideMappingPage = PageOf(SlideMappingBody, 'SlideMappingPage')

export const SlideMappingFilter = Input({ slide_number: Type.Optional(SlideNumber) })

export function presentSlideMapping(mapping: SlideMapping): StaticOf<typeof SlideMappingBody> {
  return {
    id: mapping.id,
    slide_number: mapping.slideNumber,
    video_timecode: mapping.videoTimecode,
    presentation_id: mapping.presentationId,
    video_id: mapping.videoId,
  }
}
