import { expect, test } from 'vitest'
import { readPrompts } from '#platform/llm/index.ts'
import { createArchitect } from '../architect/index.ts'
import type { Brief } from '../architect/port.ts'
import { createCallCounter } from './background-estimate.ts'

const prompts = await readPrompts(new URL('../../../../prompts', import.meta.url).pathname)
const window = { contextWindow: 128_000, maxOutput: 16_000 }
const windows = { material_analysis: window, course_structuring: window }

function briefOf(paragraphs: number): Brief {
  const text = 'Змінна — це імʼя, за яким програма зберігає значення. '.repeat(10)
  const paragraph = (_: unknown, at: number) => ({
    ...{ order: at + 1, kind: 'paragraph' as const, text },
    locator: { page: at + 1 },
  })
  const chunks = Array.from({ length: paragraphs }, paragraph)
  return {
    course: { title: 'Python', description: null, learningGoal: null },
    materials: [{ id: 'text', sourceType: 'text', name: 'урок', title: null, chunks }],
    slideTimes: [],
  }
}

test('calls are counted alike here and in a thread', async () => {
  const architect = createArchitect({ prompts })
  let counted = 0
  const expectedCalls: typeof architect.expectedCalls = (...given) => {
    counted += 1
    return architect.expectedCalls(...given)
  }
  const countCalls = createCallCounter({ expectedCalls }, prompts)
  const [short, long] = [briefOf(10), briefOf(500)]
  expect(await countCalls(short, [windows])).toEqual([architect.expectedCalls(short, windows)])
  expect(counted).toBe(1)
  const several = [windows, { ...windows, material_analysis: { contextWindow: 32_000, maxOutput: 4_000 } }]
  const both = await Promise.all([countCalls(long, several), countCalls(long, [windows])])
  const [one, other] = several.map((each) => architect.expectedCalls(long, each))
  expect(one?.length).toBeLessThan(other?.length ?? 0)
  expect(both).toEqual([[one, other], [one]])
  expect(counted).toBe(1)
})
