import { useTranslation } from 'react-i18next'
import { Icon } from '@/components/ui/icon'
import { CaptionMenu } from './caption-menu'
import type { TalkView } from './talk-view'

interface TopLineProps {
  /** Lesson or free talk. */
  where: string
  minutes: string | null
  connection: TalkView['connection']
  /** Whether the transcript is on the page, and how to change that; null where there is none. */
  script: { shown: boolean; toggle: () => void } | null
  onKeys: () => void
}

const KEYS_KEY = '?'
const DOTS = {
  up: 'bg-ink',
  waiting: 'bg-edge animate-breathe',
  lost: 'bg-danger animate-breathe',
}

/** Where we are: what kind of talk, for how long, and whether the line stands. */
export function TopLine({ where, minutes, connection, script, onKeys }: TopLineProps) {
  const { t } = useTranslation('talk')
  return (
    <div className="talk-top flex min-h-12 flex-wrap items-center justify-end gap-2 pr-2 pl-5 text-small text-ink-soft tablet:pr-5 tablet:pl-8">
      <span className="flex flex-1 flex-wrap items-center gap-x-2">
        <span>{where}</span>
        {minutes !== null && (
          <>
            <span aria-hidden="true" className="size-1 rounded-full bg-current" />
            <span className="tabular-nums">{minutes}</span>
          </>
        )}
        {connection !== 'off' && (
          <span className="ml-auto flex items-center gap-2">
            <span aria-hidden="true" className={`size-2 rounded-full ${DOTS[connection]}`} />
            {/* Where there is little room, only what is amiss is spelled out. */}
            <span className={connection === 'up' ? 'sr-only tablet:not-sr-only' : ''}>
              {t(`connection.${connection}`)}
            </span>
          </span>
        )}
      </span>
      <CaptionMenu />
      {script !== null && (
        <button
          type="button"
          aria-label={t('script')}
          aria-expanded={script.shown}
          title={script.shown ? t('hideScript') : t('showScript')}
          className="flex size-11 shrink-0 items-center justify-center rounded-full hover:bg-sunken hover:text-ink aria-expanded:bg-sunken aria-expanded:text-ink"
          onClick={script.toggle}
        >
          <Icon name="script" />
        </button>
      )}
      <button
        type="button"
        aria-label={t('keys')}
        className="hidden size-11 shrink-0 items-center justify-center rounded-full hover:bg-sunken hover:text-ink desk:flex"
        onClick={onKeys}
      >
        <kbd aria-hidden="true" className="rounded-small border border-edge px-2 font-operated">
          {KEYS_KEY}
        </kbd>
      </button>
    </div>
  )
}
