import { emptyDiscarded } from '#features/materials/index.ts'
import type { TestApp } from './app.ts'
import { filesBelow } from './files-below.ts'

/** What lies in the storage once the worker has deleted what is to be deleted. */
export async function keptFiles({ services, objectsFolder }: TestApp): Promise<string[]> {
  await emptyDiscarded(services)
  return filesBelow(objectsFolder)
}
