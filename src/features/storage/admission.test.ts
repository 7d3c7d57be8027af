import fc from 'fast-check'
import { expect, test } from 'vitest'
import { createAdmission, type Leave } from './admission.ts'

const TENANTS = ['а', 'б', 'в', 'г', 'ґ'] as const

const options = fc.record({ total: fc.integer({ min: 1, max: 12 }) }, { requiredKeys: ['total'] }).chain(({ total }) =>
  fc.record(
    {
      total: fc.constant(total),
      perTenant: fc.integer({ min: 1, max: total }),
      reserved: fc.integer({ min: 0, max: total }),
    },
    { requiredKeys: ['total'] },
  ),
)

const steps = fc.array(
  fc.oneof(
    fc.record({ enter: fc.constantFrom(...TENANTS) }),
    // One who leaves twice leaves once.
    fc.record({ leave: fc.nat(30), times: fc.integer({ min: 1, max: 2 }) }),
  ),
  { maxLength: 80 },
)

test('admits exactly what a list of all who are inside allows', () => {
  fc.assert(
    fc.property(options, steps, (options, steps) => {
      const { total, perTenant = Math.max(1, Math.floor(total / 2)), reserved = 2 } = options
      const admission = createAdmission(options)
      const inside: { tenant: string; leave: Leave }[] = []
      for (const step of steps) {
        if ('leave' in step) {
          const [gone] = inside.splice(step.leave % Math.max(1, inside.length), 1)
          for (let time = 0; time < step.times; time += 1) gone?.leave()
          continue
        }
        const own = inside.filter(({ tenant }) => tenant === step.enter).length
        const left = total - inside.length
        const allowed = left > 0 && own < perTenant && (own === 0 || left > reserved)
        if (allowed) inside.push({ tenant: step.enter, leave: admission.enter(step.enter) })
        else expect(() => admission.enter(step.enter)).toThrow(expect.objectContaining({ code: 'upload.busy' }))
      }
    }),
  )
})

/** How many places each of these gets when they come in turn for as long as anybody gets one. */
function shares(total: number, ...tenants: string[]): number[] {
  const admission = createAdmission({ total })
  const got = tenants.map(() => 0)
  for (let before = -1, sum = 0; sum > before; ) {
    before = sum
    for (const [index, tenant] of tenants.entries()) {
      try {
        admission.enter(tenant)
        got[index] = (got[index] ?? 0) + 1
        sum += 1
      } catch {}
    }
  }
  return got
}

test.each([
  [1, [1], [1, 0, 0]],
  [2, [1], [1, 1, 0]],
  [3, [1], [1, 1, 1]],
  [4, [2], [1, 1, 1]],
  [8, [4], [2, 2, 2]],
])('of %i places: alone %j, three at once %j', (total, alone, three) => {
  expect(shares(total, 'а')).toEqual(alone)
  expect(shares(total, 'а', 'б', 'в')).toEqual(three)
})

test('a newcomer finds a place beside two that took all they could', () => {
  const admission = createAdmission({ total: 8 })
  for (const tenant of ['а', 'а', 'а', 'а', 'б', 'б']) admission.enter(tenant)
  for (const tenant of ['а', 'б']) expect(() => admission.enter(tenant)).toThrow()
  for (const tenant of ['в', 'г']) admission.enter(tenant)
  expect(() => admission.enter('ґ')).toThrow()
})
