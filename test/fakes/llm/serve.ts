import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { startModel } from './server.ts'

// The mock as a program. Alone it runs until Ctrl-C and says what to export; with a command it runs that with the mock as its only provider.
//   node test/fakes/llm/serve.ts
//   node test/fakes/llm/serve.ts node src/bin/demo.ts

const [program, ...args] = process.argv.slice(2)
const model = await startModel({ port: Number(process.env['MOCK_LLM_PORT'] ?? 0) })
const own = { OPENAI_BASE_URL: model.baseUrls.openai, OPENAI_API_KEY: 'mock' }

if (program === undefined) {
  const lines = Object.entries(own).map(([name, value]) => `  export ${name}=${value}`)
  process.stdout.write(
    `A mock language model answers until Ctrl-C. In another terminal:\n\n${lines.join('\n')}\n  make start\n\n`,
  )
  await Promise.race([once(process, 'SIGINT'), once(process, 'SIGTERM')])
  process.stdout.write(`\n${model.calls.length} calls were answered.\n`)
} else {
  process.stdout.write(
    'A mock language model answers: it compares words and understands nothing.\nWhat it says and costs is made up.\n',
  )
  // A key that happens to be in the environment must not be used: this run is to cost nothing.
  const isProviders = (name: string) => /^(OPENAI|ANTHROPIC|GEMINI|DEEPSEEK|LLM)_/.test(name)
  const env = Object.fromEntries(Object.entries(process.env).filter(([name]) => !isProviders(name)))
  const child = spawn(program, args, { stdio: 'inherit', env: { ...env, ...own } })
  // Ctrl-C reaches the command by itself; this program waits for it.
  process.on('SIGINT', () => undefined)
  process.on('SIGTERM', () => void child.kill('SIGTERM'))
  await once(child, 'exit')
  process.exitCode = child.exitCode ?? 1
}
await model.close()
