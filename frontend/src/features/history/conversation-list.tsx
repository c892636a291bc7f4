import { useInfiniteQuery, useQueryClient } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { useTranslation } from 'react-i18next'
import { Notice } from '@/components/notice'
import { showToast } from '@/components/ui/toast'
import { Button, buttonLook } from '@/components/ui/button'
import type { ConversationSummary } from '@/lib/api/models'
import { wordsFor } from '@/lib/errors'
import { neighbourOf } from '@/lib/neighbour'
import { useServices } from '@/lib/services'
import { daysBetween, type Clock } from '@/lib/time'
import { useClock, useToday } from '@/lib/use-clock'
import { ConversationRow, linkOfRow, rowLook } from './conversation-row'
import { byDay, type Day } from './days'
import { conversationsQuery } from './history-queries'
import { MoreBelow } from '@/components/more-below'
import { saveAsText } from './save-as-text'
import { useDeletions } from './use-deletions'
import { wholeConversation } from './whole-conversation'

export function ConversationList() {
  const { t } = useTranslation(['history', 'common'])
  const { api } = useServices()
  const clock = useClock()
  const { hidden } = useDeletions()
  const query = useInfiniteQuery(conversationsQuery(api))
  const all = query.data?.pages.flatMap(({ items }) => items) ?? []
  const days = byDay(
    all.filter(({ id }) => !hidden.has(id)),
    clock,
  )
  if (query.isPending) return <Skeleton name={t('common:loading')} />
  if (query.data === undefined) {
    return (
      <Notice title={t('failed')} hint={wordsFor(query.error)} urgent>
        <Button onClick={() => void query.refetch()}>{t('common:retry')}</Button>
      </Notice>
    )
  }
  if (days.length === 0 && !query.hasNextPage) {
    return (
      <Notice title={t('empty')} hint={t('emptyHint')}>
        <Link to="/" className={buttonLook()}>
          {t('emptyAction')}
        </Link>
      </Notice>
    )
  }
  return (
    <>
      {days.map((day) => (
        <DaySection key={day.key} day={day} clock={clock} />
      ))}
      {query.hasNextPage && (
        <MoreBelow
          label={t('more')}
          busy={query.isFetchingNextPage}
          fault={query.isFetchNextPageError ? wordsFor(query.error) : null}
          onMore={() => void query.fetchNextPage()}
        />
      )}
    </>
  )
}

function DaySection({ day, clock }: { day: Day; clock: Clock }) {
  const { t } = useTranslation('history')
  const { remove, save } = useRowActions()
  const today = useToday(clock)
  const near = [t('today'), t('yesterday')][daysBetween(day.key, today)]
  return (
    <section aria-labelledby={`day-${day.key}`} className="pt-8">
      <h2
        id={`day-${day.key}`}
        className="border-b border-line pb-2 text-small font-medium text-ink-soft first-letter:uppercase"
      >
        {near ?? clock.day(day.first, new Date())}
      </h2>
      <ul>
        {day.conversations.map((conversation) => (
          <ConversationRow
            key={conversation.id}
            {...{ conversation, clock }}
            onSave={() => void save(conversation)}
            onDelete={() => remove(conversation.id)}
          />
        ))}
      </ul>
    </section>
  )
}

function useRowActions() {
  const { t } = useTranslation('history')
  const { api } = useServices()
  const clock = useClock()
  const queries = useQueryClient()
  const deletions = useDeletions()
  return {
    remove: (id: string) => {
      const next = rowBeside(id)
      deletions.remove(id, () => focusSoon(linkOfRow(id)))
      // The row is gone, and with it the place of a keyboard: the next one takes it.
      focusSoon(next)
    },
    save: async (conversation: ConversationSummary) => {
      try {
        saveAsText(await wholeConversation(api, queries, conversation), clock)
      } catch (cause) {
        showToast({ title: t('saveFailed'), note: wordsFor(cause), urgent: true })
      }
    },
  }
}

function rowBeside(id: string): string {
  const links = [...document.querySelectorAll(`a[id^="${linkOfRow('')}"]`)].map((link) => link.id)
  return neighbourOf(links, linkOfRow(id)) ?? 'content'
}

/** After the menu has closed, and given the focus back to a button that is no longer there. */
function focusSoon(id: string): void {
  setTimeout(() => document.getElementById(id)?.focus(), 50)
}

function Skeleton({ name }: { name: string }) {
  return (
    <div role="status" aria-label={name} className="pt-8">
      <div className="border-b border-line pb-2">
        <div className="h-5 w-16 animate-breathe rounded-small bg-sunken" />
      </div>
      {[80, 62, 71, 54].map((width) => (
        <div key={width} className={rowLook}>
          <div className="flex flex-1 flex-col gap-2 tablet:pl-22">
            <div
              className="h-5 animate-breathe rounded-small bg-sunken"
              style={{ width: `${width}%` }}
            />
            <div className="h-3.5 w-28 animate-breathe rounded-small bg-sunken" />
          </div>
        </div>
      ))}
    </div>
  )
}
