import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { modelOf } from '../fixtures/bench.ts'
import { PROVIDERS, type Provider } from '../registry.ts'
import { dialectOf } from '../router/structured.ts'
import { loadAdapter } from './load.ts'

beforeEach(() => {
  for (const name of ['OPENAI', 'ANTHROPIC', 'DEEPSEEK', 'GOOGLE_GENERATIVE_AI']) {
    vi.stubEnv(`${name}_BASE_URL`, 'http://127.0.0.1:9/stolen')
    vi.stubEnv(`${name}_API_KEY`, 'stolen')
  }
})
afterEach(() => void vi.unstubAllEnvs())

const HOSTS: Partial<Record<Provider, string>> = {
  gemini: 'generativelanguage.googleapis.com',
  anthropic: 'api.anthropic.com',
  openai: 'api.openai.com',
  deepseek: 'api.deepseek.com',
}

const prompt = [{ role: 'user' as const, content: [{ type: 'text' as const, text: 'Привіт' }] }]

test.each(PROVIDERS)('%s is asked where and with what we say, not where the environment does', async (provider) => {
  for (const baseUrl of [undefined, 'http://127.0.0.1:9/ours']) {
    if (baseUrl === undefined && provider === 'compatible') continue
    const fetch = vi.fn(async (_url: unknown, _init?: RequestInit) => new Response(null, { status: 400 }))
    const adapter = await loadAdapter(provider, { apiKey: 'a-key-of-ours', ...(baseUrl !== undefined && { baseUrl }) })
    await expect(adapter.model(modelOf(provider), fetch).doStream({ prompt })).rejects.toThrow()
    const [url, init] = fetch.mock.calls[0] ?? []
    expect(String(url)).toContain(baseUrl ?? `https://${HOSTS[provider]}/`)
    expect(JSON.stringify(init?.headers)).toContain('a-key-of-ours')
    expect(JSON.stringify([url, init])).not.toContain('stolen')
  }
})

test.each(['openai', 'compatible'] as const)('%s hears there as well', async (provider) => {
  const sound = { bytes: new Uint8Array([1]), mediaType: 'audio/ogg' }
  const { signal } = new AbortController()
  for (const baseUrl of [undefined, 'http://127.0.0.1:9/ours/']) {
    if (baseUrl === undefined && provider === 'compatible') continue
    const fetch = vi.fn(
      async (_url: unknown, _init?: RequestInit) => new Response('{"error":{"code":"no_model"}}', { status: 404 }),
    )
    const adapter = await loadAdapter(provider, { apiKey: 'a-key-of-ours', ...(baseUrl !== undefined && { baseUrl }) })
    const hearing = adapter.transcribe?.(modelOf(provider), sound, { fetch, signal })
    await expect(hearing).rejects.toMatchObject({ statusCode: 404, data: { error: { code: 'no_model' } } })
    const [url, init] = fetch.mock.calls[0] ?? []
    expect(url).toBe(`${baseUrl?.slice(0, -1) ?? 'https://api.openai.com/v1'}/audio/transcriptions`)
    expect(new Headers(init?.headers).get('authorization')).toBe('Bearer a-key-of-ours')
  }
})

test('a type that nobody takes is not sent', async () => {
  const fetch = vi.fn()
  const { transcribe } = await loadAdapter('openai', {})
  const { signal } = new AbortController()
  const sound = { bytes: new Uint8Array([1]), mediaType: 'video/mp4' }
  await expect(transcribe?.(modelOf('openai'), sound, { fetch, signal })).rejects.toThrow('video/mp4')
  expect(fetch).not.toHaveBeenCalled()
})

test.each([
  ['claude-sonnet-5-5', 'medium'],
  ['claude-opus-5', 'medium'],
  ['claude-haiku-5-5', 'medium'],
  ['claude-opus-4-5', 'medium'],
  ['claude-sonnet-4-6', 'medium'],
  ['claude-sonnet-4-5-20250929', undefined],
  ['claude-haiku-4-5', undefined],
  ['claude-opus-4-1', undefined],
  ['claude-opus-4-20250514', undefined],
  ['claude-3-haiku-20240307', undefined],
])('%s is asked for an effort of %s', async (id, effort) => {
  const adapter = await loadAdapter('anthropic', {})
  const model = modelOf('anthropic', { id })
  const { providerOptions, reasoning } = adapter.settings(model, dialectOf({ type: 'object' }, 'anthropic'))
  // A budget of thoughts would go beyond the output that is paid for.
  expect([providerOptions?.['anthropic']?.['effort'], reasoning]).toEqual([effort, undefined])
})
