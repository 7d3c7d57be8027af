export { addressGroup } from './address.ts'
export { createGuessThrottle, type GuessThrottle } from './guess-throttle.ts'
export type { Limiter, Verdict } from './verdict.ts'
export { createWindowLimiter, type WindowLimiter } from './window-log.ts'
