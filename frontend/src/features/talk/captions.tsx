import { useLayoutEffect, useRef } from 'react'
import { useTranslation } from 'react-i18next'
import { CutMark, Pending } from '@/components/script-line'
import { SaidText } from '@/components/said-text'
import { usePreference } from '@/lib/preferences'
import { languageOf } from '@/lib/said/language'
import type { ScriptEntry } from './transcript'
import { useShown, type TranscriptStore } from './transcript-store'

interface CaptionsProps {
  transcript: TranscriptStore
  /** The languages of the lesson (BCP 47). */
  languages: readonly string[]
  /** The whole script is on the page, too: screen readers find the words there, once. */
  besideScript: boolean
}

/**
 * The words of this moment: what is being said, large, under what it answers to. Room for both is kept from the
 * first moment, so nothing around them moves; what is longer rolls up within.
 */
export function Captions({ transcript, languages, besideScript }: CaptionsProps) {
  const { t } = useTranslation('talk')
  const size = usePreference('captionSize')
  const isShown = usePreference('showCaptions')
  const entries = useShown(transcript)
  if (!isShown) return null
  const [before, now] = entries.length === 1 ? [undefined, entries[0]] : entries.slice(-2)
  return (
    <div
      role="group"
      aria-label={t('captions.now')}
      aria-hidden={besideScript}
      data-caption-size={size}
      data-captions
      className="flex w-full max-w-144 flex-col gap-3 text-start"
    >
      <Caption entry={before} languages={languages} isEcho={besideScript} />
      <Caption entry={now} languages={languages} isEcho={besideScript} now />
    </div>
  )
}

interface CaptionProps {
  entry: ScriptEntry | undefined
  languages: readonly string[]
  isEcho: boolean
  now?: boolean
}

function Caption({ entry, languages, isEcho, now = false }: CaptionProps) {
  const { t } = useTranslation('common')
  const box = useRef<HTMLDivElement>(null)
  useLayoutEffect(() => {
    if (box.current === null) return
    const { scrollHeight, clientHeight } = box.current
    box.current.toggleAttribute('data-rolled', scrollHeight > clientHeight + 1)
    box.current.scrollTop = scrollHeight
  })
  const look = now
    ? 'h-[3lh] text-caption text-ink'
    : 'flex h-[2lh] flex-col text-said text-ink-soft'
  const colour = entry?.speaker === 'learner' ? 'border-learner' : 'border-tutor'
  return (
    <div ref={box} className={`caption-window overflow-hidden ${look}`}>
      {entry !== undefined && (
        <p
          dir="auto"
          lang={languageOf(entry.text, languages)}
          data-caption={entry.id}
          className={`said border-s-2 ps-3 ${now ? '' : 'mt-auto'} ${colour}`}
        >
          {entry.pending ? (
            <Pending name={t('script.pending')} />
          ) : (
            <SaidText text={entry.text} isEcho={isEcho} />
          )}
          {entry.cut && <CutMark name={t('script.cut')} />}
        </p>
      )}
    </div>
  )
}
