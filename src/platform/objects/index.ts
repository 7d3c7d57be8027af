// The S3 store (s3-store.ts) is imported from its own file: its SDK takes long to load.
export { measureBody } from './body.ts'
export { createFileStore, sweepIncoming } from './file-store.ts'
export type { S3Options, S3Timeouts } from './s3-store.ts'
export {
  type ListedObject,
  ObjectNotFound,
  type ObjectStore,
  ObjectTooLarge,
  type PutOptions,
  type StoredObject,
} from './store.ts'
