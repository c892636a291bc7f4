import { useInfiniteQuery } from '@tanstack/react-query'
import { useEffect, type KeyboardEvent } from 'react'
import { useTranslation } from 'react-i18next'
import { Notice } from '@/components/notice'
import { Button } from '@/components/ui/button'
import type { FoundTurn } from '@/lib/api/models'
import { wordsFor } from '@/lib/errors'
import { useServices } from '@/lib/services'
import { FoundConversation } from './found-conversation'
import { foundTurnsQuery } from './history-queries'
import { MoreBelow } from '@/components/more-below'
import { useDeletions } from './use-deletions'

/** So many are shown before one scrolls; until then the search goes on by itself. */
const ENOUGH = 20

export function SearchResults({ q }: { q: string }) {
  const { t } = useTranslation(['history', 'common'])
  const { api } = useServices()
  const { hidden } = useDeletions()
  const query = useInfiniteQuery(foundTurnsQuery(api, q))
  const { hasNextPage, isFetching, isError, fetchNextPage } = query
  const all = query.data?.pages.flatMap(({ items }) => items) ?? []
  const found = all.filter((turn) => !hidden.has(turn.conversation_id))
  const conversations = byConversation(found)

  // One answer reads so many turns and no more: it may have found little, with more to look through.
  const looksOn = hasNextPage && !isError && found.length < ENOUGH
  useEffect(() => {
    if (looksOn && !isFetching) void fetchNextPage()
  }, [looksOn, isFetching, fetchNextPage])

  // From where it failed: from the beginning, a search that was too fast would be so again.
  const goOn = () => void (query.data === undefined ? query.refetch() : fetchNextPage())

  const isLooking = query.isPending || looksOn
  return (
    <>
      <p role="status" className="min-h-9 pt-3 text-small text-ink-soft">
        {isLooking
          ? t('search.looking')
          : found.length > 0 && t('search.found', { count: found.length })}
      </p>
      {[...conversations].map(([id, turns]) => (
        <FoundConversation key={id} {...{ id, turns, q }} />
      ))}
      {isLooking && <Skeleton />}
      {isError && found.length === 0 && (
        <Notice title={t('search.failed')} hint={wordsFor(query.error)} urgent>
          <Button onClick={goOn}>{t('common:retry')}</Button>
        </Notice>
      )}
      {!isLooking && !isError && found.length === 0 && (
        <Notice title={t('search.nothing')} hint={t('search.nothingHint')} />
      )}
      {hasNextPage && found.length > 0 && !looksOn && (
        <MoreBelow
          label={t('search.more')}
          busy={query.isFetchingNextPage}
          fault={isError ? wordsFor(query.error) : null}
          onMore={() => void fetchNextPage()}
        />
      )}
    </>
  )
}

/** What was found, by where it was said; the newest first, as it came. */
function byConversation(found: readonly FoundTurn[]): Map<string, FoundTurn[]> {
  const conversations = new Map<string, FoundTurn[]>()
  for (const turn of found) {
    const turns = conversations.get(turn.conversation_id)
    if (turns === undefined) conversations.set(turn.conversation_id, [turn])
    else turns.push(turn)
  }
  return conversations
}

/** The arrow keys go from the field to what was found, from one to the next, and back. */
export function focusOnHit(event: KeyboardEvent<HTMLElement>): void {
  const step = event.key === 'ArrowDown' ? 1 : event.key === 'ArrowUp' ? -1 : 0
  if (step === 0) return
  const stops = [...document.querySelectorAll<HTMLElement>('main [type=search], main [data-hit]')]
  const at = stops.indexOf(event.currentTarget)
  const next = stops[at + step]
  if (at < 0 || next === undefined) return
  event.preventDefault()
  next.focus()
}

function Skeleton() {
  return (
    <div aria-hidden="true" className="flex flex-col gap-3 pt-6">
      {[88, 74].map((width) => (
        <div
          key={width}
          className="h-12 animate-breathe rounded-small bg-sunken"
          style={{ width: `${width}%` }}
        />
      ))}
    </div>
  )
}
