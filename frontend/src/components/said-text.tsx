import { memo, useEffect, useRef, useState } from 'react'
import { MarkedText } from './marked-text'
import { piecesOf, type Piece } from '@/lib/said/pieces'
import { formulaOf } from '@/lib/said/formula'

interface SaidTextProps {
  text: string
  /** What to mark within the words. */
  find?: string
  /** The same words stand elsewhere on the page, where a keyboard and a screen reader find what is in them. */
  isEcho?: boolean
}

/** Words as they were said: addresses can be followed, formulae are set, all else is plain text. */
export const SaidText = memo(function SaidText({ text, find = '', isEcho = false }: SaidTextProps) {
  return piecesOf(text).map((piece) => <SaidPiece key={piece.at} {...{ piece, find, isEcho }} />)
})

interface SaidPieceProps {
  piece: Piece
  find: string
  isEcho: boolean
}

function SaidPiece({ piece, find, isEcho }: SaidPieceProps) {
  switch (piece.kind) {
    case 'text':
      return <MarkedText text={piece.text} find={find} />
    case 'link':
      return (
        <a
          href={piece.url}
          target="_blank"
          rel="noopener noreferrer nofollow"
          dir="ltr"
          tabIndex={isEcho ? -1 : undefined}
          className="wrap-anywhere underline decoration-1 underline-offset-4"
        >
          <MarkedText text={piece.text} find={find} />
        </a>
      )
    case 'formula':
      return <Formula key={piece.tex} {...piece} />
  }
}

/** What is longer gets lines of its own, in which it can be scrolled. */
const LONG_TEX = 40

/** Its source, until it is set; its source for good where it cannot be. */
function Formula({ text, tex, display }: Piece & { kind: 'formula' }) {
  const place = useRef<HTMLSpanElement>(null)
  const [isSet, setIsSet] = useState(false)
  useEffect(() => {
    let wanted = true
    void formulaOf(tex, display).then((nodes) => {
      if (!wanted || nodes === null) return
      place.current?.replaceChildren(...nodes)
      setIsSet(true)
    })
    return () => {
      wanted = false
    }
  }, [tex, display])
  return (
    // Formulae run from left to right among words of any direction.
    <span
      dir="ltr"
      className={display || tex.length > LONG_TEX ? 'said-formula block' : 'said-formula'}
      title={tex}
    >
      <span ref={place} />
      {!isSet && text}
    </span>
  )
}
