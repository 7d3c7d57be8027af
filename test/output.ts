import { appendFileSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { inject } from 'vitest'
import { ROLES } from './template.ts'

declare module 'vitest' {
  export interface ProvidedContext {
    /** Where everything is kept that was logged or printed during the run. */
    outputFolder: string
  }
}

/** Keeps what a program has logged or printed, so that all of it can be searched for secrets when the run is over. */
export function keepOutput(text: string): void {
  if (text !== '') appendFileSync(join(inject('outputFolder'), `${process.pid}.log`), text)
}

const SECRETS: [string, RegExp][] = [
  ['an API key', /cs_(live|test)_[0-9a-f]{32}/],
  ['a password in a URL', /\b[a-z]+:\/\/[^\s:@/"]*:(?!\[redacted\])[^\s@/"]+@/],
  ...Object.values(ROLES).map(({ name, password }): [string, RegExp] => [
    `the password of ${name}`,
    new RegExp(password),
  ]),
]

/** The lines of all files in a folder that hold a secret, each with what it is. */
export function findSecrets(folder: string): string[] {
  const files = readdirSync(folder).map((name) => readFileSync(join(folder, name), 'utf8'))
  const lines = files.flatMap((text) => text.split('\n'))
  return SECRETS.flatMap(([what, pattern]) =>
    lines.filter((line) => pattern.test(line)).map((line) => `${what}: ${line}`),
  )
}
