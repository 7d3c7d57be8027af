import { expect, test } from 'vitest'
import { cleanCode, cleanInline } from './clean.ts'

test('prose is one trimmed line without anything invisible', () => {
  expect(cleanInline('  Їжак\u0000 \t\r\n у\u00a0 ту\u00adма\u200bні\ufeff\u0007 ')).toBe('Їжак у тумані')
})

test('letters typed as base and mark become one character', () => {
  expect(cleanInline('и\u0306, і\u0308')).toBe('й, ї')
  expect(cleanCode('# и\u0306')).toBe('# й')
})

test('half a surrogate pair, which no database takes, is replaced', () => {
  expect(cleanInline('а\ud83d б')).toBe('а\ufffd б')
})

test('emoji joined of several keep their joiners', () => {
  expect(cleanInline('👩\u200d💻')).toBe('👩\u200d💻')
})

test('code keeps its lines and its indentation', () => {
  expect(cleanCode('\r\n  \r\n    def f():\r\n\r\n\treturn  1\u0000  \r\n\r\n')).toBe('    def f():\n\n\treturn  1')
})
