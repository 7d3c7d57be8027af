import type { Locator } from '#kernel/chunk.ts'
import type { SourceMaterial } from '../tree.ts'

/** What is compared and cited as one: a page, a slide, a paragraph, a sentence of speech. `material` is its position among the materials. */
export type Unit = { material: number; locator: Locator; texts: string[] }

/** How many units are compared; what comes after them has no duplicates. A unit and a hash of 32 bits are then one exact number. */
export const MOST_UNITS = 2 ** 21

/** All units of all materials in reading order: the same materials always have the same ones at the same positions. */
export function unitsOf(materials: readonly SourceMaterial[]): Unit[] {
  const units: Unit[] = []
  for (const [material, { chunks }] of materials.entries()) {
    let last: Unit | undefined
    for (const { text, locator } of chunks.toSorted((a, b) => a.order - b.order)) {
      if (last && isSamePage(last.locator, locator)) last.texts.push(text)
      else {
        if (units.length >= MOST_UNITS) return units
        last = { material, locator, texts: [text] }
        units.push(last)
      }
    }
  }
  return units
}

function isSamePage(a: Locator, b: Locator): boolean {
  if ('page' in a) return 'page' in b && a.page === b.page
  return 'slide' in a && 'slide' in b && a.slide === b.slide
}
