import type { RouteOptions } from 'fastify'
import type { Access, Api } from './api.ts'

export type RouteEntry = {
  method: string
  url: string
  access: Access
  /** Whether its requests count for a limit. */
  charged: boolean
  failures: readonly string[]
}

/**
 * Knows every route. A route without a declared access, or without response schemas, stops the boot; a known address that is asked
 * with a wrong method can be told from an unknown one.
 */
export function takeInventory(app: Api) {
  const routes: RouteOptions[] = []
  app.addHook('onRoute', (route) => {
    routes.push(route)
  })
  app.addHook('onReady', async () => {
    const closed = routes.filter((route) => route.config?.access === undefined)
    if (closed.length > 0) throw new Error(`These routes do not say who may enter: ${closed.map(named).join(', ')}`)
    const mute = routes.filter((route) => !route.schema?.hide && route.schema?.response === undefined)
    if (mute.length > 0) throw new Error(`These routes do not say what they answer: ${mute.map(named).join(', ')}`)
  })

  return {
    /** Every public operation of the API, one entry a method. */
    entries(): RouteEntry[] {
      return routes.flatMap(({ method, url, config, schema }) => {
        const access = config?.access
        if (access === undefined || schema?.hide) return []
        const failures = (config?.failures ?? []).map((make) => make().code)
        const charged = access !== 'unlimited' && !config?.uncharged
        return [method].flat().map((name) => ({ method: name, url, access, charged, failures }))
      })
    },
    /** The methods that an address answers; empty when it is unknown. */
    methodsOf(path: string): string[] {
      const found = routes.filter(({ url }) => patternOf(url).test(path)).flatMap(({ method }) => method)
      return [...new Set(found)].sort()
    },
  }
}

export type Inventory = ReturnType<typeof takeInventory>

const named = ({ method, url }: RouteOptions) => `${[method].flat().join('/')} ${url}`

const patterns = new Map<string, RegExp>()

function patternOf(url: string): RegExp {
  const known = patterns.get(url)
  if (known) return known
  const source = url
    .replace(/[.+?^${}()|[\]\\]/g, '\\$&')
    .replace(/:\w+/g, '[^/]+')
    .replace(/\*/g, '.*')
  const pattern = new RegExp(`^${source}$`)
  patterns.set(url, pattern)
  return pattern
}
