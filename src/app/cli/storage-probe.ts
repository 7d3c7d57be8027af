import type { Command } from 'commander'
import type { ProbeRow } from '#platform/objects/probe/probe.ts'
import type { ObjectsConfig } from '../config.ts'
import { HINTS, RULE_ID } from './storage-hints.ts'
import { table } from './table.ts'
import type { Terminal } from './terminal.ts'

/** Adds `probe` to the `storage` commands. */
export function probeCommand(storage: Command, { out, config }: Terminal) {
  storage
    .command('probe')
    .description('try everything on the storage that this program relies on; nothing of it stays')
    .option('--json', 'print JSON')
    .action(async ({ json }: { json?: boolean }) => {
      const { objects, maxUploadBytes } = config()
      const { isSound } = await import('#platform/objects/probe/probe.ts')
      const rows = await probe(objects, maxUploadBytes)
      const ok = isSound(rows)
      out(json ? JSON.stringify({ ...placeOf(objects), ok, rows: rows.map(shown) }) : described(objects, rows))
      if (!ok) throw new Error(`The storage lacks what is needed: ${failures(rows)}`)
    })
}

async function probe(objects: ObjectsConfig, needBytes: number): Promise<ProbeRow[]> {
  if (objects.kind === 's3') {
    const { probeS3 } = await import('#platform/objects/probe/s3-probe.ts')
    return probeS3(objects, { ruleId: RULE_ID })
  }
  const { probeFolder } = await import('#platform/objects/probe/file-probe.ts')
  return probeFolder({ folder: objects.folder, needBytes })
}

function described(objects: ObjectsConfig, rows: readonly ProbeRow[]): string {
  const head =
    objects.kind === 's3'
      ? `Bucket ${objects.bucket} at ${objects.endpoint}:`
      : `There is no bucket (S3_ENDPOINT is not set); files are kept in ${objects.folder}:`
  const cells = rows.map((row) => [row.what, row.needed, row.result, row.ms, told(row)])
  return `${head}\n${table(['WHAT', 'NEEDED', 'RESULT', 'MS', 'DETAIL'], cells, '')}`
}

const placeOf = (objects: ObjectsConfig) =>
  objects.kind === 's3'
    ? { driver: 's3', endpoint: objects.endpoint, bucket: objects.bucket }
    : { driver: 'files', folder: objects.folder }

const shown = (row: ProbeRow) => ({
  what: row.what,
  needed: row.needed,
  result: row.result.replace(' ', '_'),
  detail: told(row) || null,
  code: row.code ?? null,
  ms: row.ms,
})

function told({ detail, code = '' }: ProbeRow): string {
  const hint = HINTS[code]
  return hint === undefined ? detail : `${hint} (${detail})`
}

const failures = (rows: readonly ProbeRow[]) =>
  rows
    .filter(({ needed, result }) => needed && result === 'failed')
    .map((row) => `${row.what} – ${told(row)}`)
    .join('; ')
