import { readFile } from 'node:fs/promises'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { buffer } from 'node:stream/consumers'
import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { startApp, type TestApp } from '#test/app.ts'
import { build } from '#test/build.ts'
import { createClient } from '#test/client.ts'
import { idOf, offsetOf, tus, VIDEO } from '#test/tus.ts'
import { launchBrowser } from './browser.ts'

// A page of an LMS sends a file with nothing but the address that its back end was given.

const BYTES = 20 * 1024 * 1024 + 5

type Site = { origin: string; close(): Promise<void> }

let app: TestApp
let acme: Awaited<ReturnType<TestApp['as']>>
let courseId: string
let browser: Browser
let lms: Site
let evil: Site
let location: string

beforeAll(async () => {
  app = await startApp()
  acme = await app.as('Академія', ['prep'])
  courseId = (await build.course(acme)).id
  ;[lms, evil, browser] = await Promise.all([startSite(), startSite(), launchBrowser()])
})
afterAll(async () => {
  await browser.close()
  await Promise.all([lms.close(), evil.close()])
  await app.close()
})
beforeEach(async () => {
  location = await tus.begin(acme, courseId, { length: BYTES, metadata: { ...VIDEO, origin: lms.origin } })
})

/** A site of an origin of its own, whose one page has tus-js-client. */
async function startSite(): Promise<Site> {
  const script = await readFile(new URL('../../node_modules/tus-js-client/dist/tus.min.js', import.meta.url))
  const server: Server = createServer(({ url }, response) => {
    const isScript = url === '/tus.js'
    response.setHeader('content-type', isScript ? 'text/javascript' : 'text/html; charset=utf-8')
    response.end(isScript ? script : '<!doctype html><title>Курс</title><script src="/tus.js"></script>')
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  return {
    origin: `http://127.0.0.1:${port}`,
    close: async () => {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}

type Order = { uploadUrl: string; size: number; chunkSize: number; retryDelays: number[]; stopAt: number }

/** Runs tus-js-client in a page of the site. The file's bytes count up, each megabyte anew. */
async function upload(site: Site, order: Partial<Order> = {}): Promise<string> {
  const page: Page = await browser.newPage()
  try {
    await page.goto(site.origin)
    const whole = {
      uploadUrl: app.url + location,
      size: BYTES,
      chunkSize: 6_000_000,
      retryDelays: [],
      stopAt: 0,
      ...order,
    }
    return await page.evaluate(sendInPage, whole)
  } finally {
    await page.close()
  }
}

// Runs in the page: it knows nothing of what stands around it here.
function sendInPage({ size, stopAt, ...options }: Order): Promise<string> {
  const bytes = new Uint8Array(size).map((_, at) => at % 251)
  // biome-ignore lint/suspicious/noExplicitAny: a global of the page
  const { Upload } = (globalThis as any).tus
  return new Promise((resolve) => {
    const upload = new Upload(new Blob([bytes]), {
      ...options,
      onSuccess: () => resolve('done'),
      onError: (error: Error) => resolve(error.message),
      onChunkComplete: (_size: number, accepted: number) => {
        if (stopAt > 0 && accepted >= stopAt) void upload.abort().then(() => resolve('stopped'))
      },
    })
    upload.start()
  })
}

async function expectMaterial() {
  const { body } = await acme.get(`/materials/${idOf(location)}`)
  expect(body).toMatchObject({ filename: VIDEO.filename, size_bytes: BYTES, status: 'pending' })
  const stored = await buffer(await app.services.objects.get(`${acme.tenantId}/${courseId}/${body.id}`))
  expect(stored.equals(Buffer.alloc(BYTES).map((_, at) => at % 251))).toBe(true)
}

test('the page that was named sends a file, and needs no key', async () => {
  expect(await upload(lms)).toBe('done')
  await expectMaterial()
})

test('another page goes on where one was closed', async () => {
  expect(await upload(lms, { stopAt: 6_000_000 })).toBe('stopped')
  const offset = offsetOf(await tus.look(acme, location))
  expect(offset).toBeGreaterThanOrEqual(6_000_000)
  expect(offset).toBeLessThan(BYTES)
  expect(await upload(lms, { chunkSize: BYTES })).toBe('done')
  await expectMaterial()
})

test('a page of another origin is not let in', async () => {
  expect(await upload(evil)).toMatch(/failed to resume upload, caused by \[object ProgressEvent\]/)
  expect(offsetOf(await tus.look(createClient(app.url), location))).toBe(0)
})

test('the page may read why it is refused', async () => {
  await tus.delete(acme, location)
  expect(await upload(lms)).toMatch(/response code: 404/)
})
