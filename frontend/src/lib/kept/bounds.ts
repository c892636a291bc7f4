export interface KeptEntry {
  key: string
  owner: string
  /** In letters. */
  size: number
  keptAt: number
}

/** Some forty conversations; the list of them is one entry more. */
const MOST_ENTRIES = 41
/** A long conversation has 60,000 letters. */
const MOST_LETTERS = 2_000_000

/** What must go so that the rest stays within bounds: the first kept goes first. */
export function overflowing(entries: readonly KeptEntry[]): string[] {
  const newestFirst = entries.toSorted((one, other) => other.keptAt - one.keptAt)
  let letters = 0
  return newestFirst
    .filter(({ size }, index) => {
      letters += size
      return index >= MOST_ENTRIES || letters > MOST_LETTERS
    })
    .map(({ key }) => key)
}
