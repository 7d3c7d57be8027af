import cluster, { type Worker } from 'node:cluster'
import type { Log } from '#platform/log/index.ts'
import { countersOf, type Family, mergeFamilies, serveMetrics } from '#platform/metrics/index.ts'
import type { Config } from '../config.ts'

type Read = () => Promise<Family[]>

type Publication = { close(): Promise<void> | void }

const ANSWER_MS = 2_000

/** Serves what `read` finds on the port of the configuration; in a process of a cluster it is told to the parent, which serves all of them. */
export async function publishMetrics({ metrics }: Pick<Config, 'metrics'>, read: Read, log: Log): Promise<Publication> {
  if (cluster.isWorker) return answerParent(read)
  return serve(metrics, read, log)
}

async function serve({ host, port }: Config['metrics'], read: Read, log: Log): Promise<Publication> {
  const onError = (error: unknown) => log.warn({ err: error }, 'metrics could not be told')
  try {
    const server = await serveMetrics({ host, port, read, onError })
    log.info(`metrics at ${server.url}`)
    return server
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : undefined
    throw new Error(`Metrics cannot be served at ${host}:${port} (METRICS_HOST, METRICS_PORT): ${code ?? error}`, {
      cause: error,
    })
  }
}

function answerParent(read: Read): Publication {
  const onMessage = async (message: unknown) => {
    if (!isQuestion(message)) return
    const families = await read().catch(() => [])
    if (process.connected) process.send?.({ metrics: message.askMetrics, families })
  }
  process.on('message', onMessage)
  return { close: () => void process.off('message', onMessage) }
}

const isQuestion = (message: unknown): message is { askMetrics: number } =>
  typeof message === 'object' && message !== null && 'askMetrics' in message

/** Asks every process of a cluster and adds up what they say. What one has counted stays counted when it has ended. */
export function createGatherer() {
  const members = new Map<Worker, Family[]>()
  let ended: Family[] = []
  let questions = 0

  return {
    /** From now on it is asked: it must have started. */
    add(worker: Worker) {
      members.set(worker, [])
      worker.once('exit', () => {
        ended = mergeFamilies([ended, countersOf(members.get(worker) ?? [])])
        members.delete(worker)
      })
    },
    read: async (): Promise<Family[]> => {
      const found = await Promise.all([...members.keys()].map(ask))
      return mergeFamilies([...found, ended])
    },
  }

  function ask(worker: Worker): Promise<Family[]> {
    const question = ++questions
    return new Promise((resolve) => {
      const finish = (families: Family[] | undefined) => {
        clearTimeout(timer)
        worker.off('message', onMessage)
        // One that is too busy to answer, or gone: what it said last, without what may have changed since.
        if (families !== undefined && members.has(worker)) members.set(worker, families)
        resolve(families ?? countersOf(members.get(worker) ?? []))
      }
      const onMessage = (message: { metrics?: number; families?: Family[] }) => {
        if (message.metrics === question) finish(message.families)
      }
      const timer = setTimeout(finish, ANSWER_MS, undefined)
      worker.on('message', onMessage)
      worker.send({ askMetrics: question }, (error) => error && finish(undefined))
    })
  }
}

/** The same for the parent of a cluster; nothing when no port is set. */
export async function publishGathered(
  { metrics }: Pick<Config, 'metrics'>,
  read: Read,
  log: Log,
): Promise<Publication> {
  return metrics.port === 0 ? { close: () => undefined } : serve(metrics, read, log)
}
