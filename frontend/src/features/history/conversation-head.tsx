import { Link, useNavigate } from '@tanstack/react-router'
import { useTranslation } from 'react-i18next'
import { buttonLook } from '@/components/ui/button'
import { Icon } from '@/components/ui/icon'
import { Menu, MenuAction, MenuRule } from '@/components/ui/menu'
import type { Conversation } from '@/lib/api/models'
import { wholeMinutes, type Clock } from '@/lib/time'
import { saveAsText } from './save-as-text'
import { useDeletions } from './use-deletions'

interface HeadProps {
  conversation: Conversation & { summary: string }
  clock: Clock
}

/** When it was, how long and of what kind; what it was about; and what can be done with it. */
export function ConversationHead({ conversation, clock }: HeadProps) {
  const { t } = useTranslation(['history', 'talk'])
  const { started_at, ended_at, duration_ms, mode, summary } = conversation
  const started = new Date(started_at)
  const facts = [
    clock.time(started),
    ended_at === null ? t('open') : t('minutes', { count: wholeMinutes(duration_ms) }),
    t(`talk:modes.${mode}`),
  ]
  return (
    <header className="flex flex-col gap-5">
      <div className="flex items-start gap-2">
        <div className="min-w-0 flex-1">
          <h1 className="font-said text-title first-letter:uppercase">{clock.fullDay(started)}</h1>
          <p className="pt-1 text-base text-ink-soft">{facts.join(' · ')}</p>
        </div>
        <Actions {...{ conversation, clock }} />
      </div>
      {ended_at === null && (
        <Link to="/" className={`${buttonLook()} self-start print:hidden`}>
          {t('goOn')}
        </Link>
      )}
      {summary !== '' && (
        <section aria-label={t('summary')} className="border-l-2 border-line pl-4">
          <h2 className="pb-1 text-small font-medium text-ink-soft">{t('summary')}</h2>
          <p dir="auto" className="font-said text-reading text-ink-soft">
            {summary}
          </p>
        </section>
      )}
    </header>
  )
}

function Actions({ conversation, clock }: HeadProps) {
  const { t } = useTranslation('history')
  const navigate = useNavigate()
  const { remove } = useDeletions()
  const { id } = conversation
  const trigger = (
    <button
      type="button"
      aria-label={t('actions')}
      className="flex size-11 shrink-0 items-center justify-center rounded-full text-ink-soft hover:bg-sunken hover:text-ink print:hidden"
    >
      <Icon name="more" />
    </button>
  )
  const removeFromHere = () => {
    remove(
      id,
      () => void navigate({ to: '/history/$conversationId', params: { conversationId: id } }),
    )
    void navigate({ to: '/history' })
  }
  return (
    <Menu trigger={trigger}>
      <MenuAction onPress={() => saveAsText(conversation, clock)}>
        <Icon name="save" className="size-5" />
        {t('save')}
      </MenuAction>
      <MenuAction onPress={() => setTimeout(() => window.print())}>
        <Icon name="print" className="size-5" />
        {t('print')}
      </MenuAction>
      <MenuRule />
      <MenuAction onPress={removeFromHere}>
        <Icon name="bin" className="size-5 text-danger" />
        <span className="text-danger">{t('remove')}</span>
      </MenuAction>
    </Menu>
  )
}
