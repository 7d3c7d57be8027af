import fc from 'fast-check'
import { expect, test } from 'vitest'
import { readTimedTexts } from './timed-texts.ts'

const segment = (start: unknown, end: unknown, text: unknown = 'Дроби.') => ({ start, end, text })
const read = (segments: unknown, more: object = {}) =>
  readTimedTexts(JSON.stringify({ text: 'Дроби.', segments, ...more }), 20_000)

test('texts are trimmed, empty ones left out, times brought into the piece', () => {
  const { seconds, ...rest } = read(
    [
      segment(-0.2, 4.1399998664855957, '  Дріб —\n це число. '),
      segment(4, 4, ' \u0000 '),
      segment(3.5, 9, 'Чисельник\u0000 згори.'),
      segment(18, 29.98, 'Дякую!'),
      segment(20.5, 21, 'Кінець.'),
    ],
    { duration: 20.040000915527344, usage: { type: 'duration', seconds: 21 } },
  )
  expect(rest).toEqual({
    segments: [
      { start: 0, end: 4.14, text: 'Дріб — це число.' },
      // It began before the one that was left out, so that it is moved there.
      { start: 4, end: 9, text: 'Чисельник згори.' },
      { start: 18, end: 20, text: 'Дякую!' },
      { start: 20, end: 20, text: 'Кінець.' },
    ],
  })
  expect(seconds).toBe(21)
})

test('servers that write numbers as strings, or leave out all but the times, are understood', () => {
  expect(read([segment(0, 1)], { duration: '20.0' })).toEqual({
    segments: [{ start: 0, end: 1, text: 'Дроби.' }],
    seconds: 20,
  })
  expect(read([segment(0, 1)], { duration: 'довго' }).seconds).toBeUndefined()
  expect(readTimedTexts('{"segments":[]}', 1000)).toEqual({ segments: [], seconds: undefined })
})

test.each([
  ['no JSON', '{"segments":['],
  ['null', 'null'],
  ['no segments', '{"text":"Дроби."}'],
  ['words without a time', '{"text":"Дроби.","segments":[]}'],
  ['a segment that is none', [null]],
  ['no text', [segment(0, 1, 5)]],
  ['a time in words', [segment('0', '1')]],
  ['an infinite time', '{"segments":[{"start":0,"end":1e999,"text":""}]}'],
  ['a time before the beginning', [segment(-1.1, 1)]],
  ['an end before its start', [segment(2, 1)]],
  ['a step back', [segment(5, 6), segment(3.9, 7)]],
  ['what begins after the end', [segment(21.1, 22)]],
  ['what ends long after the end', [segment(19, 50.1)]],
  ['too many words for a moment', [segment(1, 2, 'а'.repeat(351))]],
  ['too many words in all', Array.from({ length: 20 }, (_, at) => segment(at, at + 1, 'а'.repeat(70)))],
])('%s is malformed', (_name, given) => {
  const reading = typeof given === 'string' ? readTimedTexts(given, 20_000) : read(given)
  expect(reading).toMatchObject({ complaint: expect.any(String) })
})

test('whatever a server says, what is read is in order, within the piece and bounded', () => {
  const text = fc.constantFrom('Дроби.', ' \u0000 ', '\ud800 п', '')
  const step = fc.double({ min: -1.2, max: 9, noNaN: true })
  const any = fc.record({ step, lasts: fc.double({ min: -0.01, max: 15, noNaN: true }), text })
  let accepted = 0
  fc.assert(
    fc.property(fc.array(any, { maxLength: 5 }), fc.integer({ min: 1, max: 40_000 }), (steps, milliseconds) => {
      let at = 0
      const segments = steps.map(({ step, lasts, text }) => {
        at += step
        return segment(at, at + lasts, text)
      })
      const reading = readTimedTexts(JSON.stringify({ segments }), milliseconds)
      if ('complaint' in reading) return
      let latest = 0
      for (const { start, end, text } of reading.segments) {
        const order = [latest, start, end, milliseconds / 1000]
        expect(order).toEqual(order.toSorted((a, b) => a - b))
        expect(['Дроби.', '\ufffd п']).toContain(text)
        latest = start
      }
      accepted += reading.segments.length
    }),
  )
  expect(accepted).toBeGreaterThan(10)
})
