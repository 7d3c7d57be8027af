import { expect, test } from 'vitest'
import { createBackgroundOutline } from './background-outline.ts'
import { createOutlineEngine } from './outline/index.ts'
import type { SourceMaterial } from './tree.ts'

const context = (signal = new AbortController().signal) => ({ signal, progress: async () => undefined })

const material = (paragraphs: number): SourceMaterial => ({
  id: 'a',
  sourceType: 'text',
  name: 'курс',
  title: null,
  chunks: [
    { order: 1, kind: 'heading', text: 'Змінні', locator: { heading: ['Змінні'], paragraph: 0 } },
    ...Array.from({ length: paragraphs }, (_, index) => ({
      order: index + 2,
      kind: 'paragraph' as const,
      text: `Змінна ${index} — це імʼя, за яким програма зберігає значення.`,
      locator: { heading: ['Змінні'], paragraph: index + 1 },
    })),
  ],
})

test('gives what the engine itself gives', async () => {
  const input = { materials: [material(5)], slideTimes: [] }
  expect(await createBackgroundOutline().build(input, context())).toEqual(
    await createOutlineEngine().build(input, context()),
  )
})

test('does not hold up the process that waits for it', async () => {
  let turns = 0
  const counting = setInterval(() => turns++, 1)
  await createBackgroundOutline().build({ materials: [material(3_000)], slideTimes: [] }, context())
  clearInterval(counting)
  // The engine alone never gives way, whatever the machine: the count would be 0.
  expect(turns).toBeGreaterThan(0)
})

test('ends with its signal', async () => {
  const controller = new AbortController()
  const building = createBackgroundOutline().build(
    { materials: [material(10_000)], slideTimes: [] },
    context(controller.signal),
  )
  controller.abort(new Error('cancelled'))
  await expect(building).rejects.toThrow('cancelled')
})
