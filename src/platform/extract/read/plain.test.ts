import { expect, test } from 'vitest'
import { readPlain } from './plain.ts'

test('paragraphs stand between blank lines, under no heading, whatever they look like', () => {
  const text = 'РОЗДІЛ 1\r\n\r\nПерший рядок\r\nі другий.\r\n \t\r\n\r\n1. Вступ\n\n\n'
  const { title, blocks } = readPlain(text, { maxChunkChars: 8000 })
  expect(title).toBeNull()
  expect([...blocks]).toEqual([
    { kind: 'paragraph', text: 'РОЗДІЛ 1', locator: { heading: [], paragraph: 1 } },
    { kind: 'paragraph', text: 'Перший рядок і другий.', locator: { heading: [], paragraph: 2 } },
    { kind: 'paragraph', text: '1. Вступ', locator: { heading: [], paragraph: 3 } },
  ])
})

test('a text of one huge line is cut into chunks', () => {
  const { blocks } = readPlain('Речення про ґрунт. '.repeat(100_000), { maxChunkChars: 8000 })
  const texts = [...blocks].map((block) => block.text)
  expect(texts.length).toBe(Math.ceil(100_000 / Math.floor(8000 / 19)))
  expect(texts.every((text) => text.length <= 8000 && text.endsWith('ґрунт.'))).toBe(true)
})

test('millions of blank lines stand between two paragraphs', () => {
  for (const blank of ['\n', '\r\n', ' \n', '\r']) {
    const { blocks } = readPlain(`перший${blank.repeat(blank === '\n' ? 4_000_000 : 100_001)}другий`, {
      maxChunkChars: 8000,
    })
    expect([...blocks].map((block) => block.text)).toEqual(['перший', 'другий'])
  }
})
