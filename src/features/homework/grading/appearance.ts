import type { Span } from './quotes.ts'
import { soundsIn } from './sound.ts'

/**
 * A text as it is seen: `lines` keeps line feeds, `flat` has none. `joined` are the words that were spelled letter by letter. `sound` is what
 * may be Ukrainian in Latin letters, as it sounds.
 */
export type View = { lines: string; flat: string; joined: string[]; sound: string }

/**
 * The ways in which a text can be read: as it stands, with digits for letters read as letters, as it sounds, backwards, in ROT13, and what its escapes and
 * encoded blobs (Base64, hexadecimal, binary; one within another) say. Linear in the text, and bounded in what it decodes.
 */
export function viewsOf(text: string, depth = 2): View[] {
  const plain = bare(text)
  const latin = /[a-z]{4}/.test(plain)
  const readings = [
    plain,
    ...(LEET_WORD.test(plain) ? [plain.replace(LEET_WORDS, unleet)] : []),
    ...(CYRILLIC_LEET_WORD.test(plain) ? [plain.replace(CYRILLIC_LEET_WORDS, unleetCyrillic)] : []),
  ].map((reading) => sounding(view(reading)))
  const turned = [[...plain].reverse().join(''), ...(latin ? [plain.replace(/[a-z]/g, rot13)] : [])].map(view)
  const inner = depth === 0 ? [] : decoded(text).flatMap((blob) => viewsOf(blob, depth - 1))
  return [...readings, ...turned, ...inner]
}

/** Letters that look alike as one, in lower case, without accents: for words that are compared with a view. */
export const skeleton = (text: string) => [...bare(text)].map((letter) => LOOKS_LIKE.get(letter) ?? letter).join('')

const bare = (text: string) =>
  text
    .normalize('NFKD')
    .replace(/[\p{M}\p{Default_Ignorable_Code_Point}]/gu, '')
    .toLowerCase()

function view(plain: string): View {
  const joined: string[] = []
  const lines = skeleton(plain)
    .replace(/[^\S\n]+|\u2800+/gu, ' ')
    .replace(SPELLED, (word) => {
      const whole = word.replace(/[^\p{L}\p{N}]/gu, '')
      joined.push(whole)
      return whole
    })
    .replace(HUNDRED, '100')
  return { lines, flat: lines.replace(/\s+/g, ' '), joined, sound: '' }
}

const sounding = (view: View): View => ({ ...view, sound: soundsIn(view.flat) })

// 1OO and lOO.
const HUNDRED = /(?<![\p{L}\p{N}_])[1il|][0o]{2}(?![\p{L}\p{N}_])/gu

const SPELLED = /(?<![\p{L}\p{N}])(?:[\p{L}\p{N}][ .\-_*·|/~]{1,3}){3,}[\p{L}\p{N}](?![\p{L}\p{N}])/gu

// Cyrillic, Greek and Armenian letters that look like Latin ones (Unicode UTS #39, confusables).
const LOOKS_LIKE = new Map(
  [
    ['аеорсуіјѕкмтвнгԁһԛԝꞓх', 'aeopcyijskmtbhrdhqwcx'],
    ['αοειρυντκηχωγ', 'aoeipuvtknxwy'],
    ['սոօաɡıłøđ', 'unowgilod'],
    ['ᴀʙᴄᴅᴇꜰɢʜɪᴊᴋʟᴍɴᴏᴘʀꜱᴛᴜᴠᴡʏᴢ', 'abcdefghijklmnoprstuvwyz'],
  ].flatMap(([from = '', to = '']) => [...from].map((letter, at) => [letter, to[at] ?? letter] as const)),
)

const LEET: Record<string, string> = { 0: 'o', 1: 'i', 3: 'e', 4: 'a', 5: 's', 7: 't', '@': 'a', $: 's' }
const LEET_WORD = /[a-z][013457@$]+[a-z]|(?<![\p{L}\p{N}])[1345$@][a-z]{2}/u
const LEET_WORDS = /[a-z013457@$]+/g
const unleet = (word: string) => (/[a-z]/.test(word) ? word.replace(/[013457@$]/g, (sign) => LEET[sign] ?? sign) : word)

const CYRILLIC_LEET: Record<string, string> = { 0: 'о', 1: 'і', 3: 'з', 4: 'ч', 6: 'б', '@': 'а', $: 'с' }
const CYRILLIC_LEET_WORD = /[а-яіїєґ][01346@$]+[а-яіїєґ]|(?<![\p{L}\p{N}])[01346@$][а-яіїєґ]{2}/u
const CYRILLIC_LEET_WORDS = /[а-яіїєґ01346@$]+/g
const unleetCyrillic = (word: string) =>
  /[а-яіїєґ]/.test(word) ? word.replace(/[01346@$]/g, (sign) => CYRILLIC_LEET[sign] ?? sign) : word

const rot13 = (letter: string) => String.fromCharCode(((letter.charCodeAt(0) - 97 + 13) % 26) + 97)

const MOST_BLOBS = 50

function decoded(text: string): string[] {
  const blobs = encodedIn(text).map(({ text }) => text)
  const plain = text.replace(ESCAPE, (whole, hex, decimal, unicode, bytes) => {
    if (bytes) return Buffer.from(bytes.replaceAll('%', ''), 'hex').toString('utf8')
    const code = decimal ? Number(decimal) : Number.parseInt(hex ?? unicode, 16)
    return code > 0 && code <= 0x10ffff ? String.fromCodePoint(code) : whole
  })
  return plain === text ? blobs : [...blobs, plain]
}

/**
 * The encoded blobs of a text (Base64, hexadecimal, binary) of so many signs at least, as far as they say something: what, and where they
 * stand; of each kind the first.
 */
export function encodedIn(text: string, { least = 24, most = MOST_BLOBS } = {}): (Span & { text: string })[] {
  const bytes = Math.ceil(least / 2)
  const blobsOf = (pattern: RegExp, decode: (blob: string) => Buffer) =>
    [...text.matchAll(pattern).take(most)]
      .map(({ 0: blob, index }) => ({ start: index, end: index + blob.length, text: decode(blob).toString('utf8') }))
      .filter(({ text }) => isText(text))
  return [
    ...blobsOf(new RegExp(`[\\w+/-]{${least},}={0,2}`, 'g'), (blob) => Buffer.from(blob, 'base64')),
    ...blobsOf(new RegExp(`(?:[\\da-f]{2}[ :]?){${bytes},}`, 'gi'), (blob) =>
      Buffer.from(blob.replace(/[ :]/g, ''), 'hex'),
    ),
    ...blobsOf(/(?:[01]{8}\s?){8,}/g, (blob) =>
      Buffer.from((blob.match(/[01]{8}/g) ?? []).map((byte) => Number.parseInt(byte, 2))),
    ),
  ]
}

const ESCAPE = /&#x([\da-f]{1,6});|&#(\d{1,7});|\\u\{?([\da-f]{4})\}?|((?:%[\da-f]{2})+)/gi

// Random bytes are rarely letters.
const isText = (text: string) => (text.match(/[\p{L}\p{N} ]/gu)?.length ?? 0) * 10 >= text.length * 8
