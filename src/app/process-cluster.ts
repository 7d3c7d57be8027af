import cluster from 'node:cluster'
import type { Config } from './config.ts'
import { openLog, runProgram } from './programs.ts'
import { untilStopped } from './signals.ts'

/** Milliseconds before a process that ended by itself is replaced: a broken one must not spin. */
const REPLACE_AFTER = 1_000

/**
 * Several API processes on one port. The first process only keeps them: it starts `processes` of them, replaces one that dies, and
 * passes a stop on. A worker, if wanted, runs in the first of them alone.
 */
export async function runCluster(config: Config, parts: { api: boolean; worker: boolean }): Promise<void> {
  const log = await openLog(config)
  if (cluster.isWorker) {
    const worker = parts.worker && process.env['COURSE_SUPPORTER_FIRST'] === '1'
    return untilStopped(log, () => runProgram(config, { api: parts.api, worker }, log))
  }
  await untilStopped(log, async () => {
    let stopping = false
    const fork = (first: boolean) => {
      const child = cluster.fork({ COURSE_SUPPORTER_FIRST: first ? '1' : '0' })
      child.once('exit', (code) => {
        if (stopping) return
        log.error({ code }, 'an API process ended; it is replaced')
        setTimeout(() => stopping || fork(first), REPLACE_AFTER)
      })
    }
    for (let index = 0; index < config.http.processes; index++) fork(index === 0)
    return {
      stop: async () => {
        stopping = true
        const children = Object.values(cluster.workers ?? {}).filter((child) => child !== undefined)
        const ended = children.map((child) => new Promise((resolve) => child.once('exit', resolve)))
        for (const child of children) child.process.kill('SIGTERM')
        await Promise.all(ended)
      },
    }
  })
}
