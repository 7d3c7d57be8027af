import mammoth from 'mammoth'
import { ExtractionError } from '../errors.ts'
import { type Document, placePieces } from './blocks.ts'
import { cleanInline } from './clean.ts'
import { parseDocument } from './dom.ts'
import { piecesOf } from './html-pieces.ts'
import { lineOf } from './html-text.ts'
import { expand, readZip, type ZipEntry } from './zip.ts'

/** Word's own `Title` style becomes the document's title. Images keep their description, and their bytes are never read. */
const conversion = {
  styleMap: ["p[style-name='Title'] => title:fresh", "p[style-name='Subtitle'] => p:fresh"],
  includeEmbeddedStyleMap: false,
  convertImage: mammoth.images.imgElement(async () => ({ src: '' })),
}

/** Reads a Word document: its title is the first paragraph of the style `Title`, else the one in its properties. */
export async function readDocx(
  bytes: Buffer,
  options: { maxChunkChars: number; maxExpandedBytes: number },
): Promise<Document> {
  const properties = checkArchive(readZip(bytes), options.maxExpandedBytes)
  const html = await toHtml(bytes)
  const { title, pieces } = piecesOf(parseDocument(html))
  return { title: title ?? titleOf(properties), blocks: placePieces(pieces, options.maxChunkChars) }
}

/** Expands what will be parsed once, to count what comes out. Returns the properties' XML. */
function checkArchive(entries: ZipEntry[], maxExpandedBytes: number): string {
  if (!entries.some((entry) => entry.name === '[Content_Types].xml')) throw new ExtractionError('extract.unreadable')
  let left = maxExpandedBytes
  let properties = ''
  for (const entry of entries) {
    if (!/\.(?:xml|rels)$/i.test(entry.name)) continue
    const content = expand(entry, left)
    left -= content.length
    if (entry.name === 'docProps/core.xml') properties = content.toString('utf8')
  }
  return properties
}

async function toHtml(bytes: Buffer): Promise<string> {
  try {
    return (await mammoth.convertToHtml({ buffer: bytes }, conversion)).value
  } catch (error) {
    // Its XML reader throws plain errors of many kinds; running out of memory or stack is for the caller to tell apart.
    if (error instanceof RangeError) throw error
    throw new ExtractionError('extract.unreadable', undefined, { cause: error })
  }
}

function titleOf(properties: string): string | null {
  const title = /<dc:title[^>]*>([^<]*)<\/dc:title>/.exec(properties)?.[1] ?? ''
  return cleanInline(lineOf(parseDocument(`<p>${title}</p>`))) || null
}
