import { useLayoutEffect, useRef, useState } from 'react'
import { ScriptLine } from '@/components/script-line'
import { Icon } from '@/components/ui/icon'
import { useTranslation } from 'react-i18next'
import type { Typed } from './outbox'
import type { ScriptEntry } from './transcript'

interface ScriptProps {
  entries: readonly ScriptEntry[]
  /** Typed words that nobody has read yet. */
  waiting: readonly Typed[]
}

/** The words of both, the latest in sight unless the learner is reading further up. */
export function Script({ entries, waiting }: ScriptProps) {
  const { t } = useTranslation('talk')
  const box = useRef<HTMLDivElement>(null)
  const [following, setFollowing] = useState(true)

  useLayoutEffect(() => {
    if (following && box.current !== null) box.current.scrollTop = box.current.scrollHeight
  }, [entries, waiting, following])

  const toLatest = () => {
    setFollowing(true)
    box.current?.scrollTo({ top: box.current.scrollHeight, behavior: 'smooth' })
  }

  return (
    <div className="relative flex min-h-0 flex-1 flex-col">
      <div
        ref={box}
        // Scrollable by keyboard too.
        // eslint-disable-next-line jsx-a11y/no-noninteractive-tabindex
        tabIndex={0}
        role="log"
        // The tutor is heard already: a screen reader must not talk over the same words.
        aria-live="off"
        aria-label={t('words')}
        className="min-h-0 flex-1 overflow-y-auto overscroll-contain px-5 py-4 tablet:px-8"
        onScroll={({ currentTarget: { scrollHeight, scrollTop, clientHeight } }) => {
          setFollowing(scrollHeight - scrollTop - clientHeight < 48)
        }}
      >
        <ol className="mx-auto flex max-w-160 flex-col gap-4">
          {entries.map(({ id, speaker, text, pending, cut }, index) => (
            <ScriptLine
              key={id}
              {...{ speaker, text, pending, cut }}
              current={index === entries.length - 1}
            />
          ))}
          {waiting.map(({ id, text, sends }) => (
            <li key={id} className="tablet:pl-22">
              <p dir="auto" className="font-said text-reading text-ink-soft">
                {text}
              </p>
              {sends === 0 && <p className="text-small text-ink-soft">{t('waiting')}</p>}
            </li>
          ))}
        </ol>
        {entries.length === 0 && waiting.length === 0 && (
          <p className="pt-2 text-center text-base text-ink-soft">{t('noWords')}</p>
        )}
      </div>
      {!following && (
        <button
          type="button"
          className="absolute bottom-3 left-1/2 flex size-11 -translate-x-1/2 items-center justify-center rounded-full border border-edge bg-raised"
          aria-label={t('latest')}
          onClick={toLatest}
        >
          <Icon name="down" className="size-5" />
        </button>
      )}
    </div>
  )
}
