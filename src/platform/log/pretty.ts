import { styleText } from 'node:util'
import type { LoggedError } from './serialize-error.ts'

type Line = { level?: string; time?: string; msg?: string; err?: LoggedError | string; [field: string]: unknown }

const COLOURS = { error: 'red', fatal: 'red', warn: 'yellow', info: 'green' } as const

/**
 * One line of the log's JSON as a person reads it: time of day, level, message, the fields as `name=value`; under it the errors with their
 * stacks. What is no JSON stays as it is.
 */
export function pretty(json: string, { colour }: { colour: boolean }): string {
  const line = parse(json)
  if (line === undefined) return json
  const { level = '', time = '', msg = '', err, ...fields } = line
  const paint = (style: Parameters<typeof styleText>[0], text: string) =>
    colour && text !== '' ? styleText(style, text, { validateStream: false }) : text
  const name = paint(COLOURS[level as keyof typeof COLOURS] ?? 'dim', level.toUpperCase().padEnd(5))
  const values = Object.entries(fields).map(([key, value]) => `${key}=${shown(value)}`)
  const head = [paint('dim', timeOfDay(time)), name, msg, paint('dim', values.join(' '))]
  const text = head.filter((part) => part !== '').join(' ')
  return `${[text, ...(err === undefined ? [] : errorLines(err))].join('\n')}\n`
}

function parse(json: string): Line | undefined {
  try {
    return JSON.parse(json)
  } catch {
    return undefined
  }
}

function timeOfDay(time: string): string {
  const date = new Date(time)
  return Number.isNaN(date.getTime()) ? time : date.toTimeString().slice(0, 8)
}

function shown(value: unknown): string {
  if (typeof value === 'string') return /^[^\s"=]+$/.test(value) ? value : JSON.stringify(value)
  return JSON.stringify(value) ?? 'undefined'
}

function errorLines(error: LoggedError | string, lead = ''): string[] {
  if (typeof error === 'string') return [`  ${lead}${error}`]
  const { type, message, code, stack, cause, errors = [] } = error
  const places = (stack ?? '').split('\n').filter((line) => /^\s+at /.test(line))
  return [
    `  ${lead}${type}: ${message}${code === undefined ? '' : ` (${code})`}`,
    ...places.map((line) => `      ${line.trim()}`),
    ...errors.flatMap((inner) => errorLines(inner, 'one of them: ')),
    ...(cause === undefined ? [] : errorLines(cause, 'caused by ')),
  ]
}
