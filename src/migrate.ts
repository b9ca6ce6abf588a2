export {
  type CopyStoreOptions,
  type CopyStoreProgress,
  type CopyStoreReport,
  copyStore,
  type ItemFailure,
} from "./migrate/copy-store.js";
export {
  type CopyThreadsOptions,
  type CopyThreadsProgress,
  type CopyThreadsReport,
  copyThreads,
  type ThreadFailure,
} from "./migrate/copy-threads.js";
export {
  type ItemDifference,
  type VerifyStoreOptions,
  type VerifyStoreReport,
  verifyStore,
} from "./migrate/verify-store.js";
export {
  type ThreadDifference,
  type VerifyThreadsOptions,
  type VerifyThreadsReport,
  verifyThreads,
} from "./migrate/verify-threads.js";
