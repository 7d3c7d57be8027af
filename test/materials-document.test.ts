import { readFile } from 'node:fs/promises'
import { expect, test } from 'vitest'
import { extractionCodes } from '#platform/extract/errors.ts'
import { defaultLimits } from '#platform/extract/limits.ts'
import { mediaCodes } from '#platform/media/media.ts'

const read = (path: string) => readFile(new URL(`../${path}`, import.meta.url), 'utf8')
const document = await read('docs/materials.md')

test('docs/materials.md says what every error of a material means', async () => {
  const web = [...(await read('src/platform/web/errors.ts')).matchAll(/'(web\.\w+)'/g)].map(([, code]) => code)
  const reading = [...(await read('src/features/materials/reading/failures.ts')).matchAll(/'(\w+\.\w+)'/g)]
  expect(web.length).toBeGreaterThan(5)
  const codes = [...extractionCodes, ...mediaCodes, ...web, ...reading.map(([, code]) => code)]
  expect(codes.filter((code) => !document.includes(`\`${code}\``))).toEqual([])
})

test('and its limits are those that hold', () => {
  const thousands = (count: number) => count.toLocaleString('en').replaceAll(',', ' ')
  const { maxPages, maxSlides, maxCues, maxEntries, maxChunks, maxChunkChars, ...bytes } = defaultLimits
  const { maxInputBytes, maxTextBytes, maxExpandedBytes, maxHeapBytes, maxRssBytes, maxExpansionRatio } = bytes
  const said = [
    `${thousands(maxPages)} pages`,
    `${thousands(maxSlides)} slides`,
    `${thousands(maxCues)} captions`,
    `${thousands(maxEntries)} files`,
    `${thousands(maxChunks)} chunks`,
    `${thousands(maxChunkChars)} characters`,
    `${maxExpansionRatio} times`,
    ...[maxInputBytes, maxTextBytes, maxExpandedBytes, maxHeapBytes, maxRssBytes].map(
      (size) => `${size / 2 ** 20} MiB`,
    ),
  ]
  expect(said.filter((words) => !document.includes(words))).toEqual([])
})
