import fc from 'fast-check'
import { expect, test } from 'vitest'
import { planPieces, readSound, type Silence } from './silences.ts'

const quiet = (start: number, end: number): Silence => ({ start, end })

test('silences of ffmpeg 5.1, in a sound that begins with the film', () => {
  const lines = `frame:0    pts:0       pts_time:0
lavfi.sound=here
frame:447  pts:166053  pts_time:10.3783
lavfi.silence_start=9.99994
frame:516  pts:191688  pts_time:11.9805
lavfi.silence_end=12.0001
lavfi.silence_duration=2.00013
frame:600  pts:200000  pts_time:18
lavfi.silence_start=1.75e+01
`
  expect(readSound(lines)).toEqual({
    begins: 0,
    silences: [quiet(9.99994, 12.0001), quiet(17.5, Number.POSITIVE_INFINITY)],
  })
})

test('a sound that begins late counts from its own beginning', () => {
  const lines = [
    'frame:0    pts:57600000 pts_time:3600',
    'lavfi.silence_start=3600',
    'lavfi.sound=here',
    'frame:9    pts:57600000 pts_time:3601.5',
    'lavfi.silence_end=3601.5',
    'frame:12   pts:57600000 pts_time:3660.4',
    'lavfi.silence_start=3660',
    'frame:14   pts:57600000 pts_time:3661',
    'lavfi.silence_end=3661',
  ]
  const { begins, silences } = readSound(lines.join('\n'))
  expect(begins).toBe(3600)
  expect(silences.at(-1)).toEqual(quiet(60, 61))
})

test.each(['', 'lavfi.silence_end=3', 'щось інше', 'lavfi.silence_start=', 'frame:x'])(
  '%j is no silence that ends',
  (text) => {
    expect(readSound(text)).toMatchObject({ begins: 0 })
    expect(readSound(text).silences.filter(({ end }) => Number.isFinite(end))).toEqual([])
  },
)

test('an encoder that begins before zero begins at zero', () => {
  expect(readSound('frame:0 pts:-1 pts_time:-0.023\nlavfi.sound=here\n').begins).toBe(0)
})

test('ten minutes are one piece', () => {
  expect(planPieces([quiet(299, 301)], 600)).toEqual([{ start: 0, seconds: 600 }])
})

test('a cut is in the middle of the longest silence of the second five minutes', () => {
  const silences = [quiet(10, 90), quiet(350, 351), quiet(400, 404), quiet(500, 502)]
  expect(planPieces(silences, 700)).toEqual([
    { start: 0, seconds: 402 },
    { start: 402, seconds: 298 },
  ])
})

test('of equal silences it is the latest', () => {
  expect(planPieces([quiet(350, 352), quiet(550, 552), quiet(610, 612)], 1000)[0]?.seconds).toBe(551)
})

test('of a silence only what lies in those five minutes counts', () => {
  expect(planPieces([quiet(100, 320), quiet(590, Number.POSITIVE_INFINITY)], 2000)[0]?.seconds).toBe(310)
})

test('who never pauses is cut every ten minutes, and no piece is too short to be taken', () => {
  expect(planPieces([], 1250).map(({ seconds }) => seconds)).toEqual([600, 600, 50])
  expect(planPieces([], 1200.01).map(({ seconds }) => Math.round(seconds))).toEqual([600, 595, 5])
})

test('pieces cover everything once, in order, each within its bounds and cut in a silence where there is one', () => {
  const silence = fc
    .tuple(fc.double({ min: 0, max: 30_000, noNaN: true }), fc.double({ min: 0, max: 900, noNaN: true }))
    .map(([start, length]) => quiet(start, start + length))
  const seconds = fc.double({ min: 0.1, max: 30_000, noNaN: true })
  fc.assert(
    fc.property(fc.array(silence, { maxLength: 200 }), seconds, (silences, total) => {
      const pieces = planPieces(silences, total)
      let at = 0
      for (const [index, piece] of pieces.entries()) {
        expect(piece.start).toBe(at)
        const isLast = index === pieces.length - 1
        expect(piece.seconds).toBeLessThanOrEqual(600 + 1e-6)
        if (pieces.length > 1) expect(piece.seconds).toBeGreaterThanOrEqual((isLast ? 5 : 300) - 1e-6)
        at = isLast ? piece.start + piece.seconds : (pieces[index + 1]?.start ?? Number.NaN)
        if (isLast) continue
        const latest = Math.min(piece.start + 600, total - 5)
        const reachable = silences.some(
          ({ start, end }) => Math.min(end, latest) - Math.max(start, piece.start + 300) > 1e-3,
        )
        const isInSilence = silences.some(({ start, end }) => start <= at && at <= end)
        expect(isInSilence || !reachable).toBe(true)
        if (!isInSilence) expect(at).toBeCloseTo(latest, 6)
      }
      expect(at).toBeCloseTo(total, 6)
    }),
  )
})
