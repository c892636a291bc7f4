import { Link } from '@tanstack/react-router'
import { useTranslation } from 'react-i18next'
import { Icon } from '@/components/ui/icon'
import { Menu, MenuAction } from '@/components/ui/menu'
import type { ConversationSummary } from '@/lib/api/models'
import { wholeMinutes, type Clock } from '@/lib/time'
import { rowWords } from './row-words'

/** As high as a row with one line of words, so that nothing moves when the list comes. */
export const rowLook = 'flex min-h-20 items-center border-b border-line py-2'

export const linkOfRow = (id: string) => `conversation-${id}`

interface RowProps {
  conversation: ConversationSummary
  clock: Clock
  onSave: () => void
  onDelete: () => void
}

export function ConversationRow({ conversation, clock, onSave, onDelete }: RowProps) {
  const { t } = useTranslation(['history', 'talk'])
  const { id, ended_at, started_at, duration_ms, mode } = conversation
  const time = clock.time(new Date(started_at))
  const trigger = (
    <button
      type="button"
      aria-label={t('list.actions', { time })}
      className="flex size-11 shrink-0 items-center justify-center rounded-full text-ink-soft hover:bg-sunken hover:text-ink"
    >
      <Icon name="more" className="size-5" />
    </button>
  )
  return (
    <li className={`${rowLook} gap-1`}>
      <Link
        id={linkOfRow(id)}
        to="/history/$conversationId"
        params={{ conversationId: id }}
        aria-keyshortcuts="Delete"
        className="group -mx-2 flex min-w-0 flex-1 flex-col gap-0.5 rounded-small px-2 py-1.5 tablet:grid tablet:grid-cols-[4.5rem_1fr] tablet:gap-x-4"
        onKeyDown={({ key }) => {
          if (key === 'Delete') onDelete()
        }}
      >
        <span
          dir="auto"
          className="line-clamp-2 font-said text-reading underline-offset-4 group-hover:underline tablet:col-start-2 tablet:line-clamp-1"
        >
          {rowWords(conversation) ?? t('silent')}
        </span>
        <span className="contents text-small text-ink-soft">
          <time
            dateTime={started_at}
            className="hidden text-right text-small text-ink-soft tablet:col-start-1 tablet:row-start-1 tablet:block tablet:pt-1"
          >
            {time}
          </time>
          <span className="flex flex-wrap gap-x-2 text-small text-ink-soft tablet:col-start-2">
            <time dateTime={started_at} className="tablet:hidden">
              {time}
            </time>
            <span aria-hidden="true" className="tablet:hidden">
              {'·'}
            </span>
            <span>
              {ended_at === null ? t('open') : t('minutes', { count: wholeMinutes(duration_ms) })}
            </span>
            <span aria-hidden="true">{'·'}</span>
            <span>{t(`talk:modes.${mode}`)}</span>
          </span>
        </span>
      </Link>
      <Menu trigger={trigger}>
        <MenuAction onPress={onSave}>
          <Icon name="save" className="size-5" />
          {t('save')}
        </MenuAction>
        <MenuAction onPress={onDelete}>
          <Icon name="bin" className="size-5 text-danger" />
          <span className="text-danger">{t('remove')}</span>
        </MenuAction>
      </Menu>
    </li>
  )
}
