/** What the saver cannot do yet; each is to become true, and this file is to go. */
export const ABILITIES = {
  /** prune and deleteForRuns take along what one of several runs needs of another, and what hangs on a checkpoint. */
  removal: false,
};
