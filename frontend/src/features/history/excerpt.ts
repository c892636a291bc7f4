/** A stretch of said words, marked where it was looked for. */
export interface Piece {
  text: string
  hit: boolean
}

/** Letters around the first hit. */
const BEFORE = 60
const LENGTH = 220
/** How far a cut may move to stand between words. */
const SLACK = 16

/** The words around the first hit, with every hit marked, as the server finds them: each word anywhere. */
export function excerpt(text: string, query: string): Piece[] {
  const wanted = wordsIn(query)
  const first = wanted === null ? -1 : text.search(wanted)
  const from = startOf(text, Math.max(0, first - BEFORE))
  const to = endOf(text, from + LENGTH)
  const words = text.slice(from, to).trim()
  const pieces = wanted === null ? [{ text: words, hit: false }] : marked(words, wanted)
  const shown = [...pieces]
  if (from > 0) shown.unshift({ text: '… ', hit: false })
  if (to < text.length) shown.push({ text: ' …', hit: false })
  return shown
}

/** What was typed, as the pattern of any of its words. Null when there is no word. */
export function wordsIn(query: string): RegExp | null {
  const words = query.trim().split(/\s+/u).filter(Boolean)
  if (words.length === 0) return null
  // The longest first: of `rain` and `raining` the whole is marked.
  words.sort((one, other) => other.length - one.length)
  const literal = words.map((word) => word.replace(/[.*+?^${}()|[\]\\/]/g, '\\$&'))
  return new RegExp(literal.join('|'), 'giu')
}

function marked(text: string, wanted: RegExp): Piece[] {
  const pieces: Piece[] = []
  let from = 0
  for (const { 0: hit, index } of text.matchAll(wanted)) {
    if (index > from) pieces.push({ text: text.slice(from, index), hit: false })
    pieces.push({ text: hit, hit: true })
    from = index + hit.length
  }
  if (from < text.length) pieces.push({ text: text.slice(from), hit: false })
  return pieces
}

/** Moves a beginning on to that of a word, where one is near; letters stay whole. */
function startOf(text: string, at: number): number {
  if (at === 0) return 0
  const space = text.slice(at, at + SLACK).search(/\s/u)
  return space >= 0 ? at + space + 1 : wholeLetter(text, at)
}

function endOf(text: string, at: number): number {
  if (at >= text.length) return text.length
  const space = text.slice(at - SLACK, at).search(/\s\S*$/u)
  return space >= 0 ? at - SLACK + space : wholeLetter(text, at)
}

/** Not between the two halves of a letter beyond the first 65,536. */
function wholeLetter(text: string, at: number): number {
  return /[\uDC00-\uDFFF]/.test(text.charAt(at)) ? at - 1 : at
}
