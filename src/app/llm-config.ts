import { resolve } from 'node:path'
import { nanoUsd } from '#platform/llm/price.ts'
import { PROVIDERS, type Provider } from '#platform/llm/registry.ts'
import type { Reader } from './config-reader.ts'
import { LLM_REGISTRY } from './paths.ts'

export type LlmConfig = {
  /** The providers that may be asked: those with a key, and servers of one's own. */
  keys: Partial<Record<Provider, { apiKey: string; baseUrl?: string }>>
  /** Of the whole installation, in one UTC month. Null: no limit. */
  monthlyLimitNanoUsd: bigint | null
  registryFile: string
}

/**
 * Which language models may be asked, and what they may cost. Without any provider none is asked, and nothing is spent. `mayAsk` is false
 * for programs that never ask one.
 */
export function readLlmConfig(
  read: Reader,
  { inProduction, mayAsk }: { inProduction: boolean; mayAsk: boolean },
): LlmConfig {
  const keys: LlmConfig['keys'] = {}
  for (const provider of PROVIDERS) {
    const access = readAccess(read, provider)
    if (access !== undefined) keys[provider] = access
  }
  const isLimited = inProduction && mayAsk && Object.keys(keys).length > 0
  return {
    keys,
    monthlyLimitNanoUsd: readLimit(read, isLimited),
    registryFile: resolve(read.text('LLM_CONFIG', LLM_REGISTRY)),
  }
}

/**
 * The address of a server's API: one without a path gets the provider's usual one, and a last slash goes. `url` must be one that can be
 * parsed.
 */
export function baseUrlOf(provider: Provider, url: string): string {
  const { origin, pathname } = new URL(url)
  const path = pathname.replace(/\/+$/, '')
  return `${origin}${path === '' ? USUAL_PATHS[provider] : path}`
}

const PREFIXES: Record<Provider, string> = {
  gemini: 'GEMINI',
  anthropic: 'ANTHROPIC',
  openai: 'OPENAI',
  deepseek: 'DEEPSEEK',
  compatible: 'OPENAI_COMPATIBLE',
}

const USUAL_PATHS: Record<Provider, string> = {
  gemini: '/v1beta',
  anthropic: '/v1',
  openai: '/v1',
  deepseek: '/v1',
  compatible: '/v1',
}

/** The providers' own hosts, which have others below them for regions: eu.api.openai.com. */
const PUBLIC_HOSTS: Partial<Record<Provider, string>> = {
  gemini: 'generativelanguage.googleapis.com',
  anthropic: 'api.anthropic.com',
  openai: 'api.openai.com',
  deepseek: 'api.deepseek.com',
}

/** What a server that wants no key is sent in its place. */
const NO_KEY = 'none'

function readAccess(read: Reader, provider: Provider): { apiKey: string; baseUrl?: string } | undefined {
  const [keyName, urlName] = [`${PREFIXES[provider]}_API_KEY`, `${PREFIXES[provider]}_BASE_URL`]
  const [apiKey, url] = [read.given(keyName), read.given(urlName)]
  // It goes into a header.
  if (apiKey !== undefined && !/^[\x21-\x7e]+$/.test(apiKey)) read.fail(keyName, 'must be ASCII without spaces')
  if (url === undefined) {
    if (apiKey === undefined) return undefined
    if (provider === 'compatible') read.fail(urlName, `is missing: it goes with ${keyName}`)
    return { apiKey }
  }
  const wrong = refuseBaseUrl(url)
  if (wrong !== undefined) {
    read.fail(urlName, wrong)
    return undefined
  }
  const baseUrl = baseUrlOf(provider, url)
  if (apiKey !== undefined) return { apiKey, baseUrl }
  // A template of an environment may name the provider's own server and leave the key empty: then it is not configured.
  return publicHostOf(url) === undefined ? { apiKey: NO_KEY, baseUrl } : undefined
}

/** Without TLS anyone on the way reads the key and the materials: that is for servers in one's own network, which no name tells. */
function refuseBaseUrl(url: string): string | undefined {
  if (!URL.canParse(url) || !/^https?:\/\//i.test(url)) return 'must be a URL that begins with https:// or http://'
  const { protocol, username, password, search, hash } = new URL(url)
  if (username + password + search + hash !== '') return 'must be without a user, a password, ? and #'
  const host = publicHostOf(url)
  if (protocol === 'http:' && host !== undefined) return `must begin with https://, as ${host} is on the internet`
  return undefined
}

function publicHostOf(url: string): string | undefined {
  const host = new URL(url).hostname.replace(/\.$/, '')
  return Object.values(PUBLIC_HOSTS).find((own) => host === own || host.endsWith(`.${own}`))
}

function readLimit(read: Reader, isLimited: boolean): bigint | null {
  const name = 'LLM_MONTHLY_LIMIT_USD'
  const value = read.given(name)
  if (value === undefined || value === 'none') {
    const why = 'in production what language models may cost in a month must be limited'
    if (isLimited) read.fail(name, value === undefined ? `is missing: ${why}` : `must be an amount: ${why}`)
    return null
  }
  const limit = nanoUsd(value)
  // The ledger counts in a bigint of PostgreSQL, which ends at 9.2 thousand million USD.
  if (limit === undefined || limit > MOST) read.fail(name, 'must be USD such as 100 or 12.50, at most 1000000000')
  return limit ?? null
}

const MOST = 1_000_000_000n * 1_000_000_000n
