import { type Course, type SlideMapping, slideMappingsOf } from '#features/courses/index.ts'
import { chunksOf, type Material, materialsOf } from '#features/materials/index.ts'
import { secondsOf } from '#kernel/timecode.ts'
import type { TenantTx } from '#platform/db/database.ts'
import type { Brief } from '../architect/port.ts'
import type { SourceMaterial } from '../tree.ts'

/** What a structure is made from, without the texts. */
export type Sources = {
  course: Course
  /** Those that are done, in the order in which they were added. */
  materials: Material[]
  slideMappings: SlideMapping[]
}

export async function readSources(tx: TenantTx, course: Course): Promise<Sources> {
  const materials = (await materialsOf(tx, course.id)).filter(({ status }) => status === 'done')
  return { course, materials, slideMappings: await slideMappingsOf(tx, course.id) }
}

/** The same with the texts, as engines see it. */
export async function readBrief(tx: TenantTx, { course, ...sources }: Sources): Promise<Brief> {
  const materials: SourceMaterial[] = []
  for (const material of sources.materials) {
    const { id, sourceType, title } = material
    materials.push({ id, sourceType, name: nameOf(material), title, chunks: await chunksOf(tx, id) })
  }
  const slideTimes = sources.slideMappings.map(({ slideNumber, videoTimecode, presentationId, videoId }) => ({
    slideNumber,
    seconds: secondsOf(videoTimecode),
    presentationId,
    videoId,
  }))
  const { title, description, learningGoal } = course
  return { course: { title, description, learningGoal }, materials, slideTimes }
}

const nameOf = ({ filename, sourceUrl }: Material) => filename?.replace(/\.[^.]+$/, '') ?? sourceUrl ?? ''
