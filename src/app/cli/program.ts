import { Command, type OutputConfiguration } from 'commander'
import { VERSION } from '../paths.ts'
import { costCommand } from './cost.ts'
import { jobCommands } from './jobs.ts'
import { keyCommands } from './keys.ts'
import { runCommands } from './run.ts'
import { tenantCommands } from './tenants.ts'
import type { Terminal } from './terminal.ts'

/** The whole command line. Every command runs its action with `terminal` and throws to refuse. */
export function createProgram(terminal: Terminal, output: OutputConfiguration): Command {
  const program = new Command('course-supporter')
    .description('Turns course materials into structured courses and checks homework against them.')
    .version(VERSION)
    .exitOverride()
    .configureOutput(output)
    .showHelpAfterError('(course-supporter --help shows what there is)')
  for (const add of [runCommands, tenantCommands, keyCommands, costCommand, jobCommands]) add(program, terminal)
  return program
}
