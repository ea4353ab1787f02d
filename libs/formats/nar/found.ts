/** What stands in a nar where one looked for a file. */
export type FoundInNar =
  | { readonly kind: 'file'; readonly executable: boolean; readonly size: number }
  | { readonly kind: 'directory' }
  /** So many parts of the way lead to a link. */
  | { readonly kind: 'link'; readonly consumed: number; readonly target: string }
  | { readonly kind: 'absent' };
