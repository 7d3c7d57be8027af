import { dirname } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { startApp, type TestApp } from '#test/app.ts'
import { createClient } from '#test/client.ts'
import { type CommandLine, commandLine } from '#test/command-line.ts'
import { queryAsSuperuser } from '#test/database.ts'
import { recordCalls } from '#test/ledger.ts'

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/
const TIME = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/
const UNKNOWN = '01936f5e-0000-7000-8000-000000000000'

let app: TestApp
let cli: CommandLine

// Beside the running server, on the same database.
beforeAll(async () => {
  app = await startApp()
  cli = commandLine({ DATABASE_URL: app.database.urls.app, DATA_DIR: dirname(app.objectsFolder) })
  await cli.json('tenant', 'create', '--name', 'Школа')
})
afterAll(() => app.close())

type Key = { id: string; key: string; prefix: string }
type ListedKey = { id: string; label: string | null; rate_limit_prep: number; expires_at: string | null }

const create = (...options: string[]): Promise<Key> =>
  cli.json('key', 'create', '--tenant', 'Школа', '--scopes', 'prep,check', ...options)

const setKey = (id: string, assignment: string) =>
  queryAsSuperuser(app.database, `UPDATE api_keys SET ${assignment} WHERE id = $1`, [id])

/** What the API makes of a key: 200, or the code of its refusal. */
async function fate({ key }: Pick<Key, 'key'>, path = '/me'): Promise<string> {
  const { status, body } = await createClient(app.url, key).get(path)
  return status === 200 ? '200' : `${status} ${body.code}`
}

async function refusal(...args: string[]): Promise<string> {
  const { code, out, err } = await cli.run(...args)
  expect({ code, out, lines: err.split('\n').length }).toEqual({ code: 1, out: '', lines: 2 })
  return err
}

test('a tenant is its id and name, and its name is its own', async () => {
  const created = await cli.json('tenant', 'create', '--name', 'Academy «Ї»')
  expect(created).toEqual({ id: expect.stringMatching(UUID), name: 'Academy «Ї»' })
  expect(await refusal('tenant', 'create', '--name', 'Academy «Ї»')).toMatch(/"Academy «Ї»" exists already/)

  expect((await cli.run('tenant', 'create', '--name', "Школа м'яча")).out).toMatch(
    /^Created .+\.\nNext, a key: course-supporter key create --tenant 'Школа м'\\''яча' --scopes prep,check\n$/,
  )

  const list = await cli.json('tenant', 'list')
  const storage = {
    ...{ storage_bytes_used: 0, storage_bytes_limit: 20 * 1024 ** 3 },
    ...{ text_bytes_used: 0, text_bytes_limit: 1024 ** 3 },
  }
  const money = { monthly_budget_usd: '10', spent_usd: '0', llm_providers: null }
  expect(list).toContainEqual({
    ...created,
    is_active: true,
    submissions_days: 365,
    created_at: expect.stringMatching(TIME),
    ...storage,
    ...money,
  })
  expect((await cli.run('tenant', 'list')).out).toMatch(
    new RegExp(
      `^${created.id} +Academy «Ї» +yes +\\d{4}-\\S+ \\S+ +0 B +20 GiB +0 B +1 GiB +10 USD +all +365 days$`,
      'm',
    ),
  )
})

test('a quota is what was said last, and none has to be said', async () => {
  const { id } = await cli.json('tenant', 'create', '--name', 'Сховище')
  const quota = (bytes: string, option = '--bytes') => cli.json('tenant', 'quota', '--name', 'Сховище', option, bytes)
  const text = (previous_text_bytes_limit: number | null, text_bytes_limit: number | null) => ({
    ...{ text_bytes_used: 0, text_bytes_limit, previous_text_bytes_limit },
  })
  const limits = (previous_storage_bytes_limit: number | null, storage_bytes_limit: number | null) => ({
    id,
    name: 'Сховище',
    storage_bytes_used: 0,
    storage_bytes_limit,
    previous_storage_bytes_limit,
    ...text(1024 ** 3, 1024 ** 3),
  })
  expect(await quota('1536KiB')).toEqual(limits(20 * 1024 ** 3, 1_572_864))
  expect(await quota('none')).toEqual(limits(1_572_864, null))
  expect(await quota('0')).toEqual(limits(null, 0))
  const said = await cli.run('tenant', 'quota', '--name', 'Сховище', '--bytes', '1572864')
  expect(said.out).toBe('The quota of Сховище: 0 B → 1.5 MiB, 0 B stored.\n')
  expect(await quota('64MiB', '--text-bytes')).toEqual({
    ...limits(1_572_864, 1_572_864),
    ...text(1024 ** 3, 64 * 1024 ** 2),
  })
  const both = await cli.run('tenant', 'quota', '--name', 'Сховище', '--bytes', '0', '--text-bytes', 'none')
  expect(both.out).toBe('The quota of Сховище: 1.5 MiB → 0 B, 0 B stored; text 64 MiB → none, 0 B stored.\n')
  const neither = await cli.run('tenant', 'quota', '--name', 'Сховище')
  expect([neither.code, neither.out]).toEqual([2, ''])
  expect(neither.err).toContain("one of the options '--bytes <n>' and '--text-bytes <n>' must be given")
})

test('a budget is what was said last, and none has to be said', async () => {
  const { id } = await cli.json('tenant', 'create', '--name', 'Скарбниця')
  const budget = (usd: string) => cli.json('tenant', 'budget', '--name', 'Скарбниця', '--monthly-usd', usd)
  const amounts = (previous_monthly_budget_usd: string | null, monthly_budget_usd: string | null) => ({
    ...{ id, name: 'Скарбниця', spent_usd: '0', monthly_budget_usd, previous_monthly_budget_usd },
  })
  expect(await budget('12.50')).toEqual(amounts('10', '12.5'))
  expect(await budget('none')).toEqual(amounts('12.5', null))
  expect(await budget('0')).toEqual(amounts(null, '0'))
  expect(await budget('1000000000')).toEqual(amounts('0', '1000000000'))
  await recordCalls(app.database, [{ tenant_id: id, cost_nano_usd: '3250000000' }])
  const said = async (usd: string) =>
    (await cli.run('tenant', 'budget', '--name', 'Скарбниця', '--monthly-usd', usd)).out
  expect(await said('4')).toBe('The budget of Скарбниця: 1000000000 USD → 4 USD a month, 3.25 USD spent in this one.\n')
  const shown = await cli.run('tenant', 'budget', '--name', 'Скарбниця')
  expect(shown.out).toBe('The budget of Скарбниця: 4 USD a month, 3.25 USD spent in this one.\n')
  expect(await cli.json('tenant', 'providers', '--name', 'Скарбниця')).toMatchObject({ llm_providers: null })
  expect(await said('3.25')).toMatch(
    /: 4 USD → 3\.25 USD a month.+\nUntil the next month nothing more can be spent\.\n$/,
  )
})

test('providers are what was allowed last', async () => {
  const { id } = await cli.json('tenant', 'create', '--name', 'Обережна')
  const allow = (...providers: string[]) =>
    cli.json('tenant', 'providers', '--name', 'Обережна', '--allow', ...providers)
  const allowed = (previous_llm_providers: string[] | null, llm_providers: string[] | null) => ({
    ...{ id, name: 'Обережна', llm_providers, previous_llm_providers },
  })
  expect(await allow('openai, anthropic,openai')).toEqual(allowed(null, ['anthropic', 'openai']))
  expect((await cli.run('tenant', 'list')).out).toMatch(/Обережна .+ 10 USD +anthropic, openai +365 days$/m)
  const said = await cli.run('tenant', 'providers', '--name', 'Обережна', '--allow', 'gemini')
  expect(said.out).toBe('The providers of Обережна: anthropic, openai → gemini.\n')
  expect(await allow('all')).toEqual(allowed(['gemini'], null))
})

test('a key is printed once, works at once, and is never printed again', async () => {
  const created = await create(
    '--label',
    'виробництво',
    '--rate-prep',
    '7',
    '--rate-check',
    '8',
    '--expires',
    '2999-01-31',
  )
  expect(created).toEqual({
    id: expect.stringMatching(UUID),
    key: expect.stringMatching(/^cs_live_[0-9a-f]{32}$/),
    prefix: created.key.slice(0, 12),
    tenant: 'Школа',
    scopes: ['prep', 'check'],
    expires_at: '2999-02-01T00:00:00.000Z',
  })
  const { body: me } = await createClient(app.url, created.key).get('/me')
  expect(me).toMatchObject({
    tenant: { name: 'Школа' },
    key: { prefix: created.prefix, label: 'виробництво', scopes: ['prep', 'check'] },
    limits: { prep: expect.objectContaining({}), check: expect.objectContaining({}) },
  })

  const [listed] = (await cli.json('key', 'list', '--tenant', 'Школа')).filter(({ id }: Key) => id === created.id)
  expect(listed).toEqual({
    id: created.id,
    prefix: created.prefix,
    tenant: 'Школа',
    label: 'виробництво',
    scopes: ['prep', 'check'],
    rate_limit_prep: 7,
    rate_limit_check: 8,
    is_active: true,
    state: 'active',
    expires_at: '2999-02-01T00:00:00.000Z',
    created_at: expect.stringMatching(TIME),
  })
  const printed = await cli.run('key', 'list', '--tenant', 'Школа')
  expect(printed.out).toMatch(
    new RegExp(`^${created.id} +${created.prefix} +виробництво +prep,check +7 +8 +active`, 'm'),
  )
  expect(printed.out + JSON.stringify(listed)).not.toContain(created.key)
})

test('without options a key has the usual limits, no end, and the fields of the contract alone', async () => {
  const created = await create()
  expect(Object.keys(created).toSorted()).toEqual(['id', 'key', 'prefix', 'scopes', 'tenant'])
  const [listed] = (await cli.json('key', 'list', '--tenant', 'Школа')).filter(({ id }: Key) => id === created.id)
  expect(listed).toMatchObject({ rate_limit_prep: 60, rate_limit_check: 300, label: null, expires_at: null })
})

test('a key opens its scopes alone; a test key differs in name only', async () => {
  const key: Key = await cli.json('key', 'create', '--tenant', 'Школа', '--scopes', 'check', '--env', 'test')
  expect(key.key).toMatch(/^cs_test_/)
  expect(await fate(key)).toBe('200')
  expect(await fate(key, `/courses/${UNKNOWN}`)).toBe('403 auth.scope_missing')
  expect(await fate(await create(), `/courses/${UNKNOWN}`)).toBe('404 course.not_found')
})

test('--expires is until the end of that day in UTC; the past is refused', async () => {
  const day = (offset: number) => new Date(Date.now() + offset * 86_400_000).toISOString().slice(0, 10)
  expect(await refusal('key', 'create', '--tenant', 'Школа', '--scopes', 'prep', '--expires', day(-1))).toMatch(/past/)
  const today = await create('--expires', day(0))
  expect(today).toMatchObject({ expires_at: `${day(1)}T00:00:00.000Z` })
  expect(await fate(today)).toBe('200')
  await setKey(today.id, 'expires_at = now()')
  expect(await fate(today)).toBe('401 auth.key_expired')
})

test('rotation: both keys work until the overlap ends, which never prolongs the old one', async () => {
  const old = await create('--label', 'вебсайт', '--env', 'test', '--rate-prep', '9')
  const began = Date.now()
  const issued = await cli.json('key', 'rotate', '--id', old.id, '--overlap', '24h')
  expect(issued).toMatchObject({
    key: expect.stringMatching(/^cs_test_/),
    scopes: ['prep', 'check'],
    old: { id: old.id },
  })
  const end = new Date(issued.old.expires_at).getTime()
  expect(end - began).toBeGreaterThanOrEqual(86_400_000)
  expect(end - Date.now()).toBeLessThanOrEqual(86_400_000)
  expect([await fate(old), await fate(issued)]).toEqual(['200', '200'])
  const list = (): Promise<ListedKey[]> => cli.json('key', 'list', '--tenant', 'Школа')
  const isLike = { label: 'вебсайт', rate_limit_prep: 9, expires_at: null }
  expect((await list()).find(({ id }) => id === issued.id)).toMatchObject(isLike)

  const again = await cli.json('key', 'rotate', '--id', old.id, '--overlap', '30d')
  expect(again.old.expires_at).toBe(issued.old.expires_at)
  expect((await list()).find(({ id }) => id === old.id)?.expires_at).toBe(issued.old.expires_at)
  const atOnce = await cli.json('key', 'rotate', '--id', old.id, '--overlap', '0')
  expect([await fate(old), await fate(atOnce)]).toEqual(['401 auth.key_expired', '200'])
  expect(await refusal('key', 'rotate', '--id', old.id, '--overlap', '1h')).toMatch(/expired/)
})

test('a revoked key is as good as unknown, and cannot be rotated', async () => {
  const key = await create()
  expect(await cli.json('key', 'revoke', '--id', key.id)).toEqual({ id: key.id, prefix: key.prefix, revoked: true })
  expect(await fate(key)).toBe('401 auth.key_invalid')
  expect(await refusal('key', 'rotate', '--id', key.id, '--overlap', '1h')).toMatch(/revoked/)
  expect((await cli.run('key', 'revoke', '--id', key.id)).code).toBe(0)
  expect(await refusal('key', 'revoke', '--id', UNKNOWN)).toMatch(/no such key/)
  expect(await refusal('key', 'rotate', '--id', UNKNOWN, '--overlap', '1h')).toMatch(/no such key/)
})

test('a prefix names a key while no other shares it', async () => {
  const [one, two] = [await create(), await create()]
  const prefix = 'cs_live_0a0b'
  for (const { id } of [one, two]) await setKey(id, `key_prefix = '${prefix}'`)
  const refused = await refusal('key', 'revoke', '--prefix', prefix)
  expect(refused).toContain(one.id)
  expect(refused).toContain(two.id)
  expect([await fate(one), await fate(two)]).toEqual(['200', '200'])

  await setKey(two.id, `key_prefix = 'cs_live_0a0c'`)
  expect(await cli.json('key', 'revoke', '--prefix', prefix)).toEqual({ id: one.id, prefix, revoked: true })
  expect([await fate(one), await fate(two)]).toEqual(['401 auth.key_invalid', '200'])
  expect(await refusal('key', 'revoke', '--prefix', 'cs_live_ffff')).toMatch(/no such key/)
})

test('a deactivated tenant is shut out with all its keys until it is activated', async () => {
  const { id } = await cli.json('tenant', 'create', '--name', 'Тимчасова')
  const key = await cli.json('key', 'create', '--tenant', 'Тимчасова', '--scopes', 'prep')
  expect(await cli.json('tenant', 'deactivate', '--name', 'Тимчасова')).toEqual({
    id,
    name: 'Тимчасова',
    is_active: false,
  })
  expect(await fate(key)).toBe('401 auth.key_invalid')
  expect(await cli.json('tenant', 'activate', '--name', 'Тимчасова')).toEqual({
    id,
    name: 'Тимчасова',
    is_active: true,
  })
  expect(await fate(key)).toBe('200')
})

test.each([
  'key create --scopes prep --tenant',
  'key list --tenant',
  'tenant deactivate --name',
  'tenant activate --name',
  'tenant quota --bytes none --name',
  'tenant budget --monthly-usd none --name',
  'tenant providers --allow all --name',
  'tenant export --out /nonexistent --name',
  'tenant delete --confirm Нема --name',
  'cost --tenant',
  'jobs list --tenant',
])('an unknown tenant is refused: %s …', async (line) => {
  expect(await refusal(...line.split(' '), 'Нема')).toBe('course-supporter: There is no tenant named "Нема".\n')
})
