import type { Readable } from 'node:stream'
import type { Caller } from '#kernel/caller.ts'
import { Failure, unavailable } from '#kernel/failure.ts'
import type { Database } from '#platform/db/database.ts'
import { type ByteRange, ObjectNotFound, type ObjectStore } from '#platform/objects/index.ts'
import type { Tokens } from '#platform/tokens/index.ts'
import { contentLinkInvalid, contentMissing, materialNotFound, noContent } from './content-failures.ts'
import type { Material } from './store.ts'
import * as store from './store.ts'
import { pageName } from './web/page-name.ts'

/** Whose file a link of ours opens. */
export type ContentPermit = { tenantId: string; materialId: string }

export type ContentLink = { url: string; expiresAt: Date }

/** A file that may be read. `etag` is strong, with its quotes. */
export type Content = {
  filename: string
  contentType: string
  size: number
  etag: string
  /** The caller must consume or destroy the stream. */
  read(range?: ByteRange): Promise<Readable>
}

type Deps = {
  db: Pick<Database, 'forTenant'>
  objects: Pick<ObjectStore, 'head' | 'get' | 'direct'>
  tokens: Tokens<ContentPermit>
}

type Options = {
  /** For which the link is good. */
  seconds: number
  /** Where a link of our own leads, given its token. */
  urlOf(token: string): string
}

/** Reading materials' files back. */
export function createContent({ db, objects, tokens }: Deps) {
  /** An address at which the bytes can be had without a key: the bucket's, or our own where there is none. */
  async function link({ tenantId }: Caller, id: string, { seconds, urlOf }: Options): Promise<ContentLink> {
    const material = await requireMaterial(tenantId, id)
    const key = keyOf(material)
    if ((await objects.head(key).catch(asOutage)) === undefined) throw contentMissing()
    const expiresAt = new Date(Date.now() + seconds * 1_000)
    const url = objects.direct
      ? await objects.direct.signGet(key, { seconds, ...namesOf(material) }).catch(asOutage)
      : urlOf(tokens.sign({ tenantId, materialId: id }, expiresAt))
    return { url, expiresAt }
  }

  /** What a link of ours leads to. It ends with the material. */
  async function open(token: string): Promise<Content> {
    const permit = tokens.verify(token)
    if (permit === undefined) throw contentLinkInvalid()
    const material = await requireMaterial(permit.tenantId, permit.materialId)
    const key = keyOf(material)
    const found = await objects.head(key).catch(asOutage)
    if (found === undefined) throw contentMissing()
    const { size, modifiedAt } = found
    return {
      ...namesOf(material),
      size,
      etag: `"${material.sha256 ?? `${size}-${modifiedAt.getTime()}`}"`,
      read: (range) => objects.get(key, range ? { range } : {}).catch(asOutage),
    }
  }

  async function requireMaterial(tenantId: string, id: string): Promise<Material> {
    const material = await db.forTenant(tenantId, (tx) => store.findMaterial(tx, id))
    if (material === undefined) throw materialNotFound()
    return material
  }

  return { link, open }
}

function keyOf({ objectKey }: Material): string {
  if (objectKey === null) throw noContent()
  return objectKey
}

const namesOf = ({ id, filename, fetchedUrl, contentType }: Material) => ({
  filename: filename ?? (fetchedUrl === null ? id : pageName(fetchedUrl, contentType ?? '')),
  contentType: contentType ?? 'application/octet-stream',
})

function asOutage(error: unknown): never {
  if (error instanceof ObjectNotFound) throw contentMissing()
  throw error instanceof Failure || error instanceof TypeError ? error : unavailable(error)
}
