import type { Command } from 'commander'
import { expect, test } from 'vitest'
import { commandLine } from '#test/command-line.ts'
import { createProgram } from './program.ts'
import { createTerminal } from './terminal.ts'

// Nothing here comes as far as a database: none could be reached.
const { run } = commandLine({ DATABASE_URL: 'postgres://app:p@127.0.0.1:1/none', DATA_DIR: '/nonexistent' })

const PRODUCTION = { ENVIRONMENT: 'production' }
const ID = '01936f5e-0000-7000-8000-000000000000'

test.each([
  '',
  'nope',
  'tenant',
  'tenant nope',
  'help nope',
  'start --nope',
  'start now',
  'tenant create',
  'tenant create --name',
  'tenant list --name Школа',
  'tenant delete --name Школа',
  'tenant export --name Школа',
  'tenant budget --name Школа --monthly-usd',
  'tenant budget --name Школа --monthly-usd -5',
  'tenant budget --name Школа --monthly-usd 1e3',
  'tenant budget --name Школа --monthly-usd 12,50',
  'tenant budget --name Школа --monthly-usd 1000000000.01',
  'tenant providers --name Школа --allow none',
  'tenant providers --name Школа --allow openai,mistral',
  'tenant providers --name Школа --allow openai,all',
  'key create --tenant Школа',
  'key create --tenant Школа --scopes admin',
  'key create --tenant Школа --scopes prep --env prod',
  'key create --tenant Школа --scopes prep --rate-prep 0',
  'key create --tenant Школа --scopes prep --expires tomorrow',
  `key rotate --id ${ID}`,
  'key rotate --id 7 --overlap 24h',
  'key revoke',
  `key revoke --id ${ID} --prefix cs_live_abc1`,
  'cost --from yesterday',
  'jobs retry',
  'jobs cancel --id 7',
])('"course-supporter %s" is wrong usage', async (line) => {
  const { code, out, err } = await run(...line.split(' ').filter((word) => word !== ''))
  expect({ code, out }).toEqual({ code: 2, out: '' })
  expect(err).toMatch(
    line === '' || line === 'tenant' || line === 'help nope' ? /^Usage: course-supporter/ : /^error: .+/,
  )
})

test.each(['--help', 'help', 'key create --help', 'help tenant', '--version'])(
  '"course-supporter %s" is told',
  async (line) => {
    const { code, out, err } = await run(...line.split(' '))
    expect({ code, err }).toEqual({ code: 0, err: '' })
    expect(out).toMatch(/^(Usage: course-supporter|\d+\.\d+\.\d+\n$)/)
  },
)

test('help marks what must be given, and a wrong usage points to the help of its own command', async () => {
  const { out } = await run('key', 'create', '--help')
  expect(out).toMatch(/--tenant <name> .*\(required\)/)
  expect(out).toMatch(/--scopes <scopes> .*\(required\)/)
  expect(out).not.toMatch(/--(?:label|env|expires|json)\b.*\(required\)/)
  expect((await run('key', 'create')).err).toContain('(course-supporter key create --help shows what there is)')
  expect((await run('key', 'creat')).err).toContain('(course-supporter key --help shows what there is)')
  expect((await run('nope')).err).toContain('(course-supporter --help shows what there is)')
})

function leavesOf(command: Command): Command[] {
  return command.commands.length === 0 ? [command] : command.commands.flatMap(leavesOf)
}

test('every command has a description, and --json but for those that go on running', () => {
  const leaves = leavesOf(createProgram(createTerminal({}, process), {}))
  expect(leaves.map((leaf) => leaf.description()).filter((text) => text === '')).toEqual([])
  const withoutJson = leaves.filter((leaf) => !leaf.options.some(({ long }) => long === '--json'))
  expect(withoutJson.map((leaf) => leaf.name())).toEqual(['start', 'api', 'worker'])
})

test.each([
  [
    'a wrong variable',
    { PORT: 'x', LOG_LEVEL: 'y' },
    /PORT must be .+; LOG_LEVEL must be|LOG_LEVEL must be .+; PORT must be/,
  ],
  ['production without a database and a bucket', PRODUCTION, /DATABASE_URL is missing.+; S3_ENDPOINT is missing/],
  [
    'a database that does not answer',
    { DATABASE_URL: 'postgres://app:geheim@127.0.0.1:1/x' },
    /database cannot be used: .*ECONNREFUSED/,
  ],
  [
    'a database that is not there under any address',
    { DATABASE_URL: 'postgres://app:geheim@localhost:1/x' },
    /ECONNREFUSED/,
  ],
  [
    'a folder that cannot be made',
    { DATA_DIR: '/dev/null/дані' },
    /folder \/dev\/null\/дані \(DATA_DIR\) cannot be used/,
  ],
])('%s is one line and exit code 1', async (_name, env, line) => {
  const { code, out, err } = await commandLine(env).run('tenant', 'list')
  expect({ code, out }).toEqual({ code: 1, out: '' })
  expect(err).toMatch(/^course-supporter: [^\n]+\n$/)
  expect(err).toMatch(line)
  expect(err).not.toContain('geheim')
})
