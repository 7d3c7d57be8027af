import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'

/** A prompt as a file has it. `version` is `name@number`; `text` may hold `{{placeholders}}`. */
export type Prompt = { version: string; text: string }

/**
 * The prompts of a folder, by name: of `name.v1.md`, `name.v2.md`, … the highest, as older ones are kept for those who read the ledger.
 * Throws one Error that names every file that is misnamed or empty, or says that there is none.
 */
export async function readPrompts(folder: string): Promise<ReadonlyMap<string, Prompt>> {
  const highest = new Map<string, number>()
  const problems: string[] = []
  for (const file of (await readdir(folder)).filter((name) => !name.startsWith('.'))) {
    const [, name, version] = FILE_NAME.exec(file) ?? []
    if (name === undefined) problems.push(`${file} is not named like outline.v1.md`)
    else highest.set(name, Math.max(highest.get(name) ?? 0, Number(version)))
  }
  const prompts = new Map<string, Prompt>()
  for (const [name, version] of [...highest].toSorted()) {
    const file = `${name}.v${version}.md`
    const text = (await readFile(join(folder, file), 'utf8')).trim()
    if (text === '') problems.push(`${file} is empty`)
    prompts.set(name, { version: `${name}@${version}`, text })
  }
  if (prompts.size === 0) problems.push('there is no prompt in it')
  if (problems.length > 0) throw new Error(`The folder of prompts ${folder} is wrong: ${problems.join('; ')}.`)
  return prompts
}

/**
 * The prompt's text with every `{{placeholder}}` replaced by its value, which is taken as it is: what looks like a placeholder in a value
 * stays. Throws an Error for a placeholder without a value, and for a value without a placeholder.
 */
export function fill(prompt: Prompt, values: Readonly<Record<string, string>>): string {
  const unused = new Set(Object.keys(values))
  const text = prompt.text.replace(PLACEHOLDER, (_whole, inner: string) => {
    const value = Object.hasOwn(values, inner) ? values[inner] : undefined
    if (value === undefined) throw new Error(`The prompt ${prompt.version} has a placeholder without a value: ${inner}`)
    unused.delete(inner)
    return value
  })
  if (unused.size > 0) throw new Error(`The prompt ${prompt.version} has no placeholder for: ${[...unused].join(', ')}`)
  return text
}

const FILE_NAME = /^([a-z][a-z0-9_-]*)\.v([1-9]\d{0,5})\.md$/

const PLACEHOLDER = /\{\{(.*?)\}\}/gs
