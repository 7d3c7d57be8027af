import { Type } from 'typebox'
import { expect, test } from 'vitest'
import { startBareServer } from '#test/bare-server.ts'

const ANSWER = { 200: Type.Object({}) }

test('a route that does not say who may enter stops the boot', async () => {
  const starting = startBareServer((api) => {
    api.get('/open', { schema: { response: ANSWER } }, async () => ({}))
  })
  await expect(starting).rejects.toThrow(/do not say who may enter: GET \/open/)
})

test('a route that does not say what it answers stops the boot', async () => {
  const starting = startBareServer((api) => {
    api.post('/mute', { config: { access: 'prep' } }, async () => ({}))
  })
  await expect(starting).rejects.toThrow(/do not say what they answer: POST \/mute/)
})

test('a route that says both is served, and known to the inventory with its failures', async () => {
  const server = await startBareServer((api) => {
    api.get('/courses/:courseId', { schema: { response: ANSWER }, config: { access: 'prep' } }, async () => ({}))
  })
  expect(server.inventory.entries()).toContainEqual({
    method: 'GET',
    url: '/courses/:courseId',
    access: 'prep',
    charged: true,
    failures: [],
  })
  expect((await fetch(`${server.url}/courses/1`)).status).toBe(200)
  await server.close()
})
