export { type Admission, createAdmission, type Leave } from './admission.ts'
export { dropExpiredUploads } from './expire.ts'
export { quotaExceeded, uploadBusy } from './failures.ts'
export { ForeignStorage } from './installation.ts'
export { claimStorage } from './installation-guard.ts'
export { type Hold, holdUpload, leaseEnd, whyGone } from './lease.ts'
export { insertUpload } from './note.ts'
export { requireRoom } from './room.ts'
export {
  deleteUpload,
  findUpload,
  finishUpload,
  type Storage,
  saveProgress,
  storageOf,
  takeUpload,
} from './store.ts'
export { type SweepReport, sweep } from './sweep.ts'
export { createSweepChore } from './sweep-chore.ts'
export type { NewUpload, Upload } from './upload.ts'
