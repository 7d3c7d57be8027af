import { access, constants } from 'node:fs/promises'
import { afterEach, expect, test } from 'vitest'
import { findBinaries } from './binaries.ts'

const { arch } = process

afterEach(() => {
  Object.defineProperty(process, 'arch', { value: arch })
})

test('the programs can be run', async () => {
  const { initdb, postgres } = await findBinaries()

  for (const program of [initdb, postgres]) await access(program, constants.X_OK)
})

test('a machine without them is told what to do', async () => {
  Object.defineProperty(process, 'arch', { value: 'абак' })

  await expect(findBinaries()).rejects.toThrow(/^No embedded PostgreSQL is installed for \w+-абак: .*DATABASE_URL/)
})
