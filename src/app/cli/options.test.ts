import { expect, test } from 'vitest'
import { bytesOrNone, dayOf, duration, endOfDay, path, scopes, shortText, uuid, wholeNumber } from './options.ts'

const parsers = { bytesOrNone, dayOf, duration, endOfDay, path, scopes, shortText, uuid, wholeNumber }

type Parser = keyof typeof parsers

test.each<[Parser, string, unknown]>([
  ['scopes', 'prep', ['prep']],
  ['scopes', 'check, prep,check', ['check', 'prep']],
  ['wholeNumber', '1', 1],
  ['wholeNumber', '100000', 100_000],
  ['dayOf', '2024-02-29', new Date('2024-02-29T00:00:00Z')],
  ['endOfDay', '2027-01-31', new Date('2027-02-01T00:00:00Z')],
  ['endOfDay', '9999-12-30', new Date('9999-12-31T00:00:00Z')],
  ['bytesOrNone', '1048576', 1_048_576],
  ['bytesOrNone', '20GiB', 21_474_836_480],
  ['bytesOrNone', '0', 0],
  ['bytesOrNone', 'none', 'none'],
  ['duration', '24h', 86_400_000],
  ['duration', '90m', 5_400_000],
  ['duration', '7d', 604_800_000],
  ['duration', '30s', 30_000],
  ['duration', '0', 0],
  ['uuid', '01936F5E-0000-7000-8000-000000000000', '01936f5e-0000-7000-8000-000000000000'],
  ['shortText', 'Школа «Перлина» №5', 'Школа «Перлина» №5'],
  ['shortText', 'Їжак'.normalize('NFD'), 'Їжак'],
  ['shortText', '𝕜'.repeat(200), '𝕜'.repeat(200)],
  ['path', '/tmp/мій експорт', '/tmp/мій експорт'],
])('%s takes "%s"', (parser, value, parsed) => {
  expect(parsers[parser](value)).toEqual(parsed)
})

test.each<[Parser, string[]]>([
  ['scopes', ['', 'admin', 'prep,', 'PREP', 'prep check']],
  ['wholeNumber', ['', '0', '-1', '1.5', '1e3', '100001', ' 5', '٥']],
  [
    'dayOf',
    ['', '2027-02-30', '2027-1-31', '31.01.2027', '2027-01-31T00:00:00Z', '0000-01-01', '9999-12-31', '12027-01-31'],
  ],
  ['bytesOrNone', ['', 'None', '-1', '1.5GiB', '20GB', '20 GiB', '9007199254740993', '9000TiB', 'GiB']],
  ['duration', ['', 'h', '1.5h', '-1h', '24 h', '1w', '1000000d', 'завтра']],
  ['uuid', ['', 'cs_live_abc1', '01936f5e00007000800000000000000', '01936f5e-0000-7000-8000-00000000000g']],
  ['shortText', ['', '   ', ' Школа', 'Школа ', 'а\nб', 'а\u001b[2Jб', 'ї'.repeat(201)]],
  ['path', ['', '  ']],
])('%s refuses what is wrong as wrong usage', (parser, values) => {
  for (const value of values) {
    expect(() => parsers[parser](value), JSON.stringify(value)).toThrow(
      expect.objectContaining({ code: 'commander.invalidArgument' }),
    )
  }
})
