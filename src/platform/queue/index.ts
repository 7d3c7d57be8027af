/**
 * The job queue: fair between tenants, and nothing accepted is lost.
 *
 * A job is its row in our table `jobs`. graphile-worker carries wake-up tokens, which say "look", not "run this".
 *
 * Why nothing waits unseen. A job comes to be startable when its transaction commits, when its time comes, or when a job of
 * its tenant ends and leaves room. In the first two cases a token for that moment was added in that same transaction, and
 * whoever takes a token claims until nothing may start there; in the third, the slot that became free claims again. A claim sees
 * all that was committed before it began, because claims go one after another and each reads after it got its turn. Tokens may
 * still get lost (with their worker) or be spent where the tenant is at its cap while another worker is idle: every worker
 * therefore also looks without being told, every few seconds.
 *
 * Why nothing stays with the dead. A running job names its worker, and that name is alive while a session holds an advisory
 * lock on it (worker-lock.ts). A sweep puts back the jobs of dead names. A worker that only lost its connection aborts
 * what it runs and goes on under a new name; what it writes for an attempt that has been taken over changes nothing.
 *
 * What needs graphile-worker is imported from its own file (install.ts, start-worker.ts): programs that only add jobs start faster.
 */
export { jobFinished, queueFull } from './failures.ts'
export { defineJob, type JobHandler, type JobKind, jobHandler, type RunningJob } from './job-kind.ts'
export { createQueue, type Queue } from './queue.ts'
export { repeat } from './repeat.ts'
export type { Worker, WorkerOptions } from './start-worker.ts'
export { findJob, type Job, type JobStatus, listJobs, type QueueStatus, queueStatus } from './store.ts'
