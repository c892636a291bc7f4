import { useQueryClient, type InfiniteData, type QueryClient } from '@tanstack/react-query'
import { useEffect, useSyncExternalStore } from 'react'
import { useTranslation } from 'react-i18next'
import { hideToast, showToast } from '@/components/ui/toast'
import { orThrow, type Api } from '@/lib/api/client'
import type { ConversationPage } from '@/lib/api/models'
import { asApiError } from '@/lib/api/problem'
import { wordsFor } from '@/lib/errors'
import { useServices, type Services } from '@/lib/services'
import { Deletions } from './deletions'
import { forgetKept } from './kept-queries'

const TOAST = 'deleted'
/** What this tab was deleting when its page was left. Ids alone, and only until they are answered. */
const LEFT = 'avaaz.deleting'

/** One for all pages of the app: what waits to be deleted goes on waiting on the next page. */
const made = new WeakMap<QueryClient, Deletions>()

interface UseDeletions {
  /** What is not to be shown. */
  hidden: ReadonlySet<string>
  /** Takes a conversation away at once, with a few seconds to bring it back; `undone` when it was. */
  remove: (id: string, undone?: () => void) => void
}

export function useDeletions(): UseDeletions {
  const { t } = useTranslation('history')
  const services = useServices()
  const queries = useQueryClient()
  const deletions = deletionsOf(services, queries)
  const hidden = useSyncExternalStore(deletions.subscribe, deletions.hidden)

  const failed = (cause: unknown) =>
    showToast({ title: t('deletion.failed'), note: wordsFor(cause), urgent: true })

  useEffect(() => {
    deletions.resume(leftBefore(), { failed })
    // Once: what was left is the same for every page.
    // eslint-disable-next-line react-hooks/exhaustive-deps
  }, [deletions])

  const remove = (id: string, undone?: () => void) => {
    deletions.delete(id, {
      sent: () => hideToast(TOAST),
      gone: () => forget(queries, id),
      failed,
    })
    showToast({
      id: TOAST,
      title: t('deletion.done'),
      action: {
        label: t('deletion.undo'),
        onPress: () => {
          deletions.undo(id)
          undone?.()
        },
      },
      // It stays for as long as the deletion can be undone, which is not the toast's to count.
      staysMs: 0,
      onHeld: (held) => (held ? deletions.hold() : deletions.release()),
      onClosed: () => void deletions.settle(),
    })
  }
  return { hidden, remove }
}

function deletionsOf({ api, auth }: Services, queries: QueryClient): Deletions {
  const known = made.get(queries)
  if (known !== undefined) return known
  const deletions = new Deletions({
    send: (id) => send(api, id),
    remember: (ids) => sessionStorage.setItem(LEFT, JSON.stringify(ids)),
  })
  made.set(queries, deletions)
  addEventListener('pagehide', () => void deletions.settle())
  auth.beforeSignOut(() => deletions.settle())
  return deletions
}

async function send(api: Api, id: string): Promise<void> {
  // It goes on when the page is left.
  const call = api.DELETE('/conversations/{id}', { params: { path: { id } }, keepalive: true })
  try {
    await orThrow(call)
  } catch (cause) {
    if (asApiError(cause).code !== 'not_found') throw cause
  }
}

function forget(queries: QueryClient, id: string): void {
  queries.removeQueries({ queryKey: ['conversations', id] })
  queries.setQueryData<InfiniteData<ConversationPage>>(
    ['conversations'],
    (list) =>
      list && {
        ...list,
        pages: list.pages.map((page) => ({
          ...page,
          items: page.items.filter((conversation) => conversation.id !== id),
        })),
      },
  )
  void forgetKept(queries, id)
}

function leftBefore(): string[] {
  try {
    const left: unknown = JSON.parse(sessionStorage.getItem(LEFT) ?? '[]')
    return Array.isArray(left) ? left.filter((id) => typeof id === 'string') : []
  } catch {
    return []
  }
}
