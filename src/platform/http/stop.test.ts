import { Agent, request } from 'node:http'
import { Type } from 'typebox'
import { expect, test } from 'vitest'
import { startBareServer } from '#test/bare-server.ts'
import { head, openWire } from '#test/wire.ts'

const LONG = 20_000

async function startSlowServer() {
  const started = Promise.withResolvers<void>()
  const goOn = Promise.withResolvers<void>()
  const server = await startBareServer((api) => {
    const schema = { response: { 200: Type.Object({ said: Type.String() }) } }
    api.get('/quick', { schema, config: { access: 'prep' } }, async () => ({ said: 'швидко' }))
    api.get('/slow', { schema, config: { access: 'prep' } }, async () => {
      started.resolve()
      await goOn.promise
      return { said: 'готово' }
    })
  })
  return { ...server, started: started.promise, goOn: goOn.resolve }
}

const isRefused = (url: string) =>
  fetch(url).then(
    () => false,
    () => true,
  )

test('a stop lets the running request finish, refuses new connections and waits for no idle one', async () => {
  const { url, close, started, goOn } = await startSlowServer()
  const agent = new Agent({ keepAlive: true })
  const idle = await openWire(url)
  idle.send(head('GET', '/quick'))
  await idle.answer()
  const answer = new Promise<string>((resolve, reject) => {
    const sent = request(`${url}/slow`, { agent }, async (response) => {
      let text = `${response.headers.connection} `
      for await (const chunk of response) text += chunk
      resolve(text)
    })
    sent.on('error', reject).end()
  })
  await started
  const closed = close(LONG)
  await idle.ended()
  expect(await isRefused(`${url}/quick`)).toBe(true)
  goOn()
  expect(await answer).toBe('close {"said":"готово"}')
  // Were the connection kept for the next request, this would take the whole grace.
  const began = performance.now()
  await closed
  expect(performance.now() - began).toBeLessThan(LONG / 2)
  agent.destroy()
})

test('a stop cuts what runs beyond its grace', async () => {
  const { url, close, started, goOn } = await startSlowServer()
  const wire = await openWire(url)
  wire.send(head('GET', '/slow'))
  await started
  await close(50)
  expect(await wire.ended()).toBe('')
  goOn()
})
