import { afterEach, expect, test } from 'vitest'
import { type StoreOnFake, startS3Store } from '#test/fakes/s3/store.ts'
import { createS3Admin, isNotImplemented } from './s3-admin.ts'
import { createProbeClient } from './s3-probe.ts'

const { signal } = new AbortController()

const closing: (() => unknown)[] = []
afterEach(async () => {
  for (const close of closing.splice(0)) await close()
})

async function start(...options: Parameters<typeof startS3Store>) {
  const started: StoreOnFake = await startS3Store(...options)
  const client = createProbeClient(started.options)
  closing.push(() => client.destroy(), started.close)
  const admin = (ruleId: string) => createS3Admin({ client, bucket: 'materials', ruleId })
  return { server: started.server, admin }
}

test.each([true, false])(
  'origins are replaced, rules of others stay; where ids are given back: %s',
  async (ruleIds) => {
    const { server, admin } = await start({}, { ruleIds })
    const ours = admin('ours')
    expect(await ours.origins(signal)).toEqual([])
    expect(await ours.allowOrigins(['https://one.example'], signal)).toBe(0)
    expect(await ours.allowOrigins(['https://two.example', 'https://three.example'], signal)).toBe(0)
    expect(await ours.origins(signal)).toEqual(['https://two.example', 'https://three.example'])
    expect(server.rules().cors).toHaveLength(1)
    expect(server.rules().cors[0]).toMatch(/<ExposeHeader>ETag<\/ExposeHeader>/)
    if (!ruleIds) return
    expect(await admin('theirs').allowOrigins(['https://four.example'], signal)).toBe(1)
    expect(await ours.allowOrigins(['https://two.example'], signal)).toBe(1)
    expect(await ours.origins(signal)).toEqual(['https://four.example', 'https://two.example'])
  },
)

test('hidden versions are made to expire beside the rules of others, once', async () => {
  const { server, admin } = await start()
  const [ours, theirs] = [admin('ours'), admin('theirs')]
  expect(await ours.hiddenExpire(7, signal)).toBe(false)
  await theirs.expireHidden(30, signal)
  expect(await ours.hiddenExpire(7, signal)).toBe(false)
  await ours.expireHidden(7, signal)
  await ours.expireHidden(6, signal)
  expect(await ours.hiddenExpire(7, signal)).toBe(true)
  expect(await ours.hiddenExpire(5, signal)).toBe(false)
  expect(server.rules().lifecycle.map((rule) => /<ID>(.*?)<.*Days>(\d+)</.exec(rule)?.slice(1))).toEqual([
    ['theirs', '30'],
    ['ours', '6'],
  ])
})

test.each([
  ['is turned off', '<Status>Disabled</Status><Filter><Prefix></Prefix></Filter>', ''],
  ['is for a part of the objects', '<Status>Enabled</Status><Filter><Prefix>a/</Prefix></Filter>', ''],
  [
    'is for large objects',
    '<Status>Enabled</Status><Filter><ObjectSizeGreaterThan>9</ObjectSizeGreaterThan></Filter>',
    '',
  ],
  [
    'keeps some',
    '<Status>Enabled</Status><Filter><Prefix></Prefix></Filter>',
    '<NewerNoncurrentVersions>2</NewerNoncurrentVersions>',
  ],
])('a rule that %s is not enough', async (_, head, more) => {
  const { server, admin } = await start()
  const rule = `${head}<NoncurrentVersionExpiration><NoncurrentDays>1</NoncurrentDays>${more}</NoncurrentVersionExpiration>`
  server.rules().lifecycle.push(rule)
  expect(await admin('ours').hiddenExpire(7, signal)).toBe(false)
  server.rules().lifecycle[0] = rule.replace(head, '<Status>Enabled</Status><Prefix></Prefix>').replace(more, '')
  expect(await admin('ours').hiddenExpire(7, signal)).toBe(true)
})

test('what a server does not have is told from what it refuses', async () => {
  const { server, admin } = await start()
  const fails = (status: number) => {
    server.faults.next('GetBucketCors', { kind: 'status', status })
    return admin('ours').allowOrigins(['https://lms.example'], signal)
  }
  for (const [status, expected] of [
    [501, true],
    [405, true],
    [403, false],
  ] as const) {
    const error = await fails(status).catch((thrown: unknown) => thrown)
    expect(error).toBeInstanceOf(Error)
    expect(isNotImplemented(error)).toBe(expected)
  }
})
