import { MIMEType } from 'node:util'
import { Failure } from '#kernel/failure.ts'
import type { Database } from '#platform/db/database.ts'
import type { ObjectStore } from '#platform/objects/index.ts'
import type { WebFetcher } from '#platform/web/index.ts'
import { videoPlatform } from './failures.ts'
import { charsetOf, formatOfFile, formatOfPage } from './formats.ts'
import type { Source } from './reading/source.ts'
import type { Material } from './store.ts'
import { isVideoPlatform } from './video-platforms.ts'
import { createSnapshots } from './web/snapshots.ts'

type Deps = {
  db: Pick<Database, 'forTenant'>
  objects: Pick<ObjectStore, 'get' | 'put' | 'delete'>
  web: Pick<WebFetcher, 'fetchPage'>
}

type Order = { tenantId: string; signal: AbortSignal }

/**
 * Where the bytes of materials come from: a file's, and a page's that was fetched before, from the store; another page is fetched and
 * kept first. Rejects with a `WebError`, with `extract.unsupported` for what cannot be read (such a page is not kept), and with
 * `quota.exceeded` or `service.unavailable` when a page cannot be kept. `open` of a source rejects with `ObjectNotFound` when the
 * bytes are gone.
 */
export function createSources({ db, objects, web }: Deps) {
  const snapshots = createSnapshots({ db, objects })

  async function open(material: Material, { tenantId, signal }: Order): Promise<Source> {
    const { objectKey, filename, fetchedUrl, contentType, sizeBytes } = material
    if (objectKey === null) return fetch(material, { tenantId, signal })
    const named = filename === null ? formatOfPage(fetchedUrl ?? '', essenceOf(contentType)) : formatOfFile(filename)
    return {
      format: named ?? notExtractable(),
      charset: charsetOf(contentType),
      article: isArticle(material),
      maxBytes: sizeBytes ?? Number.POSITIVE_INFINITY,
      open: (signal) => objects.get(objectKey, { signal }),
    }
  }

  async function fetch(material: Material, { tenantId, signal }: Order): Promise<Source> {
    const page = await web.fetchPage(material.sourceUrl ?? '', { signal })
    const { url, contentType, charset, body } = page
    // A short link does not show where it leads.
    if (isVideoPlatform(url)) throw videoPlatform()
    const format = formatOfPage(url, contentType) ?? notExtractable()
    await snapshots.keep(material, page, { tenantId, signal })
    return {
      ...{ format, charset: charset ?? undefined, article: isArticle(material) },
      ...{ maxBytes: body.length, open: async () => once(body) },
    }
  }

  return { open }
}

function notExtractable(): never {
  throw new Failure('invalid', 'extract.unsupported', 'Text cannot be extracted from this kind of material yet.')
}

const isArticle = ({ sourceType }: Material) => sourceType === 'web'

function essenceOf(contentType: string | null): string {
  try {
    return new MIMEType(contentType ?? '').essence
  } catch {
    return ''
  }
}

async function* once(bytes: Uint8Array) {
  yield bytes
}
