import type { Operation } from './request.ts'

export type Fault =
  /** Answers this status with a fitting error document and does nothing; 200 too, as S3 may for a failed completion. */
  | { kind: 'status'; status: number }
  /** Cuts the connection: before the body is read, or once the operation is done and only its answer is lost. */
  | { kind: 'reset'; when?: 'before' | 'after' }
  /** Never answers; `midBody` answers half a GetObject first. */
  | { kind: 'stall'; midBody?: boolean }
  /** Stores rightly, but confirms another ETag. */
  | { kind: 'wrong-etag' }
  /** Stores half of what was sent, or cuts the connection after half of what was asked for. */
  | { kind: 'truncate' }
  /** Takes the request's body only when the promise has settled; `begun` is called before. */
  | { kind: 'hold'; until: Promise<unknown>; begun?: () => void }

export type Faults = {
  /** The next `times` requests of this kind meet the fault, after those that were ordered before. */
  next(operation: Operation, fault: Fault, times?: number): void
  /** How many ordered faults have not happened yet. */
  pending(): number
}

export function createFaults(): Faults & { take(operation: Operation): Fault | undefined } {
  const ordered: { operation: Operation; fault: Fault; times: number }[] = []

  return {
    next(operation, fault, times = 1) {
      ordered.push({ operation, fault, times })
    },
    pending() {
      return ordered.reduce((sum, { times }) => sum + times, 0)
    },
    take(operation) {
      const at = ordered.findIndex((order) => order.operation === operation)
      const order = ordered[at]
      if (!order) return undefined
      order.times -= 1
      if (order.times <= 0) ordered.splice(at, 1)
      return order.fault
    },
  }
}
