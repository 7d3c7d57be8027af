import type { TenantTx } from '#platform/db/database.ts'
import type { KnownIds } from './keep-ids.ts'
import type { CourseLike } from './places.ts'
import { idsEverGiven, type Part } from './store.ts'

/** Which of the ids in `given` are the course's: it shows them, or an earlier version did. */
export async function knownIds(
  tx: TenantTx,
  courseId: string,
  { shown, given }: { shown: CourseLike; given: CourseLike },
): Promise<KnownIds> {
  const [here, wanted] = [idsIn(shown), idsIn(given)]
  const known = async (part: Part) => {
    const earlier = [...wanted[part]].filter((id) => !here[part].has(id))
    return new Set([...here[part], ...(await idsEverGiven(tx, courseId, part, earlier))])
  }
  return {
    modules: await known('modules'),
    lessons: await known('lessons'),
    concepts: await known('concepts'),
    exercises: await known('exercises'),
  }
}

function idsIn({ modules }: CourseLike): Record<Part, Set<string>> {
  const lessons = modules.flatMap((module) => module.lessons)
  const ids = (parts: { id?: string | undefined }[]) => new Set(parts.flatMap(({ id }) => id ?? []))
  return {
    modules: ids(modules),
    lessons: ids(lessons),
    concepts: ids(lessons.flatMap(({ concepts }) => concepts)),
    exercises: ids(lessons.flatMap(({ exercises }) => exercises)),
  }
}
