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
