import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { MediaError } from '#platform/media/index.ts'
import { until } from '#test/build.ts'
import { film } from '#test/fakes/media.ts'
import { startWorld, type World } from './fixtures/world.ts'

const SRT = `1
00:00:01,000 --> 00:00:03,500
Змінна — це ім'я,

2
00:00:03,500 --> 00:00:06,000
за яким програма зберігає значення.
`
const TWO_PIECES = film({ seconds: 20, cuts: [0, 10] })
const FIVE_PIECES = film({ seconds: 25, cuts: [0, 5, 10, 15, 20] })
const AT_ONCE = 3
const NOTHING = { kind: 'delay', ms: 0 } as const
const REFUSAL = { kind: 'status', status: 400 } as const

let world: World
let school: Awaited<ReturnType<World['school']>>

beforeAll(async () => {
  world = await startWorld()
})
afterAll(() => world.close())
beforeEach(async () => {
  school = await world.school()
})
afterEach(async () => {
  await until(world.scratch, (left) => left.length === 0)
})

/** Which pieces were sent, by the seconds at which they begin. */
const heard = () => world.model.calls.map(({ sound }) => pieceOf(sound?.file.bytes))
const pieceOf = (bytes: Uint8Array = new Uint8Array()) =>
  Number(/from ([\d.]+) s/.exec(Buffer.from(bytes).toString())?.[1])

describe('a film', () => {
  test('is read by the subtitles that are in it, and nobody is asked', async () => {
    const id = await school.add('лекція.mkv', film({ seconds: 60, subtitles: ['', SRT] }))
    const { status, chunks, result } = await school.read(id)
    expect(status).toBe('done')
    expect(chunks).toEqual([
      {
        ...{ order: 1, kind: 'passage', text: "Змінна — це ім'я, за яким програма зберігає значення." },
        locator: { start: 1, end: 6 },
      },
    ])
    expect(result).toEqual({ material_id: id, chunks: 1 })
    expect([world.media.asked, heard()]).toEqual([['probe', 'subtitles 0', 'subtitles 1'], []])
  })

  test('without any is heard piece by piece, each at its place in time, and paid for by its length', async () => {
    const id = await school.add('лекція.mp4', TWO_PIECES)
    const { status, chunks, result } = await school.read(id)
    expect(status).toBe('done')
    expect(result).toEqual({ material_id: id, chunks: 4, transcribed_seconds: 20 })
    expect(chunks.map(({ kind, locator }) => [kind, locator])).toEqual(
      [0, 5, 10, 15].map((start) => ['passage', { start, end: start + 5 }]),
    )
    for (const { text } of chunks) expect(text).toMatch(/^\p{Lu}\p{Ll}+ — це .+\.$/u)
    expect(heard().toSorted((a, b) => a - b)).toEqual([0, 10])
    const calls = await school.calls()
    expect(calls.map(({ action, outcome, milliseconds }) => [action, outcome, Number(milliseconds)])).toEqual([
      ['transcription', 'answered', 10_000],
      ['transcription', 'answered', 10_000],
    ])
    const { id: job } = await school.jobOf(id)
    for (const call of calls) expect(call).toMatchObject({ job_id: job, course_id: school.course })
    expect(await school.reservations()).toEqual([])
    expect(await school.answers()).toMatchObject([{ material_id: id }, { material_id: id }])
  })

  test('is heard when its subtitles are damaged', async () => {
    const { status, result } = await school.read(
      await school.add('лекція.webm', film({ seconds: 5, subtitles: ['це не субтитри'] })),
    )
    expect([status, result?.['transcribed_seconds']]).toEqual(['done', 5])
  })

  test('tells nobody whose it is', async () => {
    const id = await school.add('Таємна лекція.mp4', TWO_PIECES)
    await school.read(id)
    const sent = world.model.calls.map(({ path, headers, body }) => path + JSON.stringify(headers) + body).join()
    const { id: job } = await school.jobOf(id)
    for (const secret of [
      school.name,
      'Таємна',
      school.client.tenantId,
      school.course,
      id,
      job,
      world.app.scratchFolder,
    ])
      expect(sent).not.toContain(secret)
  })
})

describe('what a provider says', () => {
  const saying = (...texts: string[]) => {
    const segments = texts.map((text, id) => ({ id, start: id, end: id + 1, text }))
    world.model.fail({ kind: 'answer', content: { task: 'transcribe', duration: 5, text: texts.join(' '), segments } })
  }

  test('stays words, whatever it looks like', async () => {
    saying('Тег <script>\u0000 та\u0007 {\\an8}', '99\n\n00:00:09,000 --> 00:00:10,000', 'кінець.')
    const { status, chunks } = await school.read(await school.add('лекція.mp4', film({ seconds: 5 })))
    expect(status).toBe('done')
    expect(chunks.map(({ text, locator }) => [text, locator])).toEqual([
      ['Тег <script> та { \\an8} 99 00:00:09,000 → 00:00:10,000 кінець.', { start: 0, end: 3 }],
    ])
  })

  test('may be nothing', async () => {
    saying()
    const { status, code, error } = await school.read(await school.add('тиша.mp3', film({ seconds: 5 })))
    expect([status, code]).toEqual(['error', 'extract.empty'])
    expect(error).toMatchObject({ message: 'Nothing is said in this recording.' })
  })
})

describe('what was bought is not bought again', () => {
  test('when a piece failed', async () => {
    world.model.fail(NOTHING, REFUSAL)
    const id = await school.add('лекція.mp4', TWO_PIECES)
    expect(await school.read(id)).toMatchObject({ status: 'error', code: 'llm.refused' })
    const failed = heard()[1]
    await school.retry(id)
    expect(await school.read(id)).toMatchObject({ status: 'done', result: { transcribed_seconds: 20 } })
    expect(heard()).toEqual([expect.any(Number), failed, failed])
  })

  test('when the job was ended in the middle', async () => {
    world.model.fail(NOTHING, { kind: 'silence' })
    const id = await school.add('лекція.mp4', TWO_PIECES)
    await world.model.called(2)
    await until(school.answers, ({ length }) => length === 1)
    const { id: job, progress } = await school.jobOf(id)
    expect(progress).toBeGreaterThan(0.1)
    expect((await school.client.delete(`/jobs/${job}`)).status).toBe(202)
    expect(await school.read(id)).toMatchObject({ status: 'error', code: 'job.cancelled' })
    await school.retry(id)
    expect((await school.read(id)).status).toBe('done')
    expect(heard().length).toBe(3)
    expect((await school.calls()).map(({ outcome }) => outcome).toSorted()).toEqual(['aborted', 'answered', 'answered'])
  })

  test('when the budget ended in the middle', async () => {
    const release = world.model.hold()
    const id = await school.add('лекція.mp4', FIVE_PIECES)
    await world.model.called(AT_ONCE)
    await school.tenants.setBudget(school.name, 1n)
    release()
    expect(await school.read(id)).toMatchObject({ status: 'error', code: 'budget.exceeded' })
    expect(heard().length).toBe(AT_ONCE)
    await school.tenants.setBudget(school.name, 5_000_000_000n)
    await school.retry(id)
    expect(await school.read(id)).toMatchObject({ status: 'done', result: { transcribed_seconds: 25 } })
    expect(heard().toSorted((a, b) => a - b)).toEqual([0, 5, 10, 15, 20])
  })
})

describe('a film that cannot be read', () => {
  test('as nobody may listen: it says what to do, and can be tried again', async () => {
    await school.tenants.setProviders(school.name, ['anthropic'])
    const id = await school.add('лекція.mov', TWO_PIECES)
    const { status, code, error } = await school.read(id)
    expect([status, code]).toEqual(['error', 'transcription.not_configured'])
    expect(error).toMatchObject({ message: expect.stringContaining('Upload subtitles (.srt or .vtt) or configure') })
    expect(world.media.asked).toEqual(['probe'])
    await school.tenants.setProviders(school.name, null)
    await school.retry(id)
    expect((await school.read(id)).status).toBe('done')
  })

  test.each([
    ['without sound', film({ seconds: 5, hasAudio: false }), 'media.no_sound'],
    ['that is damaged', film('це не відео'), 'media.unreadable'],
    ['that is text', 'це не відео', 'extract.unreadable'],
    ['that is empty', '', 'extract.unreadable'],
  ])('%s', async (_what, bytes, code) => {
    const { status, error } = await school.read(await school.add('лекція.mp4', bytes))
    expect([status, error]).toEqual(['error', { code, message: expect.stringMatching(/^[A-Z].*\.$/) }])
  })

  test('where no program is installed: it alone', async () => {
    world.media.before = async () => {
      throw new MediaError('media.tool_missing')
    }
    expect((await school.read(await school.add('лекція.mp4', TWO_PIECES))).code).toBe('media.tool_missing')
    expect((await school.read(await school.add('лекція.srt', SRT))).status).toBe('done')
  })
})

describe('a film that is deleted', () => {
  const ended = (id: string) =>
    until(
      () => school.jobOf(id),
      ({ status }) => status !== 'running' && status !== 'queued',
    )

  test('before it is heard: the job ends quietly, and nobody is asked', async () => {
    const id = await school.add('лекція.mp4', FIVE_PIECES)
    world.media.before = async (what) => {
      if (what === 'pieces') await school.client.delete(`/materials/${id}`)
    }
    expect(await ended(id)).toMatchObject({ status: 'done', result: { skipped: true } })
    expect(heard()).toEqual([])
  })

  test('while it is heard: what is under way is paid for, and no more is', async () => {
    const release = world.model.hold()
    const id = await school.add('лекція.mp4', FIVE_PIECES)
    await world.model.called(AT_ONCE)
    await school.client.delete(`/materials/${id}`)
    release()
    expect(await ended(id)).toMatchObject({ status: 'done', result: { skipped: true } })
    expect([heard().length, (await school.calls()).length]).toEqual([AT_ONCE, AT_ONCE])
    expect(await school.answers()).toEqual([])
  })
})

test('a page of a video platform is refused at once, with what to do instead', async () => {
  for (const source_type of ['video', 'web']) {
    const { status, body } = await school.client.post(`/courses/${school.course}/materials`, {
      source_type,
      source_url: 'https://www.youtube.com/watch?v=dQw4w9WgXcQ',
    })
    expect([status, body.code]).toEqual([422, 'material.video_platform'])
    expect(body.errors).toEqual([{ path: 'source_url', message: expect.stringContaining('upload the file') }])
  }
})
