// The shared limiter (redis-log.ts) is imported from its own file: its client takes long to load, and most programs have no Redis.
export { addressGroup } from './address.ts'
export { createGuessThrottle, type GuessThrottle } from './guess-throttle.ts'
export type { Limiter, Verdict } from './verdict.ts'
export { createWindowLimiter, type WindowLimiter } from './window-log.ts'
