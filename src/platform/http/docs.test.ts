import { expect, test } from 'vitest'
import { startBareServer } from '#test/bare-server.ts'

const UPGRADES = 'upgrade-insecure-requests'

test.each([
  ['over plain http', [], {}, false],
  ['over https, as a trusted proxy says', ['127.0.0.1'], { 'x-forwarded-proto': 'https' }, true],
  ['over plain http, as a trusted proxy says', ['127.0.0.1'], { 'x-forwarded-proto': 'http' }, false],
  ['over plain http, whatever a stranger says', ['10.0.0.1'], { 'x-forwarded-proto': 'https' }, false],
])('the page %s asks for its parts where it came from', async (_what, trustedProxies, headers, upgrades) => {
  const server = await startBareServer(() => undefined, { trustedProxies })
  try {
    for (const path of ['/docs', '/docs/static/swagger-ui-bundle.js']) {
      const answer = await fetch(server.url + path, { headers: headers as Record<string, string> })
      const policy = answer.headers.get('content-security-policy') ?? ''
      expect([answer.status, policy.includes(UPGRADES)]).toEqual([200, upgrades])
      expect(policy).toContain("default-src 'self'; ")
      await answer.body?.cancel()
    }
  } finally {
    await server.close()
  }
})

test('whoever knows only the name is told where to begin, and nothing else', async () => {
  const server = await startBareServer(() => undefined)
  try {
    const answer = await fetch(server.url)
    expect([answer.status, answer.headers.get('ratelimit')]).toEqual([200, expect.any(String)])
    const places = (await answer.json()) as Record<string, string>
    expect(Object.keys(places)).toEqual(['api', 'docs', 'openapi', 'health'])
    for (const place of [places['docs'], places['openapi']])
      expect((await fetch(`${server.url}${place}`)).status).toBe(200)
  } finally {
    await server.close()
  }
})
