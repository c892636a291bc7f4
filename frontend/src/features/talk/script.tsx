import { useMemo, useRef, useState } from 'react'
import { useTranslation } from 'react-i18next'
import type { ScriptTurn } from '@/components/script-line'
import { NEAR_END_PX, ScriptList, type ScriptHandle } from '@/components/script-list'
import { Icon } from '@/components/ui/icon'
import type { Typed } from './outbox'
import { useShown, type TranscriptStore } from './transcript-store'

interface ScriptProps {
  transcript: TranscriptStore
  /** Typed words that nobody has read yet. */
  waiting: readonly Typed[]
  /** The languages of the lesson (BCP 47), to set and read out the words by. */
  languages: readonly string[]
}

/** The words of both, the latest in sight unless the learner is reading further up. */
export function Script({ transcript, waiting, languages }: ScriptProps) {
  const { t } = useTranslation('talk')
  const entries = useShown(transcript)
  const list = useRef<ScriptHandle>(null)
  const [following, setFollowing] = useState(true)
  const turns = useMemo<ScriptTurn[]>(
    () => [
      ...entries,
      ...waiting.map(({ id, text, sends }) => ({
        id,
        text,
        speaker: 'learner' as const,
        pending: false,
        cut: false,
        unread: sends === 0 ? t('waiting') : '',
      })),
    ],
    [entries, waiting, t],
  )
  return (
    <div className="relative flex min-h-0 flex-1 flex-col">
      <div
        // Scrollable by keyboard too.
        // eslint-disable-next-line jsx-a11y/no-noninteractive-tabindex
        tabIndex={0}
        role="log"
        // The tutor is heard already: a screen reader must not talk over the same words.
        aria-live="off"
        aria-label={t('words')}
        className="min-h-0 flex-1 overflow-y-auto overscroll-contain px-5 [overflow-anchor:none] tablet:px-8"
        onScroll={({ currentTarget: { scrollHeight, scrollTop, clientHeight } }) => {
          setFollowing(scrollHeight - scrollTop - clientHeight < NEAR_END_PX)
        }}
      >
        <div className="mx-auto max-w-160">
          <ScriptList ref={list} turns={turns} languages={languages} follow />
        </div>
        {turns.length === 0 && (
          <p className="py-6 text-center text-base text-ink-soft">{t('noWords')}</p>
        )}
      </div>
      {!following && (
        <button
          type="button"
          className="absolute bottom-3 left-1/2 flex size-11 -translate-x-1/2 items-center justify-center rounded-full border border-edge bg-raised"
          aria-label={t('latest')}
          onClick={() => list.current?.toEnd()}
        >
          <Icon name="down" className="size-5" />
        </button>
      )}
    </div>
  )
}
