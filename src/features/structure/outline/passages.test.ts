import { describe, expect, test } from 'vitest'
import type { Chunk } from '#kernel/chunk.ts'
import { spokenPassages } from '#kernel/passage.ts'
import { readSubtitles } from '#platform/extract/read/passages.ts'
import { build, conceptsOf, document, paged, slideTime, speech, titles } from './fixtures/materials.ts'

describe('pages and slides', () => {
  test('pages of a PDF are lessons of about ten, with what each page defines', async () => {
    const texts = Array.from({ length: 20 }, (_, at) => `Термін ${at} — це поняття номер ${at}. Ще речення.`)
    const course = await build([paged(texts, 'page')])
    expect(course.modules.map(({ title }) => title)).toEqual(['конспект'])
    expect(course.modules[0]?.lessons.map(({ title, concepts: all }) => [title, all.length])).toEqual([
      ['Термін 0 — це поняття номер 0', 10],
      ['Термін 10 — це поняття номер 10', 10],
    ])
    expect(conceptsOf(course)[3]).toMatchObject({
      title: 'Термін 3',
      sources: [{ locator: { page: 4 } }],
      slideReferences: [],
    })
  })

  test('slides are concepts of a lesson with their range; a slide that only thanks is none', async () => {
    const course = await build([paged(['Вступ', 'Цикл for', 'Дякую за увагу!'], 'slide')])
    expect(titles(course)).toEqual({ конспект: { Вступ: ['Вступ', 'Цикл for'] } })
    expect(course.modules[0]?.lessons[0]).toMatchObject({
      presentationMaterialId: 'text',
      slideRange: { start: 1, end: 2 },
      concepts: [{ slideReferences: [1] }, { slideReferences: [2] }],
    })
  })

  test('slides of what a document teaches become its sources', async () => {
    const text = document(
      '# К\n## Цикли\n### Цикл while\nПовторює, доки умова істинна.\n### Цикл for\nПеребирає елементи списку.',
      'doc',
    )
    const course = await build([paged(['Цикл for\nелементи списку', 'Цикл while\nумова'], 'slide'), text])
    expect(titles(course)).toEqual({ Цикли: { 'Цикл while': ['Цикл while'], 'Цикл for': ['Цикл for'] } })
    expect(course.modules[0]?.lessons[1]).toMatchObject({
      presentationMaterialId: 'text',
      slideRange: { start: 1, end: 1 },
      concepts: [
        { slideReferences: [1], sources: [{ materialId: 'doc' }, { materialId: 'text', locator: { slide: 1 } }] },
      ],
    })
  })
})

describe('speech', () => {
  const text = document(`
    # Курс
    ## Повторення
    ### Цикл while
    Цикл while повторює свій блок, доки умова істинна. Умову перевіряють перед кожним кроком.
    ### Цикл for
    Цикл for перебирає елементи послідовності. Функція range створює послідовність чисел.
  `)
  const whileSpeech =
    'Почнімо з циклу while. Він повторюватиме блок, доки умова лишається істинною. Умову перевіряє перед кожним кроком.'
  const forSpeech =
    'Тепер цикл for. Він перебере всі елементи послідовності, а послідовність чисел створює функція range.'
  const offTopic =
    'Варимо бульйон, чистимо буряк і моркву. Потім додаємо картоплю, капусту й томатну пасту, солимо та перчимо.'

  test('that follows the text gives timecodes, the lesson’s part of the video and the slides shown meanwhile', async () => {
    const course = await build(
      [text, speech([whileSpeech, forSpeech])],
      [{ ...slideTime(7, 0) }, { ...slideTime(8, 60) }, { ...slideTime(9, 90) }],
    )
    expect(course.modules).toHaveLength(1)
    expect(course.modules[0]?.lessons).toMatchObject([
      {
        title: 'Цикл while',
        videoMaterialId: 'video',
        videoStartTimecode: '00:00',
        videoEndTimecode: '01:00',
        slideRange: { start: 7, end: 7 },
      },
      {
        title: 'Цикл for',
        videoMaterialId: 'video',
        videoStartTimecode: '01:00',
        videoEndTimecode: '02:00',
        slideRange: { start: 8, end: 9 },
      },
    ])
    expect(conceptsOf(course)[1]).toMatchObject({
      timecodes: ['01:00'],
      slideReferences: [8, 9],
      sources: [{ materialId: 'text' }, { materialId: 'video', locator: { start: 60, end: 120 } }],
    })
  })

  test('alone gives each term the cue in which its sentence begins, and the slide shown then', async () => {
    const srt = [
      '00:00:02,000 --> 00:00:09,500\nДоброго дня! Сьогодні говоримо про ґрунти.',
      '00:00:10,250 --> 00:00:20,000\nГумус — це органічна частина ґрунту.\nВін темний. Саме',
      '00:00:20,000 --> 00:00:30,000\nвід нього залежить родючість. Тепер кислотність.',
      '00:00:31,125 --> 00:00:50,000\npH — це показник кислотності ґрунту.',
    ].join('\n\n')
    const chunks = [...readSubtitles(srt, 'srt', { maxChunkChars: 8000, maxCues: 1_000 }).blocks]
    const video = { ...speech([]), chunks: chunks.map((chunk, at) => ({ ...chunk, order: at + 1 })) }
    const course = await build([video], [slideTime(1, 0), slideTime(2, 10), slideTime(3, 31)])
    expect(conceptsOf(course)).toMatchObject([
      {
        title: 'Гумус',
        timecodes: ['00:10'],
        slideReferences: [2],
        sources: [{ locator: { start: 2, end: 9.5 } }, { locator: { start: 10.25, end: 30 } }],
      },
      {
        title: 'pH',
        timecodes: ['00:31'],
        slideReferences: [3],
        sources: [{ locator: { start: 31.125, end: 50 } }],
      },
    ])
  })

  test('on something else is a module of its own, from the first hour on with hours', async () => {
    const video = speech([whileSpeech, offTopic, offTopic, offTopic, forSpeech], 3540)
    const course = await build([text, video])
    expect(course.modules.map(({ title }) => title)).toEqual(['Повторення', 'лекція'])
    expect(course.modules[1]?.lessons).toMatchObject([
      { title: 'Варимо бульйон, чистимо буряк і моркву', videoStartTimecode: '1:00:00', videoEndTimecode: '1:03:00' },
    ])
    const short = await build([text, speech([whileSpeech, offTopic, forSpeech])])
    expect(short.modules.map(({ title }) => title)).toEqual(['Повторення'])
  })

  test('of two lessons in one passage is told apart by its place in the passage', async () => {
    const course = await build([text, speech([`${whileSpeech} ${forSpeech}`])])
    const [first, second] = course.modules[0]?.lessons ?? []
    expect(first?.videoStartTimecode).toBe('00:00')
    expect(first?.videoEndTimecode).toMatch(/^00:[23]\d$/)
    expect(second).toMatchObject({ videoStartTimecode: first?.videoEndTimecode, videoEndTimecode: '01:00' })
    const locators = conceptsOf(course).map(({ sources }) => sources.at(-1)?.locator)
    expect(locators).toEqual([
      { start: 0, end: 60 },
      { start: 0, end: 60 },
    ])
  })

  test('that matches nothing at all is kept whole, however short', async () => {
    const course = await build([text, speech([`Вітаю! ${offTopic}`])])
    expect(course.modules[1]?.lessons[0]?.concepts).toMatchObject([
      {
        title: 'Варимо бульйон, чистимо буряк і моркву',
        definition: 'Варимо бульйон, чистимо буряк і моркву.',
        timecodes: ['00:03'],
      },
    ])
  })

  test('with a chance word in common is kept whole too', async () => {
    const chance = `${offTopic} Цикл for перебирає елементи послідовності. ${offTopic}`
    const course = await build([text, speech([offTopic, offTopic, chance, ...Array(8).fill(offTopic)])])
    expect(course.modules[0]?.lessons.map(({ videoMaterialId }) => videoMaterialId)).toEqual([null, null])
    expect(course.modules[1]?.lessons).toMatchObject([{ videoStartTimecode: '00:00', videoEndTimecode: '11:00' }])
  })

  test('that turns to its subject a little before the slide changes does not bring the earlier slide along', async () => {
    const times = [slideTime(1, 0), slideTime(2, 67)]
    const turn = 'Ось ми й дійшли до послідовності, тож подивимося разом на цей новий слайд.'
    const course = await build([text, speech([whileSpeech, `${turn} ${forSpeech}`])], times)
    expect(conceptsOf(course)[1]?.timecodes).toEqual(['01:25'])
    expect(conceptsOf(course).map(({ slideReferences }) => slideReferences)).toEqual([[1], [2]])
  })

  test('alone is cut into lessons of about ten minutes', async () => {
    const sentences = Array.from(
      { length: 31 },
      (_, at) => `Речення номер ${at} про щось дуже цікаве й корисне, ${'що довго триває, '.repeat(5)}так.`,
    )
    const course = await build([speech(sentences)])
    expect(course.modules[0]?.lessons.map(({ title }) => title)).toEqual([
      'Речення номер 0 про щось дуже цікаве й корисне, що довго триває, що довго…',
      'Речення номер 11 про щось дуже цікаве й корисне, що довго триває, що довго…',
      'Речення номер 21 про щось дуже цікаве й корисне, що довго триває, що довго…',
    ])
  })

  test('a slide mapping ties the speech to slides whatever the words', async () => {
    const deck = { ...paged(['Перше', 'Друге'], 'slide'), id: 'deck' }
    const times = [slideTime(2, 0), slideTime(1, 60)]
    const course = await build([deck, speech([whileSpeech, forSpeech])], times)
    expect(conceptsOf(course).map(({ title, timecodes }) => [title, timecodes])).toEqual([
      ['Перше', ['01:00']],
      ['Друге', ['00:00']],
    ])
  })

  test('a video without words does not make the only other one ambiguous', async () => {
    const silent = { ...speech([]), id: 'silent' }
    const course = await build([text, silent, speech([whileSpeech, forSpeech])], [slideTime(4, 0)])
    expect(conceptsOf(course)[0]?.slideReferences).toEqual([4])
  })

  test('of two videos a lesson names the one that speaks of it longer', async () => {
    const short = { ...speech([forSpeech]), id: 'short' }
    const course = await build([text, speech([whileSpeech, forSpeech, forSpeech]), short], [slideTime(1, 0)])
    expect(course.modules[0]?.lessons[1]).toMatchObject({
      videoMaterialId: 'video',
      videoStartTimecode: '01:00',
      slideRange: null,
    })
    expect(conceptsOf(course)[1]?.sources.map(({ materialId }) => materialId)).toContain('short')
  })
})

test('sentences are joined into passages of 30 to 60 seconds', () => {
  const sentence = (start: number, end: number, at: number): Chunk => {
    return { order: at + 1, kind: 'passage', text: `Речення ${at}.`, locator: { start, end } }
  }
  const passages = (times: [number, number][]) =>
    spokenPassages(times.map(([start, end], at) => sentence(start, end, at))).map(({ start, length, chunks }) => [
      ...[start, length, chunks.length],
    ])
  expect(passages(Array.from({ length: 12 }, (_, at) => [at * 7, at * 7 + 7]))).toEqual([
    [0, 35, 5],
    [35, 35, 5],
    [70, 14, 2],
  ])
  expect(
    passages([
      [0, 25],
      [25, 58],
      [58, 63],
      [163, 170],
      [170, 250],
      [250, 251],
    ]),
  ).toEqual([
    [0, 58, 2],
    [58, 5, 1],
    [163, 7, 1],
    [170, 80, 1],
    [250, 1, 1],
  ])
})
