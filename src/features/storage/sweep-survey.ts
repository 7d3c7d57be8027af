import type { ObjectStore } from '#platform/objects/index.ts'
import { isMarker } from './installation.ts'

export type Candidate = { kind: 'object' | 'upload'; key: string; since: Date }

/** What a storage holds. */
export type Survey = {
  /** Objects and unfinished objects under keys of our own making. */
  objects: number
  uploads: number
  /** Under other keys: whatever it is, it is not ours to judge. */
  others: number
  /** Of ours, those that nothing owns and that are old enough. */
  unowned: number
  /** The first of them. */
  candidates: Candidate[]
  /** When the oldest of them was written. */
  oldest: Date | undefined
}

type Deps = {
  objects: Pick<ObjectStore, 'list'> & { partial: Pick<ObjectStore['partial'], 'list'> }
  /** Those of the keys that nothing owns. */
  unowned(kind: Candidate['kind'], keys: string[]): Promise<string[]>
}

type Order = {
  /** What is younger is left alone. */
  before: Date
  /** How many candidates are kept. */
  limit: number
  signal?: AbortSignal | undefined
}

// <tenant>/<course>/<material>, and what is kept beside an unfinished upload.
const UUID = '[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}'
const OUR_KEY = new RegExp(`^${UUID}/${UUID}/${UUID}(?:\\.tail-[0-9]+)?$`)

// The list of erasures, which has to outlive the database.
const KEPT_KEY = /^erasures\//

/** Keys of one question to the database. */
const PAGE = 500

/** Looks through the whole storage, holding one page and the candidates in memory. Throws the signal's reason. */
export async function survey({ objects, unowned }: Deps, { before, limit, signal }: Order): Promise<Survey> {
  const seen: Survey = { objects: 0, uploads: 0, others: 0, unowned: 0, candidates: [], oldest: undefined }

  async function* ours(kind: Candidate['kind'], entries: AsyncIterable<Candidate>) {
    for await (const entry of entries) {
      signal?.throwIfAborted()
      if (!OUR_KEY.test(entry.key)) seen.others += isMarker(entry.key) || KEPT_KEY.test(entry.key) ? 0 : 1
      else {
        seen[kind === 'object' ? 'objects' : 'uploads'] += 1
        if (isOlder(entry.since, before)) yield entry
      }
    }
  }

  async function judge(kind: Candidate['kind'], page: Candidate[]) {
    const keys = new Set(
      await unowned(
        kind,
        page.map(({ key }) => key),
      ),
    )
    for (const entry of page) {
      if (!keys.has(entry.key)) continue
      seen.unowned += 1
      if (seen.oldest === undefined || entry.since < seen.oldest) seen.oldest = entry.since
      if (seen.candidates.length < limit) seen.candidates.push(entry)
    }
  }

  for (const [kind, entries] of [
    ['object', writtenObjects(objects)],
    ['upload', youngestAttempts(objects.partial)],
  ] as const) {
    for await (const page of pagesOf(ours(kind, entries), PAGE)) await judge(kind, page)
  }
  return seen
}

// A store that does not know when has said nothing: then it may be new.
const isOlder = (since: Date, before: Date) => since.getTime() > 0 && since < before

async function* writtenObjects(objects: Pick<ObjectStore, 'list'>): AsyncGenerator<Candidate> {
  for await (const { key, modifiedAt } of objects.list('')) yield { kind: 'object', key, since: modifiedAt }
}

const younger = (a: Date, b: Date) => (isOlder(a, b) ? b : isOlder(b, a) ? a : new Date(Math.min(+a, +b)))

/** Several attempts at one key follow each other. They end together, so they are as young as the youngest. */
async function* youngestAttempts(partial: Pick<ObjectStore['partial'], 'list'>): AsyncGenerator<Candidate> {
  let last: Candidate | undefined
  for await (const { key, startedAt } of partial.list('')) {
    if (last && last.key !== key) yield last
    last = { kind: 'upload', key, since: last?.key === key ? younger(last.since, startedAt) : startedAt }
  }
  if (last) yield last
}

async function* pagesOf<T>(entries: AsyncIterable<T>, size: number): AsyncGenerator<T[]> {
  let page: T[] = []
  for await (const entry of entries) {
    page.push(entry)
    if (page.length < size) continue
    yield page
    page = []
  }
  if (page.length > 0) yield page
}
