import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { expect, onTestFinished, test } from 'vitest'
import { docx, paragraph } from '../../fixtures/docx.ts'
import { box, place, pptx, pptxBomb, type SlideSource, text } from '../../fixtures/pptx.ts'
import { deflated, stored, type ZipFile, zip } from '../../fixtures/zip.ts'
import { defaultLimits } from '../../limits.ts'
import { readDocx } from './docx.ts'
import { readPptx } from './pptx.ts'

const MIB = 1024 * 1024
const W = 'xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"'

type Format = 'docx' | 'pptx'

async function textsOf(format: Format, bytes: Buffer, changes: Partial<typeof defaultLimits> = {}): Promise<string[]> {
  const limits = { ...defaultLimits, ...changes }
  const { blocks } = format === 'docx' ? await readDocx(bytes, limits) : readPptx(bytes, limits)
  return [...blocks].map((block) => block.text)
}

const unreadable = (message?: string) =>
  expect.objectContaining({ code: 'extract.unreadable', ...(message && { message: expect.stringContaining(message) }) })
const tooLarge = expect.objectContaining({ code: 'extract.too_large' })

/** A file whose text is `текст`, with more files in it. */
const fileWith: Record<Format, (more: ZipFile[]) => Buffer> = {
  docx: (more) => docx(paragraph('текст'), { more }),
  pptx: (more) => pptx([{ shapes: box(text('текст')) }], { more }),
}

/** A file whose main XML is what it is told, and nothing else. */
const fileOf: Record<Format, (xml: string) => Buffer> = {
  docx: (xml) => zip([stored('word/document.xml', xml)]),
  pptx: (xml) => zip([stored('ppt/presentation.xml', xml)]),
}

const laughs = Array.from({ length: 9 }, (_, index) => `<!ENTITY l${index + 1} "${`&l${index};`.repeat(10)}">`).join('')
const entities = (declared: string, used: string) => `<!DOCTYPE a [${declared}]><a>${used}</a>`
const attribute = (bytes: number) => `<a б="${'x'.repeat(bytes)}"/>`

const bombs: [string, string, ReturnType<typeof unreadable>][] = [
  ['billion laughs', entities(`<!ENTITY l0 "ха">${laughs}`, '&l9;'), unreadable()],
  ['quadratic blowup', entities(`<!ENTITY l "${'х'.repeat(50_000)}">`, '&l;'.repeat(50_000)), unreadable()],
  ['an entity out of a file', entities('<!ENTITY l SYSTEM "file:///etc/passwd">', '&l;'), unreadable()],
  ['an entity out of the net', '<!DOCTYPE a SYSTEM "http://127.0.0.1:9/a.dtd"><a/>', unreadable()],
  ['100 000 levels', '<a>'.repeat(100_000) + '</a>'.repeat(100_000), unreadable('nested too deeply')],
  ['an attribute of 64 MB', attribute(64 * MIB), tooLarge],
  ['an attribute that does not end', attribute(MIB).slice(0, -3), unreadable()],
  ['a comment that does not end', '<a><!--'.repeat(100_000), unreadable()],
  ['tags that do not pair up', '<a><b></b></a></a>', unreadable()],
  ['no XML', 'Це не XML', unreadable()],
]

const cases = (['docx', 'pptx'] as const).flatMap((format) =>
  bombs.map(([name, xml, error]) => ({ format, name, xml, error })),
)
test.each(cases)('$format: $name ends with a code, soon', async ({ format, xml, error }) => {
  const file = fileOf[format](xml)
  const started = performance.now()
  await expect(textsOf(format, file, { maxExpandedBytes: 100 * MIB, maxExpansionRatio: 10_000 })).rejects.toEqual(error)
  expect(performance.now() - started).toBeLessThan(5_000)
})

test('a slide of too many elements or of one endless text is refused', async () => {
  const slide = (shapes: string) => textsOf('pptx', pptx([{ shapes }]), { maxExpansionRatio: 10_000 })
  await expect(slide('<a:b/>'.repeat(650_000))).rejects.toEqual(tooLarge)
  await expect(slide(box(text('х'.repeat(MIB))))).rejects.toEqual(tooLarge)
})

test('a presentation of too many slides is refused', async () => {
  const deck = pptx([{ shapes: box(text('а')) }], { order: [0, 0, 0] })
  expect(await textsOf('pptx', deck, { maxSlides: 3 })).toEqual(['а', 'а', 'а'])
  await expect(textsOf('pptx', deck, { maxSlides: 2 })).rejects.toEqual(tooLarge)
})

test('a presentation that expands too far is refused', async () => {
  const deck = await pptxBomb(8 * MIB)
  expect(deck.length).toBeLessThan(MIB / 16)
  await expect(textsOf('pptx', deck)).rejects.toEqual(tooLarge)
  await expect(textsOf('pptx', deck, { maxExpandedBytes: 7 * MIB, maxExpansionRatio: 10_000 })).rejects.toEqual(
    tooLarge,
  )
})

test('one slide shown a thousand times is counted a thousand times', async () => {
  const deck = pptx([{ shapes: box(text('слово '.repeat(1000))) }], { order: Array.from({ length: 1000 }, () => 0) })
  await expect(textsOf('pptx', deck)).rejects.toEqual(tooLarge)
})

test.each(['docx', 'pptx'] as const)(
  '%s: macros, embedded files and archives in it are never opened',
  async (format) => {
    const folder = format === 'docx' ? 'word' : 'ppt'
    const nested = deflated(`${folder}/embeddings/архів.zip`, zip([deflated('бомба', Buffer.alloc(30 * MIB))]))
    // Either would be refused if it were expanded.
    const macros = { ...stored(`${folder}/vbaProject.bin`, 'Sub Document_Open()'), crc: 1, method: 8 as const }
    const file = fileWith[format]([nested, macros, deflated(`${folder}/media/нулі.png`, Buffer.alloc(30 * MIB))])
    expect(await textsOf(format, file)).toEqual(['текст'])
  },
)

test('what stands outside of the file is never fetched', async () => {
  const asked: string[] = []
  const server = createServer((request, response) => {
    asked.push(request.url ?? '')
    response.end('<p:sld/>')
  }).listen(0, '127.0.0.1')
  onTestFinished(() => void server.close())
  await new Promise((resolve) => server.once('listening', resolve))
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  const external = (type: string) => ({ type, target: `${url}/${type}`, external: true })

  const picture = `<p:pic><p:nvPicPr><p:cNvPr id="1" descr="Схема"/></p:nvPicPr><p:blipFill><a:blip r:link="rId1"/></p:blipFill></p:pic>`
  const diagram =
    '<p:graphicFrame><a:graphic><a:graphicData><dgm:relIds r:dm="rId2"/></a:graphicData></a:graphic></p:graphicFrame>'
  const slide: SlideSource = {
    shapes: picture + diagram,
    relations: ['image', 'diagramData', 'notesSlide'].map(external),
  }
  expect(await textsOf('pptx', pptx([slide]))).toEqual(['Схема'])

  const drawing = `<w:p><w:r><w:drawing><wp:inline xmlns:wp="http://schemas.openxmlformats.org/drawingml/2006/wordprocessingDrawing"><wp:docPr id="1" descr="Схема"/><a:graphic xmlns:a="http://schemas.openxmlformats.org/drawingml/2006/main"><a:graphicData><pic:pic xmlns:pic="http://schemas.openxmlformats.org/drawingml/2006/picture"><pic:blipFill><a:blip xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships" r:link="rId9"/></pic:blipFill></pic:pic></a:graphicData></a:graphic></wp:inline></w:drawing></w:r></w:p>`
  const relation = (id: string, type: string) =>
    `<Relationship Id="${id}" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/${type}" Target="${url}/${type}" TargetMode="External"/>`
  const word = zip([
    stored('word/document.xml', `<w:document ${W}><w:body>${paragraph('текст')}${drawing}</w:body></w:document>`),
    stored(
      'word/_rels/document.xml.rels',
      `<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">${relation('rId9', 'image')}${relation('rId8', 'attachedTemplate')}</Relationships>`,
    ),
  ])
  expect(await textsOf('docx', word)).toContain('текст')
  expect(asked).toEqual([])
})

test('a reference out of the file is not taken for one of its own parts', async () => {
  const relations = [{ type: 'notesSlide', target: '/ppt/notes.xml', external: true }]
  const note = `<p:notes><p:cSld><p:spTree>${place(text('нотатка'), { type: 'body' })}</p:spTree></p:cSld></p:notes>`
  const more = [stored('ppt/notes.xml', note)]
  const shapes = box(text('текст'))
  expect(await textsOf('pptx', pptx([{ shapes, relations }], { more }))).toEqual(['текст'])
  const own = relations.map((relation) => ({ ...relation, external: false }))
  expect(await textsOf('pptx', pptx([{ shapes, relations: own }], { more }))).toEqual(['текст', 'нотатка'])
})

test('a presentation whose slide stands outside of the file is damaged', async () => {
  const rels = `<Relationships><Relationship Id="rId1" Type="x/slide" Target="file:///etc/passwd" TargetMode="External"/></Relationships>`
  const deck = zip([
    stored('ppt/presentation.xml', '<p:presentation><p:sldIdLst><p:sldId r:id="rId1"/></p:sldIdLst></p:presentation>'),
    stored('ppt/_rels/presentation.xml.rels', rels),
  ])
  await expect(textsOf('pptx', deck)).rejects.toEqual(unreadable())
})

const mimetype = stored('mimetype', 'application/vnd.oasis.opendocument.text')
test.each<[string, Format, Buffer, string]>([
  ['a presentation', 'docx', fileWith.pptx([]), 'a Word document: it seems to be a PowerPoint presentation'],
  ['a Word document', 'pptx', fileWith.docx([]), 'a PowerPoint presentation: it seems to be a Word document'],
  ['a workbook', 'docx', zip([stored('xl/workbook.xml', '<a/>')]), 'it seems to be an Excel workbook'],
  [
    'an OpenDocument file',
    'docx',
    zip([mimetype, stored('content.xml', '<a/>')]),
    'it seems to be an OpenDocument file',
  ],
  ['some archive', 'pptx', zip([stored('фото.jpg', 'x')]), 'it seems to be a ZIP archive'],
])('%s named .%s is called by its name', async (_, format, file, sentence) => {
  await expect(textsOf(format, file)).rejects.toEqual(unreadable(sentence))
})
