/** A service that is sold and limited on its own. */
export type Scope = 'prep' | 'check'

export const SCOPES: readonly Scope[] = ['prep', 'check']

/** Who is calling: one API key of one tenant. Made by authentication, carried by the request. */
export type Caller = {
  tenantId: string
  tenantName: string
  keyId: string
  keyPrefix: string
  keyLabel: string | null
  scopes: readonly Scope[]
  /** Requests per 60 s that this key allows in each scope. */
  limits: Record<Scope, number>
  expiresAt: Date | null
}
