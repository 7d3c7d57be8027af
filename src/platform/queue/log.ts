/** What the queue needs of a log; pino's loggers have it. */
export type QueueLog = Record<'debug' | 'info' | 'warn' | 'error', (fields: object, message: string) => void>

export const silentLog: QueueLog = { debug: ignore, info: ignore, warn: ignore, error: ignore }

function ignore() {}
