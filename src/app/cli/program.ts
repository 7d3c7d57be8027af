import { Command, Help, type Option, type OutputConfiguration } from 'commander'
import { VERSION } from '../paths.ts'
import { costCommand } from './cost.ts'
import { erasureCommands } from './erasures.ts'
import { jobCommands } from './jobs.ts'
import { keyCommands } from './keys.ts'
import { runCommands } from './run.ts'
import { smokeCommand } from './smoke.ts'
import { storageCommands } from './storage.ts'
import { tenantCommands } from './tenants.ts'
import type { Terminal } from './terminal.ts'

/** The whole command line. Every command runs its action with `terminal` and throws to refuse. */
export function createProgram(terminal: Terminal, output: OutputConfiguration): Command {
  const program = new Command('course-supporter')
    .description('Turns course materials into structured courses and checks homework against them.')
    .version(VERSION)
    .exitOverride()
    .configureOutput(output)
    .configureHelp({ optionDescription: described })
  for (const add of [
    runCommands,
    tenantCommands,
    keyCommands,
    costCommand,
    jobCommands,
    storageCommands,
    erasureCommands,
    smokeCommand,
  ])
    add(program, terminal)
  pointToHelp(program, program.name())
  return program
}

function described(option: Option): string {
  const text = new Help().optionDescription(option)
  return option.mandatory && option.defaultValue === undefined ? `${text} (required)` : text
}

/** A wrong usage of a command is told where that command's own help is. */
function pointToHelp(command: Command, name: string): void {
  command.showHelpAfterError(`(${name} --help shows what there is)`)
  for (const below of command.commands) pointToHelp(below, `${name} ${below.name()}`)
}
