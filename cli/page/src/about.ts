/** What the server says about itself. */
export interface About {
  readonly server: string;
  readonly keyPrefix: string;
  readonly version: string;
  /** Whether anything may be changed. */
  readonly write: boolean;
  /** How items can be searched for, beside filters. */
  readonly search: { readonly words: boolean; readonly meaning: boolean };
}
