import { LinkifyIt } from 'linkify-it'

/** A part of what was said. `at` is its place in the whole, which it keeps while the words grow. */
export type Piece =
  | { kind: 'text'; at: number; text: string }
  | { kind: 'link'; at: number; text: string; url: string }
  | { kind: 'formula'; at: number; text: string; tex: string; display: boolean }

/** Formulae and addresses longer than this stay the plain text that they are. */
const LONGEST_FORMULA = 400
const LONGEST_LINK = 1_000

/**
 * Finds addresses and formulae in words, and nothing else: no HTML, no Markdown, no pictures.
 * The pieces in a row are always the words themselves.
 */
export function piecesOf(words: string): Piece[] {
  // Nearly all turns, and every one of them while it grows word by word.
  if (!/[$\\]|:\/\//.test(words)) return [{ kind: 'text', at: 0, text: words }]
  const pieces: Piece[] = []
  let from = 0
  for (const found of [...linksIn(words), ...formulaeIn(words)].sort((a, b) => a.at - b.at)) {
    // A dollar in an address is part of the address, and the other way round: the first one counts.
    if (found.at < from) continue
    if (found.at > from) pieces.push({ kind: 'text', at: from, text: words.slice(from, found.at) })
    pieces.push(found)
    from = found.at + found.text.length
  }
  if (from < words.length) pieces.push({ kind: 'text', at: from, text: words.slice(from) })
  return pieces
}

const links = new LinkifyIt({
  fuzzyLink: false,
  fuzzyEmail: false,
  fuzzyIP: false,
  maxLength: LONGEST_LINK,
})
for (const schema of ['mailto:', 'ftp:', '//']) links.add(schema, null)

/** Letters that are not seen, or that turn the direction of others: an address could pretend with them. */
const DECEPTIVE = /[\p{Cc}\p{Cf}]/u

function linksIn(words: string): Piece[] {
  const found = words.includes('://') ? (links.match(words) ?? []) : []
  return found
    .filter(
      ({ raw, url }) => /^https?:\/\//i.test(url) && !DECEPTIVE.test(raw) && URL.canParse(url),
    )
    .map(({ index, raw, url }) => ({ kind: 'link', at: index, text: raw, url: new URL(url).href }))
}

/**
 * `$$…$$`, `\[…\]`, `\(…\)`, and `$…$` with no space inside its dollars and no letter or digit outside. One that is
 * opened ends at the latest where the next is: else many that are never closed would cost the square of their number.
 */
const FORMULA =
  /\$\$([^$]+)\$\$|(?<!\\)\\\[((?:[^\\]|\\[^()[\]])+)\\\]|(?<!\\)\\\(((?:[^\\]|\\[^()[\]])+)\\\)|(?<![\p{L}\p{N}\\$])\$(?![\s$])([^$\n]*[^\s$\\])\$(?![\p{L}\p{N}$])/gsu

function formulaeIn(words: string): Piece[] {
  const found: Piece[] = []
  for (const match of words.matchAll(FORMULA)) {
    const [text, dollars, brackets, parentheses, inline] = match
    const tex = (dollars ?? brackets ?? parentheses ?? inline ?? '').trim()
    if (tex === '' || tex.length > LONGEST_FORMULA) continue
    if (inline !== undefined && !looksLikeFormula(tex)) continue
    const display = dollars !== undefined || brackets !== undefined
    found.push({ kind: 'formula', at: match.index, text, tex, display })
  }
  return found
}

/** Between single dollars there may be prices with words between them. */
function looksLikeFormula(tex: string): boolean {
  const words = tex.replace(/\\[a-zA-Z]+/g, ' ').match(/\p{L}{2,}/gu) ?? []
  if (/[\\^_=<>+]/.test(tex)) return words.length <= 3
  // A letter, a number, or a few of them: x, 2x, -3, f(x), a/b.
  return words.length === 0 && !/\s/.test(tex)
}
