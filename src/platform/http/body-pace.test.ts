import { expect, test } from 'vitest'
import { createPace } from './body-pace.ts'

const KIB = 1024
const MINUTE = 60_000
const LIMITS = { stallMs: MINUTE, bytesPerSecond: 16 * KIB, windowMs: 5 * MINUTE, tickMs: 1_000 }

type Phase = {
  seconds: number
  /** What comes in each of them. */
  rate: number
  /** Whether we take what comes. */
  hungry?: boolean
  /** Seconds from one look to the next. */
  step?: number
}

/** The second in which the client's time is over, if it is. */
function endOf(...phases: Phase[]): number | undefined {
  const keepsPace = createPace(LIMITS)
  let [second, bytes] = [0, 0]
  keepsPace({ now: 0, bytes, hungry: true })
  for (const { seconds, rate, hungry = true, step = 1 } of phases) {
    for (const end = second + seconds; second < end; ) {
      second += step
      bytes += rate * step
      if (!keepsPace({ now: second * 1_000, bytes, hungry })) return second
    }
  }
  return undefined
}

const HOUR = 3_600
const QUICK = 1024 * KIB

test.each<[what: string, phases: Phase[], end: number | undefined]>([
  ['one that sends nothing', [{ seconds: HOUR, rate: 0 }], 60],
  [
    'one that falls silent',
    [
      { seconds: 100, rate: QUICK },
      { seconds: HOUR, rate: 0 },
    ],
    160,
  ],
  [
    'one that is silent for less than a minute',
    [
      { seconds: 59, rate: 0 },
      { seconds: HOUR, rate: QUICK },
    ],
    undefined,
  ],
  ['one as slow as may be', [{ seconds: 20 * HOUR, rate: 16 * KIB }], undefined],
  ['one that is slower', [{ seconds: HOUR, rate: 16 * KIB - 1 }], 300],
  [
    'one that was quick and then trickles',
    [
      { seconds: 600, rate: QUICK },
      { seconds: HOUR, rate: KIB },
    ],
    896,
  ],
  [
    'one that trickles, but not for long enough',
    [
      { seconds: 280, rate: KIB },
      { seconds: 20, rate: QUICK },
      { seconds: 200, rate: KIB },
    ],
    undefined,
  ],
  ['one that we do not take from', [{ seconds: HOUR, rate: 0, hungry: false }], undefined],
  [
    'one that fills what we do not take: our time is not its time',
    [
      { seconds: 200, rate: KIB },
      { seconds: HOUR, rate: 0, hungry: false },
      { seconds: 99, rate: KIB },
    ],
    undefined,
  ],
  ['one that waits while this process does not run', [{ seconds: 10 * HOUR, rate: 0, step: HOUR }], undefined],
])('%s', (_what, phases, end) => {
  expect(endOf(...phases)).toBe(end)
})
