import { createHash, randomUUID } from 'node:crypto'

/** `metadata` has the whole names of its headers; `etag` is without quotes. `bytes` is empty where bodies are discarded. */
export type Content = {
  bytes: Buffer
  size: number
  etag: string
  contentType: string
  metadata: Record<string, string>
}

export type Version = Content & { versionId: string; modifiedAt: Date }

/** What a delete without a version leaves in a bucket that keeps versions. */
type Marker = { versionId: string; modifiedAt: Date; deleted: true }

type Stored = Version | Marker

export type ListedVersion = { key: string; version: Stored; isLatest: boolean }

export type Bucket = ReturnType<typeof createBucket>

/**
 * The objects. With `versioned`, as every bucket of Backblaze B2, a put keeps what it replaces and a delete without a version
 * only hides.
 */
export function createBucket({ versioned, now }: { versioned: boolean; now: () => Date }) {
  const kept = new Map<string, Stored[]>()

  function add<T extends object>(key: string, content: T): T & { versionId: string; modifiedAt: Date } {
    const stored = { ...content, versionId: versioned ? randomUUID() : 'null', modifiedAt: now() }
    kept.set(key, [...(versioned ? (kept.get(key) ?? []) : []), stored as unknown as Stored])
    return stored
  }

  return {
    versioned,
    put: (key: string, content: Content): Version => add(key, content),
    find(key: string, versionId: string | null): Version | undefined {
      const versions = kept.get(key) ?? []
      const found = versionId === null ? versions.at(-1) : versions.find((version) => version.versionId === versionId)
      return found && 'bytes' in found ? found : undefined
    },
    /** The marker it made, or undefined. */
    remove(key: string, versionId: string | null): Marker | undefined {
      if (versionId === null && versioned) return add(key, { deleted: true as const })
      const rest = (kept.get(key) ?? []).filter((version) => version.versionId !== (versionId ?? 'null'))
      if (rest.length === 0) kept.delete(key)
      else kept.set(key, rest)
      return undefined
    },
    /** What can be read by its key, in the order of keys. */
    current(): [string, Version][] {
      return [...kept.keys()].sort().flatMap((key) => {
        const version = this.find(key, null)
        return version ? [[key, version]] : []
      })
    },
    /** Everything that is stored, in the order of keys, the newest of each first. */
    everything(): ListedVersion[] {
      return [...kept.keys()].sort().flatMap((key) => {
        const versions = (kept.get(key) ?? []).toReversed()
        return versions.map((version, at) => ({ key, version, isLatest: at === 0 }))
      })
    },
    /** How many versions with bytes a key has. */
    versionsOf(key: string): number {
      return (kept.get(key) ?? []).filter((stored) => 'bytes' in stored).length
    },
  }
}

export function md5(bytes: Uint8Array | string): string {
  return createHash('md5').update(bytes).digest('hex')
}
