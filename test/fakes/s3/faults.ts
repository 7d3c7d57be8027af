import type { Operation } from './request.ts'

export type Fault =
  /** Answers this status with a fitting error document, 200 too, as S3 may for a failed completion; `after`, it was done nonetheless. */
  | { kind: 'status'; status: number; when?: 'before' | 'after' }
  /** Cuts the connection: before the body is read, or once the operation is done and only its answer is lost. */
  | { kind: 'reset'; when?: 'before' | 'after' }
  /** Never answers, having done nothing unless `after`; `midBody` answers half a GetObject first. */
  | { kind: 'stall'; midBody?: boolean; when?: 'before' | 'after' }
  /** Stores rightly, but confirms another ETag. */
  | { kind: 'wrong-etag' }
  /** Stores half of what was sent, or cuts the connection after half of the answer. */
  | { kind: 'truncate' }
  /** Takes the request whatever its signature is, or is not. */
  | { kind: 'trust' }
  /** Takes the request's body only when the promise has settled; `begun` is called before. */
  | { kind: 'hold'; until: Promise<unknown>; begun?: () => void }

export type Faults = {
  /** The next `times` requests of this kind meet the fault, after those that were ordered before. */
  next(operation: Operation, fault: Fault, times?: number): void
  /** The n-th request of this kind from now on meets it, counted from 1; before what `next` ordered. */
  nth(operation: Operation, n: number, fault: Fault): void
  /** How many ordered faults have not happened yet. */
  pending(): number
}

export function createFaults(): Faults & { take(operation: Operation): Fault | undefined } {
  const ordered: { operation: Operation; fault: Fault; times: number }[] = []
  const numbered: { operation: Operation; fault: Fault; left: number }[] = []

  return {
    next(operation, fault, times = 1) {
      ordered.push({ operation, fault, times })
    },
    nth(operation, n, fault) {
      numbered.push({ operation, fault, left: n })
    },
    pending() {
      return ordered.reduce((sum, { times }) => sum + times, numbered.length)
    },
    take(operation) {
      for (const one of numbered) if (one.operation === operation) one.left -= 1
      const due = numbered.findIndex(({ left }) => left <= 0)
      if (due >= 0) return numbered.splice(due, 1)[0]?.fault
      const at = ordered.findIndex((order) => order.operation === operation)
      const order = ordered[at]
      if (!order) return undefined
      order.times -= 1
      if (order.times <= 0) ordered.splice(at, 1)
      return order.fault
    },
  }
}
