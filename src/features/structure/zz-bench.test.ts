import pg from 'pg'
import { expect, test } from 'vitest'
import { startApp } from '#test/app.ts'
import { largeCourse } from './fixtures/authors-course.ts'
import { openCourse } from './fixtures/open-course.ts'

test('bench', { timeout: 200_000 }, async () => {
  const app = await startApp()
  const acme = await app.as('A')
  const course = await openCourse(acme)
  const big = largeCourse({ modules: 500, lessons: 5 })
  const text = JSON.stringify(big)
  const time = async (what: string, work: () => Promise<any>) => {
    const t = performance.now(),
      c = process.cpuUsage()
    const r = await work()
    const u = process.cpuUsage(c)
    process.stderr.write(
      `${what}: ${Math.round(performance.now() - t)} ms, cpu ${Math.round((u.user + u.system) / 1000)} ms, ${r.status} ${JSON.stringify(r.body?.errors ?? '').slice(0, 200)}\n`,
    )
    return r
  }
  process.stderr.write(`size ${text.length}\n`)
  const watch = setInterval(() => {
    const c = new pg.Client({ connectionString: app.database.urls.superuser })
    c.connect()
      .then(() =>
        c.query(
          `SELECT left(query, 90) q, now() - query_start AS t, wait_event FROM pg_stat_activity WHERE datname = current_database() AND state = 'active' AND pid <> pg_backend_pid()`,
        ),
      )
      .then((r: any) => {
        process.stderr.write(JSON.stringify(r.rows) + '\n')
        return c.end()
      })
  }, 2000)
  await time('put new', () => course.put(big))
  clearInterval(watch)
  const r = await time('get', () => acme.get(`/courses/${course.id}`))
  process.stderr.write(`size ${JSON.stringify(r.body).length}\n`)
  await time('put same', () => course.put(r.body))
  const noIds = JSON.parse(JSON.stringify(r.body), (k, v) =>
    k === 'id' && typeof v === 'string' && v.length === 36 ? undefined : v,
  )
  const again = await time('put without ids', () => course.put(noIds))
  expect(again.body.modules).toEqual(r.body.modules)
  await time('patch', () => acme.patch(`/exercises/${r.body.modules[0].lessons[0].exercises[0].id}`, { pass_score: 5 }))
  await time('lessons', () => acme.get(`/courses/${course.id}/lessons?limit=50`))
  await time('lessons', () => acme.get(`/courses/${course.id}/lessons?limit=50`))
  await time('exercises', () => acme.get(`/courses/${course.id}/exercises?limit=50`))
  await time('exercises ext', () =>
    acme.get(`/courses/${course.id}/exercises?external_id=${encodeURIComponent('вправа 1.1')}`),
  )
  await time('lesson', () => acme.get(`/courses/${course.id}/lessons/${r.body.modules[0].lessons[0].id}`))
  for (let i = 0; i < 10; i++) await course.put(r.body)
  await time('put after 10 more versions', () => course.put(r.body))
  await time('lesson', () => acme.get(`/courses/${course.id}/lessons/${r.body.modules[0].lessons[0].id}`))
  const other = structuredClone(r.body)
  other.modules[7].lessons[2].id = r.body.id
  await time('put wrong id', () => course.put(other))
  await app.close()
})
