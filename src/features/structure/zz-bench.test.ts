import { test } from 'vitest'
import { startApp } from '#test/app.ts'
import { openCourse } from './fixtures/open-course.ts'

test('bench', { timeout: 400_000 }, async () => {
  const app = await startApp()
  const acme = await app.as('A')
  const time = async (what: string, work: () => Promise<any>) => {
    const t = performance.now(), c = process.cpuUsage()
    const r = await work()
    const u = process.cpuUsage(c)
    process.stderr.write(`${what}: ${Math.round(performance.now() - t)} ms, cpu ${Math.round((u.user + u.system) / 1000)} ms, ${r.status} ${JSON.stringify(r.body?.code ?? '').slice(0, 200)}, rss ${Math.round(process.memoryUsage.rss() / 1e6)}\n`)
    return r
  }
  for (const [m, l, c] of [[200, 50, 2], [200, 50, 5], [500, 100, 0], [500, 200, 1]] as const) {
    const course = await openCourse(acme)
    const body = { modules: Array.from({ length: m }, (_, i) => ({ title: `M${i}`, lessons: Array.from({ length: l }, (_, j) => ({ title: `L${i}.${j}`, concepts: Array.from({ length: c }, (_, k) => ({ title: `C${k}`, definition: '' })) })) })) }
    process.stderr.write(`${m * l} lessons, ${m * l * c} concepts, ${JSON.stringify(body).length} bytes\n`)
    const r = await time('put', () => course.put(body))
    if (r.status !== 200) continue
    await time('get', () => acme.get(`/courses/${course.id}`))
    await time('put again', () => course.put(r.body))
    await time('put without ids', () => course.put(body))
  }
  await app.close()
})
