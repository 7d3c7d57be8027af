import { existsSync } from 'node:fs'
import { expect, test } from 'vitest'
import { ConfigError, type Needs, readConfig } from './config.ts'
import type { Env } from './config-reader.ts'
import { baseUrlOf } from './llm-config.ts'

const PRODUCTION = {
  ENVIRONMENT: 'production',
  POSTGRES_HOST: 'db',
  POSTGRES_USER: 'app',
  POSTGRES_PASSWORD: 'p',
  POSTGRES_DB: 'courses',
  S3_ENDPOINT: 'https://s3.example',
  S3_REGION: 'eu',
  S3_ACCESS_KEY: 'id',
  S3_SECRET_KEY: 'secret',
  S3_BUCKET: 'courses',
}

function problemsOf(env: Env, needs?: Needs): readonly string[] {
  try {
    readConfig(env, needs)
  } catch (error) {
    if (error instanceof ConfigError) return error.problems
    throw error
  }
  return []
}

test('without a variable no model is asked, and the registry is the shipped one', () => {
  const { llm } = readConfig({})
  expect(llm).toMatchObject({ keys: {}, monthlyLimitNanoUsd: null })
  expect(llm.registryFile).toMatch(/\/config\/llm\.yaml$/)
  expect(existsSync(llm.registryFile)).toBe(true)
  expect(readConfig(PRODUCTION).llm.keys).toEqual({})
  expect(readConfig({ LLM_CONFIG: '/etc/моделі.yaml' }).llm.registryFile).toBe('/etc/моделі.yaml')
})

test.each<[string, Env, object]>([
  [
    'keys',
    { GEMINI_API_KEY: ' a ', DEEPSEEK_API_KEY: 'b', OPENAI_API_KEY: '' },
    { gemini: { apiKey: 'a' }, deepseek: { apiKey: 'b' } },
  ],
  [
    'a key for another server',
    { ANTHROPIC_API_KEY: 'a', ANTHROPIC_BASE_URL: 'https://proxy.example/anthropic/v1/' },
    { anthropic: { apiKey: 'a', baseUrl: 'https://proxy.example/anthropic/v1' } },
  ],
  [
    'a server on this machine',
    { OPENAI_BASE_URL: 'http://127.0.0.1:4010' },
    { openai: { apiKey: 'none', baseUrl: 'http://127.0.0.1:4010/v1' } },
  ],
  [
    'a server in the cluster',
    { OPENAI_COMPATIBLE_BASE_URL: 'http://ollama:11434' },
    { compatible: { apiKey: 'none', baseUrl: 'http://ollama:11434/v1' } },
  ],
  [
    'a compatible server with a key',
    { OPENAI_COMPATIBLE_BASE_URL: 'https://vllm.example/v2', OPENAI_COMPATIBLE_API_KEY: 'k' },
    { compatible: { apiKey: 'k', baseUrl: 'https://vllm.example/v2' } },
  ],
  ["a provider's own server without a key", { OPENAI_BASE_URL: 'https://api.openai.com/v1' }, {}],
  ["a region of a provider's own", { OPENAI_BASE_URL: 'https://eu.api.openai.com' }, {}],
  [
    'a server that only looks like it',
    { OPENAI_BASE_URL: 'https://notapi.openai.com.example' },
    { openai: { baseUrl: 'https://notapi.openai.com.example/v1' } },
  ],
])('%s', (_name, env, keys) => {
  const { llm } = readConfig(env)
  expect(llm.keys).toMatchObject(keys)
  expect(Object.keys(llm.keys)).toEqual(Object.keys(keys))
})

const KEY = { OPENAI_API_KEY: 'k' }

test.each<[string, Env, Needs, string[]]>([
  ['production with a key and no limit', { ...PRODUCTION, ...KEY }, {}, ['LLM_MONTHLY_LIMIT_USD']],
  [
    'production with a server of its own and no limit',
    { ...PRODUCTION, OPENAI_BASE_URL: 'http://gpu' },
    {},
    ['LLM_MONTHLY_LIMIT_USD'],
  ],
  [
    'production with a key and none',
    { ...PRODUCTION, ...KEY, LLM_MONTHLY_LIMIT_USD: 'none' },
    {},
    ['LLM_MONTHLY_LIMIT_USD'],
  ],
  ['production with a key and a limit', { ...PRODUCTION, ...KEY, LLM_MONTHLY_LIMIT_USD: '0' }, {}, []],
  [
    'migrate, which asks nobody',
    { ...PRODUCTION, ...KEY, MIGRATION_DATABASE_URL: 'postgres://o@db/c' },
    { migration: true },
    [],
  ],
  ['development with a key', KEY, {}, []],
  ['development with a key and none', { ...KEY, LLM_MONTHLY_LIMIT_USD: 'none' }, {}, []],
  ...['-1', '1e3', '1,5', '100 USD', '0.0000000001', '1000000001', 'None'].map(
    (value): [string, Env, Needs, string[]] => [
      `a limit of ${value}`,
      { LLM_MONTHLY_LIMIT_USD: value },
      {},
      ['LLM_MONTHLY_LIMIT_USD'],
    ],
  ),
  ...[
    'ollama:11434',
    'ftp://ollama',
    'http://',
    'https://user:SECRET@proxy.example',
    'https://proxy.example/v1?key=SECRET',
    'https://proxy.example/#SECRET',
    'http://api.openai.com/v1',
    'HTTP://API.OPENAI.COM./v1',
    'http://eu.api.openai.com',
    'http://api.anthropic.com',
  ].map((value): [string, Env, Needs, string[]] => [
    `the address ${value}`,
    { OPENAI_BASE_URL: value },
    {},
    ['OPENAI_BASE_URL'],
  ]),
  ['a key with a line in it', { GEMINI_API_KEY: 'SECRET\nSECRET' }, {}, ['GEMINI_API_KEY']],
  ['a key in Cyrillic', { GEMINI_API_KEY: 'КЛЮЧ' }, {}, ['GEMINI_API_KEY']],
  ['a compatible key without a server', { OPENAI_COMPATIBLE_API_KEY: 'SECRET' }, {}, ['OPENAI_COMPATIBLE_BASE_URL']],
])('%s', (_name, env, needs, names) => {
  const problems = problemsOf(env, needs)
  expect(problems.map((problem) => problem.split(' ', 1)[0])).toEqual(names)
  expect(problems.join()).not.toContain('SECRET')
})

test('a limit is exact', () => {
  expect(readConfig({ LLM_MONTHLY_LIMIT_USD: '1000000000' }).llm.monthlyLimitNanoUsd).toBe(10n ** 18n)
  expect(readConfig({ LLM_MONTHLY_LIMIT_USD: '12.50' }).llm.monthlyLimitNanoUsd).toBe(12_500_000_000n)
})

test.each([
  ['gemini', 'http://127.0.0.1:4010', 'http://127.0.0.1:4010/v1beta'],
  ['anthropic', 'http://127.0.0.1:4010/', 'http://127.0.0.1:4010/v1'],
  ['deepseek', 'https://api.deepseek.com', 'https://api.deepseek.com/v1'],
  ['compatible', 'http://[::1]:8000/openai//', 'http://[::1]:8000/openai'],
  ['openai', 'https://EXAMPLE.com:443/V1', 'https://example.com/V1'],
] as const)('%s at %s is at %s', (provider, url, expected) => {
  expect(baseUrlOf(provider, url)).toBe(expected)
})
