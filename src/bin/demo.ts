import { runDemo } from '#app/demo/index.ts'
import { describeError } from '#app/describe-error.ts'

try {
  await runDemo(process.env, (line) => void process.stdout.write(`${line}\n`))
} catch (error) {
  process.stderr.write(`demo: ${describeError(error)}\n`)
  process.exitCode = 1
}
