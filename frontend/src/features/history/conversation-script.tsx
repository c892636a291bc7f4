import { useEffect, useMemo, useRef, useState, type KeyboardEvent } from 'react'
import { useTranslation } from 'react-i18next'
import type { ScriptTurn } from '@/components/script-line'
import { ScriptList, type ScriptHandle } from '@/components/script-list'
import { Icon, type IconName } from '@/components/ui/icon'
import type { Turn } from '@/lib/api/models'
import { areAllIn } from '@/lib/said/find'
import type { Clock } from '@/lib/time'
import { CopyTurn } from './copy-turn'
import { SearchField } from './search-field'

interface ConversationScriptProps {
  turns: readonly Turn[]
  clock: Clock
  /** What was looked for on the way here, and the number of the turn that was found. */
  q: string
  turn: number | null
}

const tools = (turn: ScriptTurn) => (turn.pending ? null : <CopyTurn text={turn.text} />)

export function ConversationScript({ turns, clock, q, turn }: ConversationScriptProps) {
  const { t } = useTranslation('history')
  const [find, setFind] = useState(q)
  const unreadable = t('unreadable')
  const shown = useMemo(() => turns.filter(isShown), [turns])
  const script = useMemo<ScriptTurn[]>(
    () =>
      shown.map(({ id, speaker, text, text_error, interrupted, started_at }) => ({
        id,
        speaker,
        text: text_error === null ? text : unreadable,
        pending: text === '' && text_error === null,
        cut: interrupted,
        time: clock.time(new Date(started_at)),
      })),
    [shown, clock, unreadable],
  )
  const [at, setAt] = useState<number | null>(() => {
    const index = shown.findIndex(({ seq }) => seq === turn)
    return index < 0 ? null : index
  })
  const places = useMemo(
    () => script.flatMap(({ text }, index) => (areAllIn(text, find) ? [index] : [])),
    [script, find],
  )
  const list = useRef<ScriptHandle>(null)

  // The turn that was looked for: it comes into sight, and a screen reader begins there.
  const arrived = useRef(at)
  useEffect(() => {
    if (arrived.current === null) return
    list.current?.toLine(arrived.current)
    const soon = setTimeout(() => {
      document.querySelector<HTMLElement>('[data-found]')?.focus({ preventScroll: true })
    }, 100)
    return () => clearTimeout(soon)
  }, [])

  const go = (step: 1 | -1) => {
    const from = at ?? (step === 1 ? -1 : script.length)
    const next =
      step === 1
        ? (places.find((place) => place > from) ?? places[0])
        : (places.findLast((place) => place < from) ?? places.at(-1))
    if (next === undefined) return
    setAt(next)
    list.current?.toLine(next)
  }
  const onKeyDown = (event: KeyboardEvent) => {
    // Within a word of Chinese or Japanese, Enter only takes the word up.
    if (event.key === 'Enter' && !event.nativeEvent.isComposing) go(event.shiftKey ? -1 : 1)
  }
  if (script.length === 0) return <p className="py-8 text-base text-ink-soft">{t('noTurns')}</p>
  const nth = at === null ? -1 : places.indexOf(at)
  return (
    <>
      <SearchField
        label={t('find.label')}
        value={find}
        onChange={(typed) => {
          setFind(typed)
          setAt(null)
        }}
        onKeyDown={onKeyDown}
      >
        <span aria-live="polite" className="shrink-0 text-small">
          {find.trim() !== '' &&
            (nth < 0
              ? t('find.places', { count: places.length })
              : t('find.placeOf', { nth: nth + 1, all: places.length }))}
        </span>
        {places.length > 0 ? (
          <span className="flex shrink-0">
            <Step name="up" label={t('find.previous')} onPress={() => go(-1)} />
            <Step name="down" label={t('find.next')} onPress={() => go(1)} />
          </span>
        ) : (
          <span className="w-3" />
        )}
      </SearchField>
      <ScriptList ref={list} turns={script} find={find} found={at} tools={tools} />
    </>
  )
}

/** A turn of which nothing was heard has no words, and no line. */
function isShown({ text, text_pending, text_error }: Turn): boolean {
  return text !== '' || text_pending || text_error !== null
}

function Step(props: { name: IconName; label: string; onPress: () => void }) {
  return (
    <button
      type="button"
      aria-label={props.label}
      className="flex size-11 items-center justify-center rounded-full hover:bg-sunken hover:text-ink"
      onClick={props.onPress}
    >
      <Icon name={props.name} className="size-5" />
    </button>
  )
}
