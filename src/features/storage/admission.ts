import { uploadBusy } from './failures.ts'

/** Gives a place back. Harmless when called twice. */
export type Leave = () => void

export type Admission = {
  /** Takes a place for a tenant's upload, or throws `upload.busy`. */
  enter(tenantId: string): Leave
  /** Places that are taken. */
  taken(): number
}

type Options = {
  /** Uploads that write at once; at least 1. */
  total: number
  /** Of these, one tenant's. */
  perTenant?: number
  /** The last places, which only tenants get that hold none. */
  reserved?: number
}

/**
 * Who may write now: never a queue, for whoever waits holds a connection and a body. With the default shares, half of all for one tenant,
 * a total of 1, 2 or 3 is one place a tenant, and the reserve changes nothing; from 4 on two places stay free, if need be idle, until
 * newcomers come.
 */
export function createAdmission({
  total,
  perTenant = Math.max(1, Math.floor(total / 2)),
  reserved = 2,
}: Options): Admission {
  const held = new Map<string, number>()
  let free = total

  return {
    taken: () => total - free,
    enter(tenantId) {
      const own = held.get(tenantId) ?? 0
      if (own >= perTenant || free <= (own === 0 ? 0 : reserved)) throw uploadBusy()
      free -= 1
      held.set(tenantId, own + 1)
      let isHeld = true
      return () => {
        if (!isHeld) return
        isHeld = false
        free += 1
        const left = (held.get(tenantId) ?? 1) - 1
        if (left === 0) held.delete(tenantId)
        else held.set(tenantId, left)
      }
    },
  }
}
