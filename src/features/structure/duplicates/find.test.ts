import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { SourceMaterial } from '../tree.ts'
import { duplicatesIn } from './background.ts'
import { findDuplicates } from './find.ts'
import { inSpeech, inText, materialOf, onPage, onSlide, SLIDES } from './fixtures/lecture.ts'
import { unitsOf } from './units.ts'

const slides = (texts = SLIDES) => materialOf(texts, onSlide, { id: 'slides' })
const pages = (texts = SLIDES) => materialOf(texts, onPage, { id: 'pages' })
const find = (...materials: SourceMaterial[]) => findDuplicates({ materials, slideTimes: [] })

/** As `slides 1 = pages 1`. */
function pairsIn(materials: SourceMaterial[], { pairs } = find(...materials)): string[] {
  const names = unitsOf(materials).map(
    ({ material, locator }) => `${materials[material]?.id} ${Object.values(locator)}`,
  )
  return Array.from(
    { length: pairs.length / 2 },
    (_, at) => `${names[pairs[at * 2] ?? -1]} = ${names[pairs[at * 2 + 1] ?? -1]}`,
  )
}

describe('units that say the same', () => {
  test('are slides and pages of the same lecture, both ways', () => {
    expect(pairsIn([slides(), pages()])).toEqual([
      ...SLIDES.map((_, at) => `slides ${at + 1} = pages ${at + 1}`),
      ...SLIDES.map((_, at) => `pages ${at + 1} = slides ${at + 1}`),
    ])
  })

  test('wherever they stand, in whatever case, punctuation, apostrophes and accents', () => {
    const spoken = SLIDES.toReversed().map((text) =>
      text
        .toUpperCase()
        .replaceAll('’', 'ʼ')
        .replace(/[—,;.]/gu, ' … '),
    )
    const speech = materialOf(spoken, inSpeech, { id: 'speech', sourceType: 'video' })
    const accented = materialOf([SLIDES[0]?.normalize('NFD') ?? ''], inText, { id: 'text', sourceType: 'text' })
    expect(pairsIn([slides(), speech]).slice(0, 2)).toEqual(['slides 1 = speech 50,59', 'slides 2 = speech 40,49'])
    expect(pairsIn([slides(), accented])[0]).toEqual('slides 1 = text Курс,1')
  })

  test('are a paragraph and the page that has it', () => {
    const page = materialOf([SLIDES.join('\n')], onPage, { id: 'page' })
    expect(pairsIn([slides(), page]).slice(0, SLIDES.length)).toEqual(
      SLIDES.map((_, at) => `slides ${at + 1} = page 1`),
    )
  })

  test('not what is of the same subject in other words', () => {
    const others = SLIDES.map((text) => text.split(' ').toReversed().join(' '))
    expect(pairsIn([slides(), pages(others)])).toEqual([])
  })

  test('not because of a footer that is on every slide', () => {
    const footer = 'Кафедра програмної інженерії, факультет інформатики, осінній семестр, лекція викладача'
    const first = Array.from({ length: 12 }, (_, at) => `Тема ${at} перша\n${footer}`)
    const second = Array.from({ length: 12 }, (_, at) => `Розділ ${at} другий\n${footer}`)
    expect(find(slides(first), pages(second))).toEqual({ pairs: new Int32Array(), held: new Map() })
    const [few, other] = [first.slice(0, 4), second.slice(0, 4)]
    expect(pairsIn([slides(few), pages(other)])).toEqual([])
  })

  test('never in the same material, and not because of a few words', () => {
    expect(pairsIn([slides([...SLIDES, ...SLIDES])])).toEqual([])
    expect(pairsIn([slides(['Дякую за увагу', 'Є запитання']), pages(['Дякую за увагу', 'Є запитання'])])).toEqual([])
  })
})

describe('a material that another one holds', () => {
  const held = (materials: SourceMaterial[], slideTimes: { presentationId: string }[] = []) => {
    const times = slideTimes.map((time) => ({ slideNumber: 1, seconds: 0, videoId: null, ...time }))
    return Object.fromEntries(findDuplicates({ materials, slideTimes: times }).held)
  }

  test('is the shorter of the two, or else the later one', () => {
    expect(held([slides(), pages()])).toEqual({ pages: 'slides' })
    expect(held([pages(), slides()])).toEqual({ slides: 'pages' })
    expect(held([pages(SLIDES.slice(0, 4)), slides()])).toEqual({ pages: 'slides' })
  })

  test('not when a tenth of it is its own', () => {
    const own = 'Зовсім інша думка, якої немає на жодному зі слайдів цієї лекції, зате є тільки тут, у файлі викладача.'
    expect(held([slides(), pages([...SLIDES.slice(0, 4), own])])).toEqual({})
  })

  test('not when a slide mapping names it', () => {
    expect(held([slides(), pages()], [{ presentationId: 'pages' }])).toEqual({ slides: 'pages' })
    expect(held([slides(), pages()], [{ presentationId: 'pages' }, { presentationId: 'slides' }])).toEqual({})
  })

  test('only by one of its kind: speech has seconds and slides have numbers that no text has', () => {
    const speech = materialOf(SLIDES, inSpeech, { id: 'speech', sourceType: 'video' })
    const again = materialOf(SLIDES, inSpeech, { id: 'again', sourceType: 'video' })
    const text = materialOf(SLIDES, inText, { id: 'text', sourceType: 'text' })
    const html = materialOf(SLIDES, inText, { id: 'html', sourceType: 'text' })
    expect(held([speech, text, slides()])).toEqual({})
    expect(held([speech, again, text, html, slides(), pages()])).toEqual({
      again: 'speech',
      html: 'text',
      pages: 'slides',
    })
  })

  test('only by one that is not held itself', () => {
    const third = materialOf(SLIDES.slice(0, 4), onPage, { id: 'third' })
    expect(held([third, pages(), slides()])).toEqual({ third: 'pages', slides: 'pages' })
  })
})

describe('of any materials', () => {
  const words = fc.constantFrom('цикл', 'змінна', 'це', 'дія', 'код', 'ім’я', 'список', 'for', '1', '…', '漢字', '')
  const text = fc.array(words, { maxLength: 25 }).map((all) => all.join(' '))
  const place = fc.constantFrom(onSlide, onPage, inText, inSpeech)
  const materials = fc
    .array(fc.tuple(fc.array(text, { maxLength: 6 }), place), { maxLength: 5 })
    .map((all) => all.map(([texts, where], at) => materialOf(texts, where, { id: `m${at}` })))

  test('pairs go both ways, between two materials, and what is held is held by what is kept', () => {
    fc.assert(
      fc.property(materials, (all) => {
        const { pairs, held } = find(...all)
        const units = unitsOf(all)
        for (let at = 0; at < pairs.length; at += 2) {
          const [one, other] = [units[pairs[at] ?? -1], units[pairs[at + 1] ?? -1]]
          expect(one && other && one.material !== other.material).toBe(true)
        }
        for (const [id, holder] of held) expect([held.has(holder), id === holder]).toEqual([false, false])
        expect(find(...structuredClone(all))).toEqual({ pairs, held })
      }),
    )
  })

  test('a copy is held, and every unit of it that is long enough has its counterpart', () => {
    const different = fc.uniqueArray(fc.nat(999), { minLength: 8, maxLength: 40 })
    const long = fc.uniqueArray(
      different.map((all) => all.map((one) => `слово${one}`).join(' ')),
      { minLength: 3, maxLength: 6 },
    )
    fc.assert(
      fc.property(long, place, (texts, where) => {
        const all = [materialOf(texts, where, { id: 'a' }), materialOf(texts, where, { id: 'b' })]
        const found = find(...all)
        expect([...found.held]).toEqual([['b', 'a']])
        const pairs = new Set(pairsIn(all, found))
        const names = unitsOf(all).map(({ material, locator }) => `${all[material]?.id} ${Object.values(locator)}`)
        for (const at of texts.keys()) expect(pairs).toContain(`${names[at]} = ${names[at + texts.length]}`)
      }),
    )
  })
})

test('long courses are compared in a thread, as here, by a sample that still tells', { timeout: 60_000 }, async () => {
  let seed = 7
  const number = () => {
    seed = (Math.imul(seed, 1_103_515_245) + 12_345) >>> 0
    return (seed >>> 8) % 50_000
  }
  const texts = Array.from({ length: 4_000 }, () => Array.from({ length: 20 }, () => `слово${number()}`).join(' '))
  const all = [slides(texts), pages(texts)]
  let turns = 0
  const counting = setInterval(() => turns++, 1)
  const found = await duplicatesIn({ materials: all, slideTimes: [] }, new AbortController().signal)
  clearInterval(counting)
  expect(turns).toBeGreaterThan(0)
  expect(found).toEqual(find(...all))
  expect([...found.held]).toEqual([['pages', 'slides']])
  expect(found.pairs.length).toBeGreaterThanOrEqual(texts.length * 4)
})
