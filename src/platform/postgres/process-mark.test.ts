import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { expect, test } from 'vitest'
import { findProcess, isRunning, ownMark, parsePs } from './process-mark.ts'

test('a process is known by its pid and its start', async () => {
  const mark = await ownMark()

  expect(mark).toMatch(/^\d+-[^/-]+$/)
  expect(await isRunning(mark)).toBe(true)
  expect(await isRunning(`${process.pid}-1.00000000`)).toBe(false)
  expect(await isRunning('garbage')).toBe(false)
})

test('a killed process is gone, even before anybody has asked for its end', async () => {
  const child = spawn('/bin/sh', ['-c', 'sleep 60 & echo $!; exec sleep 61'])
  const [output] = await once(child.stdout, 'data')
  const sleeper = await findProcess(Number(output))
  const parent = await findProcess(child.pid ?? 0)

  // `sleep` never waits for the other one, which therefore stays in the table of processes.
  process.kill(Number(output), 'SIGKILL')
  await expect.poll(async () => await isRunning(sleeper?.mark ?? '')).toBe(false)
  expect(await isRunning(parent?.mark ?? '')).toBe(true)

  child.kill('SIGKILL')
  await once(child, 'exit')
  expect(await isRunning(parent?.mark ?? '')).toBe(false)
})

test('what ps prints on macOS is understood', () => {
  const line = 'Ss   Thu Nov 23 02:05:09 2023     /Applications/Мій курс/native/bin/postgres\n'

  expect(parsePs(70, line)).toEqual({
    pid: 70,
    mark: `70-${Date.UTC(2023, 10, 23, 2, 5, 9)}`,
    name: 'postgres',
    parent: undefined,
    startedAt: new Date(Date.UTC(2023, 10, 23, 2, 5, 9)),
  })
  expect(parsePs(70, 'Z    Thu Nov 23 02:05:09 2023     (postgres)\n')).toBeUndefined()
  expect(parsePs(70, '')).toBeUndefined()
})
