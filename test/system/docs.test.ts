import type { Browser } from 'playwright-core'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { startApp, type TestApp } from '#test/app.ts'
import { launchBrowser } from './browser.ts'

let app: TestApp
let browser: Browser

beforeAll(async () => {
  app = await startApp()
  // A name that no browser takes for this machine's own.
  browser = await launchBrowser('--host-resolver-rules=MAP lms.test 127.0.0.1')
})
afterAll(async () => {
  await browser.close()
  await app.close()
})

test('an integrator reads /docs, authorizes and calls the API from the page', async () => {
  const { key } = await app.as('Академія')
  const page = await browser.newPage()
  const failures: string[] = []
  page.on('pageerror', (error) => failures.push(error.message))
  await page.goto(`${app.url}/docs`)
  await page.waitForSelector('.opblock')
  expect(await page.textContent('.info .title')).toContain('Course Supporter')

  await page.click('button.authorize')
  await page.fill('.auth-container input', key)
  await page.click('.auth-btn-wrapper button.authorize')
  await page.click('.btn-done')
  await page.click('#operations-access-getMe')
  await page.click('#operations-access-getMe .execute')
  const response = page.locator('#operations-access-getMe .live-responses-table .response')
  await response.waitFor()
  expect(await response.locator('.response-col_status').textContent()).toContain('200')
  expect(await response.locator('.response-col_description').textContent()).toContain('Академія')
  expect(failures).toEqual([])
  await page.close()
})

test('it is read over plain http under any name, too', async () => {
  const page = await browser.newPage()
  await page.goto(`${app.url.replace('127.0.0.1', 'lms.test')}/docs`)
  await page.waitForSelector('.opblock')
  expect(await page.textContent('.info .title')).toContain('Course Supporter')
  await page.close()
})
