/** What takes the place of an entry that leaves a list: the next one, or the one before where it was the last. */
export function neighbourOf<T>(list: readonly T[], entry: T): T | null {
  const at = list.indexOf(entry)
  return at < 0 ? null : (list[at + 1] ?? list[at - 1] ?? null)
}
