import { execFile } from 'node:child_process'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { createExtractor, type DocumentFormat, type Extracted } from '#platform/extract/index.ts'
import { defaultLimits } from '#platform/extract/limits.ts'
import { openZip } from '#platform/extract/read/office/zip.ts'
import { commonInOrder, wordsOf } from './words.ts'

// Documents from Debian's packages that nobody of us wrote, against Poppler's reading of them or against their source.
const SHARE = 0.98

const run = promisify(execFile)
const extractor = createExtractor()
let folder: string

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'course-supporter-documents-'))
  await run(new URL('documents.sh', import.meta.url).pathname, [folder])
}, 180_000)
afterAll(async () => {
  await extractor.close()
  await rm(folder, { recursive: true, force: true })
})

async function extract(format: DocumentFormat, path: string): Promise<Extracted> {
  const file = await readFile(join(folder, path))
  const body = (async function* () {
    yield file
  })()
  return extractor.extract({ format, body, signal: new AbortController().signal })
}

/** The shares of the expected words that were read in order, and of the words that were read that were expected. */
function compare(expected: string, { chunks }: Extracted): { found: number; meant: number; words: number } {
  const [theirs, ours] = [wordsOf(expected), wordsOf(chunks.map(({ text }) => text).join('\n'))]
  const common = commonInOrder(theirs, ours)
  return { found: common / theirs.length, meant: common / ours.length, words: theirs.length }
}

/** `body` is where running heads end and feet begin, in points from the upper and the lower edge: we leave them out. */
type Pdf = { path: string; body?: [number, number] }

const pdfs: Pdf[] = [
  { path: 'usr/share/doc/bzip2/manual.pdf', body: [50, 50] },
  { path: 'usr/share/doc/debian/FAQ/debian-faq.en.pdf', body: [65, 40] },
  { path: 'usr/share/doc/debian/FAQ/debian-faq.ru.pdf', body: [65, 40] },
  { path: 'usr/share/doc/maint-guide/maint-guide.en.pdf', body: [50, 50] },
  { path: 'usr/share/doc/maint-guide-ru/maint-guide.ru.pdf', body: [50, 50] },
  { path: 'usr/share/doc/krb5-doc/basic.pdf', body: [50, 50] },
  { path: 'usr/share/doc/krb5-doc/user.pdf', body: [50, 50] },
  { path: 'usr/share/doc/krb5-doc/plugindev.pdf', body: [50, 50] },
  { path: 'usr/share/doc/fasta3/fasta_guide.pdf', body: [50, 50] },
  { path: 'usr/share/doc/fonts-sil-charis/documentation/pdf/features.pdf' },
  { path: 'usr/share/doc/fonts-sil-charis/documentation/pdf/history.pdf' },
  // In Ukrainian.
  { path: 'usr/share/doc/debian-edu-doc-legacy-uk/audacity-manual.pdf', body: [50, 50] },
  // Four columns, in Ukrainian and English.
  { path: 'usr/share/doc/debian-refcard/refcard-uk-a4.pdf' },
  { path: 'usr/share/doc/debian-refcard/refcard-en-lt.pdf' },
  // Two columns.
  { path: 'usr/lib/R/site-library/Rcpp/doc/Rcpp-FAQ.pdf', body: [50, 50] },
  { path: 'usr/lib/R/site-library/Rcpp/doc/Rcpp-introduction.pdf', body: [50, 50] },
  { path: 'usr/lib/R/site-library/Rcpp/doc/Rcpp-quickref.pdf', body: [50, 50] },
  { path: 'usr/share/doc/groff-base/examples/mom/sample_docs.pdf', body: [50, 50] },
  // Slides.
  { path: 'usr/share/doc/groff-base/examples/mom/slide-demo.pdf', body: [50, 50] },
]

/**
 * Poppler's reading: the better of its two. By geometry it reads what stands side by side as lines across the page, so that
 * columns come out mixed; in the order of the content (`-raw`) it does not, but keeps a program's odd order where there is one.
 */
async function readByPoppler(path: string, [top, bottom]: [number, number]): Promise<string[]> {
  const file = join(folder, path)
  const { stdout: about } = await run('pdfinfo', [file])
  const [, width, height] = /Page size: +([\d.]+) x ([\d.]+)/.exec(about) ?? []
  const area = ['-x', '0', '-y', `${top}`, '-W', `${Math.ceil(Number(width))}`]
  const crop = [...area, '-H', `${Math.round(Number(height)) - top - bottom}`]
  const read = async (order: string[]) =>
    (await run('pdftotext', [...crop, ...order, '-q', file, '-'], { maxBuffer: 2 ** 26 })).stdout
  return Promise.all([read([]), read(['-raw'])])
}

test.each(pdfs.map((each) => ({ name: basename(each.path), ...each })))('$name', async ({ path, body = [0, 0] }) => {
  const readings = await readByPoppler(path, body)
  const extracted = await extract('pdf', path)
  const all = readings.map((reading) => compare(reading, extracted))
  const { found, meant, words } = all.reduce((best, each) => (each.found > best.found ? each : best))
  expect(words).toBeGreaterThan(150)
  expect(found).toBeGreaterThanOrEqual(SHARE)
  expect(meant).toBeGreaterThanOrEqual(SHARE - 0.01)
})

/** What a part of an Office file says: the content of its `t` elements, paragraph by paragraph. */
function saidIn(xml: string): string {
  const marks = xml.matchAll(/<[wa]:t(?:\s[^>]*)?>([^<]*)|<\/[wa]:p>|<[wa]:(?:tab|br)\b/g)
  return [...marks].map(([, text = ' ']) => unescaped(text)).join('')
}

function unescaped(text: string): string {
  const named: Record<string, string> = { amp: '&', lt: '<', gt: '>', quot: '"', apos: "'", nbsp: ' ' }
  return text.replace(/&(?:#x([\da-f]+)|#(\d+)|(\w+));/gi, (_, hex, decimal, name) =>
    name ? (named[name] ?? ' ') : String.fromCodePoint(hex ? Number.parseInt(hex, 16) : Number(decimal)),
  )
}

/** What a page says: its text without tags, scripts and styles. */
function saidOn(html: string): string {
  const body = html.slice(html.search(/<body/i)).replace(/<(script|style)\b.*?<\/\1>|<!--.*?-->/gis, ' ')
  return unescaped(body.replace(/<\/?(?:a|b|code|em|i|span|strong|tt|acronym)\b[^>]*>/gi, '').replace(/<[^>]*>/g, ' '))
}

const OFFICER = 'usr/lib/R/site-library/officer/doc_examples'
const OFFICER_TESTS = 'usr/share/doc/r-cran-officer/tests/testthat/docs_dir'

const GUIDE = 'usr/share/doc/maint-guide/html/modify.en.html'
const GUIDE_RU = 'usr/share/doc/maint-guide-ru/html/first.ru.html'
const AUDACITY = 'usr/share/doc/debian-edu-doc-legacy-uk/audacity-manual.html'
const CHARIS = 'usr/share/doc/fonts-sil-charis/documentation/source'

/** `from` is a page that Pandoc makes an Office file of, for Debian has few real ones. */
const sources: { format: DocumentFormat; path: string; from?: string }[] = [
  { format: 'docx', path: `${OFFICER}/example.docx` },
  { format: 'docx', path: `${OFFICER_TESTS}/table-complex.docx` },
  { format: 'docx', path: 'guide.docx', from: GUIDE },
  { format: 'docx', path: 'guide-ru.docx', from: GUIDE_RU },
  { format: 'docx', path: 'audacity.docx', from: AUDACITY },
  { format: 'pptx', path: `${OFFICER}/example.pptx` },
  { format: 'pptx', path: `${OFFICER_TESTS}/table-complex.pptx` },
  { format: 'pptx', path: 'guide.pptx', from: GUIDE },
  { format: 'pptx', path: 'guide-ru.pptx', from: GUIDE_RU },
  { format: 'html', path: GUIDE },
  { format: 'html', path: GUIDE_RU },
  { format: 'html', path: AUDACITY },
  { format: 'markdown', path: `${CHARIS}/history.md` },
  { format: 'markdown', path: `${CHARIS}/faq.md` },
  { format: 'text', path: 'usr/share/doc/debian/FAQ/debian-faq.ru.txt' },
]

const SLIDES = /^ppt\/slides\/slide\d+\.xml$/
const DOCUMENT = /^word\/document\.xml$/

test.each(sources.map((each) => ({ name: basename(each.path), ...each })))('$name', async ({ format, path, from }) => {
  if (from !== undefined) await run('pandoc', ['--quiet', '-f', 'html', '-o', join(folder, path), join(folder, from)])
  const file = await readFile(join(folder, path))
  const { found, meant, words } = compare(sourceOf(format, file), await extract(format, path))
  expect(words).toBeGreaterThan(15)
  expect(found).toBeGreaterThanOrEqual(SHARE)
  // More than the source's text are alternative texts, and on a page its title.
  expect(meant).toBeGreaterThanOrEqual(SHARE - 0.02)
})

function sourceOf(format: DocumentFormat, file: Buffer): string {
  if (format === 'docx') return partsOf(file, DOCUMENT)
  if (format === 'pptx') return partsOf(file, SLIDES)
  if (format === 'html') return saidOn(`${file}`)
  // Without the front matter, the addresses of links, and tags.
  return format === 'markdown' ? `${file}`.replace(/^---\n.*?\n---\n|\]\([^)]*\)|<[^>]*>/gs, ' ') : `${file}`
}

function partsOf(file: Buffer, wanted: RegExp): string {
  const archive = openZip(file, defaultLimits)
  const number = (name: string) => Number(/\d+/.exec(name)?.[0])
  const names = archive.names.filter((name) => wanted.test(name)).sort((a, b) => number(a) - number(b))
  return names.map((name) => saidIn(`${archive.read(name)}`)).join('\n')
}
