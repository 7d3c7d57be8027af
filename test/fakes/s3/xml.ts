import { S3Error } from './s3-error.ts'

const XMLNS = 'http://s3.amazonaws.com/doc/2006-03-01/'

type Content = string | number | boolean | undefined | Fields | Fields[]
type Fields = { [name: string]: Content }

/** A document of nested elements. An array repeats its element; undefined leaves it out. */
export function xmlDocument(root: string, fields: Fields): string {
  return `<?xml version="1.0" encoding="UTF-8"?>\n<${root} xmlns="${XMLNS}">${children(fields)}</${root}>`
}

/** Errors have no namespace. */
export function errorDocument({ code, message }: S3Error, resource: string): string {
  return `<?xml version="1.0" encoding="UTF-8"?>\n<Error>${children({ Code: code, Message: message, Resource: resource })}</Error>`
}

/** The part numbers and ETags (without quotes) of a CompleteMultipartUpload document, in its order. */
export function readCompletedParts(document: string): { number: number; etag: string }[] {
  const parts = elementsOf(document, 'Part').map((part) => ({
    number: Number(/<PartNumber>\s*(\d+)\s*<\/PartNumber>/.exec(part)?.[1]),
    etag: (/<ETag>([\s\S]*?)<\/ETag>/.exec(part)?.[1] ?? '').replaceAll(/&quot;|&#34;|"/g, '').trim(),
  }))
  if (!document.includes('<CompleteMultipartUpload') || parts.length === 0 || parts.some((part) => !part.number)) {
    throw malformed()
  }
  return parts
}

/** The document of these parts, which are XML already. */
export function xmlOfParts(root: string, name: string, parts: string[]): string {
  const inside = parts.map((part) => `<${name}>${part}</${name}>`).join('')
  return `<?xml version="1.0" encoding="UTF-8"?>\n<${root} xmlns="${XMLNS}">${inside}</${root}>`
}

/** The insides of all elements of this name, which must not contain their like. */
export function elementsOf(document: string, name: string): string[] {
  return [...document.matchAll(new RegExp(`<${name}>([\\s\\S]*?)</${name}>`, 'g'))].map(([, inside = '']) => inside)
}

/** The same as plain text. */
export function textsOf(document: string, name: string): string[] {
  return elementsOf(document, name).map((text) =>
    text.trim().replaceAll('&lt;', '<').replaceAll('&gt;', '>').replaceAll('&quot;', '"').replaceAll('&amp;', '&'),
  )
}

export function malformed(): S3Error {
  return new S3Error(
    400,
    'MalformedXML',
    'The XML you provided was not well-formed or did not validate against our schema.',
  )
}

function children(fields: Fields): string {
  return Object.entries(fields)
    .map(([name, content]) =>
      Array.isArray(content) ? content.map((one) => element(name, one)).join('') : element(name, content),
    )
    .join('')
}

function element(name: string, content: Exclude<Content, Fields[]>): string {
  if (content === undefined) return ''
  return `<${name}>${typeof content === 'object' ? children(content) : escaped(String(content))}</${name}>`
}

function escaped(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;')
}
