/** What was typed, as the pattern of any of its words. Null when there is no word. */
export function wordsOf(query: string): RegExp | null {
  const words = split(query)
  if (words.length === 0) return null
  // The longest first: of `rain` and `raining` the whole is found.
  words.sort((one, other) => other.length - one.length)
  const literal = words.map((word) => word.replace(/[.*+?^${}()|[\]\\/]/g, '\\$&'))
  return new RegExp(literal.join('|'), 'giu')
}

/** Whether every word that was typed is somewhere in the text, in capitals or not: as the server finds turns. */
export function areAllIn(text: string, query: string): boolean {
  const said = text.toLowerCase()
  const words = split(query)
  return words.length > 0 && words.every((word) => said.includes(word.toLowerCase()))
}

export interface Piece {
  text: string
  hit: boolean
}

/** A text in pieces, those marked that were looked for. */
export function marked(text: string, wanted: RegExp | null): Piece[] {
  const pieces: Piece[] = []
  let from = 0
  for (const { 0: hit, index } of wanted === null ? [] : text.matchAll(wanted)) {
    if (index > from) pieces.push({ text: text.slice(from, index), hit: false })
    pieces.push({ text: hit, hit: true })
    from = index + hit.length
  }
  if (from < text.length) pieces.push({ text: text.slice(from), hit: false })
  return pieces
}

function split(query: string): string[] {
  return query.trim().split(/\s+/u).filter(Boolean)
}
