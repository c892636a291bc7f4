import { marked, wordsOf } from '@/lib/said/find'

/** Plain words, with those marked that somebody looks for. */
export function MarkedText({ text, find }: { text: string; find: string }) {
  return marked(text, wordsOf(find)).map((piece, index) =>
    piece.hit ? <Mark key={index}>{piece.text}</Mark> : piece.text,
  )
}

export const Mark = ({ children }: { children: string }) => (
  <mark className="bg-line text-ink underline decoration-2 underline-offset-4">{children}</mark>
)
