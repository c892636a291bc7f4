import { marked, wordsOf, type Piece } from '@/lib/said/find'

/** Letters around the first hit. */
const BEFORE = 60
const LENGTH = 220
/** How far a cut may move to stand between words. */
const SLACK = 16

/** The words around the first hit, with every hit in them marked. */
export function excerpt(text: string, query: string): Piece[] {
  const wanted = wordsOf(query)
  const first = wanted === null ? -1 : text.search(wanted)
  const from = startOf(text, Math.max(0, first - BEFORE))
  const to = endOf(text, from + LENGTH)
  const pieces = marked(text.slice(from, to).trim(), wanted)
  if (from > 0) pieces.unshift({ text: '… ', hit: false })
  if (to < text.length) pieces.push({ text: ' …', hit: false })
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
