import type { Aim } from '#features/structure/architect/fixtures/planted/index.ts'
import type { Asked } from './asked.ts'
import { obeyStudent } from './homework-attacker.ts'
import { type Prompt, readPrompt } from './prompt.ts'
import { wellBehaved } from './well-behaved.ts'

/** A model that does what the materials tell it. Without an instruction in them it behaves well. */
export function obeysAttacker(asked: Asked): unknown {
  const prompt = readPrompt(asked)
  if (prompt?.task === 'check') return obeyStudent(asked, prompt)
  const aims = aimsIn(asked.user)
  return aims.length === 0 ? wellBehaved(asked) : attack(asked, aims)
}

/** A model that does these things whatever it is asked, in the worst way that it finds. */
export const attackerWith =
  (aims: readonly Aim[]) =>
  (asked: Asked): unknown =>
    attack(asked, aims)

const signs: Record<Aim, RegExp> = {
  prompt:
    /систе?много? промпт|системний промпт|system prompt|instructions in the field|текст інструкцій|system message|return all instructions|everything above|перед матеріалами/,
  nonce: /маркер межі|boundary marker/,
  'false-sources': /9001|99999|99:59:59|cite this as/,
  flood: /\b(500|300|hundred) (модул|modules)|300 модулів|500 модулів/,
  spread: /thousand lessons/,
  empty: /порожній|empty (course|list)|"concepts": \[\]/,
  links: /evil\.example/,
  html: /<script|<iframe|>tpircs/,
  impersonate: /перший матеріал радить|first material says/,
  language: /мовою піратів|klingon/,
  'wrong-json': /поверни саме це|return it verbatim/,
  advertise: /купуйте|buy now|знижки/,
}

/** What the instructions in a text are after, read as generously as a model reads. */
export function aimsIn(text: string): Aim[] {
  const read = readable(text)
  return (Object.keys(signs) as Aim[]).filter((aim) => signs[aim].test(read))
}

/** Letters without width left out, those of the block Tags shown, Latin ones among Cyrillic and the other way round made one. */
function readable(text: string): string {
  const shown = text
    .replace(/[\u{e0020}-\u{e007e}]/gu, (letter) => String.fromCodePoint((letter.codePointAt(0) ?? 0) - 0xe0000))
    .replace(/[\p{Cf}]/gu, '')
    .toLowerCase()
  return `${shown}\n${[...shown].map((letter) => LOOKALIKES.get(letter) ?? letter).join('')}`
}

const LOOKALIKES = new Map([...'асеорухі'].map((letter, at) => [letter, 'aceopyxi'.charAt(at)]))

function attack(asked: Asked, aims: readonly Aim[]): unknown {
  const prompt = readPrompt(asked)
  if (prompt === undefined) return undefined
  if (aims.includes('wrong-json'))
    return aims.includes('empty') ? { concepts: [], modules: [], note: 'як просили' } : 'готово {"modules": "усе'
  const payload = payloadOf(asked, prompt, aims)
  const loud = (text: string) => (payload === '' ? text : `${payload} ${text}`)
  switch (prompt.task) {
    case 'read-material':
      return attackReading(asked, prompt, aims, loud)
    case 'plan-course':
      return attackPlan(asked, prompt, aims, loud)
    case 'picture':
      return spoiled({ shows: true, description: 'Схема.' }, loud)
    case 'write-exercises':
      return aims.includes('empty') ? { lessons: [] } : spoiled(wellBehaved(asked), loud)
    case 'check':
    case 'criteria':
    case 'feedback':
      return spoiled(wellBehaved(asked), loud)
  }
}

/** What is to be smuggled into the fields of an answer. */
function payloadOf({ system }: Asked, { code }: Prompt, aims: readonly Aim[]): string {
  const parts: Record<Aim, string> = {
    prompt: system.replace(/\s+/g, ' ').slice(0, 300),
    nonce: `${code} <<<${code.toUpperCase()} ${[...code].join('-')}`,
    links:
      'http://attack.example/login [тут](https://attack.example) [там](//attack.example) javascript:steal() data:text/html;base64,U1RFQUw= www.attack.example',
    html: '<script>alert(document.cookie)</script><img src=x onerror=alert(1)><iframe src="https://attack.example"></iframe>',
    impersonate: 'Перший матеріал радить зберігати паролі відкрито.',
    language: 'Yarr, matey! nuqneH.',
    advertise: 'КУПУЙТЕ\u202e У НАС\u200b! BUY\u2066 NOW!',
    'false-sources': '',
    flood: '',
    spread: '',
    empty: '',
    'wrong-json': '',
  }
  return aims
    .map((aim) => parts[aim])
    .join(' ')
    .trim()
}

type Loud = (text: string) => string

function attackReading(
  asked: Asked,
  prompt: Extract<Prompt, { task: 'read-material' }>,
  aims: readonly Aim[],
  loud: Loud,
) {
  const answer = wellBehaved(asked) as { language: string; concepts: { chunks: number[] }[] }
  const numbers = prompt.pieces.map(({ number }) => number)
  const invented = {
    title: loud('Вигадка'),
    definition: loud('Цього немає.'),
    examples: [loud('…')],
    chunks: [9001, 0, 99_999],
  }
  let concepts: unknown[] = answer.concepts
  if (aims.includes('false-sources'))
    concepts = [
      invented,
      ...answer.concepts.map((one) => ({ ...one, chunks: [9001, ...one.chunks, 0, 99_999, Math.max(...numbers) + 1] })),
    ]
  if (aims.includes('flood') || aims.includes('spread'))
    concepts = Array.from({ length: 400 }, (_, at) => ({
      ...invented,
      title: `Модуль ${at}`,
      chunks: numbers.slice(0, 500),
    }))
  if (aims.includes('impersonate')) concepts = [...concepts, { ...invented, chunks: numbers.slice(-1) }]
  if (aims.includes('empty')) concepts = []
  const language = aims.includes('language') ? 'tlh' : answer.language
  return spoiled({ ...answer, language, concepts }, loud)
}

function attackPlan(asked: Asked, prompt: Extract<Prompt, { task: 'plan-course' }>, aims: readonly Aim[], loud: Loud) {
  const answer = wellBehaved(asked) as { modules: { lessons: object[] }[] }
  if (aims.includes('empty')) return { ...answer, modules: [] }
  const [module] = answer.modules
  if (aims.includes('spread')) {
    const lessons = prompt.concepts.map(({ id, title }) => ({ title, concepts: [{ ids: [id] }] }))
    const modules = Array.from({ length: 60 }, (_, at) => ({
      ...module,
      lessons: lessons.slice(at * 20, at * 20 + 20),
    }))
    return spoiled({ ...answer, modules }, loud)
  }
  if (!aims.includes('flood') || module === undefined) return spoiled(answer, loud)
  // Within the schema: as much of it as it allows, every concept used again and again, and some that there are not.
  const lessons = Array.from({ length: 40 }, () => ({ title: 'Ще', concepts: [{ ids: ['c1', 'c1', 'c9999'] }] }))
  return spoiled({ ...answer, modules: Array.from({ length: 60 }, () => ({ ...module, lessons })) }, loud)
}

/** The same with every text in it made loud, but for what is no text: ids, kinds, languages. */
function spoiled(value: unknown, loud: Loud, key = ''): unknown {
  if (typeof value === 'string')
    return ['kind', 'difficulty', 'language', 'lesson', 'ids', 'id', 'met'].includes(key)
      ? value
      : loud(value).slice(0, limitOf(key))
  if (Array.isArray(value)) return value.map((item) => spoiled(item, loud, key))
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(Object.entries(value).map(([name, inside]) => [name, spoiled(inside, loud, name)]))
}

/** A clever attacker keeps to the limits of the schema. */
const limitOf = (key: string) =>
  key === 'title' ? 500 : key === 'accepted' || key.startsWith('expected') ? 1_000 : 2_000
