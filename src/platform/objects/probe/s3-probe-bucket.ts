import { setTimeout as pause } from 'node:timers/promises'
import { NotTried, type ProbeStep } from './probe.ts'
import { isNotImplemented, type S3Admin } from './s3-admin.ts'
import type { ProbeContext } from './s3-probe-context.ts'

/** Days that hidden versions stay. */
const HIDDEN_DAYS = 7
/** A rule that was set may take a moment to be seen. */
const LOOKS = 5

/** What is set for the bucket as a whole. */
export function bucketSteps({ seen }: ProbeContext, admin: S3Admin): ProbeStep[] {
  return [
    {
      what: 'versions',
      needed: false,
      async run(signal) {
        // A put that was answered with a version says enough, also where this question is not understood.
        seen.versioned ??= await admin.isVersioned(signal).catch((error: unknown) => {
          throw isNotImplemented(error) ? new NotTried('the server knows none') : error
        })
        return seen.versioned ? 'what is deleted is hidden first' : 'none: what is deleted is gone'
      },
    },
    {
      what: `hidden versions end after ${HIDDEN_DAYS} days`,
      needed: true,
      async run(signal) {
        if (seen.versioned !== true) throw new NotTried('not needed: the bucket keeps no versions')
        if (await known(admin.hiddenExpire(HIDDEN_DAYS, signal))) return undefined
        await known(admin.expireHidden(HIDDEN_DAYS, signal))
        for (let look = 1; !(await admin.hiddenExpire(HIDDEN_DAYS, signal)); look += 1) {
          if (look >= LOOKS) throw new Error('the rule was set but is not there')
          await pause(look * 200, undefined, { signal })
        }
        return 'the rule was missing and is set'
      },
    },
    {
      what: 'browsers may write directly',
      needed: false,
      async run(signal) {
        const origins = await admin.origins(signal).catch((error: unknown) => {
          throw isNotImplemented(error) ? new NotTried('the server knows no CORS rules') : error
        })
        if (origins.length === 0) throw new NotTried('no: no origin is allowed yet')
        return `from ${origins.join(', ')}`
      },
    },
  ]
}

function known<T>(answer: Promise<T>): Promise<T> {
  return answer.catch((error: unknown) => {
    if (!isNotImplemented(error)) throw error
    throw new Error("the server takes no lifecycle rules by its S3 API: set this one in the provider's console", {
      cause: error,
    })
  })
}
