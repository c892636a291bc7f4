/** Which part of a long list is asked for: the first, or what follows `cursor`. */
export function pageOf(limit: number, cursor: string | null): { limit: number; cursor?: string } {
  return cursor === null ? { limit } : { limit, cursor }
}
