export type Violation = {
  instancePath?: string
  schemaPath?: string
  message?: string
  keyword?: string
  params?: Record<string, unknown>
}

/**
 * Ajv tells what is wrong with every branch of a union, and then of the union: whoever wrote one of them has no use for the others. Left is the
 * branch that was meant, where its type or its fields show which; of a value that has the type of none, one sentence that names them all.
 */
export function tellUnions(violations: readonly Violation[]): Violation[] {
  const told: Violation[] = []
  for (const violation of violations) {
    if (violation.keyword !== 'anyOf') {
      told.push(violation)
      continue
    }
    // A union comes right after its branches, innermost first.
    let first = told.length
    while (first > 0 && isInside(told[first - 1] ?? {}, violation)) first -= 1
    const branches = [...Map.groupBy(told.splice(first), (one) => branchOf(one, violation)).values()]
    told.push(...(branches.length === 0 ? [violation] : meant(branches, violation)))
  }
  return told
}

function meant(branches: Violation[][], { instancePath, schemaPath }: Violation): Violation[] {
  const isHere = (one: Violation) => one.instancePath === instancePath
  const typed = branches.filter((branch) => !branch.some((one) => isHere(one) && one.keyword === 'type'))
  if (typed.length === 0) {
    const mistyped = branches.flat().filter((one) => isHere(one) && one.keyword === 'type')
    const types = mistyped.flatMap(({ params }) => String(params?.['type']).split(','))
    const message = `must be ${new Intl.ListFormat('en', { type: 'disjunction' }).format(new Set(types))}`
    return [
      {
        ...{ keyword: 'type', message, params: { type: [...new Set(types)].join(',') } },
        ...(instancePath === undefined ? {} : { instancePath }),
        ...(schemaPath === undefined ? {} : { schemaPath }),
      },
    ]
  }
  const strange = (branch: Violation[]) => branch.filter((one) => isHere(one) && FIELDS.has(one.keyword ?? '')).length
  const least = Math.min(...typed.map(strange))
  return typed.filter((branch) => strange(branch) === least).flat()
}

/** What tells one object from another: fields that it lacks or should not have. */
const FIELDS = new Set(['required', 'additionalProperties'])

function isInside({ instancePath = '', schemaPath = '' }: Violation, union: Violation): boolean {
  const place = union.instancePath ?? ''
  return (
    schemaPath.startsWith(`${union.schemaPath}/`) && (instancePath === place || instancePath.startsWith(`${place}/`))
  )
}

const branchOf = ({ schemaPath = '' }: Violation, union: Violation) =>
  schemaPath.slice((union.schemaPath?.length ?? 0) + 1).split('/', 1)[0]
