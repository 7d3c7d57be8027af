import { beforeAll, describe, expect, test } from 'vitest'
import { describedApi } from './openapi.ts'

type Parameter = { name: string; in: string; required?: boolean; description?: string; schema?: object }
type Answer = { headers?: Record<string, object>; content?: Record<string, object> }
type Operation = {
  operationId: string
  description: string
  parameters?: Parameter[]
  requestBody?: object
  responses: Record<string, Answer & { $ref?: string }>
}
type Document = { paths: Record<string, Record<string, Operation>>; components: { schemas: Record<string, object> } }

let document: Document
let operations: Operation[]

beforeAll(async () => {
  document = JSON.parse(await describedApi())
  operations = Object.values(document.paths).flatMap((path) => Object.values(path))
})

const operation = (id: string) => {
  const found = operations.find(({ operationId }) => operationId === id)
  if (found === undefined) throw new Error(`There is no ${id}`)
  return found
}

describe('the OpenAPI document', () => {
  test('prefills no parameter that may be left out, and every id of a path', () => {
    const inPlaces = (place: string) =>
      operations.flatMap(({ parameters = [] }) => parameters.filter((p) => p.in === place))
    const optional = inPlaces('query').filter(({ required }) => required !== true)
    expect(optional.length).toBeGreaterThan(10)
    expect(optional.filter((parameter) => /"examples?":/.test(JSON.stringify(parameter)))).toEqual([])
    const ids = inPlaces('path').filter(({ name }) => name === 'courseId')
    expect(ids.filter((parameter) => !/"examples?":/.test(JSON.stringify(parameter)))).toEqual([])
  })

  test('has no example that only some course could take', () => {
    const bodies = operations.map(({ requestBody }) => JSON.stringify(requestBody ?? {}))
    expect(bodies.filter((body) => /"(?:replaces|external_id)":\{[^}]*"examples?":/.test(body))).toEqual([])
    const examples = Object.values(document.components.schemas).map((schema) =>
      JSON.stringify(Reflect.get(schema, 'examples') ?? []),
    )
    expect(examples.filter((example) => /"(?:replaces|external_id)"/.test(example))).toEqual([])
  })

  test('names what an author sends, part by part', () => {
    for (const [part, inside] of [
      ['CourseInput', 'ModuleInput'],
      ['ModuleInput', 'LessonInput'],
      ['LessonInput', 'ConceptInput'],
      ['LessonInput', 'ExerciseInput'],
    ] as const) {
      expect(document.components.schemas[inside]).toMatchObject({ type: 'object', additionalProperties: false })
      expect(JSON.stringify(document.components.schemas[part])).toContain(`"#/components/schemas/${inside}"`)
    }
  })

  test('tells of ETag and If-Match as they are spelled', () => {
    for (const id of ['getCourse', 'putStructure']) {
      expect(operation(id).responses['200']?.headers).toHaveProperty('ETag.description')
    }
    const header = operation('putStructure').parameters?.find((parameter) => parameter.in === 'header')
    expect(header).toMatchObject({ name: 'If-Match', description: expect.stringContaining('ETag') })
    expect(header?.required ?? false).toBe(false)
    const key = operation('generateStructure').parameters?.find((parameter) => parameter.in === 'header')
    expect(key?.name).toBe('Idempotency-Key')
  })

  test('tells of Prefer where it is honoured', () => {
    const { parameters = [], responses } = operation('checkHomework')
    const headers = parameters.filter((parameter) => parameter.in === 'header').map(({ name }) => name)
    expect(headers.toSorted()).toEqual(['Idempotency-Key', 'Prefer'])
    for (const status of ['200', '202'])
      expect(responses[status]?.headers).toHaveProperty('Preference-Applied.description')
  })

  test('says what is taken, what it takes to read it, and what is not there yet', () => {
    const { description } = operation('addMaterial')
    const [taken = '', reading = ''] = description.split('Films and recordings')
    for (const line of [
      '- `video`: .mp4 .webm .mkv .mov .mp3 .m4a .wav .srt .vtt',
      '- `presentation`: .pdf .pptx',
      '- `text`: .md .markdown .txt .html .htm .docx .pdf',
    ]) {
      expect(taken).toContain(line)
    }
    expect(reading).toContain('`transcription.not_configured`')
    expect(reading).toContain('video platforms are refused')
    expect(operation('checkHomework').description).toContain('`Prefer: wait=30`')
  })

  test('shows the cost report as CSV, too, and how long to wait for materials', () => {
    expect(Object.keys(operation('getCostReport').responses['200']?.content ?? {})).toEqual([
      'application/json',
      'text/csv',
    ])
    expect(operation('generateStructure').responses['409']?.headers).toHaveProperty('Retry-After')
  })
})
