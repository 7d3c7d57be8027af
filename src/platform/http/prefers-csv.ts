type Range = { name: string; quality: number }

/** Whether an `Accept` header asks for CSV rather than JSON (RFC 9110, 12.5.1): it names CSV and nothing else is better, or only takes CSV. */
export function prefersCsv(accept = ''): boolean {
  const ranges = accept.split(',').map(rangeOf)
  const [csv, json] = [quality(ranges, 'text', 'csv'), quality(ranges, 'application', 'json')]
  const isNamed = ranges.some(({ name }) => name === 'text/csv')
  return csv > json || (isNamed && csv > 0 && csv === json)
}

function rangeOf(text: string): Range {
  const [name = '', ...parameters] = text.split(';').map((part) => part.trim().toLowerCase())
  const weight = parameters.find((parameter) => parameter.startsWith('q='))?.slice(2)
  const given = Number(weight ?? 1)
  return { name, quality: Number.isFinite(given) ? Math.min(1, Math.max(0, given)) : 1 }
}

/** That of the most specific range which covers the type; 0 when none does. */
function quality(ranges: Range[], type: string, subtype: string): number {
  for (const wanted of [`${type}/${subtype}`, `${type}/*`, '*/*']) {
    const range = ranges.find(({ name }) => name === wanted)
    if (range) return range.quality
  }
  return 0
}
