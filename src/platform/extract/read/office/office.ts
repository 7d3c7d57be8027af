import type { ReadLimits } from '../../limits.ts'
import { cleanInline } from '../clean.ts'
import { otherKind } from '../signature.ts'
import { child, childrenNamed, parseXml, type XmlNode, xmlText } from './office-xml.ts'
import { type Archive, openZip } from './zip.ts'

/** An Office file whose kind is what it should be. `main` names the part that the others hang on. */
export type OfficeFile = { archive: Archive; main: string }

/** What a part refers to, by the name it uses for it; references out of the file are not among them. */
export type Relationships = Map<string, { type: string; target: string }>

const families = [
  { format: 'docx', folder: 'word/', usual: /^word\/document\.xml$/i, name: 'a Word document' },
  { format: 'pptx', folder: 'ppt/', usual: /^ppt\/presentation\.xml$/i, name: 'a PowerPoint presentation' },
  { format: 'xlsx', folder: 'xl/', usual: /^xl\/workbook\.(?:xml|bin)$/i, name: 'an Excel workbook' },
]

/** Opens an Office file. Throws `extract.unreadable` for one of another kind, and all that `openZip` throws. */
export function openOffice(bytes: Buffer, format: 'docx' | 'pptx', limits: ReadLimits): OfficeFile {
  const archive = openZip(bytes, limits)
  const main = mainOf(archive)
  const family = families.find(({ folder }) => main?.toLowerCase().startsWith(folder))
  if (main === undefined) throw otherKind(format, unknownKind(archive))
  if (family && family.format !== format) throw otherKind(format, family.name)
  return { archive, main }
}

/** A part as a tree; undefined if there is none of that name. */
export function readPart(archive: Archive, name: string): XmlNode | undefined {
  const content = archive.read(name)
  return content && parseXml(xmlText(content))
}

/** The parts that a part refers to. Targets are relative to its folder (ECMA-376 part 2, 9.3). */
export function relationshipsOf(archive: Archive, part: string): Relationships {
  const cut = part.lastIndexOf('/') + 1
  const folder = part.slice(0, cut)
  const root = readPart(archive, `${folder}_rels/${part.slice(cut)}.rels`)
  const found: Relationships = new Map()
  for (const { attributes } of childrenNamed(root, 'Relationship')) {
    const { Id: id, Target: target, Type: type = '', TargetMode: mode = '' } = attributes
    if (!id || !target || mode.toLowerCase() === 'external') continue
    found.set(id, { type: type.slice(type.lastIndexOf('/') + 1), target: resolve(folder, target) })
  }
  return found
}

/** The target of the one relationship of a type. */
export function targetOf(relationships: Relationships, type: string): string | undefined {
  return [...relationships.values()].find((each) => each.type === type)?.target
}

/** The title in the file's properties. */
export function titleInProperties(archive: Archive): string | null {
  return cleanInline(child(readPart(archive, 'docProps/core.xml'), 'title')?.text ?? '') || null
}

function mainOf(archive: Archive): string | undefined {
  return (
    targetOf(relationshipsOf(archive, ''), 'officeDocument') ??
    archive.names.find((name) => families.some(({ usual }) => usual.test(name)))
  )
}

// OpenDocument and EPUB say what they are in a file of this name, not compressed (OpenDocument 1.3 part 2, 3.3).
function unknownKind(archive: Archive): string {
  const said = archive.names.includes('mimetype') ? (archive.read('mimetype')?.toString('latin1', 0, 100) ?? '') : ''
  if (said.includes('opendocument')) return 'an OpenDocument file'
  return said.includes('epub') ? 'an EPUB book' : 'a ZIP archive'
}

function resolve(folder: string, target: string): string {
  const steps = (target.startsWith('/') ? target : `${folder}${target}`).split('/')
  const path: string[] = []
  for (const step of steps) {
    if (step === '..') path.pop()
    else if (step && step !== '.') path.push(step)
  }
  return path.join('/')
}
