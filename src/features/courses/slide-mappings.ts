import type { Caller } from '#kernel/caller.ts'
import { Failure, type FieldError, invalid } from '#kernel/failure.ts'
import type { PageRequest } from '#kernel/page.ts'
import { brokenConstraint, type Database, type TenantTx } from '#platform/db/database.ts'
import type { Settle } from '#platform/db/settle.ts'
import { newId } from '#platform/ids/index.ts'
import { type Cursors, toPage } from '#platform/paging/index.ts'
import { requireCourse } from './courses.ts'
import { courseNotFound, slideMapped } from './failures.ts'
import type { SlideMapping } from './store.ts'
import * as store from './store.ts'

export type { SlideMapping } from './store.ts'

export type NewSlideMapping = Omit<SlideMapping, 'id'>

type Deps = { db: Pick<Database, 'forTenant'>; cursors: Cursors }

/** Which slide is shown at which moment of a video. All or nothing: a request with one wrong mapping keeps none. */
export function createSlideMappings({ db, cursors }: Deps) {
  return {
    add: ({ tenantId }: Caller, courseId: string, given: NewSlideMapping[], settle: Settle<SlideMapping[]>) => {
      refuse(repeated(given))
      return db.forTenant(tenantId, async (tx) => {
        await requireCourse(tx, courseId)
        const kinds = await store.materialKinds(tx, courseId)
        refuse(given.flatMap((mapping, index) => unknownMaterials(mapping, index, kinds)))
        const mappings = given.map((mapping) => ({ ...mapping, id: newId() }))
        const kept = await insert(tx, { tenantId, courseId, mappings })
        const mapped = mappings.filter(({ id }) => !kept.has(id))
        if (mapped.length > 0) throw slideMapped(mapped.map(({ slideNumber }) => slideNumber))
        await settle(tx, mappings)
        return mappings
      })
    },
    list: ({ tenantId }: Caller, courseId: string, { limit, cursor }: PageRequest) =>
      db.forTenant(tenantId, async (tx) => {
        await requireCourse(tx, courseId)
        const list = ['slide-mapping', tenantId, courseId]
        const before = cursor === undefined ? undefined : cursors.decode(list, cursor)
        const rows = await store.listSlideMappings(tx, { courseId, limit: limit + 1, before })
        return toPage(rows, limit, ({ id }) => cursors.encode(list, id))
      }),
    clear: ({ tenantId }: Caller, courseId: string, slideNumber: number | undefined) =>
      db.forTenant(tenantId, async (tx) => {
        await requireCourse(tx, courseId)
        await store.deleteSlideMappings(tx, courseId, slideNumber)
      }),
  }
}

/** What it refers to may have been deleted since it was looked for. */
async function insert(tx: TenantTx, rows: Parameters<typeof store.insertSlideMappings>[1]): Promise<Set<string>> {
  try {
    return await store.insertSlideMappings(tx, rows)
  } catch (error) {
    const constraint = brokenConstraint(error)
    if (constraint === 'slide_mappings_tenant_id_course_id_fkey') throw courseNotFound()
    if (constraint?.endsWith('_fkey')) throw invalid('mappings', 'name a material that is not there any more')
    throw error
  }
}

function repeated(given: NewSlideMapping[]): FieldError[] {
  const seen = new Set<string>()
  return given.flatMap(({ presentationId, slideNumber }, index) => {
    const slide = `${presentationId} ${slideNumber}`
    const again = seen.has(slide)
    seen.add(slide)
    return again
      ? [{ path: `mappings.${index}.slide_number`, message: `slide ${slideNumber} is mapped twice in this request` }]
      : []
  })
}

function unknownMaterials(
  { presentationId, videoId }: NewSlideMapping,
  index: number,
  kinds: Map<string, string>,
): FieldError[] {
  return [
    ...(presentationId === null || kinds.get(presentationId) === 'presentation'
      ? []
      : [{ path: `mappings.${index}.presentation_id`, message: 'is not a presentation of this course' }]),
    ...(videoId === null || kinds.get(videoId) === 'video'
      ? []
      : [{ path: `mappings.${index}.video_id`, message: 'is not a video of this course' }]),
  ]
}

function refuse(errors: FieldError[]) {
  if (errors.length > 0) throw new Failure('invalid', 'request.invalid', 'The request has wrong fields.', { errors })
}
