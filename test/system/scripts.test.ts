import { execFileSync, spawnSync } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { expect, test } from 'vitest'

const files = execFileSync('git', ['ls-files', '--cached', '--others', '--exclude-standard'], { encoding: 'utf8' })
const scripts = files
  .split('\n')
  .filter((file) => existsSync(file))
  .filter((file) => file.endsWith('.sh') || (/(^|\/)[^./]+$|\.plugin$/.test(file) && isScript(file)))
const sourced = scripts.filter((file) => /^# shellcheck shell=/m.test(readFileSync(file, 'utf8')))

function isScript(file: string): boolean {
  return /^#!.*\b(ba)?sh\b/.test(readFileSync(file, 'utf8').slice(0, 40))
}

function shellcheck(some: string[], { except, text }: { except?: string; text?: string } = {}) {
  const options = ['--external-sources', '--source-path=SCRIPTDIR', '--severity=warning', '--format=gcc']
  const { stdout, status } = spawnSync(
    'shellcheck',
    [...options, ...(except ? [`--exclude=${except}`] : []), ...some],
    {
      encoding: 'utf8',
      ...(text === undefined ? {} : { input: text }),
    },
  )
  return { status, said: stdout }
}

test('there are scripts, those without an extension among them', () => {
  expect(scripts).toEqual(
    expect.arrayContaining(['deploy/backup.sh', '.ci/run', 'deploy/netdata/course-supporter.plugin']),
  )
  expect(sourced).toContain('deploy/tls/settings.sh')
})

test('scripts are sound', () => {
  const run = scripts.filter((file) => !sourced.includes(file))
  expect(shellcheck(run)).toEqual({ status: 0, said: '' })
})

test('and what they are made of: it uses what others set, and sets what others use', () => {
  expect(shellcheck(sourced, { except: 'SC2154,SC2034' })).toEqual({ status: 0, said: '' })
})

test('what is unsound would be seen', () => {
  expect(shellcheck(['-'], { text: '#!/bin/bash\ncd $1\nrm -rf *\n' }).status).toBe(1)
})
