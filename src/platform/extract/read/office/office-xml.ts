import { XMLParser } from 'fast-xml-parser'
import { ExtractionError } from '../../errors.ts'

/** An element. Names of elements are without their prefix; names of attributes are as they are written (`id`, `r:id`). */
export type XmlNode = { name: string; attributes: Record<string, string>; children: XmlNode[]; text: string }

/** Bounds of one XML part: elements, characters of one tag with its attributes, characters between two tags. */
type XmlBounds = { maxElements: number; maxTagChars: number; maxTextChars: number }

const MIB = 1024 * 1024
/** Word nests a few dozen levels deep, and PowerPoint fewer. */
const MAX_DEPTH = 256
/** For parsers of others. Drawings in Word's older format have attributes of hundreds of kilobytes. */
const loose: XmlBounds = { maxElements: Number.POSITIVE_INFINITY, maxTagChars: 4 * MIB, maxTextChars: 64 * MIB }
/** For our own, which joins a text letter by letter and holds an element in about 1 kB; a slide has a few thousand. */
const strict: XmlBounds = { maxElements: 300_000, maxTagChars: MIB / 4, maxTextChars: MIB / 4 }

const parser = new XMLParser({
  preserveOrder: true,
  ignoreAttributes: false,
  attributeNamePrefix: '',
  trimValues: false,
  parseTagValue: false,
  processEntities: false,
  ignoreDeclaration: true,
  ignorePiTags: true,
  maxNestedTags: MAX_DEPTH,
  jPath: false,
})

/** What the parser leaves of an element: its name with its children, and its attributes. */
type Parsed = { [name: string]: Parsed[] | string | Record<string, string> }

/** The text of an XML part: UTF-8, or UTF-16 with a byte order mark. */
export function xmlText(bytes: Buffer): string {
  const [a, b] = bytes
  if (a === 0xff && b === 0xfe) return new TextDecoder('utf-16le').decode(bytes)
  if (a === 0xfe && b === 0xff) return new TextDecoder('utf-16be').decode(bytes)
  return new TextDecoder('utf-8').decode(bytes)
}

/** The root element. Throws `extract.unreadable` for what is not XML, and all that `checkXml` throws. */
export function parseXml(xml: string): XmlNode {
  checkXml(xml, strict)
  const [root] = nodesOf(parse(xml))
  if (!root) throw unreadable()
  return root
}

/**
 * Goes through the tags before any parser does. Throws `extract.unreadable` for a document type (it declares entities, and
 * Office files must not have one: ECMA-376 part 2, 8.1.4), for tags that do not pair up or nest too deeply, and
 * `extract.too_large` for what is beyond the bounds.
 */
export function checkXml(xml: string, bounds = loose): void {
  let depth = 0
  let tags = 0
  let end = 0
  for (let at = xml.indexOf('<'); at >= 0; at = xml.indexOf('<', end)) {
    tags += 1
    if (at - end > bounds.maxTextChars || tags > bounds.maxElements * 2) throw tooLarge()
    if (xml.startsWith('<!--', at)) end = after(xml, '-->', at + 4)
    else if (xml.startsWith('<![CDATA[', at)) end = after(xml, ']]>', at + 9)
    else if (xml.startsWith('<?', at)) end = after(xml, '?>', at + 2)
    else if (xml.startsWith('<!', at)) throw unreadable()
    else {
      end = endOfTag(xml, at, bounds.maxTagChars)
      if (xml[at + 1] === '/') depth -= 1
      else if (xml[end - 2] !== '/') depth += 1
      if (depth < 0) throw unreadable()
      if (depth > MAX_DEPTH) {
        throw new ExtractionError('extract.unreadable', 'The file could not be read: its content is nested too deeply.')
      }
    }
  }
  if (depth !== 0 || tags === 0) throw unreadable()
}

export function child(node: XmlNode | undefined, name: string): XmlNode | undefined {
  return node?.children.find((each) => each.name === name)
}

/** The element that a path of names leads to. */
export function descend(node: XmlNode | undefined, ...names: string[]): XmlNode | undefined {
  return names.reduce(child, node)
}

export function childrenNamed(node: XmlNode | undefined, name: string): XmlNode[] {
  return node?.children.filter((each) => each.name === name) ?? []
}

/** An attribute by its name without prefix, of those that have one: `r:id`, `r:dm`. */
export function prefixed(node: XmlNode | undefined, name: string): string | undefined {
  const [, value] = Object.entries(node?.attributes ?? {}).find(([key]) => key.endsWith(`:${name}`)) ?? []
  return value
}

/** Whether an attribute says yes (`xsd:boolean`). */
export function isTrue(value: string | undefined): boolean {
  return value === '1' || value === 'true'
}

function endOfTag(xml: string, start: number, maxChars: number): number {
  for (let at = start + 1; at < xml.length; at += 1) {
    if (at - start > maxChars) throw tooLarge()
    const unit = xml[at]
    if (unit === '>') return at + 1
    if (unit === '<') break
    if (unit === '"' || unit === "'") at = after(xml, unit, at + 1) - 1
  }
  throw unreadable()
}

function after(xml: string, mark: string, from: number): number {
  const found = xml.indexOf(mark, from)
  if (found < 0) throw unreadable()
  return found + mark.length
}

function parse(xml: string): Parsed[] {
  try {
    return parser.parse(xml) as Parsed[]
  } catch (error) {
    if (error instanceof RangeError) throw error
    throw unreadable(error)
  }
}

function nodesOf(parsed: Parsed[]): XmlNode[] {
  return parsed.flatMap((each) => {
    const name = Object.keys(each).find((key) => key !== ':@' && key !== '#text')
    if (name === undefined) return []
    const content = each[name] as Parsed[]
    const attributes = Object.entries((each[':@'] ?? {}) as Record<string, string>)
    return [
      {
        name: name.slice(name.indexOf(':') + 1),
        attributes: Object.fromEntries(attributes.map(([key, value]) => [key, decode(value)])),
        children: nodesOf(content),
        text: decode(content.map((part) => (typeof part['#text'] === 'string' ? part['#text'] : '')).join('')),
      },
    ]
  })
}

const named: Record<string, string> = { amp: '&', lt: '<', gt: '>', quot: '"', apos: "'" }

/** The references that every XML has; there are no others without a document type. */
function decode(text: string): string {
  if (!text.includes('&')) return text
  return text.replace(/&(?:#x([0-9a-f]{1,6})|#(\d{1,7})|(amp|lt|gt|quot|apos));/gi, (whole, hex, decimal, name) => {
    if (name) return named[name.toLowerCase()] ?? whole
    const code = hex ? Number.parseInt(hex, 16) : Number(decimal)
    return code <= 0x10ffff ? String.fromCodePoint(code) : ''
  })
}

function tooLarge(): ExtractionError {
  return new ExtractionError('extract.too_large')
}

function unreadable(cause?: unknown): ExtractionError {
  return new ExtractionError('extract.unreadable', undefined, { cause })
}
