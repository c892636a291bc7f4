import { defaultRangeExtractor, useVirtualizer, type Range } from '@tanstack/react-virtual'
import {
  useCallback,
  useImperativeHandle,
  useLayoutEffect,
  useRef,
  useState,
  type ReactNode,
  type Ref,
} from 'react'
import { usePreference } from '@/lib/preferences'
import { usePrinting } from '@/lib/printing'
import { ScriptLine, type ScriptTurn } from './script-line'

export interface ScriptHandle {
  toEnd: () => void
  toLine: (index: number) => void
}

const UNKNOWN: readonly string[] = []

interface ScriptListProps {
  turns: readonly ScriptTurn[]
  /** The languages of the lesson (BCP 47), to set and read out the words by. */
  languages?: readonly string[]
  /** What to mark within the words. */
  find?: string
  /** Stays with the last words, unless the reader has scrolled up. */
  follow?: boolean
  /** The turn that somebody came to see. */
  found?: number | null
  tools?: (turn: ScriptTurn) => ReactNode
  ref?: Ref<ScriptHandle>
}

/**
 * Up to here every line is on the page: a browser's own search finds it, and a screen reader reads on
 * without scrolling. Of longer scripts only the lines near the eye are; one searches them by the page's field.
 */
const WHOLE_UP_TO = 60
/** Lines beyond the eye, above and below. */
const OVERSCAN = 8
const GAP_PX = 20
const PADDING_PX = 16
/** So near to the end one is with the last words. */
export const NEAR_END_PX = 48

/** The lines of a script within whatever scrolls around it. */
export function ScriptList({
  turns,
  languages = UNKNOWN,
  find,
  follow = false,
  found = null,
  tools,
  ref,
}: ScriptListProps) {
  const size = usePreference('captionSize')
  const list = useRef<HTMLOListElement>(null)
  const scroller = useRef<HTMLElement | null>(null)
  const [margin, setMargin] = useState(0)
  const count = turns.length
  const isPrinting = usePrinting()
  // eslint-disable-next-line react-hooks/incompatible-library -- nothing here is compiled to be remembered
  const virtualizer = useVirtualizer({
    count,
    getScrollElement: () => (scroller.current ??= scrollerOf(list.current)),
    getItemKey: (index) => turns[index]?.id ?? index,
    estimateSize: (index) => estimate(turns[index]?.text.length ?? 0),
    rangeExtractor: useCallback((range: Range) => indexesOf(range, isPrinting), [isPrinting]),
    anchorTo: follow ? 'end' : 'start',
    followOnAppend: follow,
    scrollEndThreshold: NEAR_END_PX,
    scrollMargin: margin,
    gap: GAP_PX,
    paddingStart: PADDING_PX,
    paddingEnd: PADDING_PX,
    overscan: OVERSCAN,
  })

  // What stands above a list scrolls with it, and may grow. Above one that is followed nothing stands.
  useLayoutEffect(() => {
    if (follow || list.current === null || scroller.current === null) return
    const from = list.current.getBoundingClientRect().top
    const top = scroller.current.getBoundingClientRect().top - scroller.current.scrollTop
    setMargin(Math.round(from - top))
  }, [follow, turns, find])

  // The first sight of a script that goes on is its end.
  useLayoutEffect(() => {
    if (follow) virtualizer.scrollToEnd()
  }, [follow, virtualizer])

  useImperativeHandle(ref, () => ({
    toEnd: () => virtualizer.scrollToEnd({ behavior: 'smooth' }),
    toLine: (index) => virtualizer.scrollToIndex(index, { align: 'center' }),
  }))

  const items = virtualizer.getVirtualItems()
  return (
    <ol
      ref={list}
      data-caption-size={size}
      className="isolate flex flex-col print:h-auto! print:p-0!"
      // The lines stand in the flow, so that one which grows moves the next at once.
      style={{
        height: virtualizer.getTotalSize(),
        paddingTop: (items[0]?.start ?? margin) - margin,
        gap: GAP_PX,
      }}
    >
      {items.map(({ key, index }) => {
        const turn = turns[index]
        return (
          turn && (
            <ScriptLine
              key={key}
              {...turn}
              {...{ index, count, find, languages, tools }}
              isFound={index === found}
              measure={virtualizer.measureElement}
            />
          )
        )
      })}
    </ol>
  )
}

function indexesOf(range: Range, isPrinting: boolean): number[] {
  return isPrinting || range.count <= WHOLE_UP_TO
    ? Array.from({ length: range.count }, (_, index) => index)
    : defaultRangeExtractor(range)
}

/** Before a line is measured: its name, and lines of some forty letters. */
function estimate(letters: number): number {
  return 24 + 31 * Math.max(1, Math.ceil(letters / 40))
}

function scrollerOf(element: HTMLElement | null): HTMLElement | null {
  for (let up = element?.parentElement ?? null; up !== null; up = up.parentElement) {
    const { overflowY } = getComputedStyle(up)
    if (overflowY === 'auto' || overflowY === 'scroll') return up
  }
  return null
}
