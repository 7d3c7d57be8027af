import { runCommandLine } from '#app/cli/command-line.ts'

// Whoever reads what is printed may go: `| head` does, and a terminal that is closed. That is no reason to fall over.
for (const stream of [process.stdout, process.stderr]) stream.on('error', () => undefined)

const code = await runCommandLine(process.argv.slice(2), process)
// A program that met an error and stopped in good order has set its own.
if (code !== 0) process.exitCode = code
