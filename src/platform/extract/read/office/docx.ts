import mammoth from 'mammoth'
import { ExtractionError } from '../../errors.ts'
import type { ReadLimits } from '../../limits.ts'
import { type Document, placePieces } from '../blocks.ts'
import { parseDocument } from '../html/dom.ts'
import { piecesOf } from '../html/html-pieces.ts'
import { openOffice, titleInProperties } from './office.ts'
import { checkXml, xmlText } from './office-xml.ts'
import type { Archive } from './zip.ts'

/** Word's own `Title` style becomes the document's title. Images keep their description, and their bytes are never read. */
const conversion = {
  styleMap: ["p[style-name='Title'] => title:fresh", "p[style-name='Subtitle'] => p:fresh"],
  includeEmbeddedStyleMap: false,
  externalFileAccess: false,
  convertImage: mammoth.images.imgElement(async () => ({ src: '' })),
}

/** Reads a Word document: its title is the first paragraph of the style `Title`, else the one in its properties. */
export async function readDocx(bytes: Buffer, limits: ReadLimits): Promise<Document> {
  const { archive } = openOffice(bytes, 'docx', limits)
  const said = titleInProperties(archive)
  const { title, pieces } = piecesOf(parseDocument(await toHtml(archive)))
  return { title: title ?? said, blocks: placePieces(pieces, limits.maxChunkChars) }
}

async function toHtml(archive: Archive): Promise<string> {
  try {
    // Its own zip reader expands whatever it finds, so it reads through ours: `file` is an open archive (mammoth/lib/unzip.js).
    return (await mammoth.convertToHtml({ file: guarded(archive) } as never, conversion)).value
  } catch (error) {
    // Its XML reader throws plain errors of many kinds; running out of memory or stack is for the caller to tell apart.
    if (error instanceof RangeError || error instanceof ExtractionError) throw error
    throw new ExtractionError('extract.unreadable', undefined, { cause: error })
  }
}

/** The archive as mammoth asks for it: parts as text, every one of them XML. Nothing else of the file is ever read. */
function guarded(archive: Archive) {
  const names = new Set(archive.names)
  return {
    exists: (name: string) => names.has(name),
    async read(name: string): Promise<string> {
      const content = archive.read(name)
      if (!content) throw new ExtractionError('extract.unreadable')
      const xml = xmlText(content)
      checkXml(xml)
      return xml
    },
  }
}
