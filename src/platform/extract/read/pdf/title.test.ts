import { expect, test } from 'vitest'
import type { Line } from './lines.ts'
import { titleOfPdf } from './title.ts'

const line = (text: string, size: number): Line => ({ text, size, x: 0, right: 100, y: 0, parts: [] })
const page = [line('Кафедра', 10), line('Основи', 20), line('алгебри', 20), line('Зміст', 12), line('2024', 40)]

test.each(['Основи програмування', 'C++ для всіх', '  Лекція  3 '])('the property %s is a title', (title) => {
  expect(titleOfPdf(title, page, 10)).toBe(title.replace(/\s+/g, ' ').trim())
})

test.each([
  undefined,
  42,
  '',
  '12',
  'lecture_01.docx',
  'Microsoft Word - Лекція.doc',
  'Microsoft PowerPoint - Slides',
  'Презентация PowerPoint',
  'PowerPoint Presentation',
  'Untitled',
  'Без назви 1',
  'Ìîäóëü äðóãèé',
  '\ue001\ue002\ue003',
])('the property %s is none: the largest line of words is', (title) => {
  expect(titleOfPdf(title, page, 10)).toBe('Основи алгебри')
})

test('a title without end is cut', () => {
  expect(titleOfPdf('я'.repeat(1_000_000), page, 10)?.length).toBe(500)
})

test('no line is larger than the text', () => {
  expect(titleOfPdf(null, [line('Просто текст', 10), line('2024', 40)], 10)).toBeNull()
  expect(titleOfPdf(null, [], 0)).toBeNull()
})
