import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { cloneDatabase, type TestDatabase } from '#test/database.ts'
import { createDatabase, type Database } from './database.ts'

let database: TestDatabase
let db: Database

beforeAll(async () => {
  database = await cloneDatabase()
  db = createDatabase({ url: database.urls.app, poolSize: 4 })
})
afterAll(async () => {
  await db.close()
  await database.drop()
})

test("one tenant's waiting transactions leave connections to others, to keys and to probes", async () => {
  const [greedy, other] = [randomUUID(), randomUUID()]
  const gate = Promise.withResolvers<void>()
  let begun = 0
  const held = Array.from({ length: 12 }, () =>
    db.forTenant(greedy, async () => {
      begun += 1
      await gate.promise
    }),
  )
  expect(await db.forTenant(other, async () => 'through')).toBe('through')
  expect(await db.statement('probe', 'SELECT 1 AS one', [])).toEqual([{ one: 1 }])
  expect(begun).toBeLessThanOrEqual(2)
  gate.resolve()
  await Promise.all(held)
  expect(begun).toBe(12)
})
