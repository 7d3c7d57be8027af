/**
 * The first number of this module's two-number advisory locks, one for each thing that is locked.
 * Any numbers will do, as long as every process uses the same and nobody else uses them.
 */
export const LOCKS = {
  /** With a hash of the tenant: its jobs are added one transaction after another, so that they can be counted. */
  adding: 1_785_684_401,
  /** With 0: jobs are claimed one after another, so that turns are fair. */
  claiming: 1_785_684_402,
  /** With a worker's id: that worker is alive. */
  living: 1_785_684_403,
  /** With 0: the queue is being installed. */
  installing: 1_785_684_404,
}
