import { createHash, randomUUID } from 'node:crypto'

/** `metadata` has the whole names of its headers; `etag` is without quotes. */
export type Content = { bytes: Buffer; etag: string; contentType: string; metadata: Record<string, string> }

export type Version = Content & { versionId: string; modifiedAt: Date }

type Stored = Version | { versionId: string; deleted: true }

export type Bucket = ReturnType<typeof createBucket>

/**
 * The objects. With `versioned`, as every bucket of Backblaze B2, a put keeps what it replaces and a delete without a version
 * only hides.
 */
export function createBucket({ versioned, now }: { versioned: boolean; now: () => Date }) {
  const kept = new Map<string, Stored[]>()

  function add(key: string, stored: Stored): void {
    kept.set(key, [...(versioned ? (kept.get(key) ?? []) : []), stored])
  }

  return {
    versioned,
    put(key: string, content: Content): Version {
      const version = { ...content, versionId: randomUUID(), modifiedAt: now() }
      add(key, version)
      return version
    },
    find(key: string, versionId: string | null): Version | undefined {
      const versions = kept.get(key) ?? []
      const found = versionId === null ? versions.at(-1) : versions.find((version) => version.versionId === versionId)
      return found && 'bytes' in found ? found : undefined
    },
    remove(key: string, versionId: string | null): void {
      const versions = kept.get(key) ?? []
      const rest = versionId === null && !versioned ? [] : versions.filter((version) => version.versionId !== versionId)
      kept.set(key, rest)
      if (versionId === null && versioned) add(key, { versionId: randomUUID(), deleted: true })
      if (kept.get(key)?.length === 0) kept.delete(key)
    },
    /** What can be read by its key, in the order of keys. */
    current(): [string, Version][] {
      return [...kept.keys()].sort().flatMap((key) => {
        const version = this.find(key, null)
        return version ? [[key, version]] : []
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
