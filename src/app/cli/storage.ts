import type { Command } from 'commander'
import { corsCommand } from './storage-cors.ts'
import { probeCommand } from './storage-probe.ts'
import { sweepCommand } from './storage-sweep.ts'
import type { Terminal } from './terminal.ts'

/** The place where uploaded bytes are kept. */
export function storageCommands(program: Command, terminal: Terminal) {
  const storage = program.command('storage').description('where uploaded files are kept')
  for (const add of [probeCommand, corsCommand, sweepCommand]) add(storage, terminal)
}
