import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { PROVIDERS } from '../registry.ts'
import { readRegistry } from './read-registry.ts'

const SHIPPED = readFileSync(new URL('../../../../config/llm.yaml', import.meta.url), 'utf8')

const shippedActions = [
  'course_structuring',
  'material_analysis',
  'presentation_analysis',
  'transcription',
  'homework_check',
]
const strategies = ['default', 'quality', 'budget']

test('the shipped registry is right, and one key of any provider but an own server is enough for text', () => {
  const { models, actions } = readRegistry(SHIPPED, { actions: shippedActions, strategies })
  expect([...actions.keys()]).toEqual(shippedActions)
  const used = new Set<string>()
  for (const [action, { chains }] of actions) {
    expect([...chains.keys()], action).toEqual(strategies)
    for (const [strategy, chain] of chains) {
      for (const { name } of chain) used.add(name)
      const providers = [...new Set(chain.map(({ provider }) => provider))].toSorted()
      const expected =
        action === 'transcription' ? ['openai'] : PROVIDERS.filter((name) => name !== 'compatible').toSorted()
      expect(providers, `${action} ${strategy}`).toEqual(expected)
    }
  }
  expect([...used].toSorted()).toEqual([...models.keys()].toSorted())
})

/** The registry with an example in it that stands there as a comment. */
function withExample(name: string) {
  const [, example = ''] = new RegExp(`^ {2}# (${name}:\\n(?: {2}# .*\\n)+)`, 'm').exec(SHIPPED) ?? []
  return SHIPPED.replace('models:\n', `models:\n  ${example.replaceAll(/^ {2}# /gm, '  ')}`)
}

test('the example of an own server that hears can be used as it stands', () => {
  const text = withExample('local-whisper').replace('[whisper-1]', '[local-whisper, whisper-1]')
  const { actions } = readRegistry(text, { actions: shippedActions, strategies })
  const [model] = actions.get('transcription')?.chains.get('quality') ?? []
  expect(model).toMatchObject({ provider: 'compatible', contextWindow: 0, prices: [{ price: { hour: 0n } }] })
})

test('the example of an own server can be used as it stands', () => {
  const text = withExample('local-qwen')
  const { actions } = readRegistry(text.replace('deepseek-v4-pro]', 'deepseek-v4-pro, local-qwen]'), {
    actions: shippedActions,
    strategies,
  })
  expect(actions.get('course_structuring')?.chains.get('default')?.at(-1)).toMatchObject({
    provider: 'compatible',
    contextWindow: 131_072,
  })
})

const SMALL = `
models:
  small:
    provider: openai
    id: small-1
    capabilities: [structured_output]
    context_window: 1000
    max_output: 100
    price: { input: '0.1', cache_write: 0.125, output: 2.5, tiers: [{ above: 500, input: 0.2, output: 5 }] }
  ear:
    provider: compatible
    id: ear:1
    capabilities: [transcription]
    price: { hour: 0.36 }
actions:
  read:
    needs: [structured_output]
    chains:
      default: [small]
  hear:
    needs: [transcription]
    chains: { default: [ear], quality: [ear] }
`
const known = { actions: ['read', 'hear'], strategies: ['default', 'quality'], source: 'a.yaml' }

test('prices are exact; a strategy without a chain has the default one', () => {
  const { models, actions } = readRegistry(SMALL, known)
  const source = 'a.yaml'
  expect(models.get('small')?.prices).toEqual([
    {
      above: 0,
      price: {
        input: 100_000_000n,
        cacheRead: 100_000_000n,
        cacheWrite: 125_000_000n,
        output: 2_500_000_000n,
        hour: 0n,
        source,
      },
    },
    {
      above: 500,
      price: {
        input: 200_000_000n,
        cacheRead: 200_000_000n,
        cacheWrite: 200_000_000n,
        output: 5_000_000_000n,
        hour: 0n,
        source,
      },
    },
  ])
  const none = { input: 0n, cacheRead: 0n, cacheWrite: 0n, output: 0n, source }
  expect(models.get('ear')).toMatchObject({
    contextWindow: 0,
    prices: [{ above: 0, price: { ...none, hour: 360_000_000n } }],
  })
  expect(actions.get('read')?.chains.get('quality')).toEqual([models.get('small')])
})

function problemOf(text: string): string {
  try {
    readRegistry(text, known)
  } catch (error) {
    return error instanceof Error ? error.message : String(error)
  }
  return ''
}

test.each<[string, string, string, string[]]>([
  ['an unknown key', 'id: small-1', 'id: small-1\n    pricee: 1', ['models.small has an unknown key: pricee']],
  ['an unknown key at the top', 'actions:', 'action: {}\nactions:', ['the file has an unknown key: action']],
  [
    'an unknown provider',
    'provider: openai',
    'provider: opanai',
    ['models.small.provider must be', 'gemini, anthropic'],
  ],
  [
    'an unknown capability',
    '[structured_output]\n    context',
    '[json]\n    context',
    ['models.small.capabilities.0 must be', 'vision'],
  ],
  ['an id with a space', 'small-1', 'small 1', ['models.small.id must match']],
  ['no window', '    context_window: 1000\n', '', ['models.small.context_window is missing']],
  ['no output', '    max_output: 100\n', '', ['models.small.max_output is missing']],
  ['a window of a string', '1000', "'1000'", ['models.small.context_window must be integer']],
  ['a window of nothing', '1000', '0', ['models.small.context_window must be >= 1']],
  ['more output than window', 'max_output: 100', 'max_output: 2000', ['models.small.max_output is more']],
  [
    'a long context that is short',
    'capabilities: [structured',
    'capabilities: [long_context, structured',
    ['models.small has long_context'],
  ],
  [
    'an empty chain',
    'default: [small]',
    'default: []',
    ['actions.read.chains.default must NOT have fewer than 1 items'],
  ],
  [
    'an unknown model',
    'default: [small]',
    'default: [small, smal]',
    ['actions.read.chains.default has an unknown model: smal'],
  ],
  [
    'an inherited name',
    'default: [small]',
    'default: [toString]',
    ['actions.read.chains.default has an unknown model: toString'],
  ],
  [
    'a model twice',
    'default: [small]',
    'default: [small, small]',
    ['actions.read.chains.default must NOT have duplicate items'],
  ],
  [
    'a model that lacks something',
    'default: [small]',
    'default: [ear]',
    ['actions.read.chains.default has ear, which lacks structured_output'],
  ],
  [
    'one that cannot hear',
    'provider: compatible',
    'provider: gemini',
    ['models.ear has transcription, for which only openai and compatible are asked'],
  ],
  ['an unknown need', 'needs: [transcription]', 'needs: [ears]', ['actions.hear.needs.0 must be']],
  [
    'an unknown strategy',
    'quality:',
    'qualty:',
    ['actions.hear.chains.qualty is not a strategy: there are default, quality'],
  ],
  ['no default', 'default: [small]', 'quality: [small]', ['actions.read.chains.default is missing']],
  [
    'a missing action',
    'hear:',
    'heer:',
    ['actions.hear is missing', 'actions.heer is not an action: there are read, hear'],
  ],
  ['no chains', '    chains:\n      default: [small]\n', '', ["actions.read must have required property 'chains'"]],
  [
    'the same model twice',
    'provider: compatible\n    id: ear:1',
    'provider: openai\n    id: small-1',
    ['models.ear is the same as models.small: small-1 of openai'],
  ],
  ['a key twice', '  ear:', '  small:', ['Map keys must be unique at line 10']],
  ['no YAML', 'models:', 'models: [', ['line']],
  ['an unknown alias', 'chains: { default: [ear], quality: [ear] }', 'chains: *text', ['Unresolved alias']],
  ['another file', SMALL, 'hello', ['the file must be object']],
  ['nothing', SMALL, '', ['the file must be object']],
  ['a negative price', 'output: 2.5', 'output: -2.5', ['models.small.price.output must be USD']],
  ['a price in words', "'0.1'", 'cheap', ['models.small.price.input must be USD']],
  ['a price by mistake', 'output: 2.5', 'output: 2500000', ['models.small.price.output must be USD']],
  ['a price finer than money', "'0.1'", "'0.0000000001'", ['models.small.price.input must be USD']],
  ['half a price', 'output: 2.5, ', '', ['models.small.price.output is missing']],
  ['half a tier', '0.2, output: 5', '0.2', ['models.small.price.tiers.0.output is missing']],
  [
    'no price in a price',
    '{ hour: 0.36 }',
    '{}',
    ['models.ear.price.input is missing', 'models.ear.price.output is missing'],
  ],
  [
    'tiers out of order',
    'output: 5 }',
    'output: 5 }, { above: 500, input: 1, output: 1 }',
    ['models.small.price.tiers.1.above must be more'],
  ],
])('%s is refused, with its place', (_name, from, to, problems) => {
  expect(SMALL).toContain(from)
  const message = problemOf(SMALL.replace(from, to))
  for (const problem of problems) expect(message).toContain(problem)
  for (const told of message.split('; '))
    expect(
      problems.some((problem) => told.includes(problem)),
      told,
    ).toBe(true)
})

test('everything that is wrong is told at once', () => {
  const edits = [
    ['openai', 'opanai'],
    ['max_output: 100', 'max_output: x'],
    ["'0.1'", '[]'],
    ['price: { hour: 0.36 }', 'price: { hour: -1 }'],
    ['hear:', 'heer:'],
    ['[small]', '[small, smal]'],
  ] as const
  const wrong = edits.reduce((text, [from, to]) => text.replace(from, to), `${SMALL}\nmore: 1`)
  const places = problemOf(wrong).matchAll(/(?<=: |; )(models|actions|the file)[^ ]*/g)
  expect([...new Set([...places].map(([place]) => place))]).toEqual([
    'the file',
    'models.small.provider',
    'models.small.max_output',
    'models.small.price.input',
    'models.ear.price.hour',
    'actions.hear',
    'actions.read.chains.default',
    'actions.heer',
  ])
})
