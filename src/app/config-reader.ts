import { isIP } from 'node:net'

export type Env = Record<string, string | undefined>

/** Wrong or missing variables, all of them in one line. Never holds a value: any of them may be a secret in the wrong place. */
export class ConfigError extends Error {
  readonly problems: readonly string[]

  constructor(problems: readonly string[]) {
    super(`The configuration is wrong: ${problems.join('; ')}.`)
    this.name = 'ConfigError'
    this.problems = problems
  }
}

/** Reads variables one by one and remembers what was wrong with each, so that all of it is told at once. An empty one is not given. */
export function createReader(env: Env) {
  const problems: string[] = []
  const given = (name: string) => {
    const value = env[name]?.trim()
    return value === '' ? undefined : value
  }

  return {
    given,
    fail: (name: string, problem: string) => void problems.push(`${name} ${problem}`),
    text(name: string, fallback: string): string {
      return given(name) ?? fallback
    },
    require(name: string, why: string): string {
      const value = given(name)
      if (value === undefined) problems.push(`${name} is missing: ${why}`)
      return value ?? ''
    },
    /** As it stands: a password may begin or end with a space. */
    requirePassword(name: string, why: string): string {
      const value = env[name] ?? ''
      if (value === '') problems.push(`${name} is missing: ${why}`)
      return value
    },
    oneOf<const T extends string>(name: string, allowed: readonly T[], fallback: T): T {
      const value = given(name)
      if (value === undefined) return fallback
      const found = allowed.find((candidate) => candidate === value)
      if (found === undefined) problems.push(`${name} must be one of ${allowed.join(', ')}`)
      return found ?? fallback
    },
    integer(name: string, fallback: number, { min, max }: { min: number; max: number }): number {
      const value = given(name)
      if (value === undefined) return fallback
      const number = /^\d{1,15}$/.test(value) ? Number(value) : Number.NaN
      if (number >= min && number <= max) return number
      problems.push(`${name} must be a whole number from ${min} to ${max}`)
      return fallback
    },
    list(name: string, isValid: (item: string) => boolean, what: string): string[] {
      const items = (given(name) ?? '')
        .split(',')
        .map((item) => item.trim())
        .filter((item) => item !== '')
      const wrong = items.findIndex((item) => !isValid(item))
      if (wrong >= 0) problems.push(`${name} must be a comma-separated list of ${what}; item ${wrong + 1} is none`)
      return items
    },
    url(name: string, value: string, schemes: readonly string[]): string {
      if (value !== '' && !schemes.includes(schemeOf(value)))
        problems.push(`${name} must be a URL that begins with ${schemes.join(' or ')}`)
      return value
    },
    /** Throws a ConfigError when anything was wrong. */
    finish() {
      if (problems.length > 0) throw new ConfigError(problems)
    },
  }
}

export type Reader = ReturnType<typeof createReader>

const schemeOf = (url: string) => (URL.canParse(url) ? `${new URL(url).protocol}//` : '')

/** `https://lms.example`: scheme, host, port, nothing else. */
export function isOrigin(text: string): boolean {
  return URL.canParse(text) && new URL(text).origin === text && /^https?:/.test(text)
}

/** An IP address, or a range of them as address/bits. */
export function isAddressRange(text: string): boolean {
  const [address = '', bits, ...rest] = text.split('/')
  const family = isIP(address)
  if (family === 0 || rest.length > 0) return false
  return bits === undefined || (/^\d{1,3}$/.test(bits) && Number(bits) <= (family === 4 ? 32 : 128))
}
